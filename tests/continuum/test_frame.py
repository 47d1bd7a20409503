"""The frame of an interface: the same in a plane mesh and in its extrusion, from either side; nothing across the plane."""

import meshio
import numpy as np
import pytest

from continuum.cohesive.interface import mean_frame
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.solver.problem import CohesiveProblem
from continuum.solver.stepping import pull
from coupling.elasticity import isotropic_stiffness
from coupling.errors import InputError, Refuted
from coupling.laws.mixed import MixedModeLaw

WORK, LENGTH, PERIOD = 2.0, 5e-11, 2.5e-10
THICK = 0.3
ANGLES = (0, 35, 90, 150, 180, 250)


def lopsided(angle: float = 0.0, height: float = 0.4) -> MixedModeLaw:
    """A law whose slip along a direction, at an angle in degrees from tangential 1, is easier forwards than backwards."""
    z, wave = (
        np.concatenate([np.linspace(-0.8, 0, 9)[:-1], 12 * np.linspace(0, 1, 60) ** 1.5]),
        2 * np.pi * np.arange(24) / 24,
    )
    barrier = height * (1 - np.cos(wave) + 0.3 * (np.sin(wave) - 0.5 * np.sin(2 * wave)))
    opened = WORK * (1 - (1 + z) * np.exp(-z))
    energy = opened[:, None] + np.exp(-z)[:, None] * barrier
    normal = (WORK * z * np.exp(-z))[:, None] - np.exp(-z)[:, None] * barrier
    turn = np.radians(angle)
    lattice = PERIOD * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    spread = np.ones((1, 1, 4))
    return MixedModeLaw(LENGTH * z, lattice, energy[:, :, None] * spread, normal[:, :, None] / LENGTH * spread)


def blocks(path, angle: float, thickness: float | None):
    """Two bonded blocks, turned by an angle in degrees; plane, or extruded along z."""
    x, y = (grid.ravel() for grid in np.meshgrid(np.linspace(0, 1, 4), np.linspace(-0.5, 0.5, 5), indexing="ij"))
    turn = np.radians(angle)
    flat = np.column_stack([x, y]) @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    quads = np.array([[5 * i + j, 5 * i + 5 + j, 5 * i + 6 + j, 5 * i + 1 + j] for i in range(3) for j in range(4)])
    lines = {row: np.array([[5 * i + row, 5 * i + 5 + row] for i in range(3)]) for row in (0, 2, 4)}
    body = np.array([1 if j < 2 else 2 for _ in range(3) for j in range(4)])
    names = {"lower": 1, "upper": 2, "bond": 3, "low": 4, "high": 5, "sides": 6}
    facets, tags = np.vstack([lines[2], lines[0], lines[4]]), [3] * 3 + [4] * 3 + [5] * 3
    points, n = np.column_stack([flat, 0 * x]), len(x)
    if thickness is None:
        cells, dim = [("quad", quads), ("line", facets)], 2
        del names["sides"]
    else:
        points = np.vstack([points, points + [0, 0, thickness]])
        upright = np.hstack([facets, facets[:, ::-1] + n])
        cells, dim = (
            [("hexahedron", np.hstack([quads, quads + n])), ("quad", np.vstack([upright, quads, quads + n]))],
            3,
        )
        tags = [*tags, *[6] * (2 * len(quads))]
    physical = [body, np.array(tags)]
    mesh = meshio.Mesh(
        points, cells, cell_data={"gmsh:physical": physical, "gmsh:geometrical": physical},
        field_data={name: np.array([tag, dim - (tag > 2)]) for name, tag in names.items()},
    )  # fmt: skip
    meshio.write(path, mesh, file_format="gmsh22", binary=False)
    return read_mesh(path, unit=1e-8, bodies=["lower", "upper"])


