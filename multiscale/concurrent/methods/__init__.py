"""The coupled methods, a file each; a class with a name registers itself.

BQCE: E = Σ (1−β) e + ∫ β W. BGFC: the same with the forces of the homogeneous crystal taken away as a dead
load (Ortner and Zhang, CMAME 313 (2017) 29). BQCF: F = (1−β) F_atoms + β F_continuum, no energy (Li, Luskin,
Ortner and Shapeev, CMAME 268 (2014) 763).
"""

from importlib import import_module
from pkgutil import iter_modules

from coupling.errors import unknown_choice
from multiscale.concurrent.method import METHODS, Method
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import BlendingRegion

__all__ = ["METHODS", "Method", "discretise"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")


def discretise(name: str, problem: Problem, region: BlendingRegion, pad: float | None = None) -> Method:
    """A problem discretised by a method's name.

    Raises:
        InputError: there is no such method.
    """
    if name not in METHODS:
        raise unknown_choice("method", name, METHODS)
    return METHODS[name](problem, region, pad)
