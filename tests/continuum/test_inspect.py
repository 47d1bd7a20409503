"""`multiscale mesh inspect`: facts, warnings, and the process zone against the elements."""

import re

import meshio
import numpy as np
import pytest
from typer.testing import CliRunner

from continuum.mesh.inspect import RESOLVING, inspect_mesh, process_zone, zone_length
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.errors import InputError
from coupling.exchange.storage import save_law
from coupling.interface.coarse_graining import chain, coarsen
from multiscale.cli import app
from multiscale.inputs.checks import check_groups
from tests.continuum.bad_meshes import HIGH, LOW, SQUARES, turned, write
from tests.continuum.specimens import uber_law
from tests.continuum.test_mesh import KINDS, joint, with_sets

SI_MODULUS = 70e9 / (1 - 0.3**2)


def invoke(*words):
    return CliRunner().invoke(app, ["mesh", "inspect", *map(str, words)])


@pytest.fixture(scope="module")
def beam(tmp_path_factory):
    path = tmp_path_factory.mktemp("beam") / "beam.msh"
    DoubleCantileverBeam(length=20, arm=1, crack=6, growth=6, fine=0.5, coarse=1.0, element="quadrilateral").write(path)
    return path


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("element", KINDS)
def test_measures_are_those_of_the_specimen(tmp_path, element, order):
    joint(element, order).write(tmp_path / "a.msh")
    found = inspect_mesh(tmp_path / "a.msh")
    deep = 0.5 if element in KINDS[2:] else 1.0
    assert {b.name: b.volume for b in found.bodies} == pytest.approx(
        {"upper": 0.5 * deep, "lower": 1.0 * deep}, rel=1e-12
    )
    (between,) = found.interfaces
    assert between.name == "upper-lower" and between.area == pytest.approx(deep)
    groups = {g.name: g for g in found.groups}
    assert groups["bond"].place == "between upper and lower" and groups["top"].place == "on upper"
    assert groups["left"].place == "on lower, upper" and groups["left"].area == pytest.approx(1.5 * deep)
    # Half a square, the square, Kuhn's tetrahedron and the cube, over the regular cell of each kind.
    quality = {"triangle": np.sqrt(0.5) / np.sqrt(0.75), "quadrilateral": 1, "hexahedron": 1}
    quality["tetrahedron"] = (1 / np.sqrt(6)) / np.sqrt(0.5)
    assert found.bodies[0].quality == pytest.approx(quality[element], rel=1e-9)
    shortest, longest = (
        0.25,
        0.25 * {"triangle": 2, "quadrilateral": 1, "tetrahedron": 3, "hexahedron": 1}[element] ** 0.5,
    )
    assert (found.bodies[1].smallest, found.bodies[1].largest) == pytest.approx((shortest, longest))
    assert not found.warnings


def test_the_command_describes_the_mesh(beam):
    done = invoke(beam, "--unit", "mm")
    assert done.exit_code == 0, done.stderr
    assert re.search(r"^body upper: \d+ cells, area 20 mm\^2, edges 0\.\d+ to ", done.stdout, re.M)
    assert re.search(r"^interface upper-lower: \d+ facets between upper and lower, length 20 mm, ", done.stdout, re.M)
    assert re.search(
        r"^group bond: \d+ facets between upper and lower, length 14 mm, elements 0\.\d+ to 0\.\d+ mm$",
        done.stdout,
        re.M,
    )
    assert "WARNING" not in done.stdout and "process zone" not in done.stdout


def test_an_unresolved_zone_is_warned_of_with_the_smallest_coarsening(beam, tmp_path):
    law = uber_law(1.0, 3e-8)  # a zone of 0.51 mm, elements of 0.5 mm
    save_law(law, tmp_path / "law.json")
    length = SI_MODULUS * law.work_of_separation / law.peak_traction**2
    assert length == pytest.approx(0.51e-3, rel=0.01)
    bond = next(g for g in inspect_mesh(beam).groups if g.name == "bond")
    finest = bond.finest * 1e-3
    options = ("--unit", "mm", "--law", tmp_path / "law.json", "--young", "70 GPa", "--interface", "bond")
    done = invoke(beam, *options)
    assert done.exit_code == 0, done.stderr
    assert f"process zone on bond: E'W/σ² = {length * 1e3:.4g} mm" in done.stdout
    assert f"{length / finest:.3g} elements where they are finest" in done.stdout
    planes = int(re.search(r"WARNING: fewer than 5 elements .*coarsen\(law, (\d+)\)", done.stdout)[1])
    resolved = [zone_length(coarsen(law, n), SI_MODULUS) / finest >= RESOLVING for n in (planes - 1, planes)]
    assert resolved == [False, True]
    save_law(coarsen(law, planes), tmp_path / "coarse.json")
    again = invoke(beam, "--unit", "mm", "--law", tmp_path / "coarse.json", "--young", "70 GPa", "--interface", "bond")
    assert again.exit_code == 0 and "WARNING" not in again.stdout


def test_a_zone_resolved_in_the_fine_part_alone_says_where(beam):
    bond = next(g for g in inspect_mesh(beam).groups if g.name == "bond")
    law = uber_law(1.0, 2e-7)
    modulus = law.peak_traction**2 / law.work_of_separation * 5 * 0.6e-3  # resolves elements up to 0.6 mm
    zone = process_zone(law, modulus, bond, 1e-3)
    assert zone.planes is None and zone.elements == pytest.approx(3.0 / bond.finest)
    assert zone.share == pytest.approx(np.mean(bond.sizes <= 0.6))
    assert 12 / bond.facets <= zone.share < 1


