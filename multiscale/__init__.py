"""What a user runs, from a script or an input file.

    import multiscale as ms

    potential = ms.load_potential("7net-0")
    nickel = ms.crystal(potential, "Ni", "fcc")
    law = ms.cohesive_law(potential, ms.cleave(nickel, (1, 1, 1), x=(1, 1, -2)))
    results = ms.run_study("study.yaml")

Nothing heavy is imported here; torch and FEniCSx load when a name that needs them is first used.
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use
from multiscale.runtime.results import Results
from multiscale.studies import load_study, run_study
from multiscale.sweeps import SweepResults, load, run_sweep, sweep

if TYPE_CHECKING:
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
    from multiscale.scripting.crystals import cleave, crystal, join
    from multiscale.scripting.laws import cohesive_law, derived_law
    from multiscale.scripting.specimen import Specimen, read_mesh

__all__ = [
    "Bond", "Contact", "DoubleCounted", "InputError", "Ledger", "LinearElastic", "MultiscaleError", "NotConverged", "Results",
    "Specimen", "SweepResults", "Term", "Uncounted", "check_potential", "cleave", "coarsen", "cohesive_law", "crystal",
    "derived_law", "export", "fit", "fit_all", "join", "list_potentials", "load", "load_law", "load_potential", "load_study",
    "naive_law", "read_mesh", "run_study", "run_sweep", "save_law", "sweep",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
