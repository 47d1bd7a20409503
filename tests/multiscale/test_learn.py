"""Studies with error bars, and the learning study."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase import Atoms
from ase.calculators.emt import EMT

from coupling.errors import InputError
from coupling.storage import load_law
from multiscale import run_study
from multiscale.inputs import parse_study

PLANE = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 6}
LAW = {"study": "cohesive_law", "potential": "emt", "plane": PLANE, "openings": {"max": "4.5 Å", "points": 20}}
STIFFER = [{"name": f"{__name__}:StrongerEMT", "factor": factor} for factor in (0.9, 1.06)]


class StrongerEMT(EMT):
    """Effective medium theory with all energies enlarged: the same crystal, stronger by a factor."""

    cutoff = 6.0

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def calculate(self, atoms: Atoms | None = None, properties=("energy",), system_changes=()) -> None:
        super().calculate(atoms, list(properties), list(system_changes))
        self.results = {name: self.factor * np.asarray(value) for name, value in self.results.items()}


def written(folder: Path, data: dict) -> Path:
    file = folder / "case.yaml"
    file.write_text(yaml.safe_dump(data))
    return file


def test_a_law_with_a_committee_carries_its_spread(tmp_path: Path) -> None:
    """Members that are the potential times 1, 0.9 and 1.06: all relative errors are the factors' own."""
    run_study(written(tmp_path, LAW | {"trust": {"committee": STIFFER}, "output": {"folder": "out"}}))
    found = json.loads((tmp_path / "out" / "results.json").read_text())["quantities"]
    law = load_law(tmp_path / "out" / "law.json")
    relative = np.std([1.0, 0.9, 1.06], ddof=1)
    for name in ("work_of_separation", "peak_traction"):
        assert found[name]["uncertainty"] == pytest.approx(relative * found[name]["value"], rel=0.02)  # the peak lies between two openings
    assert law.work_of_separation_std == found["work_of_separation"]["uncertainty"]
    assert "one standard deviation" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trust": {}}, "labels"),
        ({"trust": {"committee": ["emt"], "labels": "a.xyz"}}, "one of the two"),
        ({"trust": {"committee": ["7net-00"]}}, "Did you mean"),
        ({"trust": {"labels": "absent.xyz"}}, "no file of labels"),
        ({"trust": {"committee": ["emt"]}, "mode": "mixed"}, "mode: normal"),
    ],
)
def test_error_bars_that_cannot_be(tmp_path: Path, change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_study(LAW | change, tmp_path).check()
