"""Solutions to compare with: analytic ones, patch tests, pull-off and peeling."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.reference.adhesion import Peeling, PullOff, peel, pull_off
    from continuum.reference.analytic import (
        dcb_beam,
        dmt_pull_off,
        jkr_pull_off,
        kendall_force,
        maugis_parameter,
        maugis_pull_off,
        tabor_parameter,
    )
    from continuum.reference.verification import constant_stress_law, exact_solution_errors, patch_test

__all__ = [
    "Peeling", "PullOff", "constant_stress_law", "dcb_beam", "dmt_pull_off", "exact_solution_errors", "jkr_pull_off",
    "kendall_force", "maugis_parameter", "maugis_pull_off", "patch_test", "peel", "pull_off", "tabor_parameter",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
