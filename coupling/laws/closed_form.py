"""Closed forms: laws by a few parameters, which can be fitted to other laws and given in an input file."""

from dataclasses import dataclass
from typing import ClassVar, Self

from coupling.contracts import FloatArray, GapOwner
from coupling.laws.count import OWN_OPENING, Count
from coupling.laws.law import Law


@dataclass(frozen=True)
class FitTarget:
    """What a fit looks at: the landmarks of the source and its normal response on even openings.

    Attributes:
        work: Work of separation, J/m².
        peak: Peak traction, Pa.
        opening: (n,) m.
        energy: (n,) J/m².
        traction: (n,) Pa.
        shear_stiffness: At zero opening, mean of both directions, Pa/m.
        gap: Who owns the layer spacing across the interface.
        count: What was counted in the source.
    """

    work: float
    peak: float
    opening: FloatArray
    energy: FloatArray
    traction: FloatArray
    shear_stiffness: float
    gap: GapOwner
    count: Count


class ClosedForm(Law):
    """A law whose constructor takes the numbers that `units` names, and a gap.

    Attributes:
        free: Parameters that a fit finds by least squares.
        starts: Values of the unknowns of `matching` from which it sets out.
    """

    convention: ClassVar[Count] = OWN_OPENING
    free: ClassVar[tuple[str, ...]] = ()
    starts: ClassVar[tuple[tuple[float, ...], ...]] = ()

    @classmethod
    def matching(cls, target: FitTarget, unknowns: FloatArray) -> Self:
        """The law with the target's work of separation and peak traction.

        Args:
            target: What is fitted.
            unknowns: As many as a start has; any real numbers make a law.
        """
        raise NotImplementedError

    def as_stiff_in_shear(self, target: FitTarget) -> Self:
        """The fitted law with the target's shear stiffness, where `matching` has not seen to it."""
        return self