def pulled(mesh, angle: float, swapped: bool = False, law: MixedModeLaw | None = None, **options) -> np.ndarray:
    """(steps, 2) force and energy per thickness while the upper block is pulled off and along by fixed amounts."""
    turn, sides = np.radians(angle), ("lower", "upper") if swapped else ("upper", "lower")
    opening, slip = 5e-11, 9e-11
    moved = {
        "x": slip * np.cos(turn) - opening * np.sin(turn), "y": slip * np.sin(turn) + opening * np.cos(turn),
    }  # fmt: skip
    held = [Prescribed("low", c) for c in "xy"] + [Prescribed("high", c, amount) for c, amount in moved.items()]
    held += [Prescribed("sides", "z")] if mesh.dimension == 3 else []
    stiff = LinearElastic(isotropic_stiffness(2e13, 0.3))
    bond = Bond("bond", *sides, law or lopsided(), "reversible", **options)
    record = pull(CohesiveProblem(mesh, {"upper": stiff, "lower": stiff}, [bond], held), 1.0, 3)
    thickness = THICK * 1e-8 if mesh.dimension == 3 else 1.0
    return np.array([[step.force, step.energies.total] for step in record.steps[1:]]) / thickness


@pytest.mark.parametrize("angle", ANGLES)
def test_an_extruded_specimen_and_the_plane_one_have_the_same_forces(angle, tmp_path):
    plane, solid = (blocks(tmp_path / f"{name}.msh", angle, thick) for name, thick in (("plane", None), ("3D", THICK)))
    for swapped in (False, True):
        assert pulled(solid, angle, swapped) == pytest.approx(pulled(plane, angle, swapped), rel=1e-8)


@pytest.mark.parametrize("thickness", [None, THICK])
def test_plus_and_minus_exchanged_leave_normal_and_first_tangential_as_they_are(thickness, tmp_path):
    mesh = blocks(tmp_path / "blocks.msh", 35, thickness)
    assert pulled(mesh, 35, swapped=True) == pytest.approx(pulled(mesh, 35), rel=1e-8)


def test_the_law_tells_forwards_from_backwards(tmp_path):
    """Else the tests above would see nothing."""
    mesh = blocks(tmp_path / "blocks.msh", 0, None)
    backwards = pulled(mesh, 0, tangential=(-1.0, 0.0, 0.0))
    assert abs(backwards[-1, 1] / pulled(mesh, 0)[-1, 1] - 1) > 0.02


@pytest.mark.parametrize(
    ("angle", "first"),
    [(0, [1, 0, 0]), (90, [0, 1, 0]), (180, [-1, 0, 0]), (250, [np.cos(4.363323), np.sin(4.363323), 0])],
)
def test_tangential_1_is_the_normal_turned_about_z(angle, first, tmp_path):
    for thickness in (None, THICK):
        frame, spread = mean_frame(blocks(tmp_path / "blocks.msh", angle, thickness), "bond", "upper", "lower")
        assert frame[0] == pytest.approx(first, abs=1e-6) and spread < 1e-6
        assert np.linalg.det(frame) == pytest.approx(1.0)


def test_a_direction_may_be_chosen(tmp_path):
    mesh = blocks(tmp_path / "blocks.msh", 0, THICK)
    frame, _ = mean_frame(mesh, "bond", "upper", "lower", (0.0, 3.0, 2.0))
    assert frame == pytest.approx(np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), abs=1e-12)
    with pytest.raises(InputError, match="give the interface another tangential direction"):
        mean_frame(mesh, "bond", "upper", "lower", (0.0, 1.0, 0.0))
    with pytest.raises(InputError, match="three numbers, not all 0"):
        Bond("bond", "upper", "lower", lopsided(), tangential=(0.0, 0.0, 0.0))


def test_a_plane_analysis_refuses_a_law_that_pulls_across_the_plane(tmp_path):
    mesh = blocks(tmp_path / "blocks.msh", 0, None)
    with pytest.raises(Refuted, match=r"pulls across the plane with [\d.]+ GPa \(tangential 2\).*interface bond"):
        pulled(mesh, 0, law=lopsided(angle=60))
