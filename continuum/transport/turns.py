"""Turns between two solvers that are to agree, accelerated by what the last turns taught (Anderson, J. ACM 12 (1965) 547)."""

import numpy as np

from continuum.fenics import MPI
from coupling.contracts import FloatArray

_KEPT = 6


class Turns:
    """The coverages that the mechanics felt, and those that the solute then came to.

    Args:
        comm: All ranks, each of which has some of the points.
    """

    def __init__(self, comm: "MPI.Comm") -> None:
        self._comm = comm
        self._sizes: list[int] = []
        self._after: list[FloatArray] = []
        self._apart: list[FloatArray] = []

    def add(self, felt: list[FloatArray], after: list[FloatArray]) -> float:
        """Take a turn down; how far apart the two are. Collective."""
        self._sizes = [len(part) for part in felt]
        self._after = [*self._after, np.concatenate([*after, []])][-_KEPT:]
        self._apart = [*self._apart, np.concatenate([*after, []]) - np.concatenate([*felt, []])][-_KEPT:]
        return float(self._comm.allreduce(float(np.abs(self._apart[-1]).max(initial=0.0)), MPI.MAX))

    def next(self) -> list[FloatArray]:
        """What to feel next: the mixture of the last turns that would be the least apart, if both were linear. Collective."""
        found = self._after[-1]
        if len(self._after) > 1:
            apart, after = (np.diff(np.array(kept), axis=0) for kept in (self._apart, self._after))
            matrix, right = self._comm.allreduce(apart @ apart.T), self._comm.allreduce(apart @ self._apart[-1])
            found = found - np.linalg.lstsq(matrix, right, rcond=1e-12)[0] @ after
        return np.split(np.clip(found, 0.0, 1.0), np.cumsum(self._sizes)[:-1])
