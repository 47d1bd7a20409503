"""What all cohesive laws share: a name and units for storage, checks, the exponential that they use."""

from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, get_args

import numpy as np

from coupling.contracts import CohesiveLaw, FloatArray, GapOwner, LawValue
from coupling.errors import InputError, unknown_choice
from coupling.laws.count import NOT_KNOWN, Count

if TYPE_CHECKING:
    from coupling.interface.coarse_graining import Softening
    from coupling.laws.bilinear import Bilinear
    from coupling.laws.coarse import CoarseLaw

FELT = 1e-6
"""|traction| over the peak below which the faces no longer feel each other."""


class Law:
    """A cohesive law that can be saved, coarsened and asked for its normal response.

    Attributes:
        kind: Its name in files and in `coupling.interface.fit`.
        units: Unit of each constructor argument that is a number or an array; "1" for pure numbers.
        convention: What a law of this kind counted when nobody says otherwise.
    """

    kind: ClassVar[str]
    units: ClassVar[Mapping[str, str]]
    convention: ClassVar[Count] = NOT_KNOWN
    gap: GapOwner
    work_of_separation: float

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3): normal, tangential 1, 2; SI."""
        raise NotImplementedError

    def normal(self, opening: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ (J/m²), T (Pa) and dT/dδ (Pa/m) at zero slip, at normal openings of any shape, in m."""
        opening = np.asarray(opening, dtype=float)
        jump = np.zeros((opening.size, 3))
        jump[:, 0] = opening.ravel()
        energy, traction, tangent = self.evaluate(jump)
        shape = opening.shape
        return energy.reshape(shape), traction[:, 0].reshape(shape), tangent[:, 0, 0].reshape(shape)

    @property
    def count(self) -> Count:
        """What was counted in it: the bulk that was taken away, in which state (see `coupling.laws.count`)."""
        return self.__dict__.get("_count") or self.implied_count()

    def implied_count(self) -> Count:
        """The count where none was given: the convention of the kind, or what follows from another law."""
        return self.convention

    def counted(self, count: Count) -> Self:
        """The same law with this count."""
        same = copy(self)
        same.__dict__["_count"] = count
        return same

    def coarsen(
        self, planes: int, plane_stiffness: float | None = None, softening: "Softening" = "exact"
    ) -> "CoarseLaw | Bilinear":
        """The law of this plane in series with `planes` − 1 closed ones (see `coupling.interface.coarse_graining`)."""
        from coupling.interface.coarse_graining import coarsen

        return coarsen(self, planes, plane_stiffness, softening)

    def save(self, path: str | Path) -> None:
        """Write the law to a file that `coupling.exchange.storage.load_law` reads back bit for bit."""
        from coupling.exchange.storage import save_law

        save_law(self, path)


def count_of(law: CohesiveLaw) -> Count:
    """The count of any law; a law from elsewhere says nothing of it."""
    return law.count if isinstance(law, Law) else NOT_KNOWN


def check_positive(law: Law, *names: str) -> None:
    """Raise `InputError` unless these attributes are positive and finite."""
    for name in names:
        value = getattr(law, name)
        if not (np.isfinite(value) and value > 0):
            raise InputError(
                f"{name} = {value} of a {law.kind} law must be positive and finite (unit {law.units[name]})."
            )


def check_gap(gap: str) -> None:
    """Raise `InputError` unless the gap's owner is a valid one."""
    if gap not in get_args(GapOwner):
        raise unknown_choice("owner of the gap", gap, get_args(GapOwner))


def decaying(z: FloatArray, constant: float, slope: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(constant + slope z) e^−z with its first two derivatives, for the exponential laws.

    Below z = −1 it goes on as its own Taylor parabola: C², and a Newton step that overshoots into
    compression meets a linear traction rather than an overflow.
    """
    inside = np.maximum(z, -1.0)
    decay, line = np.exp(-inside), constant + slope * inside
    value, first, second = line * decay, (slope - line) * decay, (line - 2.0 * slope) * decay
    below = np.minimum(z + 1.0, 0.0)
    return value + below * (first + 0.5 * below * second), first + below * second, second
