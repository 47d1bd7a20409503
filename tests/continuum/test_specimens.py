"""Parametric specimens: their groups, areas and sizes; impossible ones are refused."""

import subprocess
import sys
from math import pi

import numpy as np
import pytest

from continuum.mesh.checks import check_mesh
from continuum.mesh.file import read_file
from continuum.mesh.topology import Topology
from continuum.specimens.blister import Blister
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.compact_tension import CompactTension
from continuum.specimens.dcb import DoubleCantileverBeam
from continuum.specimens.flat_contact import SphereOnFlat
from continuum.specimens.grid import graded
from continuum.specimens.peel import PeelStrip
from continuum.specimens.pullout import FibrePullout
from coupling.errors import InputError
from tests.continuum.test_mesh import joint

PLANE = {  # make(element, order): bodies' areas, groups' lengths, size along the fine part of `bond`, that part
    "sphere on a flat": (
        lambda **kind: SphereOnFlat(reach=1, extent=50, fine=0.1, coarse=5, **kind),
        {"block": 2500},
        {"bond": 1, "free": 49, "axis": 50, "side": 50, "base": 50},
        (0, 1),
    ),
    "butt joint": (
        lambda **kind: ButtJoint(width=1, upper=2, lower=3, size=0.1, **kind),
        {"upper": 2, "lower": 3},
        {"bond": 1, "top": 1, "bottom": 1, "left": 5, "right": 5},
        (0, 1),
    ),
    "film alone": (
        lambda **kind: PeelStrip(length=10, film=0.1, crack=2, growth=3, fine=0.1, coarse=0.5, **kind),
        {"film": 1},
        {"bond": 8, "precrack": 2, "pulled": 0.1, "end": 0.1, "top": 10},
        (2, 5),
    ),
    "peel strip": (
        lambda **kind: PeelStrip(length=10, film=0.1, crack=2, growth=3, fine=0.1, coarse=0.5, block=2, **kind),
        {"film": 1, "block": 20},
        {"bond": 8, "precrack": 2, "pulled": 0.1, "end": 0.1, "top": 10, "base": 10, "sides": 4},
        (2, 5),
    ),
    "blister": (
        lambda **kind: Blister(radius=10, film=0.1, debond=2, growth=3, fine=0.1, coarse=0.5, block=2, **kind),
        {"film": 1, "block": 20},
        {"bond": 8, "pressure": 2, "axis": 2.1, "rim": 2.1, "top": 10, "base": 10},
        (2, 5),
    ),
    "pull-out": (
        lambda **kind: FibrePullout(radius=1, matrix=5, length=10, free=2, fine=0.1, coarse=0.5, **kind),
        {"fibre": 12, "matrix": 40},
        {"bond": 10, "pulled": 1, "fibre_end": 1, "axis": 12, "face": 4, "base": 4, "side": 10},
        (-10, 0),
    ),
    "DCB": (
        lambda **kind: DoubleCantileverBeam(length=10, arm=1, crack=3, growth=3, fine=0.1, coarse=0.3, **kind),
        {"upper": 10, "lower": 10},
        {"bond": 7, "precrack": 3, "load_upper": 1, "load_lower": 1, "end": 2},
        (3, 6),
    ),
    "compact tension": (
        lambda **kind: CompactTension(width=4, crack=2, growth=1, fine=0.1, coarse=0.4, **kind),
        {"upper": 12, "lower": 12},
        {"bond": 2, "precrack": 3, "load_upper": 2.4, "load_lower": 2.4, "back": 4.8},
        (2, 3),
    ),
}


def areas(mesh):
    """Areas of straight polygons, by the shoelace formula."""
    topology = Topology.of(mesh)
    x, y = np.moveaxis(mesh.points[topology.corners], -1, 0)
    cells = 0.5 * np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1))
    return {name: cells[topology.owner == i].sum() for i, name in enumerate(mesh.cells)}


def lengths(mesh, name):
    ends = mesh.points[mesh.facets[name][:, :2]]
    return np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("element", ["triangle", "quadrilateral"])
@pytest.mark.parametrize("name", PLANE)
def test_plane_specimens_have_their_groups_areas_and_sizes(tmp_path, name, element, order):
    make, bodies, groups, (start, stop) = PLANE[name]
    make(element=element, order=order).write(tmp_path / "a.msh")
    mesh = read_file(tmp_path / "a.msh")
    check_mesh(mesh)
    assert mesh.cell == {"triangle": ["triangle", "triangle6"], "quadrilateral": ["quad", "quad9"]}[element][order - 1]
    assert areas(mesh) == pytest.approx(bodies, rel=1e-9)
    assert {name: lengths(mesh, name).sum() for name in mesh.facets} == pytest.approx(groups, rel=1e-9)
    middle = mesh.points[mesh.facets["bond"][:, :2]].mean(axis=1)[:, 1 if name == "pull-out" else 0]
    fine = lengths(mesh, "bond")[(middle > start) & (middle < stop)]
    free_mesh = name == "compact tension" or (name == "DCB" and element == "triangle")
    assert fine.max() <= 0.1 * (1.05 if free_mesh else 1 + 1e-9)
    assert fine.sum() == pytest.approx(stop - start)


