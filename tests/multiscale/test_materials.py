"""Materials that inputs choose: one file each, from here or from another distribution."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from continuum.materials.registry import material_model, material_models
from coupling.errors import InputError

ROOT = Path(__file__).parents[2]
FOAM = """
from dataclasses import dataclass
from typing import ClassVar

from continuum.materials.registry import offered, parameter


@offered("foam", "own", about="a foam of two constants")
@dataclass(frozen=True)
class Foam:
    linear: ClassVar[bool] = False
    bulk: float = parameter("stress", "Pa", "Bulk modulus.")
    exponent: float = parameter("", "", "Of the stretch.", positive=False)
"""
ASK = """
import sys
from pydantic import TypeAdapter, ValidationError
from multiscale.inputs.material import BodyInput
from multiscale.studies.specimen.solids import typed_material

read = TypeAdapter(BodyInput)
made = typed_material(read.validate_python({"strain": "foam", "bulk": "2 MPa", "exponent": -0.5}))
assert (type(made).__name__, made.bulk, made.exponent) == ("Foam", 2e6, -0.5)
assert type(read.validate_python({"young": "1 GPa", "poisson": 0.3})).__name__ == "MaterialInput"
try:
    read.validate_python({"strain": "foam", "bulk": "2 m", "exponent": -0.5})
except (ValidationError, ValueError) as error:
    assert "is not a stress" in str(error)
else:
    raise AssertionError("metres taken for a modulus")
assert "dolfinx" not in sys.modules
"""


def test_the_materials_are_found_by_their_files():
    own = [name for name, model in material_models().items() if model.__module__.startswith("continuum.")]
    assert own == ["small", "finite", "neo-hookean", "cauchy-born"]
    assert list(material_models("stiffness", "third order")) == ["small", "finite", "cauchy-born"]
    with pytest.raises(InputError, match="smal"):
        material_model("smal")


def test_a_material_of_another_distribution_is_chosen_in_inputs_at_once(tmp_path):
    (tmp_path / "foam.py").write_text(FOAM)
    told = tmp_path / "foam-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: foam\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[multiscale.materials]\nfoam = foam:Foam\n")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
