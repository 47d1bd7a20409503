"""A potential in one new file is known everywhere at once, and is not imported before it is loaded."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from atomistic.potentials.entry import declared

ROOT = Path(__file__).parents[2]
POTENTIAL = """
import torch
from ase.calculators.lj import LennardJones

from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.serial import SerialPotential

ENTRIES = (PotentialEntry("argon", "pairs", "Lennard-Jones argon", "atomistic.potentials.argon:load", ("ase",)),)


def load(name, device, dtype, *, epsilon=0.0104):
    return SerialPotential(name, frozenset({18}), 8.0, f"argon {epsilon}", LennardJones(epsilon=epsilon, sigma=3.4, rc=8.0))
"""
USE = """
import sys
from pathlib import Path

import atomistic
from multiscale.inputs.potential import PotentialChoice

assert Path(atomistic.__file__).parent == Path(sys.argv[1]), atomistic.__file__
names = [entry.name for entry in atomistic.list_potentials()]
assert names[-2:] == ["argon", "*module:Class"], names
choice = PotentialChoice.model_validate({"name": "argon", "epsilon": 0.02})
choice.check()
assert "torch" not in sys.modules and "ase" not in sys.modules
potential = atomistic.load_potential(choice.name, **choice.options)
assert potential.fingerprint == "argon 0.02"
from ase.build import bulk

assert potential.evaluate([bulk("Ar", "fcc", 5.3)]).energies[0] < 0
"""


def test_a_potential_in_one_file(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "atomistic", tmp_path / "atomistic", ignore=shutil.ignore_patterns("__pycache__"))
    for package in ("coupling", "continuum", "multiscale"):
        (tmp_path / package).symlink_to(ROOT / package)
    (tmp_path / "atomistic/potentials/argon.py").write_text(POTENTIAL)
    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path / "atomistic")],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "assigned", ["[1]", "(1,)", "(PotentialEntry(NAME),)", "(PotentialEntry('a'),)", "(open('x'),)"]
)
def test_entries_that_cannot_be_read(tmp_path: Path, assigned: str) -> None:
    (tmp_path / "bad.py").write_text(f"\nENTRIES = {assigned}\n")
    with pytest.raises(ValueError, match=r"bad\.py must be PotentialEntry"):
        declared(tmp_path)


def test_entries_that_differ_in_a_few_words_are_written_once(tmp_path: Path) -> None:
    assigned = "tuple(PotentialEntry(name, 'pairs', about, 'a:load') for name, about in (('one', 'x'), ('two', 'y')))"
    (tmp_path / "good.py").write_text(f"import not_there\n\nENTRIES = {assigned}\n")
    assert [(entry.name, entry.description) for entry in declared(tmp_path)] == [("one", "x"), ("two", "y")]
