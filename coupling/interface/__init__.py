"""An interface's excess over its bulk, and what is made of it: coarse laws, fits, error bars."""

from coupling.interface.coarse_graining import Softening, chain, coarsen
from coupling.interface.error_bars import with_error_bars
from coupling.interface.excess import BulkBranch, Excess, SlabBranch, excess, slab_totals, taken_away
from coupling.interface.fit import Fit, FitError, Samples, fit, fit_all
from coupling.interface.least_energy import least_energy
from coupling.interface.naive import naive_law
from coupling.interface.rigid_path import PathSamples, consistency, interface_ledger, rigid_law
from coupling.interface.thermal import (
    from_mean_forces,
    recentred,
    void_share,
    warm_spacing,
    warmed,
    warmed_grid,
    without_spacing,
)

__all__ = [
    "BulkBranch",
    "Excess",
    "Fit",
    "FitError",
    "PathSamples",
    "Samples",
    "SlabBranch",
    "Softening",
    "chain",
    "coarsen",
    "consistency",
    "excess",
    "fit",
    "fit_all",
    "from_mean_forces",
    "interface_ledger",
    "least_energy",
    "naive_law",
    "recentred",
    "rigid_law",
    "slab_totals",
    "taken_away",
    "void_share",
    "warm_spacing",
    "warmed",
    "warmed_grid",
    "with_error_bars",
    "without_spacing",
]
