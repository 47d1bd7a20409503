"""Stretches of an opening in which no state was found: a law is interpolated across them, and by how much it may be wrong there."""

from dataclasses import dataclass

import numpy as np

from coupling.interface.excess import Excess, SlabBranch
from coupling.laws.law import Law
from coupling.units import ANGSTROM, EV_A2, EV_A3

_INSIDE = 48


@dataclass(frozen=True)
class InterpolatedStretch:
    """An interval of samples with gaps inside at which there is no state.

    Attributes:
        begin: Excess opening of the last state before it, m.
        end: Of the first state after it, m.
        before: Traction of the last state before it, Pa.
        after: Traction of the first state after it, Pa.
        mean: Traction between them that their energies ask for, Pa; a law whose work is exact has it in the mean.
        doubt: Largest difference of the law's traction from the straight line between both states, over the law's peak.
    """

    begin: float
    end: float
    before: float
    after: float
    mean: float
    doubt: float

    @property
    def in_words(self) -> str:
        """One clause."""
        return (
            f"no state was found between openings of {self.begin * 1e10:.3g} and {self.end * 1e10:.3g} Å, tractions of "
            f"{self.before / 1e9:.3g} and {self.after / 1e9:.3g} GPa; the law is interpolated there with the {self.mean / 1e9:.3g} GPa "
            f"that the energies ask for in the mean, and its traction is known to {100 * self.doubt:.2g} % of the peak"
        )


def interpolated_stretches(slab: SlabBranch, excess: Excess, law: Law) -> tuple[InterpolatedStretch, ...]:
    """Of an opening path in tension, by rising opening.

    Args:
        slab: Its states, and the gaps without one.
        excess: Of the same states.
        law: Made of them.
    """
    missing = np.array([one.gap for one in slab.left_out])
    found = []
    for k, (low, high) in enumerate(zip(slab.gap[:-1], slab.gap[1:], strict=True)):
        if np.any((missing > low) & (missing < high)):
            begin, end = (float(one) * ANGSTROM for one in excess.opening[k : k + 2])
            before, after = (float(one) * EV_A3 for one in excess.traction[k : k + 2])
            if end > max(begin, 0.0):
                mean = float(excess.energy[k + 1] - excess.energy[k]) * EV_A2 / (end - begin)
                doubt = _doubt(law, (begin, end), (before, after))
                found.append(InterpolatedStretch(begin, end, before, after, mean, doubt))
    return tuple(found)


def _doubt(law: Law, opening: tuple[float, float], traction: tuple[float, float]) -> float:
    along = np.linspace(opening[0], opening[1], _INSIDE)
    straight = np.interp(along, opening, traction)
    return float(np.abs(law.normal(along)[1] - straight).max() / law.peak_traction)
