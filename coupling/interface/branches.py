"""What happened along a relaxed path: gaps that have no state, and where the law goes over to another branch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from coupling.contracts import FloatArray


@dataclass(frozen=True)
class LeftOut:
    """A gap without a state.

    Attributes:
        gap: Of the facing planes beyond the closed spacing, Å.
        parts: Whether a crystal itself would part: the rigid traction there is next to its strength or beyond it.
        error: What was left of the forces when the search ended, eV/Å; None: another plane gave way.
    """

    gap: float
    parts: bool
    error: float | None = None

    def in_words(self, tolerance: float) -> str:
        """The gap and the cause, as one phrase.

        Args:
            tolerance: The largest force that was allowed, eV/Å.
        """
        if self.parts:
            return f"{self.gap:.4g} Å (a crystal parts first)"
        if self.error is None:
            return f"{self.gap:.4g} Å (another plane gave way)"
        return f"{self.gap:.4g} Å (not converged: forces of {self.error:.2g} eV/Å left, {tolerance:.2g} allowed)"


@dataclass(frozen=True)
class Switch:
    """Where a law goes over from one branch of equilibria to another, and no smooth traction joins its states.

    Attributes:
        opening: Between the last state before and the first after it, Å.
        before: Traction of the last state before it, eV/Å³.
        after: Traction of the first state after it, eV/Å³.
        mean: Traction between them that their energies ask for, eV/Å³.
    """

    opening: float
    before: float
    after: float
    mean: float

    @property
    def consistent(self) -> bool:
        """Whether the law may step from one to the other: the energies ask for a traction between them."""
        return min(self.before, self.after) <= self.mean <= max(self.before, self.after)


def parted(gaps: FloatArray, left_out: Sequence[float]) -> np.ndarray:
    """(n − 1,) whether one of the gaps that were left out lies in an interval of gaps (n,) or, at vectors, of their normals."""
    normal = gaps if gaps.ndim == 1 else gaps[:, 0]
    inside = np.asarray(left_out, dtype=float).reshape(-1, 1)
    return np.asarray(np.any((inside > normal[:-1]) & (inside < normal[1:]), axis=0))


def unbroken(breaks: np.ndarray) -> list[slice]:
    """The stretches of n samples between breaks (n − 1,)."""
    ends = [0, *(np.flatnonzero(breaks) + 1), len(breaks) + 1]
    return [slice(int(first), int(last)) for first, last in pairwise(ends)]
