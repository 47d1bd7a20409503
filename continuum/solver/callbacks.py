"""Python functions that PETSc calls: none sees a state that is not a number."""

from collections.abc import Callable
from typing import Any

import numpy as np

from continuum.fenics import PETSc

Callback = Callable[..., Any]


def finite(residual: Callback) -> Callback:
    """A residual that is not finite where the state is not, so that no law meets such a jump."""

    def checked(snes: "PETSc.SNES", x: "PETSc.Vec", out: "PETSc.Vec") -> None:
        if not np.isfinite(x.norm()):
            out.set(np.nan)
            return
        with np.errstate(over="ignore", invalid="ignore"):  # of a trial state far away; the step is then cut
            residual(snes, x, out)

    return checked
