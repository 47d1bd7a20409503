"""Which of several interfaces is stable at which chemical potential of a solute: the least grand potential."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.units import EV_A2


@dataclass(frozen=True)
class InterfacePhase:
    """A boundary or a surface with so many atoms of each element, relaxed.

    Attributes:
        name: What it is called.
        energy: Of the cell, eV.
        counts: Atoms of each element in the cell.
        area: Of one interface, Å².
        interfaces: How many alike the cell holds: 2 for a slab with two surfaces.
    """

    name: str
    energy: float
    counts: Mapping[str, int]
    area: float
    interfaces: int = 2


@dataclass(frozen=True)
class InterfaceDiagram:
    """Grand potentials γ(μ) = γ(0) − Γ μ, straight lines, and their lower envelope.

    Attributes:
        names: c candidates.
        at_zero: (c,) γ at μ = 0, J/m².
        slopes: (c,) Γ, atoms of the solute per area, J/m² per eV.
        limits: Least and largest μ, eV.
        stable: Names of the stable ones, by rising μ.
        transitions: μ at which one gives way to the next, eV; one fewer.
    """

    names: tuple[str, ...]
    at_zero: FloatArray
    slopes: FloatArray
    limits: tuple[float, float]
    stable: tuple[str, ...]
    transitions: tuple[float, ...] = field(default=())

    def gamma(self, mu: FloatArray | float) -> FloatArray:
        """(m, c) γ of all candidates at chemical potentials (m,) eV, J/m²."""
        return np.asarray(self.at_zero - np.outer(np.atleast_1d(mu), self.slopes))

    def at(self, mu: float) -> str:
        """The stable one at a chemical potential, eV."""
        return self.names[int(np.argmin(self.gamma(mu)[0]))]

    def above(self, name: str, mu: float) -> float:
        """By how much a candidate's γ exceeds the least at a chemical potential, J/m².

        Raises:
            InputError: there is no such candidate.
        """
        if name not in self.names:
            raise unknown_choice("interface", name, self.names)
        gamma = self.gamma(mu)[0]
        return float(gamma[self.names.index(name)] - gamma.min())

    def told(self, name: str, mu: float) -> str:
        """What whoever starts from a candidate must know, as a clause; "" where it is the stable one.

        Raises:
            InputError: there is no such candidate.
        """
        excess = self.above(name, mu)
        if excess <= 0:
            return ""
        return (
            f"the interface {name!r} is not the stable one at a chemical potential of {mu:g} eV: {self.at(mu)!r} lies "
            f"{excess:.3g} J/m² below it"
        )


def interface_diagram(
    candidates: Sequence[InterfacePhase],
    reservoirs: Mapping[str, float],
    solute: str,
    limits: tuple[float, float],
) -> InterfaceDiagram:
    """γ = (E − Σ N_i μ_i)/(interfaces A), with μ of the solute its reservoir's plus the diagram's μ.

    Args:
        candidates: Interfaces with different numbers of atoms.
        reservoirs: Energy per atom of each element's reservoir, eV; for the solute that from which μ is counted.
        solute: The element whose chemical potential is varied.
        limits: Least and largest μ, eV.

    Raises:
        InputError: an element has no reservoir, no candidate holds the solute, or the limits are no range.
    """
    low, high = limits
    if not candidates or not low < high:
        raise InputError(
            f"{len(candidates)} interfaces between {low:g} and {high:g} eV make no diagram; give some, and a rising range."
        )
    for one in candidates:
        lacking = sorted(set(one.counts) - set(reservoirs))
        if lacking:
            raise InputError(
                f"The interface {one.name!r} holds {', '.join(lacking)}, of which no reservoir is known; give its energy "
                "per atom."
            )
    if not any(one.counts.get(solute, 0) for one in candidates):
        raise InputError(
            f"No interface holds the solute {solute!r}; give at least one that does, or choose another solute."
        )
    areas = np.array([one.interfaces * one.area for one in candidates])
    excess = [one.energy - sum(n * reservoirs[element] for element, n in one.counts.items()) for one in candidates]
    at_zero = np.array(excess) / areas * EV_A2
    slopes = np.array([one.counts.get(solute, 0) for one in candidates]) / areas * EV_A2
    order, transitions = _envelope(at_zero, slopes, low, high)
    names = tuple(one.name for one in candidates)
    return InterfaceDiagram(names, at_zero, slopes, limits, tuple(names[k] for k in order), transitions)


def _envelope(at_zero: FloatArray, slopes: FloatArray, low: float, high: float) -> tuple[list[int], tuple[float, ...]]:
    """The lines a − s μ that are lowest between two μ, by rising μ, and where they meet."""
    first = at_zero - slopes * low
    order = [int(np.lexsort((-slopes, first))[0])]
    mu, transitions = low, []
    while True:
        here = order[-1]
        steeper = np.flatnonzero(slopes > slopes[here])
        meets = (at_zero[steeper] - at_zero[here]) / (slopes[steeper] - slopes[here])
        after = [
            (max(float(m), mu), -float(slopes[k]), int(k)) for m, k in zip(meets, steeper, strict=True) if m < high
        ]
        if not after:
            break
        mu, _, k = min(after)
        transitions.append(mu)
        order.append(k)
    assert all(a <= b for a, b in pairwise(transitions))
    return order, tuple(transitions)
