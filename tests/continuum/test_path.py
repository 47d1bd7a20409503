"""The path as the control: what neither the load nor the opening leads through."""

import numpy as np
import pytest

from benchmarks.right_jumps import bistable
from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Control, Prescribed
from continuum.solver.diagnostics import assess
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.peel import PeelStrip
from coupling.errors import NotConverged
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.uber import Uber
from tests.continuum.test_frame import LENGTH, PERIOD, WORK, blocks
from tests.continuum.test_loading import SIDE, folder, joint, stretched  # noqa: F401


def crystal(barrier: float = 0.4) -> MixedModeLaw:
    """A law of two crystals: UBER in opening, a cosine of slip along tangential 1 that decays with the opening."""
    z = np.concatenate([np.linspace(-0.8, 0, 9)[:-1], 12 * np.linspace(0, 1, 30) ** 1.5])
    wave = barrier * (1 - np.cos(2 * np.pi * np.arange(8) / 8))
    energy = (WORK * (1 - (1 + z) * np.exp(-z)))[:, None] + np.exp(-z)[:, None] * wave
    normal = ((WORK * z * np.exp(-z))[:, None] - np.exp(-z)[:, None] * wave) / LENGTH
    alike = np.ones((1, 1, 4))
    return MixedModeLaw(LENGTH * z, PERIOD * np.eye(2), energy[:, :, None] * alike, normal[:, :, None] * alike)


def test_the_course_of_a_uniform_opening(joint):  # noqa: F811
    """Its length is the area times the change of the opening over the final one, and the control goes on by as much."""
    problem = stretched(joint())
    solver, first, second = NewtonSolver(problem), problem.vector(), problem.vector()
    assert solver.solve(Control("load", 2e-7), first) is not None
    problem.commit(first)
    assert solver.solve(Control("load", 4e-7), second) is not None
    problem.commit(second)
    problem.aim(first, second)
    areas = [problem.broken_area(x) for x in (first, second)]
    assert problem.course.length == pytest.approx(areas[1] - areas[0], rel=1e-9)
    third = second.copy()
    assert solver.solve(Control("path", 0.1 * SIDE), third) is not None
    assert problem.broken_area(third) - areas[1] == pytest.approx(0.1 * SIDE, rel=1e-6)
    problem.aim(third, third)
    assert problem.course.length == 0


def test_two_bonds_of_nearly_equal_work_snap_open_and_closed_without_loss():
    record = bistable()
    assert assess(record) == () and energy_balance_error(record) < 0.003
    load = record.column("load")
    top = int(load.argmax())
    assert np.diff(load[:top]).min() < 0 < np.diff(load[top:]).max()  # it turns back on either leg
    assert abs(record.steps[-1].work) < 1e-3 * record.column("work").max()


def test_slip_that_snaps_over_a_gamma_surface_is_followed(tmp_path):
    """Soft blocks sheared by a period: reversible, so that at its end nothing is stored that was not before."""
    mesh = blocks(tmp_path / "blocks.msh", 0, None)
    held = [Prescribed("low", c) for c in "xy"] + [Prescribed("high", "y"), Prescribed("high", "x", PERIOD)]
    soft = LinearElastic.isotropic(4e12, 0.3)
    bond = Bond("bond", "upper", "lower", crystal(), "reversible")
    record = pull(CohesiveProblem(mesh, {"upper": soft, "lower": soft}, [bond], held), 1.0, 12)
    assert assess(record) == () and energy_balance_error(record) < 0.003
    assert np.diff(record.column("load")).min() < 0
    assert abs(record.steps[-1].energies.total) < 1e-3 * max(step.energies.total for step in record.steps)


def test_a_film_is_peeled_off_a_crystal_whose_slip_snaps_at_the_tip(tmp_path):
    """Seven elements in the process zone; load and opening control lose 1.4 % of the work where the first of them slips."""
    PeelStrip(length=22, film=10, crack=10, growth=4, fine=0.5, coarse=3.0, layers=1).write(tmp_path / "strip.msh")
    mesh = read_mesh(tmp_path / "strip.msh", unit=1e-9, bodies=["film"], comm=MPI.COMM_SELF)
    held, film = [Prescribed("pulled", "y", 1.0), Prescribed("end", "x")], {"film": LinearElastic.isotropic(110e9, 0.3)}
    problem = CohesiveProblem(mesh, film, [Bond("bond", "film", None, crystal())], held, order=2)
    record = pull(problem, 12e-9, 20, stop=lambda so_far: bool(so_far.steps[-1].broken_area > 1.5e-9))
    assert assess(record) == () and energy_balance_error(record) < 0.003
    assert np.diff(record.column("load")).min() < 0 and record.column("zone_facets").max() >= 5


def test_a_path_on_which_the_load_does_not_go_on_is_left(joint):  # noqa: F811
    """Faces that attract, and a loading that is not told so: the path wanders until the load ends the leg, and the balance tells.

    Where it wanders to hangs on rounding. From some of those states no control leads on, and the loading says that.
    """
    bond = Bond(
        "bond", "upper", "lower", Uber(100.0, 1e-7), "reversible", initial_gap=lambda x: 1.5e-6 + x[..., 0] ** 2 / 2e6
    )
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "x"), Prescribed("top", "y", -1.0)]
    steel = LinearElastic.isotropic(70e9, 0.33)
    arrived = 0
    for growth in (0.02, 0.022, 0.025):
        problem = CohesiveProblem(joint(), dict.fromkeys(("upper", "lower"), steel), [bond], held)
        try:
            record = pull(problem, 2.5e-6, 40, growth=growth, stop=lambda so_far: len(so_far.steps) > 1000)
        except NotConverged:
            continue
        assert record.steps[-1].load == pytest.approx(2.5e-6) and any(one.fatal for one in assess(record))
        arrived += 1
    assert arrived
