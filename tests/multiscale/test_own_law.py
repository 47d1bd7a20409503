"""A law of one file, from another distribution: stored, fitted, exported and named in an input file at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coupling.errors import InputError
from coupling.laws.law import REGISTERED
from coupling.laws.registry import closed_forms, law_kinds
from coupling.laws.uber import Uber

ROOT = Path(__file__).parents[2]
LAW = """
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coupling.contracts import LawValue
from coupling.laws.closed_form import ClosedForm


@dataclass(frozen=True)
class Triangle(ClosedForm):
    work_of_separation: float
    peak_traction: float
    share: float = 0.1
    gap: str = "in law"

    kind: ClassVar[str] = "triangle"
    units: ClassVar = {"work_of_separation": "J/m^2", "peak_traction": "Pa", "share": "1"}
    free: ClassVar = ("share",)
    starts: ClassVar = ((-1.0,), (0.0,))

    @classmethod
    def matching(cls, target, unknowns):
        return cls(target.work, target.peak, 1.0 / (1.0 + float(np.exp(-unknowns[0]))), target.gap)

    @property
    def final_opening(self):
        return 2.0 * self.work_of_separation / self.peak_traction

    @property
    def opening_at_peak(self):
        return self.share * self.final_opening

    def evaluate(self, jump):
        x, rise, end = jump[:, 0], self.opening_at_peak, self.final_opening
        fall = self.peak_traction / (end - rise)
        traction, tangent = np.zeros_like(jump), np.zeros((len(jump), 3, 3))
        traction[:, 0] = np.where(x < rise, self.peak_traction * x / rise, np.maximum(fall * (end - x), 0.0))
        tangent[:, 0, 0] = np.where(x < rise, self.peak_traction / rise, np.where(x < end, -fall, 0.0))
        left = 0.5 * fall * np.maximum(end - x, 0.0) ** 2
        energy = np.where(x < rise, 0.5 * self.peak_traction * x**2 / rise, self.work_of_separation - left)
        return LawValue(energy, traction, tangent)
"""
USE = """
import pickle
import sys
from pathlib import Path
from pydantic import TypeAdapter
from coupling.exchange import load_law, save_law, to_csv
from coupling.interface import fit
from multiscale.inputs.law import LawInput

block = {"kind": "triangle", "work_of_separation": "2 J/m^2", "peak_traction": "10 GPa", "share": 0.2}
given = TypeAdapter(LawInput).validate_python(block)
assert pickle.loads(pickle.dumps(given)) == given
law = given.law()
assert (law.work_of_separation, law.peak_traction, law.share) == (2.0, 1e10, 0.2)
file = Path(sys.argv[1]) / "law.json"
save_law(law, file)
assert load_law(file) == law
assert "triangle cohesive law" in to_csv(law)
found = fit(law, "triangle")
assert abs(found.law.share - 0.2) < 1e-6 and found.error.fitted == ("share",)
"""


def test_a_law_of_one_file_is_found_by_its_entry_point(tmp_path):
    (tmp_path / "their_triangle.py").write_text(LAW)
    info = tmp_path / "their_laws-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-laws\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[multiscale.laws]\ntriangle = their_triangle:Triangle\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_two_laws_of_one_kind_are_refused():
    with pytest.raises(InputError, match=r"Uber of coupling\.laws\.uber and .*Second.* both the law 'uber'"):

        class Second(Uber):
            kind = "uber"

    assert REGISTERED["uber"] is Uber


def test_kinds_come_in_the_order_of_their_names():
    assert list(law_kinds()) == sorted(law_kinds())
    assert list(closed_forms()) == ["bilinear", "ppr", "uber", "xu-needleman"]
