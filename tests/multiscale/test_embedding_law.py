"""An embedded potential in another study: the law of an interface that the accurate model owns is that model's."""

import numpy as np
import pytest
import yaml

from atomistic import load_potential
from atomistic.embedding.options import length, load
from atomistic.embedding.scaled import Scaled
from atomistic.potentials.check import check_potential
from atomistic.properties.bulk import equilibrium
from coupling.errors import InputError
from multiscale import run_study

OPTIONS = {"sigma": 2.3, "epsilon": 0.4, "rc": 4.0, "smooth": True}
ACCURATE = {"name": "ase.calculators.lj:LennardJones", **OPTIONS}
REGION = {"interface": {"kind": "layer", "radius": "9 Å"}}


def law(tmp_path, name, potential):
    study = {
        "study": "cohesive_law", "potential": potential, "path": "rigid",
        "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 15}, "openings": {"points": 14},
    }  # fmt: skip
    (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return run_study(tmp_path / f"{name}.yaml", tmp_path / name, allow_code=True)


def test_a_quantum_corrected_law_is_the_accurate_model_s_own(tmp_path):
    cheap, accurate = load_potential("emt"), load_potential(**ACCURATE)
    sides = [equilibrium(p, "Cu", "fcc", conventional=True).cell[0, 0] for p in (accurate, cheap)]
    scale = float(sides[0] / sides[1])
    embedded = {"name": "embedded", "low": "emt", "larger": ACCURATE, "regions": REGION, "least": 8, "scale": scale}
    found, own, bath = law(tmp_path, "a", embedded), law(tmp_path, "b", ACCURATE), law(tmp_path, "c", "emt")
    assert found["work_of_separation"] == pytest.approx(scale**2 * own["work_of_separation"], rel=1e-4)
    assert found["peak_traction"] == pytest.approx(scale**3 * own["peak_traction"], rel=1e-3)
    assert found["work_of_separation"] > 1.5 * bath["work_of_separation"]


def test_a_scaled_potential_keeps_the_contract():
    scaled = Scaled(load_potential("emt"), 1.02)
    report = check_potential(scaled)
    assert all(report[name].passed for name in ("forces", "stress", "rotation", "extensivity", "batch", "inputs"))
    side = equilibrium(scaled, "Cu", "fcc", conventional=True).cell[0, 0]
    assert side == pytest.approx(
        equilibrium(scaled.potential, "Cu", "fcc", conventional=True).cell[0, 0] / 1.02, rel=1e-6
    )
    with pytest.raises(InputError, match="does not fit two lattices"):
        Scaled(load_potential("emt"), 2.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regions": REGION}, "either quantum"),
        ({"larger": "emt", "regions": {}}, "needs regions"),
        ({"larger": "emt", "regions": {"a": {"kind": "cube"}}}, "Unknown kind of region 'a' 'cube'"),
        ({"larger": "emt", "regions": {"a": {"kind": "layer", "width": 3}}}, "Unknown key of region 'a' 'width'"),
        ({"larger": "emt", "regions": {"a": {"kind": "sphere", "radius": 3}}}, "incomplete.*centre"),
        ({"larger": 3, "regions": REGION}, "larger must be a name"),
        ({"larger": "emt", "regions": REGION, "buffer": "3 eV"}, "not a length"),
        ({"quantum": "gfn9", "regions": REGION}, "Unknown quantum engine 'gfn9'"),
    ],
)
def test_options_that_make_no_embedded_potential_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        load_potential("embedded", low="emt", **options)
    assert length("0.3 nm") == pytest.approx(3.0)
    assert np.isclose(length(2), 2.0)


def test_bulk_references_stay_with_the_cheap_potential():
    model = load("embedded", "cpu", None, low="emt", larger=ACCURATE, regions=REGION, least=8)
    cell = equilibrium(load_potential("emt"), "Cu", "fcc", conventional=True)
    assert model.evaluate([cell]).energies[0] == load_potential("emt").evaluate([cell]).energies[0]
    assert (
        model.evaluate([cell * (1, 1, 3)]).energies[0] != load_potential("emt").evaluate([cell * (1, 1, 3)]).energies[0]
    )
