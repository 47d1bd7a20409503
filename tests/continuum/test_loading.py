"""Loadings: turning points, restarts, contact, shear failure, viscosity, linear solvers."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Contact, Control, Prescribed, Traction
from continuum.post.fracture import (
    crack_front,
    j_integral,
    process_zone_length,
    resistance_curve,
    ring_integral,
)
from continuum.post.ring import Ring, check_ring
from continuum.reference.analytic import dcb_beam
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.errors import InputError, NotConverged, Refuted
from coupling.laws.bilinear import Bilinear
from coupling.laws.xu_needleman import XuNeedleman
from coupling.units import parse_quantity

STEEL = LinearElastic.isotropic(200e9, 0.3)
LAW = Bilinear(100.0, 50e6, 50e6 / 0.4e-6, shear_work=200.0, shear_peak_traction=40e6)
SMOOTH = XuNeedleman(100.0, 0.4e-6, 0.8e-6, q=2.0)
SIDE = 1e-3


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("specimens")


@pytest.fixture(scope="module")
def joint(folder):
    def make(thickness=None, size=0.5, comm=MPI.COMM_SELF):
        path = folder / f"joint-{thickness}-{size}.msh"
        if not path.exists():
            ButtJoint(
                1.0, 1.0, 1.0, size, thickness=thickness, element="hexahedron" if thickness else "triangle"
            ).write(path)
        return read_mesh(path, unit=SIDE, bodies=["upper", "lower"], comm=comm)

    return make


def stretched(mesh, direction="y", law=LAW, **options):
    other = "x" if direction == "y" else "y"
    held = [
        Prescribed("bottom", "x"),
        Prescribed("bottom", "y"),
        Prescribed("top", other),
        Prescribed("top", direction, 1.0),
    ]
    held += [Prescribed(side, other) for side in ("left", "right")]
    if mesh.dimension == 3:
        held += [Prescribed(face, "z") for face in ("front", "back")]
    return CohesiveProblem(
        mesh, dict.fromkeys(mesh.bodies, STEEL), [Bond("bond", "upper", "lower", law, **options)], held
    )


def columns(record):
    return np.array([(s.load, s.force, s.work, s.energies.dissipated) for s in record.steps])


@pytest.mark.parametrize(("direction", "work"), [("y", 100.0), ("x", 200.0)])
def test_opening_and_shear_failure_give_their_own_work_of_separation(joint, direction, work):
    record = pull(stretched(joint(), direction, SMOOTH), 8e-6, 200)
    peak = SMOOTH.peak_traction if direction == "y" else SMOOTH.shear_peak_traction
    assert record.steps[-1].energies.dissipated == pytest.approx(work * SIDE, rel=1e-5)
    assert record.column("force").max() == pytest.approx(peak * SIDE, rel=3e-3)
    assert energy_balance_error(record) < 2e-3


def test_unloading_returns_to_the_origin_and_reloading_to_the_envelope(joint):
    single = pull(stretched(joint()), 3e-6, 30)
    cycled = pull(stretched(joint()), (2e-6, 1e-12, 3e-6), 30)
    load, force = cycled.column("load"), cycled.column("force")
    turn = int(np.argmax(load >= 2e-6 * (1 - 1e-12)))
    low = int(np.argmin(load[turn:])) + turn
    assert abs(force[low]) < 1e-5 * force.max()
    dissipated = columns(cycled)[:, 3]
    np.testing.assert_allclose(dissipated[turn : low + 1], dissipated[turn], rtol=1e-9)
    assert columns(cycled)[-1, 1] == pytest.approx(columns(single)[-1, 1], rel=1e-9)
    assert energy_balance_error(cycled) < 2e-3


def test_an_interrupted_loading_goes_on_from_its_checkpoint(joint, tmp_path):
    whole = pull(stretched(joint()), 30e-6, 20)

    def interrupt(step, x):
        if len(seen) == 8:
            raise KeyboardInterrupt
        seen.append(step)

    seen = []
    with pytest.raises(KeyboardInterrupt):
        pull(stretched(joint()), 30e-6, 20, checkpoint=tmp_path / "state", on_step=interrupt)
    calls = []
    resumed = pull(stretched(joint()), 30e-6, 20, checkpoint=tmp_path / "state", on_step=lambda s, x: calls.append(s))
    np.testing.assert_array_equal(columns(resumed), columns(whole))
    assert (
        len(calls) == len(whole.steps) - 9
    )  # the unloaded state and eight steps were there: the ninth was not seen whole
    with pytest.raises(InputError, match="belongs to another loading"):
        pull(stretched(joint()), 20e-6, 20, checkpoint=tmp_path / "state")


def torn(mesh):
    """A joint pulled by tractions until the load has fallen: opening control past the maximum."""
    held = [Prescribed("bottom", "y"), Prescribed("left", "x"), Prescribed("right", "x")]
    problem = CohesiveProblem(
        mesh, dict.fromkeys(mesh.bodies, STEEL), [Bond("bond", "upper", "lower", SMOOTH)], held,
        tractions=[Traction("top", "y", 1e6)],
    )  # fmt: skip
    return pull(problem, 120.0, 20, stop=lambda r: r.steps[-1].load < 10 < r.column("load").max())


def test_load_by_tractions_passes_its_maximum(joint):
    record = torn(joint())
    assert record.column("load").max() == pytest.approx(SMOOTH.peak_traction / 1e6, rel=3e-3)
    assert 0 < record.steps[-1].load < 10
    assert energy_balance_error(record) < 5e-3


def test_augmented_lagrangian_keeps_the_penetration_that_a_penalty_does_not(joint):
    penalty, loads = 50e6 / 0.4e-6, [-1e-6]
    depths = {}
    for contact in (Contact(penalty), Contact(penalty, penetration=1e-12)):
        problem = stretched(joint(), contact=contact)
        last = {}
        record = pull(problem, loads, 2, on_step=lambda step, x, last=last: last.update(x=x))
        depths[contact.penetration] = -problem.profiles(last["x"])["bond"][1][:, 0].min()
        pressure = -problem.profiles(last["x"])["bond"][2][:, 0].mean()
        assert pressure * SIDE == pytest.approx(-record.steps[-1].force, rel=1e-8)
    assert depths[None] > 1e-7
    assert depths[1e-12] <= 1e-12


def test_friction_of_broken_pressed_faces_is_in_the_balance(joint):
    mesh = joint()
    bond = Bond("bond", "upper", "lower", LAW, contact=Contact(1e15), friction=0.3)
    held = [
        Prescribed("bottom", "x"),
        Prescribed("bottom", "y"),
        Prescribed("top", "x", 1.0),
        Prescribed("top", "y", -0.05),
    ]
    held += [Prescribed(side, "y", lambda p: -0.05 * p[:, 1] / SIDE) for side in ("left", "right")]
    with pytest.raises(InputError, match="moves otherwise"):
        CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, STEEL), [bond], held)
    problem = CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, STEEL), [bond], held[:4])
    record = pull(problem, 30e-6, 120)
    last = record.steps[-1]
    assert last.energies.dissipated > 1.5 * 200.0 * SIDE  # more than the work of shear separation
    assert energy_balance_error(record) < 0.01


def test_viscosity_needs_a_rate_and_its_work_is_reported(joint):
    viscous = stretched(joint(), viscosity=1e12)
    with pytest.raises(InputError, match="needs the loading's rate"):
        pull(viscous, 30e-6, 60)
    record = pull(viscous, 30e-6, 300, rate=1e-6)
    assert record.steps[-1].energies.viscous > 0.01 * record.steps[-1].work
    assert energy_balance_error(record) < 0.02
    assert record.steps[-1].energies.dissipated == pytest.approx(100.0 * SIDE, rel=1e-3)


def test_multigrid_gives_the_direct_solution_in_space(joint):
    states = {}
    for linear in ("direct", "iterative"):
        problem = stretched(joint(thickness=1.0, size=0.25))
        solver, x = NewtonSolver(problem, linear=linear), problem.vector()
        assert solver.solve(Control("load", 0.5e-6), x) is not None
        assert solver.solve(Control("opening", 1.3 * problem.broken_area(x)), x) is not None
        states[linear] = (problem.load_parameter(x), problem.reaction(x))
    np.testing.assert_allclose(states["iterative"], states["direct"], rtol=1e-7)
    with pytest.raises(InputError, match="Unknown linear solver 'cg'"):
        NewtonSolver(stretched(joint()), linear="cg")


def spatial_curve(path):
    mesh = read_mesh(path, unit=SIDE, bodies=["upper", "lower"])
    return columns(pull(stretched(mesh), 30e-6, 10))


def test_two_ranks_break_a_specimen_in_space_alike(joint, folder, tmp_path):
    joint(thickness=1.0)
    path = folder / "joint-1.0-0.5.msh"
    script = tmp_path / "parallel.py"
    script.write_text(
        "import json, sys\nfrom tests.continuum.test_loading import spatial_curve\nfrom continuum.fenics import MPI\n"
        f"curve = spatial_curve({str(path)!r})\nif MPI.COMM_WORLD.rank == 0:\n    json.dump(curve.tolist(), open(sys.argv[1], 'w'))\n"
    )
    launcher = Path(sys.executable).with_name("mpiexec")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [launcher, "-n", "2", sys.executable, script, tmp_path / "out.json"], check=True, env=environment, timeout=600
    )
    np.testing.assert_allclose(
        json.loads((tmp_path / "out.json").read_text()), spatial_curve(path), rtol=1e-7, atol=1e-9
    )


@pytest.fixture(scope="module")
def cantilever(folder):
    path = folder / "dcb.msh"
    DoubleCantileverBeam(length=150, arm=10, crack=50, growth=40, fine=1.5, coarse=3.0).write(path)
    law = XuNeedleman(100.0, 2e-6, 4e-6)
    mesh = read_mesh(path, unit=1e-3, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    held = [Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)]
    aluminium = LinearElastic.isotropic(70e9, 0.3)
    problem = CohesiveProblem(
        mesh, dict.fromkeys(mesh.bodies, aluminium), [Bond(None, "upper", "lower", law)], held, order=2
    )
    return problem


def test_a_bond_between_two_bodies_takes_the_precrack_too_unless_it_is_named(cantilever):
    assert cantilever.interface_area == pytest.approx(0.150, rel=1e-9)


def test_double_cantilever_beam_against_beam_theory_and_its_j_integral(folder, cantilever):
    law, bodies = cantilever.bonds[0].law, cantilever.mesh.bodies
    problem = CohesiveProblem(
        cantilever.mesh,
        dict.fromkeys(bodies, LinearElastic.isotropic(70e9, 0.3)),
        [Bond("bond", "upper", "lower", law)],
        [Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)],
        order=2,
    )
    last = {}
    record = pull(problem, 5e-4, 30, on_step=lambda step, x: last.update(x=x))
    x = last["x"]
    tip = crack_front(problem, x)["bond"].mean(axis=0)
    for inner, outer in ((0.02, 0.03), (0.03, 0.04)):
        assert j_integral(problem, x, tip, np.array([1.0, 0.0]), inner, outer) == pytest.approx(100.0, rel=5e-3)
    beam = dcb_beam(law, 70e9 / 0.91, 0.01, 0.05, np.linspace(1e-5, 5e-4, 50))
    assert record.column("force").max() == pytest.approx(beam.max(), rel=0.02)
    _area, resistance = resistance_curve(record)
    assert resistance[-3:] == pytest.approx(100.0, rel=0.03)
    assert 2e-3 < process_zone_length(problem, x)["bond"] < 0.02
    with pytest.raises(InputError, match="0 < inner < outer"):
        j_integral(problem, x, tip, np.array([1.0, 0.0]), 0.03, 0.02)
    assert_rings_are_checked(problem, x, tip)


def assert_rings_are_checked(problem, x, tip):
    """J misses what the check says it misses; a ring with the radii that it names is taken."""
    along = np.array([1.0, 0.0])
    for inner, outer in ((0.002, 0.004), (0.006, 0.009)):
        ring = Ring(tip, along, inner, outer)
        finding = check_ring(problem, x, ring)
        assert finding.fatal and finding.size > 0.02
        assert ring_integral(problem, x, ring) == pytest.approx(100.0 * (1 - finding.size), abs=2.0)
        with pytest.raises(Refuted, match=r"lies in the process zone: .* of the energy is released outside") as caught:
            j_integral(problem, x, tip, along, inner, outer)
        told = re.findall(r"of ([\d.e-]+ [mµn]*m) or", str(caught.value))
        needed, room = (parse_quantity(length, "length") for length in told)
        assert j_integral(problem, x, tip, along, needed * 1.01, room * 0.99) == pytest.approx(100.0, rel=0.01)
    for inner, outer, what in ((0.02, 0.09, "the edge of a support"), (0.02, 0.2, "the edge of a support")):
        with pytest.raises(Refuted, match=f"reaches {what} of body"):
            j_integral(problem, x, tip, along, inner, outer)
    with pytest.raises(Refuted, match="a boundary of body '.*' that is not along the crack"):
        j_integral(problem, x, tip, np.array([0.8, 0.6]), 0.02, 0.03)
    with pytest.raises(Refuted, match="no ring fits at this tip"):
        j_integral(problem, x, np.array([0.0, 0.0]), along, 0.02, 0.03)


def test_faces_that_attract_come_into_contact_along_the_series_solution(joint):
    """Approach with adhesion: load = gap − δ − T(δ) 2L/C11 on every state, around the snap-in: no energy is lost in a jump."""
    law, gap, mesh = XuNeedleman(100.0, 0.1e-6, 0.2e-6), 1.5e-6, joint()
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "x"), Prescribed("top", "y", -1.0)]
    held += [Prescribed(side, "x") for side in ("left", "right")]
    bond = Bond("bond", "upper", "lower", law, history="reversible", initial_gap=lambda p: np.full(len(p), gap))
    record = pull(CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, STEEL), [bond], held), 2.5e-6, 40, closing=True)
    apart = record.column("broken_area") / SIDE * law.final_opening
    touching = apart > 1e-12
    traction = law.normal(apart)[1]
    series = gap - apart - traction * 2 * SIDE / STEEL.stiffness_voigt[1, 1]
    np.testing.assert_allclose(record.column("load")[touching], series[touching], rtol=1e-6, atol=1e-14)
    np.testing.assert_allclose(record.column("force")[touching], -traction[touching] * SIDE, rtol=1e-6, atol=1e-3)
    assert np.diff(record.column("load")).min() < 0  # the load turned back
    assert np.abs(np.diff(apart)).max() < law.normal_length  # a creep, not a jump
    assert energy_balance_error(record) < 0.003
    assert record.steps[-1].force > 0  # and was pressed at last


def test_a_loading_that_cannot_go_on_raises_with_its_states_saved(joint, tmp_path, monkeypatch):
    whole, solve = NewtonSolver.solve, []

    def failing(self, control, *rest):
        solve.append(control)
        return whole(self, control, *rest) if len(solve) < 6 else None

    monkeypatch.setattr(NewtonSolver, "solve", failing)
    states = []
    with pytest.raises(NotConverged, match="No equilibrium was found beyond a load of .* states before it are saved"):
        pull(stretched(joint()), 30e-6, 60, checkpoint=tmp_path / "state", on_step=lambda s, x: states.append(s))
    monkeypatch.undo()
    resumed = pull(stretched(joint()), 30e-6, 60, checkpoint=tmp_path / "state")
    assert [s.load for s in resumed.steps[1 : len(states) + 1]] == [s.load for s in states]
    assert resumed.steps[-1].load == pytest.approx(30e-6, rel=1e-12)


def test_a_solution_on_a_far_branch_is_not_taken(joint, monkeypatch):
    """Opening control has roots at loads that nothing led to; the step is cut, and the path is the same."""
    from continuum.solver.follower import Follower

    strays, asked = Follower.strays, []

    def astray(self, load, record):
        assert not strays(self, load, record)
        largest = record.column("load").max()
        if self.kind == "opening":
            assert strays(self, -largest, record) and strays(self, 3 * largest, record)
            asked.append(load)
        return self.kind == "opening" and len(asked) == 3

    def cutting(self, record, reason):
        reasons.append(reason)
        cut(self, record, reason)

    cut, reasons = Follower.cut, []
    monkeypatch.setattr(Follower, "strays", astray)
    monkeypatch.setattr(Follower, "cut", cutting)
    record = torn(joint())
    assert len(asked) > 3 and sum("branch far away" in reason for reason in reasons) == 1
    assert record.column("load").max() == pytest.approx(SMOOTH.peak_traction / 1e6, rel=3e-3)
    assert energy_balance_error(record) < 5e-3


@pytest.mark.parametrize("linear", ["direct", "iterative"])
def test_a_loading_in_3d_goes_on_to_the_last_bit(linear, joint, tmp_path):
    """Neither a factorisation's ordering nor a multigrid's interpolation is taken over from steps before a restart."""

    def pulled(folder, on_step=None):
        return pull(
            stretched(joint(thickness=1.0, size=0.25), law=SMOOTH),
            3e-6,
            6,
            linear=linear,
            checkpoint=folder,
            on_step=on_step,
        )

    def interrupt(step, x):
        seen.append(step)
        if len(seen) == 4:
            raise KeyboardInterrupt

    seen = []
    with pytest.raises(KeyboardInterrupt):
        pulled(tmp_path / "broken", interrupt)
    resumed, whole = pulled(tmp_path / "broken"), pulled(tmp_path / "whole")
    np.testing.assert_array_equal(columns(resumed), columns(whole))
