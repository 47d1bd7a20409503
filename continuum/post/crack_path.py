"""Which boundaries of a polycrystal's grains broke: facet by facet, and boundary by boundary."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import PETSc
from continuum.post.interface_fields import interface_fields
from continuum.solver.problem import CohesiveProblem
from coupling.contracts import FloatArray

BROKEN = 0.99
"""Damage of a facet from which on it is part of the crack."""


@dataclass(frozen=True)
class CrackPath:
    """The facets of all boundaries between the grains of one body, on rank 0 and in an order of their own (empty elsewhere).

    Attributes:
        centres: (n, dim) m.
        normals: (n, dim) into the grain of the lower number.
        areas: (n,) m², or m in a plane analysis.
        damage: (n,) from 0, whole, to 1, broken.
        grains: (n, 2) numbers of the two grains, the lower one first.
        interfaces: (n,) number of the problem's bond.
    """

    centres: FloatArray
    normals: FloatArray
    areas: FloatArray
    damage: FloatArray
    grains: NDArray[np.int64]
    interfaces: NDArray[np.int64]

    @property
    def broken(self) -> NDArray[np.bool_]:
        """(n,) whether a facet is part of the crack."""
        return self.damage >= BROKEN

    def by_boundary(self, values: FloatArray) -> FloatArray:
        """(k,) sums of values (n,) over the boundaries, each between two grains, in the order of `boundaries`."""
        _, number = np.unique(self.grains, axis=0, return_inverse=True)
        return np.bincount(number.ravel(), weights=values)

    @property
    def boundaries(self) -> NDArray[np.int64]:
        """(k, 2) the grains of each boundary."""
        return np.unique(self.grains, axis=0)

    def by_interface(self, values: FloatArray, count: int) -> FloatArray:
        """(count,) sums of values (n,) over the facets of each bond."""
        return np.bincount(self.interfaces, weights=values, minlength=count)


def crack_path(problem: CohesiveProblem, x: "PETSc.Vec", body: str) -> CrackPath:
    """The boundaries of a polycrystal at a state that has been committed to its history. Collective.

    Args:
        problem: The problem.
        x: The state.
        body: The polycrystal.
    """
    facets, pairs = problem.mesh.grain_boundaries(body)
    parts = []
    for number, (interface, fields) in enumerate(zip(problem.interfaces, interface_fields(problem, x), strict=True)):
        if not interface.bond.plus == interface.bond.minus == body:
            continue
        kin = interface.kinematics
        parts.append((
            kin.points.mean(axis=1), kin.frame[:, :, 0].mean(axis=1), interface.weights.sum(axis=1), fields.damage,
            pairs[np.searchsorted(facets, kin.facets)].astype(np.int64), np.full(len(kin.facets), number),
        ))  # fmt: skip
    every = problem.comm.gather([np.concatenate(column) for column in zip(*parts, strict=True)])
    if every is None:
        none, dim = np.empty(0), problem.mesh.dimension
        empty = none.astype(np.int64)
        return CrackPath(np.empty((0, dim)), np.empty((0, dim)), none, none, empty.reshape(0, 2), empty)
    columns = [np.concatenate(column) for column in zip(*every, strict=True)]
    places = np.round(columns[0] / np.abs(columns[0]).max(), 9)
    order = np.lexsort(places.T)
    return CrackPath(*(column[order] for column in columns))
