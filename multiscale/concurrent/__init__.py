"""Atoms and continuum solved together: one problem, several methods behind one programming interface."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from multiscale.concurrent.compare import Case, Row
    from multiscale.concurrent.defects import crack, dislocation_dipole, point_defect
    from multiscale.concurrent.indent import indentation, indentation_force
    from multiscale.concurrent.method import Method
    from multiscale.concurrent.methods import discretise, method_kinds
    from multiscale.concurrent.problem import Problem
    from multiscale.concurrent.region import BlendingRegion
    from multiscale.concurrent.solution import ConcurrentSolution, difference, solve

__all__ = [
    "BlendingRegion",
    "Case",
    "ConcurrentSolution",
    "Method",
    "Problem",
    "Row",
    "crack",
    "difference",
    "discretise",
    "dislocation_dipole",
    "indentation",
    "indentation_force",
    "method_kinds",
    "point_defect",
    "solve",
]

__getattr__, __dir__ = on_first_use(__name__)
