"""Atoms and continuum solved together: one problem, several methods, one interface."""

from typing import TYPE_CHECKING

from multiscale.lazy import lazy

if TYPE_CHECKING:
    from multiscale.concurrent.compare import Case, Row
    from multiscale.concurrent.defects import crack, dislocation_dipole, point_defect
    from multiscale.concurrent.indent import indentation, indentation_force
    from multiscale.concurrent.method import Method
    from multiscale.concurrent.methods import METHODS, discretise
    from multiscale.concurrent.problem import Problem
    from multiscale.concurrent.region import BlendingRegion
    from multiscale.concurrent.solution import ConcurrentSolution, difference, solve

__all__ = [
    "METHODS",
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
    "point_defect",
    "solve",
]

_PLACES = {
    "compare": ("Case", "Row"),
    "defects": ("crack", "dislocation_dipole", "point_defect"),
    "indent": ("indentation", "indentation_force"),
    "method": ("Method",),
    "methods": ("METHODS", "discretise"),
    "problem": ("Problem",),
    "region": ("BlendingRegion",),
    "solution": ("ConcurrentSolution", "difference", "solve"),
}
__getattr__ = lazy(__name__, {name: f"{__name__}.{module}" for module, names in _PLACES.items() for name in names})