def test_warnings(tmp_path):
    points = np.vstack([SQUARES, SQUARES[5]])
    above = [[9 if n == 5 else n for n in t] for t in HIGH]
    write(tmp_path / "crack.msh", points, {"a": LOW, "b": above}, [(0, 4)])
    done = invoke(tmp_path / "crack.msh")
    assert done.exit_code == 0, done.stderr
    assert "WARNING: 1 nodes lie at the places of others" in done.stdout
    assert "WARNING: group bond has facets inside body a" in done.stdout
    apart = np.vstack([SQUARES, SQUARES * (1, 0.01, 1) + (10, 0, 0)])
    write(tmp_path / "apart.msh", apart, {"a": LOW + HIGH, "b": [[n + 9 for n in t] for t in LOW + HIGH]})
    done = invoke(tmp_path / "apart.msh")
    for words in (
        "body b has a quality of 0.0",
        "body a shares no facet",
        "body b shares no facet",
        "no group of facets",
    ):
        assert (
            f"WARNING: {'the worst cell of ' if 'quality' in words else ''}{'there is ' if 'no group' in words else ''}{words}"
            in done.stdout
        )


def test_bad_input_is_one_line(tmp_path, beam):
    turned(tmp_path / "bad.msh")
    save_law(uber_law(1.0, 2e-7), tmp_path / "law.json")
    law = ("--law", tmp_path / "law.json")
    for words, message in (
        ((tmp_path / "bad.msh",), "triangle 1 of body 'a'"),
        ((tmp_path / "none.msh",), "does not exist"),
        ((beam, "--unit", "inch"), "Unknown unit of length 'inch'"),
        ((beam, "--body", "upper"), "none of the bodies upper"),
        ((beam, *law), "needs --unit"),
        ((beam, *law, "--unit", "mm", "--young", "70"), "'70' is not a stress"),
        ((beam, *law, "--unit", "mm", "--young", "-70 GPa"), "must be positive"),
        ((beam, *law, "--unit", "mm", "--young", "70 GPa", "--poisson", "0.5"), "ratio 0.5"),
        ((beam, *law, "--unit", "mm", "--young", "70 GPa", "--interface", "bnd"), "Did you mean 'bond'"),
    ):
        done = invoke(*words)
        assert done.exit_code == 2 and message in done.stderr and done.stderr.count("\n") == 1, done.stderr


def test_a_law_without_elasticity_of_its_own_asks_for_the_planes_stiffness(beam):
    bond = next(g for g in inspect_mesh(beam).groups if g.name == "bond")
    rigid = coarsen(uber_law(1.0, 2e-7), 2, softening="bilinear")
    with pytest.raises(InputError, match="plane_stiffness"):
        process_zone(rigid, 1e9, bond, 1e-3)
    zone = process_zone(rigid, 1e9, bond, 1e-3, plane_stiffness=1e15)
    lengths = [zone_length(chain(rigid, n, 1e15), 1e9) for n in (zone.planes - 1, zone.planes)]
    assert lengths[0] < RESOLVING * bond.finest * 1e-3 <= lengths[1]


def test_input_files_may_name_meshes_of_other_formats(tmp_path):
    joint("triangle", 1).write(tmp_path / "a.msh")
    meshio.write(tmp_path / "a.inp", with_sets(meshio.read(tmp_path / "a.msh")))
    for name in ("a.msh", "a.inp"):
        check_groups(tmp_path / name, cells=["upper", "lower"], facets=["bond", "top"], dimension=2)
        with pytest.raises(InputError, match="boundary or interface .*'bnd'.*Did you mean 'bond'"):
            check_groups(tmp_path / name, cells=["upper"], facets=["bnd"], dimension=2)
    joint("tetrahedron", 1).write(tmp_path / "b.msh")
    with pytest.raises(InputError, match="b.msh has dimension 3, and the study needs one of dimension 2"):
        check_groups(tmp_path / "b.msh", cells=["upper"], facets=[], dimension=2)


def make(*words):
    return CliRunner().invoke(app, ["mesh", "make", *map(str, words)])


def test_a_specimen_is_made_by_its_name(tmp_path):
    dimensions = {
        "length": 20,
        "arm": 1,
        "crack": 6,
        "growth": 6,
        "fine": 0.5,
        "coarse": 1.0,
        "element": "quadrilateral",
    }
    answer = make("dcb", tmp_path / "made.msh", *(f"{name}={value}" for name, value in dimensions.items()))
    assert answer.exit_code == 0, answer.output
    DoubleCantileverBeam(**dimensions).write(tmp_path / "written.msh")
    assert (tmp_path / "made.msh").read_bytes() == (tmp_path / "written.msh").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dcx",), "Did you mean 'dcb'?"),
        (("dcb",), "dcb needs length, arm, crack"),
        (
            ("butt_joint", "width=1", "upper=1", "lower=1", "size=1", "hight=2"),
            "Unknown dimension of butt_joint 'hight'",
        ),
        (("butt_joint", "width=a", "upper=1", "lower=1", "size=1"), "butt_joint: width=a: "),
    ],
)
def test_a_specimen_that_cannot_be_made_is_refused_and_nothing_is_written(words, said, tmp_path):
    answer = make(words[0], tmp_path / "none.msh", *words[1:])
    assert answer.exit_code == 2
    assert said in " ".join(answer.output.split())
    assert not list(tmp_path.iterdir())
