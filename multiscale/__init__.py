"""What a user runs, from a script or an input file.

    import multiscale as ms

    potential = ms.load_potential("7net-0")
    nickel = ms.crystal(potential, "Ni", "fcc")
    law = ms.cohesive_law(potential, ms.cleave(nickel, (1, 1, 1), x=(1, 1, -2)))
    results = ms.run_study("study.yaml")

Nothing is imported here: what a name needs, such as torch or FEniCSx, loads when it is first used.
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.dynamics import dynamics
    from atomistic.phases.formation import formation_energies
    from atomistic.potentials.check import check_potential
    from atomistic.potentials.registry import list_potentials, load_potential
    from continuum.materials import LinearElastic
    from continuum.model import Bond, Contact
    from coupling.errors import DoubleCounted, InputError, MultiscaleError, NotConverged, Uncounted
    from coupling.exchange.export import export
    from coupling.exchange.storage import load_law, save_law
    from coupling.interface.coarse_graining import coarsen
    from coupling.interface.fit import fit, fit_all
    from coupling.interface.naive import naive_law
    from coupling.ledger import Ledger, Term
    from multiscale.runtime.results import Results
    from multiscale.scripting.crystals import cleave, crystal, join
    from multiscale.scripting.grain_boundaries import grain_boundary
    from multiscale.scripting.laws import cohesive_law, derived_law
    from multiscale.scripting.specimen import Specimen, read_mesh
    from multiscale.scripting.transitions import transition
    from multiscale.studies.load import load_study
    from multiscale.studies.runs import run_study
    from multiscale.surrogate.regression import co_kriging
    from multiscale.sweeps.driver import run_sweep, sweep
    from multiscale.sweeps.outcome import SweepResults, load

__all__ = [
    "Bond", "Contact", "DoubleCounted", "InputError", "Ledger", "LinearElastic", "MultiscaleError", "NotConverged",
    "Results", "Specimen", "SweepResults", "Term", "Uncounted", "check_potential", "cleave", "co_kriging",
    "coarsen", "cohesive_law", "crystal", "derived_law", "dynamics", "export", "fit", "fit_all", "formation_energies",
    "grain_boundary", "join", "list_potentials", "load", "load_law", "load_potential", "load_study", "naive_law",
    "read_mesh", "run_study", "run_sweep", "save_law", "sweep", "transition",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
