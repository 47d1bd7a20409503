"""Newton's method: exceptions of what it evaluates, and why it did not converge."""

import os
import signal
import traceback
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from continuum.fenics import PETSc
from continuum.model import Contact, Control
from continuum.solver import bordered
from continuum.solver.diagnostics import assess
from continuum.solver.newton import NewtonSolver
from continuum.solver.stepping import pull
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear
from tests.continuum.test_loading import SMOOTH, folder, joint, stretched  # noqa: F401


@dataclass(frozen=True)
class Failing(Bilinear):
    """A law that raises, or gives what is no number, once it has opened in a specimen that is whole."""

    fault: str = ""
    armed: ClassVar[bool] = False

    def evaluate(self, jump):
        if self.armed and np.abs(jump).max(initial=0.0) > 0:
            if self.fault == "refuses":
                raise InputError("This law ends at 1 nm.")
            if self.fault == "is wrong":
                raise ZeroDivisionError("a bug")
            if self.fault == "is interrupted":
                os.kill(os.getpid(), signal.SIGINT)
        value = super().evaluate(jump)
        return (
            value._replace(traction=np.nan * value.traction)
            if self.armed and self.fault == "is no number" and jump.any()
            else value
        )


@pytest.fixture
def broken(joint, monkeypatch):  # noqa: F811
    def make(fault):
        law = Failing(100.0, 50e6, 50e6 / 0.4e-6, shear_work=200.0, shear_peak_traction=40e6, fault=fault)
        problem = stretched(joint(), law=law)
        monkeypatch.setattr(Failing, "armed", True)
        return problem

    return make


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("refuses", InputError, "ends at 1 nm"),
        ("is wrong", ZeroDivisionError, "a bug"),
        ("is interrupted", KeyboardInterrupt, ""),
    ],
)
def test_what_a_law_raises_comes_out_as_itself(broken, fault, error, said):
    problem = broken(fault)
    solver, x = NewtonSolver(problem), problem.vector()
    with pytest.raises(error, match=said) as caught:
        solver.solve(Control("load", 1e-7), x)
    assert "evaluate" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert solver.solve(Control("load", 0.0), problem.vector()) == 0  # the solver is not left with the old exception


def test_a_law_that_is_no_number_costs_the_step_with_that_reason(broken):
    problem = broken("is no number")
    solver = NewtonSolver(problem)
    assert solver.solve(Control("load", 1e-7), problem.vector()) is None
    assert "not finite" in solver.reason


def test_a_solve_that_runs_out_of_iterations_says_how_far_it_is(joint, monkeypatch):  # noqa: F811
    monkeypatch.setattr("continuum.solver.newton._ITERATIONS", 1)
    problem = stretched(joint())
    solver = NewtonSolver(problem)
    assert solver.solve(Control("load", 8e-6), problem.vector()) is None
    assert "did not converge in 1 iterations (forces out of balance by" in solver.reason


def monitor(solver, call):
    solver.snes.setMonitor(call)


def update(solver, call):
    solver.snes.setUpdate(call)


def linear_monitor(solver, call):
    solver.snes.getKSP().setMonitor(call)


def linear_convergence(solver, call):
    solver.snes.getKSP().setType("gmres")
    solver.snes.getKSP().setConvergenceTest(call)


def preconditioner(solver, call):
    solver.snes.getKSP().setType("gmres")
    pc = solver.snes.getKSP().getPC()
    pc.setType("python")
    pc.setPythonContext(type("Context", (), {"apply": lambda self, *arguments: call(*arguments)})())


@pytest.mark.parametrize("place", [monitor, update, linear_monitor, linear_convergence, preconditioner])
@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), KeyboardInterrupt(), SystemExit(7)], ids=repr)
def test_what_any_function_raises_that_petsc_calls_comes_out_as_itself(joint, place, error):  # noqa: F811
    """An interrupt can come on the way into any of them, before its first line."""

    def call(*arguments):
        raise error

    problem = stretched(joint())
    solver = NewtonSolver(problem)
    place(solver, call)
    with pytest.raises(type(error)) as caught:
        solver.solve(Control("load", 1e-7), problem.vector())
    assert caught.value is error and error.__context__ is None  # not PETSc's error, which names this one as its cause
    assert solver.solve(Control("load", 1e-7), problem.vector()) is not None  # a new solver without that function


def slid_and_let_go(mesh):
    """Damage that turns while it unloads: pulled across the interface, and then less far and along it."""
    problem = stretched(mesh, law=Bilinear(100.0, 50e6, 50e6 / 0.4e-6, shear_work=200.0, shear_peak_traction=40e6))
    rng = np.random.default_rng(0)
    x = problem.vector()
    solver = NewtonSolver(problem)
    assert solver.solve(Control("load", 2e-6), x) is not None
    problem.commit(x)
    x.setArray(0.5 * x.array_r + 0.1e-6 * rng.standard_normal(x.getLocalSize()))
    problem.prescribe(1e-6, x)
    return problem, x


def dense(problem, x):
    """The stiffness at a state, with its skew part."""
    problem.linearise(None, x)
    tangent = problem.tangent
    matrix = tangent.stiffness[:, :]
    return matrix + tangent.skew[:, :] if tangent.has_skew else matrix


