"""Newton's method: exceptions of what it evaluates, and why it did not converge."""

import os
import signal
import traceback
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from continuum.model import Control
from continuum.solver.newton import NewtonSolver
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear
from tests.continuum.test_loading import folder, joint, stretched  # noqa: F401


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
