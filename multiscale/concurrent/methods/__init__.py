"""The coupled methods, one per file; a class with a name registers itself.

BQCE: E = Σ (1−β) e + ∫ β W. BGFC: the same with the forces of the homogeneous crystal taken away as a dead
load (Ortner and Zhang, CMAME 313 (2017) 29). BQCF: F = (1−β) F_atoms + β F_continuum, no energy (Li, Luskin,
Ortner and Shapeev, CMAME 268 (2014) 763).
"""

from functools import cache

from coupling.discovery import own_modules, third_parties
from coupling.errors import unknown_choice
from multiscale.concurrent.method import METHODS, Method
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import BlendingRegion

__all__ = ["Method", "discretise", "method_kinds"]


def method_kinds() -> dict[str, type[Method]]:
    """All methods by name: of the files here, and of the entry points of `multiscale.methods`."""
    _load()
    return dict(sorted(METHODS.items()))


@cache
def _load() -> None:
    own_modules(__name__)
    third_parties("multiscale.methods")


def discretise(name: str, problem: Problem, region: BlendingRegion, pad: float | None = None) -> Method:
    """A problem discretised by a method's name.

    Raises:
        InputError: there is no such method.
    """
    known = method_kinds()
    if name not in known:
        raise unknown_choice("method", name, known)
    return known[name](problem, region, pad)
