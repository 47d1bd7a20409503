"""The nonlinear problem of bodies and interfaces, and its load stepping."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.solver.bulk import Bulk
    from continuum.solver.checkpoint import Checkpoint
    from continuum.solver.diagnostics import adrift, assess, check_resolvable, unresolved
    from continuum.solver.follower import Follower
    from continuum.solver.holding import HeldLoading, hold_load
    from continuum.solver.mending import Mending
    from continuum.solver.newton import NewtonSolver
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading, Step, energy_balance_error, energy_losses
    from continuum.solver.stepping import pull
    from continuum.solver.supports import check_held
    from continuum.solver.unknowns import Unknowns

__all__ = [
    "Bulk", "Checkpoint", "CohesiveProblem", "Follower", "HeldLoading", "Loading", "Mending", "NewtonSolver", "Step", "Unknowns",
    "adrift", "assess", "check_held", "check_resolvable", "energy_balance_error", "energy_losses", "hold_load", "pull",
    "unresolved",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
