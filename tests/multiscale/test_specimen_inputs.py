"""Inputs of the specimen study: what is refused, in one sentence, and what is understood."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from coupling.errors import InputError
from coupling.exchange.storage import save_law
from coupling.laws.rigid import InitiallyRigid
from multiscale import run_study
from multiscale.cli import app
from multiscale.studies import load_study
from tests.multiscale.specimen_cases import DCB


def bond(**changes):
    return {"bond": DCB["interfaces"]["bond"] | changes}


RING = {"inner": "2 mm", "outer": "3 mm"}
STEEL = {"young": "200 GPa", "poisson": 0.3}
BAD = {
    "unknown group": ({"supports": [{"group": "ende", "component": "x"}]}, "'ende'", "Did you mean 'end'?"),
    "unknown body": ({"bodies": {"uper": STEEL, "lower": STEEL}, "interfaces": {"bond": bond()["bond"] | {"plus": "uper"}}}, "'uper'", "upper"),
    "side is no body": ({"interfaces": bond(plus="uper")}, "interfaces.bond", "'uper'", "Did you mean 'upper'?"),
    "one side twice": ({"interfaces": bond(minus="upper")}, "both 'upper'"),
    "no plus": ({"interfaces": bond(plus=None)}, "interfaces.bond", "plus is missing"),
    "pair with sides": ({"interfaces": {"upper|lower": bond()["bond"]}}, "leave out plus and minus"),
    "no law": ({"interfaces": bond(law="nope.json")}, "nope.json", "There is no law file"),
    "unknown law": ({"interfaces": bond(law={"kind": "bilinea"})}, "'bilinea'", "Did you mean 'bilinear'?"),
    "law without units": ({"interfaces": bond(law={"kind": "uber", "work_of_separation": 3, "length": "1 Å"})}, "J/m^2"),
    "law is a number": ({"interfaces": bond(law=3)}, "3 is not a law"),
    "law with an unknown key": (
        {"interfaces": bond(law={"kind": "uber", "work_of_separation": "3 J/m^2", "lenght": "1 Å"})}, "Did you mean 'length'?"),
    "law that snaps back": (
        {"interfaces": bond(law={"kind": "bilinear", "work_of_separation": "1 J/m^2", "peak_traction": "20 MPa", "stiffness": "1 GPa/m"})},
        "interfaces.bond"),
    "negative friction": ({"interfaces": bond(friction=-0.1)}, "friction"),
    "viscosity without time": ({"interfaces": bond(viscosity="1 MPa*s/mm")}, "loading.duration"),
    "unknown history": ({"interfaces": bond(history="elastic")}, "'elastic'", "'damage'"),
    "contact without stiffness": ({"interfaces": bond(contact={})}, "contact.stiffness is missing"),
    "gap in the wrong dimension": ({"interfaces": bond(initial_gap={"radius": "1 mm", "centre": ["0 mm"] * 3})}, "give 2 lengths"),
    "gap that is the law's": ({"interfaces": bond(gap={"radius": "1 mm"})}, "unknown key 'gap'", "Did you mean 'initial_gap'?"),
    "gap with both shifts": ({"interfaces": bond(initial_gap={"radius": "1 mm", "standoff": "1 nm", "overlap": "1 nm"})}, "not both"),
    "one plane": ({"interfaces": bond(coarsen=1)}, "coarsen", "2"),
    "no mesh": ({"mesh": "nope.msh"}, "'nope.msh'", "dcb.msh"),
    "wrong dimension": ({"kind": "3D"}, "dimension 3"),
    "unknown kind": ({"kind": "plane"}, "'plane'", "plane strain"),
    "z in the plane": ({"supports": [{"group": "end", "component": "z"}]}, "supports.0.component", "x, y"),
    "two materials": ({"bodies": {"upper": STEEL | {"stiffness": {"matrix": [[1.0]], "unit": "GPa"}}, "lower": STEEL}}, "matrix"),
    "half a material": ({"bodies": {"upper": {"young": "1 GPa"}, "lower": STEEL}}, "bodies.upper", "young and poisson"),
    "incompressible": ({"bodies": {"upper": STEEL | {"poisson": 0.5}, "lower": STEEL}}, "bodies.upper.poisson", "0.5"),
    "half a stiffness": ({"bodies": {"upper": {"stiffness": {"C11": "1 GPa"}}, "lower": STEEL}}, "C11, C12 and C44"),
    "half a heat": ({"bodies": {"upper": STEEL | {"expansion": "1 ppm/K"}, "lower": STEEL}}, "temperature_difference"),
    "hot and finite": (
        {"bodies": {"upper": STEEL | {"expansion": "1 ppm/K", "temperature_difference": "1 K", "strain": "finite"}, "lower": STEEL}},
        "strain: small"),
    "finite in plane stress": ({"kind": "plane stress", "bodies": {"upper": STEEL | {"strain": "finite"}, "lower": STEEL}}, "plane stress"),
    "grain without stiffness": ({"bodies": {"upper": STEEL | {"grain": {"x": [1, 0, 0], "y": [0, 1, 0]}}, "lower": STEEL}}, "isotropic"),
    "no load": ({"loads": []}, "loads (displacements) or tractions"),
    "two loads": ({"tractions": [{"group": "end", "component": "x", "traction": "1 MPa"}]}, "one of the two"),
    "zero load": ({"loads": [{"group": "end", "component": "y", "factor": 0.0}]}, "factor 0"),
    "multiples of displacements": ({"loading": {"final": 2}}, "'opening'"),
    "nowhere to go": ({"loading": {"opening": ["1 mm", "1 mm"]}}, "turning point"),
    "both ends": ({"loading": {"opening": "1 mm", "final": 2}}, "one of the two"),
    "no unit": ({"loading": {"opening": 3}}, "loading.opening", "mm"),
    "more than all": ({"loading": {"opening": "1 mm", "stop_at_area": 2.0}}, "stop_at_area"),
    "ring inside out": ({"j_integral": {"inner": "3 mm", "outer": "2 mm"}}, "inner < outer"),
    "ring around no crack": ({"j_integral": RING | {"interface": "bnd"}}, "'bnd'", "bond"),
    "ring in a solid of revolution": ({"j_integral": RING, "kind": "axisymmetric"}, "j_integral", "axisymmetric"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_leaves_nothing(name, case, tmp_path):
    changes, *words = BAD[name]
    path = case(**changes)
    before = sorted(tmp_path.rglob("*"))
    done = CliRunner().invoke(app, ["check", str(path)])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_an_initially_rigid_law_is_refused_with_its_way_out(case, tmp_path):
    opening = np.linspace(0, 1e-4, 30)
    rigid = InitiallyRigid(opening, 2e3 * (opening / 1e-4 - (opening / 1e-4) ** 2 / 2) / 2, 1e7 * (1 - opening / 1e-4))
    save_law(rigid, tmp_path / "rigid.json")
    path = case(interfaces=bond(law="rigid.json"))
    with pytest.raises(InputError, match=r"interfaces\.bond: .*zero jump.*spring.*on_spring"):
        run_study(path, tmp_path / "run")
    save_law(rigid.on_spring(1e13), tmp_path / "rigid.json")
    assert load_study(path).stored_bond("bond").law.gap == "in bulk"
    save_law(rigid, tmp_path / "rigid.json")
    sprung = load_study(case(interfaces=bond(law="rigid.json", spring="1e13 Pa/m"))).stored_bond("bond").law
    np.testing.assert_array_equal(sprung.traction, rigid.on_spring(1e13).traction)


def test_an_unstable_stiffness_is_refused_before_anything_is_written(case, tmp_path):
    unstable = {"stiffness": {"C11": "100 GPa", "C12": "150 GPa", "C44": "50 GPa"}}
    with pytest.raises(InputError, match="not positive definite"):
        run_study(case(bodies={"upper": unstable, "lower": STEEL}), tmp_path / "run")
    assert not list(tmp_path.glob("run*"))


def test_the_schema_offers_what_the_study_takes():
    schema = json.loads(CliRunner().invoke(app, ["schema", "specimen"]).stdout)
    assert set(DCB) <= set(schema["properties"])


def test_a_tangential_direction_reaches_the_bond(case):
    chosen = load_study(case(interfaces=bond(tangential=[-1, 0, 0]))).stored_bond("bond")
    assert chosen.tangential == (-1.0, 0.0, 0.0) and load_study(case()).stored_bond("bond").tangential is None
    for wrong, words in (([0, 0, 0], "not all 0"), ([1, 0], "tangential"), ([float("nan"), 0, 1], "tangential")):
        done = CliRunner().invoke(app, ["check", str(case(interfaces=bond(tangential=wrong)))])
        assert done.exit_code == 2 and words in done.stderr and done.stderr.count("\n") == 1
