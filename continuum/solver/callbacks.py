"""Python functions that PETSc calls: their exceptions survive it, and none meets a state that is no number."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from continuum.fenics import PETSc

Callback = Callable[..., Any]


@dataclass
class Raised:
    """The exception that left a callback: PETSc passes on an error number alone.

    It must not know the solver, which holds it through PETSc: a circle through PETSc is never collected.

    Attributes:
        error: The last exception.
    """

    error: BaseException | None = None

    def kept(self, callback: Callback) -> Callback:
        """The callback, its exception kept."""

        def call(*arguments: Any) -> Any:
            try:
                return callback(*arguments)
            except BaseException as error:
                self.error = error
                raise

        return call


def finite(residual: Callback) -> Callback:
    """A residual that is not finite where the state is not, so that no law meets such a jump."""

    def checked(snes: "PETSc.SNES", x: "PETSc.Vec", out: "PETSc.Vec") -> None:
        if not np.isfinite(x.norm()):
            out.set(np.nan)
            return
        with np.errstate(over="ignore", invalid="ignore"):  # of a trial state far away; the step is then cut
            residual(snes, x, out)

    return checked
