"""What happened along a relaxed path: gaps that have no state, and where the law goes over to another branch."""

from dataclasses import dataclass


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
    """Where two equilibria have the same excess opening and energy, so that the traction of the law falls.

    Attributes:
        opening: Between the last state before and the first after it, Å.
        before: Traction of the last state before it, eV/Å³.
        after: Traction of the first state after it, eV/Å³.
    """

    opening: float
    before: float
    after: float
