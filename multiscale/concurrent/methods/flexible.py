"""Atoms in a linear elastic medium."""

from dataclasses import replace

from atomistic.cauchy_born import linear_law
from multiscale.concurrent.methods.bqcf import BlendedForce
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import BlendingRegion


class FlexibleBoundary(BlendedForce):
    """All atoms within the core, in a linear elastic medium that gives way to them.

    What Sinclair's boundary finds by iterating Green's functions (J. Appl. Phys. 42 (1971) 5321), solved at once on the
    mesh: no force is left on an atom of the core, nor in the medium beyond.
    """

    name = "flexible"

    def __init__(self, problem: Problem, region: BlendingRegion, pad: float | None = None) -> None:
        law = linear_law(problem.law, problem.deformation)
        super().__init__(replace(problem, law=law), replace(region, blend=0.0), pad)
