"""The course of a loading: the direction in which the interfaces' jumps went last, along which a path is followed.

The next state lies on a hyperplane across it (Riks, Int. J. Solids Struct. 15 (1979) 529), in the space of the jumps that
are not yet broken alone (May & Duan, Int. J. Numer. Meth. Engng 40 (1997) 2487), and of those only at which damage grew,
where it did: what merely unloads would lead the path back as it came. It does not depend on which interface opens and
which closes, nor on whether the load rises.

Where many interfaces compete, as in a polycrystal, most of what grew last closes when one of them wins, and neither this
direction nor the whole opening needs to go on. The damage does; it is followed as the dissipated energy is by Verhoosel,
Remmers & Gutiérrez (Int. J. Numer. Meth. Engng 77 (2009) 1290).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continuum.cohesive.interface import Interface
from continuum.cohesive.separation import separation, shear_weight
from continuum.fenics import MPI
from continuum.model import Control
from coupling.contracts import FloatArray


@dataclass(frozen=True)
class Course:
    """A direction of all interfaces' jumps.

    Attributes:
        rates: Of each interface, (points, 3) what a jump counts along the direction, 1/m; on every rank its own.
        start: Where the last state lies along it, m² or m.
        damaged: The area damaged at the last state, m² or m.
        grown: By how much that grew in the last step.
        length: ∫ |Δm|/m_f of the last step, Δm the change of the jump in terms of the separation and m_f the final one:
            between two states of a travelling crack about the area that it sweeps; m² or m.
    """

    rates: tuple[FloatArray, ...] = ()
    start: float = 0.0
    length: float = 0.0
    damaged: float = 0.0
    grown: float = 0.0

    def reached(
        self, control: Control, comm: "MPI.Comm", interfaces: Sequence[Interface], jumps: Sequence[FloatArray]
    ) -> float:
        """What a control by the interfaces prescribes, at jumps (points, 3) of each, m² or m. Collective."""
        if control.kind == "opening":
            return opened_area(comm, interfaces, jumps)
        if control.kind == "damage":
            return damaged_area(comm, interfaces, jumps) - self.damaged
        return along(comm, interfaces, self.rates, jumps) - self.start

    def gradients(
        self, control: Control, interfaces: Sequence[Interface], jumps: Sequence[FloatArray]
    ) -> list[FloatArray]:
        """(n_facets, n) its derivative on each interface."""
        if control.kind == "opening":
            return [one.opened_area_gradient(jump) for one, jump in zip(interfaces, jumps, strict=True)]
        if control.kind == "damage":
            return [one.damaged_area_gradient(jump) for one, jump in zip(interfaces, jumps, strict=True)]
        return [one.gradient(rate) for one, rate in zip(interfaces, self.rates, strict=True)]


def course_between(
    comm: "MPI.Comm", interfaces: Sequence[Interface], before: Sequence[FloatArray], after: Sequence[FloatArray]
) -> Course:
    """The course from one state to the next; its length is that of the step. Collective.

    Args:
        comm: All ranks.
        interfaces: The interfaces.
        before: (points, 3) jumps of each at the state before, m.
        after: The same at the present state.
    """
    scales = [_scale(one) for one in interfaces]
    whole = [_whole(i, a, b) for i, a, b in zip(interfaces, before, after, strict=True)]
    growing = [w & _grew(i, a, b) for i, w, a, b in zip(interfaces, whole, before, after, strict=True)]
    counted = growing if comm.allreduce(any(g.any() for g in growing), MPI.LOR) else whole
    changes = [
        np.where(here[:, None], (b - a) * scale, 0.0)
        for here, a, b, scale in zip(counted, before, after, scales, strict=True)
    ]
    sizes = [np.linalg.norm(change, axis=1) for change in changes]
    weights = [i.weights.ravel() for i in interfaces]
    damaged = damaged_area(comm, interfaces, after)
    grown = comm.allreduce(sum(
        float(i.weights.ravel()[g] @ (i.opened(b)[g] - i.opened(a)[g]))
        for i, g, a, b in zip(interfaces, growing, before, after, strict=True)
    ))  # fmt: skip
    length = comm.allreduce(sum(float(w @ size) for w, size in zip(weights, sizes, strict=True)))
    square = comm.allreduce(sum(float(w @ size**2) for w, size in zip(weights, sizes, strict=True)))
    if not square > 0:
        return Course(damaged=damaged)
    rates = tuple(change * scale * (length / square) for change, scale in zip(changes, scales, strict=True))
    return Course(rates, along(comm, interfaces, rates, after), length, damaged, grown)


def opened_area(comm: "MPI.Comm", interfaces: Sequence[Interface], jumps: Sequence[FloatArray]) -> float:
    """The sum of `Interface.opened_area` over the interfaces, m² or m. Collective."""
    return float(comm.allreduce(sum(one.opened_area(jump) for one, jump in zip(interfaces, jumps, strict=True))))


def damaged_area(comm: "MPI.Comm", interfaces: Sequence[Interface], jumps: Sequence[FloatArray]) -> float:
    """The sum of `Interface.damaged_area` over the interfaces, m² or m. Collective."""
    return float(comm.allreduce(sum(one.damaged_area(jump) for one, jump in zip(interfaces, jumps, strict=True))))


def along(
    comm: "MPI.Comm", interfaces: Sequence[Interface], rates: Sequence[FloatArray], jumps: Sequence[FloatArray]
) -> float:
    """Where jumps (points, 3) of each interface lie along a direction, m² or m. Collective."""
    every = zip(interfaces, rates, jumps, strict=True)
    own = sum(float(i.weights.ravel() @ np.einsum("qk,qk->q", rate, jump)) for i, rate, jump in every)
    return float(comm.allreduce(own))


def _scale(interface: Interface) -> FloatArray:
    """(3,) 1/m: what opening and slips count, over the final ones; where slip never fails it counts as opening does."""
    law = interface.bond.law
    return np.array([1.0, *[shear_weight(law) or 1.0] * 2]) / law.final_opening


def _whole(interface: Interface, before: FloatArray, after: FloatArray) -> NDArray[np.bool_]:
    """(points,) whether a point is not broken at both states."""
    return np.minimum(interface.opened(before), interface.opened(after)) < 1.0


def _grew(interface: Interface, before: FloatArray, after: FloatArray) -> NDArray[np.bool_]:
    """(points,) whether the damage of a point grew; of a reversible law, any."""
    if interface.bond.history == "reversible":
        return np.ones(len(after), dtype=bool)
    m, last = separation(interface.bond.law, after), separation(interface.bond.law, before)
    return (m > last) & (m >= interface.history.largest)