def asymmetry(matrix):
    return np.abs(matrix - matrix.T).max() / np.abs(matrix).max()


def test_the_stiffness_is_symmetric_where_bodies_and_interfaces_have_a_potential(joint):  # noqa: F811
    for control in (Control("load", 1e-6), Control("opening", 1e-4)):
        problem = stretched(joint(), law=SMOOTH)
        problem.control = control
        x = problem.vector()
        x.setArray(0.2e-6 * np.random.default_rng(0).standard_normal(x.getLocalSize()))
        problem.prescribe(0.5e-6, x)
        assert asymmetry(dense(problem, x)) < 1e-13
        assert not problem.tangent.has_skew and problem.tangent.is_symmetric


def test_damage_that_turns_while_it_unloads_is_not_symmetric_and_solved_with_a_symmetric_factorisation(joint):  # noqa: F811
    problem, x = slid_and_let_go(joint())
    assert asymmetry(dense(problem, x)) > 1e-6
    assert asymmetry(problem.tangent.stiffness[:, :]) < 1e-13
    solver = NewtonSolver(problem)
    assert solver.solve(Control("load", 1e-6), x) is not None
    assert solver.snes.getKSP().getPC().getPythonContext().way == "cholesky"


def test_friction_is_not_symmetric_and_factorised_by_lu(joint):  # noqa: F811
    bond = {"contact": Contact(1e15), "friction": 0.5}
    problem = stretched(joint(), law=SMOOTH, **bond)
    problem.interfaces[0].history.largest[:] = SMOOTH.final_opening
    x = problem.vector()
    problem.prescribe(-1e-6, x)
    moved = x.array_r + 1e-7 * np.random.default_rng(0).standard_normal(x.getLocalSize())
    x.setArray(moved)
    problem.prescribe(-1e-6, x)
    solver = NewtonSolver(problem)
    assert asymmetry(dense(problem, x)) > 1e-3 and not problem.tangent.has_skew
    assert solver.snes.getKSP().getPC().getPythonContext().way == "lu"


@pytest.mark.parametrize("linear", ["direct", "iterative"])
def test_where_one_way_does_not_solve_the_next_one_does(joint, monkeypatch, linear):  # noqa: F811
    states = []
    for spoiled in (False, True):
        problem, x = slid_and_let_go(joint())
        with monkeypatch.context() as patch:
            if spoiled:
                patch.setattr("continuum.solver.newton._REFINEMENTS", 1)  # enough for no skew part,
                patch.setattr("continuum.solver.bordered._PATIENCE", 0)  # nor for factors of another state
            solver = NewtonSolver(problem, linear=linear)
            assert solver.solve(Control("load", 0.9e-6), x) is not None
        assert (solver.snes.getKSP().getPC().getPythonContext().way == "lu") == spoiled
        assert solver.left_multigrid == (spoiled and linear == "iterative")
        states.append(x.array_r.copy())
    np.testing.assert_allclose(states[1], states[0], rtol=1e-8, atol=1e-9 * np.abs(states[0]).max())


def test_steps_that_multigrid_does_not_solve_are_factorised_and_told(joint, monkeypatch):  # noqa: F811
    """With one iteration allowed it solves none; the curve is that of the direct solver."""
    curves, database = {}, PETSc.Options("cohesive_")
    monkeypatch.setitem(bordered._MULTIGRID, "ksp_max_it", 1)
    for linear in ("direct", "iterative"):
        database.delValue("ksp_max_it")  # of problems before
        problem = stretched(joint(thickness=1.0), law=SMOOTH)
        record = pull(problem, 1e-6, 3, linear=linear)
        curves[linear] = record.column("force")
    database.delValue("ksp_max_it")
    np.testing.assert_allclose(curves["iterative"], curves["direct"], rtol=1e-8)
    assert record.column("factorised")[1:].all()
    (told,) = [one for one in assess(record) if "Multigrid" in one.what]
    assert not told.fatal and told.size == 1.0


def test_factors_of_an_iteration_serve_the_next_ones_and_the_solution_is_the_same(joint, monkeypatch):  # noqa: F811
    """And no longer than flexible GMRES is quick with them."""
    made = {}
    for patience in (0, bordered._PATIENCE):
        counts, prepare = [], bordered.Bordered._prepare
        with monkeypatch.context() as patch:
            patch.setattr(bordered, "_PATIENCE", patience)
            patch.setattr(
                bordered.Bordered, "_prepare", lambda self, anew, p=prepare, c=counts: (c.append(anew), p(self, anew))
            )
            problem = stretched(joint(), law=SMOOTH)
            solver, x = NewtonSolver(problem, relative=1e-12), problem.vector()
            iterations = solver.solve(Control("load", 1e-6), x)
            iterations += solver.solve(Control("opening", 1.5 * problem.broken_area(x)), x)
        made[patience] = (x.array_r.copy(), sum(counts), iterations)
    (exact, each, iterations), (reused, some, _) = made.values()
    np.testing.assert_allclose(reused, exact, rtol=1e-9, atol=1e-12 * np.abs(exact).max())
    assert some < each == iterations
