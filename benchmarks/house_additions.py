"""What adding one thing touches: each is added to a copy of the packages, and used by its name.

The files are those of docs/extending.md where the page has them in the form of this repository.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.house_layout import PACKAGES, ROOT


@dataclass(frozen=True)
class Addition:
    """One thing of a kind.

    Attributes:
        files: Their texts, by their places in the repository.
        use: A script that uses it, by its name alone; it fails where it is not known.
    """

    files: Mapping[str, str]
    use: str


def _page(name: str) -> str:
    """The example of docs/extending.md whose first line names a file."""
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    (found,) = [
        block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if block.startswith(f"# {name}\n")
    ]
    return found


_STUDY = '''"""Griffith's strength of a cracked plate: study `griffith`."""

from math import pi, sqrt
from typing import Literal

from multiscale.inputs.base import Study
from multiscale.inputs.fields import Length, quantity
from multiscale.inputs.stress import Stress
from multiscale.runtime.results import Results
from multiscale.studies.kind import StudyKind


class GriffithStudy(Study):
    """A plate with a crack through it."""

    study: Literal["griffith"]
    young: Stress
    surface_energy: quantity("energy per area", "J/m^2")
    half_length: Length


def run(study, context):
    """σ = √(2Eγ/πa)."""
    results = Results("griffith", study.title)
    results.add("strength", sqrt(2 * study.young * study.surface_energy / (pi * study.half_length)), "Pa", "strength")
    return results


KIND = StudyKind(GriffithStudy, __name__)
'''
_CONCURRENT = """
from pathlib import Path
from multiscale.studies import parse_study

given = {"study": "concurrent", "potential": "emt", "species": "Cu", "structure": "fcc", "line": [1, -1, 0],
         "box": {"cells": [2, 2], "level": 4}, "methods": [{"method": "atomistic", "core": 3}]}
"""


def additions() -> dict[str, Addition]:
    """One of each kind."""
    potential = _page("soft.py").replace("ENTRY = PotentialEntry(", "ENTRIES = (PotentialEntry(")
    potential = potential.replace('"soft:load")', '"atomistic.potentials.soft:load"),)')
    return {
        "law": Addition(
            {"coupling/laws/morse.py": _page("morse.py")},
            "from pydantic import TypeAdapter\n"
            "from multiscale.inputs.law import LawInput\n"
            "from coupling.interface import fit\n"
            "given = {'kind': 'morse', 'work_of_separation': '2 J/m^2', 'length': '0.5 Å'}\n"
            "law = TypeAdapter(LawInput).validate_python(given).law()\n"
            "assert abs(law.peak_traction - 2e10) < 1 and fit(law, 'morse').error is not None\n",
        ),
        "potential": Addition(
            {"atomistic/potentials/soft.py": potential},
            "from ase.build import bulk\n"
            "from atomistic import load_potential\n"
            "from multiscale.inputs.potential import PotentialChoice\n"
            "choice = PotentialChoice.model_validate({'name': 'soft'})\n"
            "choice.check()\n"
            "assert load_potential(choice.name).evaluate([bulk('Cu')]).energies.shape == (1,)\n",
        ),
        "study": Addition(
            {"multiscale/studies/griffith/__init__.py": _STUDY},
            "import tempfile\n"
            "from pathlib import Path\n"
            "import multiscale\n"
            "folder = Path(tempfile.mkdtemp())\n"
            "text = 'study: griffith\\nyoung: 70 GPa\\nsurface_energy: 1 J/m^2\\nhalf_length: 1 mm\\n'\n"
            "(folder / 'study.yaml').write_text(text)\n"
            "assert multiscale.run_study(folder / 'study.yaml', folder / 'run')['strength'] > 6e6\n",
        ),
        "method": Addition(
            {"multiscale/concurrent/methods/sharp_force.py": _page("sharp_force.py")},
            _CONCURRENT + "given |= {'point_defect': {'missing': 1}}\n"
            "given['methods'].append({'method': 'qcf', 'core': 3})\n"
            "assert parse_study(given, Path('.')).methods[1].method == 'qcf'\n",
        ),
        "defect": Addition(
            {"multiscale/studies/concurrent/defects/round_void.py": _page("round_void.py")},
            _CONCURRENT + "given |= {'round_void': {'radius': '3 Å'}}\n"
            "assert type(parse_study(given, Path('.')).round_void).__name__ == 'RoundVoid'\n",
        ),
        "specimen": Addition(
            {"continuum/specimens/lap_joint.py": _page("lap_joint.py")},
            "import tempfile\n"
            "from pathlib import Path\n"
            "from multiscale.cli.meshes import made\n"
            "from continuum.mesh.inspect import inspect_mesh\n"
            "file = Path(tempfile.mkdtemp()) / 'lap.msh'\n"
            "made('lap_joint', ['length=20', 'overlap=10', 'thickness=2', 'size=1']).write(file)\n"
            "assert {body.name for body in inspect_mesh(file).bodies} == {'upper', 'lower'}\n",
        ),
        "material": Addition(
            {"continuum/materials/blatz_ko.py": _page("blatz_ko.py")},
            "from pydantic import TypeAdapter\n"
            "from multiscale.inputs.material import BodyInput\n"
            "from multiscale.studies.specimen.solids import typed_material\n"
            "given = {'strain': 'blatz-ko', 'shear': '1 MPa'}\n"
            "assert typed_material(TypeAdapter(BodyInput).validate_python(given)).shear == 1e6\n",
        ),
    }


def added(addition: Addition) -> int:
    """How many files adding it took.

    Raises:
        RuntimeError: it is not known by its name; with what was said.
    """
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for package in PACKAGES:
            shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
        for place, text in addition.files.items():
            if (copy / place).exists():
                raise RuntimeError(f"{place} is there already, so that nothing is added.")
            (copy / place).parent.mkdir(exist_ok=True)
            (copy / place).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", addition.use],
            cwd=copy, env=os.environ | {"PYTHONPATH": str(copy)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{', '.join(addition.files)}: {done.stderr}")
    return len(addition.files)


def files_to_add() -> dict[str, int]:
    """Files that adding one of each kind takes, each of which then works."""
    return {kind: added(addition) for kind, addition in additions().items()}
