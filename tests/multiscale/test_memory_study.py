"""Bodies with memory in a specimen study: what the keys mean, what is reported, what is refused."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from continuum.inelastic import Plastic, SlippingCrystal, Viscoelastic
from continuum.specimens.boundary_layer import BoundaryLayer
from coupling.elasticity import isotropic_stiffness
from coupling.errors import InputError
from coupling.upscale.export import DislocationParameters, read, save
from coupling.upscale.flow import GlideLaw
from multiscale import run_study
from multiscale.inputs.inelastic import FlowInput
from multiscale.studies import parse_study
from multiscale.studies.specimen.solids import typed_material

EXAMPLES = Path(__file__).parents[2] / "examples"
BODY = {"young": "300 GPa", "poisson": 0.3}
POWER = {"yield_stress": "1 GPa", "exponent": 0.1}
SLIP = {"family": "fcc", "resistance": "100 MPa", "rate": "0.001 1/s", "sensitivity": 0.05}
CUBIC = {"stiffness": {"C11": "282 GPa", "C12": "183 GPa", "C44": "124 GPa"}}
LAYER = {
    "study": "specimen", "mesh": "layer.msh", "mesh_unit": "um", "kind": "plane strain", "order": 2,
    "bodies": {name: BODY | {"flow": POWER} for name in ("upper", "lower")},
    "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": {
        "kind": "bilinear", "work_of_separation": "28 J/m^2", "peak_traction": "2.5 GPa", "stiffness": "1 GPa/nm"}}},
    "loads": [{"group": f"rim_{name}", "component": "mode I"} for name in ("upper", "lower")],
    "loading": {"opening": "3 um", "steps": 8, "stop_at_area": 0.1, "growth": 0.05, "balance_tolerance": 0.05, "peak_tolerance": 0.05},
    "output": {"fields": "none"},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("layer")
    BoundaryLayer(12, 1, 0.3, 4, order=1).write(path / "layer.msh")
    return path


def changed(**changes):
    study = copy.deepcopy(LAYER)
    for key, value in changes.items():
        *way, last = key.split("__")
        place = study
        for name in way:
            place = place[name]
        place[last] = value
    return study


def parsed(folder, study):
    return parse_study(study, folder)


def test_a_plastic_layer_reports_what_its_bodies_took(folder, tmp_path):
    results = _run(folder, tmp_path, LAYER)
    curve = results.curves["load_displacement"]
    assert np.all(np.diff(curve.values["plastic"]) >= -1e-12) and curve.values["plastic"][-1] > 0
    assert results["energy_balance_relative_error"] < 0.01
    rows = {(owner, what) for owner, what, _ in results.tables[-1].rows if "plastic" in what}
    assert ("FE, body upper", "dissipated: plastic flow") in rows
    assert any("plastic loss in upper" in row.region for row in results.ledger)
    intensity = curve.values["opening"] * 300e9 / (8 * (1 - 0.3**2)) * np.sqrt(2 * np.pi / 12e-6)
    far = results.curves["far_field"].values["release_rate"]
    np.testing.assert_allclose(far, intensity**2 * (1 - 0.3**2) / 300e9, rtol=1e-9)
    assert 0.95 * 28 < far.max() < 1.4 * 28  # the interface's work, the bodies' share, and what the near rim adds


def _run(folder, tmp_path, study):
    (folder / "study.yaml").write_text(json.dumps(study))
    return run_study(folder / "study.yaml", tmp_path / "run")


def test_keys_are_materials(folder):
    study = parsed(folder, changed(bodies__upper=BODY | {"flow": POWER | {"kinematic": "2 GPa"}}))
    made = typed_material(study.bodies["upper"])
    assert isinstance(made, Plastic) and made.kinematic == 2e9
    assert made.young == pytest.approx(300e9, rel=1e-12) and made.flow.yield_stress == 1e9
    timed = changed(
        loading__duration="1 s", bodies__upper=BODY | {"relaxation": {"moduli": ["50 GPa"], "times": ["2 s"]}}
    )
    made = typed_material(parsed(folder, timed).bodies["upper"])
    assert isinstance(made, Viscoelastic) and (made.long_term, made.moduli, made.times) == (300e9, (50e9,), (2.0,))
    wlf = {"c1": 10, "c2": "50 K", "reference": "300 K"}
    shifted = {"moduli": ["50 GPa"], "times": ["2 s"], "wlf": wlf, "temperature": "310 K"}
    made = typed_material(
        parsed(folder, timed | {"bodies": {n: BODY | {"relaxation": shifted} for n in ("upper", "lower")}}).bodies[
            "upper"
        ]
    )
    assert made.times[0] == pytest.approx(2 * 10 ** (-10 * 10 / 60), rel=1e-12)
    crystal = CUBIC | {"grain": {"x": [1, 1, -2], "y": [1, 1, 1]}, "slip": SLIP}
    made = typed_material(parsed(folder, changed(loading__duration="1 s", bodies__upper=crystal)).bodies["upper"])
    assert isinstance(made, SlippingCrystal) and len(made.systems.normals) == 12
    assert np.abs(made.systems.normals[:, 1]).max() == pytest.approx(1, rel=1e-12)  # one plane lies along the mesh's x


def test_a_body_flows_as_the_dislocations_of_a_run(tmp_path):
    """The flow stress of the key is M τ(T, M rate) of the file that the run handed up."""
    law = GlideLaw(1.6e-19, 4e8, 0.7, 1.3, 2.5e-10, 2.2e-10)
    save(DislocationParameters("Al", "fcc", "edge", law), tmp_path / "dislocation.yaml")
    flow = FlowInput.model_construct(run=tmp_path, temperature=300.0, taylor_factor=3.06, forest=None)
    handed_up = read(tmp_path / "dislocation.yaml").law
    found = flow.flow(70e9, 26e9, handed_up).at(np.zeros(1), np.array([1e-3])).stress[0]
    assert found == pytest.approx(3.06 * float(law.flow_stress(300.0, 3.06e-3)), rel=1e-7)


@pytest.mark.parametrize("name", ["toughness_steel/study.yaml"])
def test_examples_are_valid(name):
    parse_study(yaml.safe_load((EXAMPLES / name).read_text()), EXAMPLES / Path(name).parent).check()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"order": 1}, "bodies.upper.flow: the body flows at constant volume.*order: 2"),
        ({"kind": "plane stress"}, "mode I is offered alone, and in plane strain|not offered in plane stress"),
        ({"bodies__upper": BODY | {"flow": POWER, "slip": SLIP}}, "one memory"),
        ({"bodies__upper": BODY | {"slip": SLIP}}, "slip needs a crystal"),
        ({"bodies__upper": CUBIC | {"flow": POWER}}, "flow is isotropic"),
        ({"bodies__upper": BODY | {"flow": {"yield_stress": "1 GPa", "exponent": 0.1, "modulus": "1 GPa"}}}, "one hardening"),
        ({"bodies__upper": BODY | {"flow": {"exponent": 0.1}}}, "give yield_stress, or run"),
        ({"bodies__upper": BODY | {"flow": {"run": "nowhere"}}}, "that at a temperature"),
        ({"bodies__upper": BODY | {"flow": POWER | {"temperature": "300 K"}}}, "belong to run"),
        ({"bodies__upper": BODY | {"flow": POWER | {"rate": {"reference": "1 1/s", "exponent": 0.1}}}}, "give loading.duration"),
        ({"bodies__upper": BODY | {"flow": POWER, "strain": "finite"}}, "with strain: small"),
        ({"bodies__upper": BODY | {"relaxation": {"moduli": ["1 GPa"], "times": ["1 s", "2 s"]}}}, "one time to each"),
        ({"bodies__upper": BODY | {"relaxation": {"file": "dma.csv", "temperature": "300 K"}}}, "leave young out"),
        ({"bodies__upper": BODY | {"relaxation": {"moduli": ["1 GPa"], "times": ["1 s"], "temperature": "300 K"}}}, "one of wlf"),
        ({"loads": [{"group": "rim_upper", "component": "mode I", "factor": 2.0}]}, "leave factor out"),
        ({"loads": [*LAYER["loads"], {"group": "rim_upper", "component": "x"}]}, "mode I is offered alone"),
        ({"j_integral": {"inner": "1 um", "outer": "2 um"}}, "j_integral is not offered beside a body with a memory"),
        ({"bodies__upper": BODY | {"flow": {"run": "nowhere", "temperature": "300 K"}}, "loading__duration": "1 s"}, "no run"),
    ],
)  # fmt: skip
def test_what_is_not_offered_is_refused(folder, changes, said):
    with pytest.raises(InputError, match=said):
        parsed(folder, changed(**changes)).check()


def test_a_k_field_wants_one_isotropic_stiffness(folder, tmp_path):
    stiffness = isotropic_stiffness(300e9, 0.3).tolist()
    stiff = {"stiffness": {"matrix": [[2 * v / 1e9 for v in row] for row in stiffness], "unit": "GPa"}}
    with pytest.raises(InputError, match="one and the same isotropic stiffness"):
        _run(folder, tmp_path, changed(bodies__upper=stiff))