@pytest.mark.parametrize("element", ["tetrahedron", "hexahedron"])
@pytest.mark.parametrize("order", [1, 2])
def test_solid_specimens_are_the_plane_ones_with_a_thickness(tmp_path, element, order):
    joint(element, order).write(tmp_path / "joint.msh")
    beam = DoubleCantileverBeam(10, 1, 3, 3, 0.2, 0.5, width=0.7, element=element, order=order)
    beam.write(tmp_path / "beam.msh")
    for name, sizes in (("joint", (1, 1.5, 0.5)), ("beam", (10, 2, 0.7))):
        mesh = read_file(tmp_path / f"{name}.msh")
        check_mesh(mesh)
        np.testing.assert_allclose(np.ptp(mesh.points, axis=0), sizes)
    bond = mesh.points[mesh.facets["bond"]]
    np.testing.assert_array_equal(bond[..., 1], 0)
    assert (bond[..., 0].min(), bond[..., 0].max()) == (3, 10)
    assert {"back", "front", "end", "load_upper", "load_lower", "precrack"} < mesh.facets.keys()


def test_pin_holes_of_the_compact_specimen_are_round_and_loaded_away_from_the_crack(tmp_path):
    specimen = CompactTension(width=4, crack=2, growth=1, fine=0.05, coarse=0.1, pin=0.5)
    specimen.write(tmp_path / "a.msh")
    mesh = read_file(tmp_path / "a.msh")
    check_mesh(mesh)
    assert specimen.area == pytest.approx(24 - 2 * pi * 0.25)
    assert sum(areas(mesh).values()) == pytest.approx(specimen.area, rel=2e-3)  # chords of arcs
    for side, name in ((1, "load_upper"), (-1, "load_lower")):
        x, y = mesh.points[np.unique(mesh.facets[name])].T
        np.testing.assert_allclose(np.hypot(x, y - side * 1.1), 0.5, rtol=1e-9)
        assert (side * y).min() == pytest.approx(1.1)
        assert lengths(mesh, name).sum() == pytest.approx(pi * 0.5, rel=0.01)


def test_graded_axes_meet_their_breaks_and_sizes():
    x = graded((0, 3, 7, 40), near=(3, 7), fine=0.1, coarse=2, grading=0.2)
    steps = np.diff(x)
    assert {0.0, 3.0, 7.0, 40.0} <= set(x)
    np.testing.assert_allclose(steps[(x[:-1] >= 3) & (x[1:] <= 7)], 0.1)
    assert 1.5 < steps.max() <= 2
    ratios = steps[1:] / steps[:-1]
    assert ratios.max() < np.exp(0.2) * 1.05 and ratios.min() > np.exp(-0.2) / 1.05


BAD = [
    (lambda: DoubleCantileverBeam(10, 1, 5, 6, 0.1, 1), "crack of 5 growing by 6 .* length of 10"),
    (lambda: DoubleCantileverBeam(10, 1, 5, 2, 1, 0.1), "must not be less than the fine size"),
    (lambda: DoubleCantileverBeam(10, -1, 5, 2, 0.1, 1), "arm = -1 .* positive"),
    (
        lambda: DoubleCantileverBeam(10, 1, 5, 2, 0.1, 1, element="hexahedron"),
        "'hexahedron'; valid: quadrilateral, triangle",
    ),
    (lambda: DoubleCantileverBeam(10, 1, 5, 2, 0.1, 1, width=1), "'triangle'; valid: hexahedron, tetrahedron"),
    (lambda: CompactTension(1, 0.9, 0.2, 0.01, 0.1), "crack of 0.9 growing by 0.2"),
    (lambda: CompactTension(1, 0.5, 0.2, 0.01, 0.1, pin=0.3), "Pins of radius 0.3 do not fit"),
    (lambda: CompactTension(1, 0.5, 0.2, 0.01, 0.1, order=3), "order 3 are not offered"),
    (lambda: PeelStrip(10, 0.1, 8, 3, 0.1, 1), "crack = 8 growing by 3 up to length = 10"),
    (lambda: PeelStrip(10, 0.0, 2, 3, 0.1, 1), "film = 0.0 .* positive"),
    (lambda: ButtJoint(1, 1, float("nan"), 0.1), "lower = nan"),
    (lambda: FibrePullout(2, 1, 10, 1, 0.1, 1), "radius = 2 .* less than matrix = 1"),
    (lambda: Blister(10, 0.1, 8, 3, 0.1, 1), "debond = 8 growing by 3 up to radius = 10"),
    (lambda: Blister(10, 0.1, 2, 3, 0.1, float("inf")), "coarse = inf .* positive"),
    (lambda: SphereOnFlat(10, 1, 0.1, 1), "reach = 10 .* less than extent = 1"),
    (lambda: SphereOnFlat(1, 50, 0.1, 0.01), "coarse = 0.01"),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_impossible_dimensions_are_refused_before_anything_is_written(tmp_path, make, message):
    with pytest.raises(InputError, match=message):
        make().write(tmp_path / "a.msh")
    assert not list(tmp_path.iterdir())


def test_gmsh_leaves_the_process_s_signals_as_they_were():
    """It lets SIGPIPE kill; a write to a pipe that nobody reads must stay an error that Python reports, in any thread."""
    code = (
        "import os, threading\nfrom continuum.specimens.gmsh_session import gmsh_session\n"
        "def use():\n    with gmsh_session():\n        pass\n"
        "thread = threading.Thread(target=use)\nthread.start()\nthread.join()\n"
        "read, write = os.pipe()\nos.close(read)\n"
        "try:\n    os.write(write, b'x')\nexcept BrokenPipeError:\n    print('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "still here\n"), done.stderr
