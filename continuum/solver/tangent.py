"""The tangent of a cohesive problem: a stiffness without its prescribed columns, bordered by the load and the control.

In terms of the free displacements u and of the load parameter λ, u = λ g at the prescribed ones, Newton's equations are

    [K  −b] [δu]   [r]
    [c   d] [δλ] = [ρ]

with b the force per load parameter, less what the prescribed displacements per load parameter pull with, and c, d the
control's derivatives. K is symmetric where bodies and interfaces have a potential; neither load nor control disturb it.
Prescribed rows and columns stay in K, as a multiple of the identity.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.cohesive.damage import Response
from continuum.cohesive.interface import Interface
from continuum.fenics import MPI, PETSc
from continuum.solver.bulk import Bulk
from continuum.solver.unknowns import Unknowns
from coupling.contracts import FloatArray

_ADD = PETSc.InsertMode.ADD_VALUES
_SKEW = 1e-12  # of an interface's largest tangent: rounding


class Tangent:
    """K, b, c and d at one state, and what they multiply.

    Args:
        bulk: The bodies.
        unknowns: Their numbers.
        interfaces: The interfaces.
        fixed: Numbers of the prescribed unknowns of this rank.
        factors: Their displacements per load parameter.
        load: Forces of the tractions per load parameter.

    Attributes:
        at_rest: Stiffness of the undeformed bodies, prescribed rows and columns included.
        scale: Mean of its diagonal, which prescribed rows have.
        has_friction: Whether faces rub, which has no potential: K is then far from symmetric.
        is_symmetric: Whether `stiffness` is the symmetric part of K alone.
        stiffness: K, or its symmetric part.
        has_skew: Whether there is a rest of K: of friction, of damage that turns while it unloads, and of laws without a potential.
        skew: The rest of K, once there was any.
        column: b; at prescribed unknowns the displacement per load parameter, in force units.
        row: c.
        corner: d.
        follows_load: Whether the control is the load, so that c = 0.
        state: Counts the states that were assembled.
    """

    def __init__(
        self,
        bulk: Bulk,
        unknowns: Unknowns,
        interfaces: Sequence[Interface],
        fixed: NDArray[Any],
        factors: FloatArray,
        load: "PETSc.Vec",
    ) -> None:
        self._bulk, self._unknowns, self._interfaces, self._fixed = bulk, unknowns, interfaces, fixed
        self._factors = factors
        self.has_friction = any(i.bond.friction for i in interfaces)
        self.at_rest = unknowns.matrix([i.numbers for i in interfaces], bulk.couplings())
        bulk.add_stiffness(self.at_rest)
        self.at_rest.assemble()
        self.scale = self.at_rest.getDiagonal().sum() / unknowns.size
        self.stiffness = self.at_rest.duplicate(copy=True)
        self.stiffness.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
        self.split(not self.has_friction)
        self.skew: PETSc.Mat | None = None
        self.has_skew = False
        self._load = unknowns.displacements(load)
        self._driven = self._load.duplicate()
        self._driven.setValues(fixed, factors)
        self._driven.assemble()
        self.column, self.row = self._load.duplicate(), self._load.duplicate()
        self.corner, self.follows_load, self.state = 1.0, True, 0

    def split(self, symmetric: bool) -> None:
        """Let `stiffness` be the symmetric part of K, and `skew` the rest; or all of K."""
        self.is_symmetric = symmetric
        self.stiffness.setOption(PETSc.Mat.Option.SYMMETRIC, symmetric)

    def assemble(self, responses: Sequence[Response], gradients: Sequence[FloatArray] | None, scale: float) -> None:
        """Take over a state. Collective.

        Args:
            responses: Of the interfaces.
            gradients: (n_facets, n) derivative of the control on each interface; None: the load is the control.
            scale: Of the control's equation, N or N/m over its unit.
        """
        self._assemble_stiffness(responses)
        self.stiffness.mult(self._driven, self.column)
        if self.has_skew:
            assert self.skew is not None
            self.skew.multAdd(self._driven, self.column, self.column)
            self.skew.zeroRowsColumns(self._fixed, diag=0.0)
        self.column.aypx(-1.0, self._load)
        self.column.setValues(self._fixed, self.scale * self._factors)
        self.column.assemble()
        self.stiffness.zeroRowsColumns(self._fixed, diag=self.scale)
        self.row.zeroEntries()
        self.follows_load, self.corner = gradients is None, scale
        if gradients is not None:
            for interface, gradient in zip(self._interfaces, gradients, strict=True):
                self.row.setValues(interface.numbers.ravel(), scale * gradient.ravel(), addv=_ADD)
            self.row.assemble()
            self.corner = self.row.dot(self._driven)
            self.row.setValues(self._fixed, np.zeros(len(self._fixed)))
        self.row.assemble()
        self.state += 1

    def _assemble_stiffness(self, responses: Sequence[Response]) -> None:
        matrix, parts = self.stiffness, list(responses)
        if self._bulk.linear:
            self.at_rest.copy(matrix, structure=PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        else:
            matrix.zeroEntries()
            self._bulk.add_stiffness(matrix)
        if self.is_symmetric:
            parts = [replace(one, tangent=0.5 * (one.tangent + one.tangent.transpose(0, 2, 1))) for one in responses]
        self._add(matrix, [part.tangent for part in parts])
        rest = [one.tangent - part.tangent for one, part in zip(responses, parts, strict=True)]
        left = [
            np.abs(r).max(initial=0.0) > _SKEW * np.abs(o.tangent).max(initial=0.0)
            for r, o in zip(rest, responses, strict=True)
        ]
        self.has_skew = self._unknowns.comm.allreduce(any(left), MPI.LOR)
        if self.has_skew:
            if self.skew is None:
                self.skew = self._unknowns.matrix([i.numbers for i in self._interfaces])
                self.skew.assemble()
                self.skew.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
            self.skew.zeroEntries()
            self._add(self.skew, rest)

    def _add(self, matrix: "PETSc.Mat", tangents: Sequence[FloatArray]) -> None:
        """Add what tangents (points, 3, 3) of the interfaces make of a jump."""
        for interface, tangent in zip(self._interfaces, tangents, strict=True):
            matrix.setValuesRCV(interface.numbers, interface.numbers, interface.stiffness(tangent), addv=_ADD)
        matrix.assemble()

    def mult(self, matrix: "PETSc.Mat | None", x: "PETSc.Vec", out: "PETSc.Vec") -> None:
        """What Newton's equations multiply a step (δu, δλ) with (PETSc's callback)."""
        step, load = self._unknowns.displacements(x), self._unknowns.load_parameter(x)
        force = step.duplicate()
        self.stiffness.mult(step, force)
        if self.has_skew:
            assert self.skew is not None
            self.skew.multAdd(step, force, force)
        force.axpy(-load, self.column)
        self._unknowns.join(force, self.row.dot(step) + self.corner * load, out)
