"""The matrix of Newton's equations of a transport problem, and its solution by a factorisation."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import PETSc
from continuum.transport.numbers import Numbers
from coupling.contracts import FloatArray

Entries = tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]
"""Rows, columns and values of entries of a matrix; those of a place are added."""


class Newton:
    """Solves Newton's equations; the places of the entries are those of the first time.

    Args:
        numbers: The unknowns.
        fixed: Global numbers of the prescribed ones that this rank owns.
    """

    def __init__(self, numbers: Numbers, fixed: NDArray[np.int64]) -> None:
        self._numbers, self._fixed = numbers, fixed.astype(PETSc.IntType)
        self._matrix: PETSc.Mat | None = None
        self._solver = PETSc.KSP().create(numbers.comm)
        self._solver.setType("preonly")
        self._solver.getPC().setType("lu")
        self._solver.getPC().setFactorSolverType("mumps")

    def solve(self, entries: Sequence[Entries], residual: FloatArray) -> FloatArray | None:
        """The step (local,) that takes the residual away; None where the matrix is singular. Collective."""
        rows, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
        if self._matrix is None:
            self._matrix = PETSc.Mat().create(self._numbers.comm)
            self._matrix.setSizes([(self._numbers.local, None)] * 2)
            self._matrix.setType(PETSc.Mat.Type.AIJ)
            self._matrix.setPreallocationCOO(rows.astype(PETSc.IntType), columns.astype(PETSc.IntType))
            self._matrix.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
            self._solver.setOperators(self._matrix)
        self._matrix.setValuesCOO(values, PETSc.InsertMode.INSERT_VALUES)
        self._matrix.zeroRows(self._fixed, diag=1.0)
        right, step = self._numbers.vector(), self._numbers.vector()
        right.setArray(-residual)
        self._solver.solve(right, step)
        return step.array.copy() if self._solver.getConvergedReason() > 0 else None
