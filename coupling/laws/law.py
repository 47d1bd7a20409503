"""What all cohesive laws share: a name and units for storage, checks, the exponential that they use."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

import numpy as np

from coupling.contracts import CohesiveLaw, FloatArray, GapOwner, LawValue
from coupling.discovery import refuse_twin
from coupling.errors import InputError, unknown_choice
from coupling.laws.count import NOT_KNOWN, Count

FELT = 1e-6
"""|traction| over the peak below which the faces no longer feel each other."""


REGISTERED: dict[str, type["Law"]] = {}
"""The laws whose modules are loaded, by kind; all that there are: `coupling.laws.registry.law_kinds`."""


if TYPE_CHECKING:
    _Promised = CohesiveLaw  # what some laws compute, and others hold as attributes
else:
    _Promised = object


class Law(_Promised):
    """A cohesive law that can be saved, coarsened and asked for its normal response.

    A class that names its `kind` is registered: it can be stored and exported by what it says of itself here.

    Attributes:
        kind: Its name in files.
        units: Unit of each constructor argument that is a number or an array; "1" for pure numbers.
        convention: What a law of this kind counted when nobody says otherwise.
        nested: Constructor arguments that are laws themselves; they, and not this one, have a gap.
        sampled: Whether `opening`, `energy` and `traction` are samples (n,) of its normal response.
        initially_rigid: Whether it bears a traction at zero opening, so that it has no initial stiffness.
        gap: Who owns the layer spacing across the interface.
        work_of_separation: ψ at full opening, J/m².
        peak_traction: Largest normal traction without slip, Pa.
        opening_at_peak: Where that is, m.
        final_opening: Normal opening beyond which the traction is zero, m.
    """

    kind: ClassVar[str]
    units: ClassVar[Mapping[str, str]]
    convention: ClassVar[Count] = NOT_KNOWN
    nested: ClassVar[tuple[str, ...]] = ()
    sampled: ClassVar[bool] = False
    initially_rigid: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "kind" not in cls.__dict__:
            return
        refuse_twin("law", cls.kind, REGISTERED.get(cls.kind), cls)
        REGISTERED[cls.kind] = cls

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

    @property
    def work_in_shear(self) -> float | None:
        """Work done where slip alone separates the faces, J/m²; None of a law of the opening alone."""
        return None

    def closed_compliance(self) -> FloatArray:
        """(3, 3) jump of the closed spacing per traction, m/Pa: normal, tangential 1, 2.

        Raises:
            InputError: the closed interface does not resist every jump.
        """
        stiffness = self.evaluate(np.zeros((1, 3))).tangent[0]
        if not np.linalg.eigvalsh(0.5 * (stiffness + stiffness.T))[0] > 0:
            raise InputError(f"The closed interface of this {self.kind} law does not resist every jump.")
        return np.linalg.inv(stiffness)

    def implied_count(self) -> Count:
        """The count where none was given: the convention of the kind, or what follows from another law."""
        return self.convention

    def counted(self, count: Count) -> Self:
        """The same law with this count."""
        same = copy(self)
        same.__dict__["_count"] = count
        return same

    @property
    def members(self) -> tuple["Law", ...]:
        """The same interface with each sample of the potential, of which its error bars are the spread; empty without."""
        found: tuple[Law, ...] = self.__dict__.get("_members", ())
        return found

    def with_members(self, members: Sequence["Law"]) -> Self:
        """The same law with these members."""
        same = copy(self)
        same.__dict__["_members"] = tuple(members)
        return same


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
