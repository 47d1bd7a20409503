"""Plain records of a specimen for its ledger: bodies, interfaces, what two of them share; and the ledger's verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from coupling.contracts import FloatArray, GapOwner
from coupling.elasticity import rotate_stiffness, strain_tensor
from coupling.errors import CountingError, DoubleCounted, Uncounted, unknown_choice
from coupling.laws.count import BulkSide, Count

Spacing = Literal["meshed", "left out"]
"""Whether the mesh holds the closed spacing across an interface."""
Misfit = Literal["carried", "relaxed"]
"""Whether the strain of a side that was strained to match is carried by the bodies, or relaxed away."""
VerdictKind = Literal[
    "double counted", "uncounted", "mismatch", "neglected", "not linear", "not compared", "as stated", "not known"
]
"""The first two are errors; the others are for the reader."""
SideName = Literal["plus", "minus"]
SIDES: tuple[SideName, SideName] = ("plus", "minus")


@dataclass(frozen=True)
class BodyRecord:
    """A body of the mesh.

    Attributes:
        name: Its name.
        stiffness_voigt: (6, 6) Pa in the mesh axes, at rest; None where it is not known.
        stress_free_strain_voigt: (6,) strain without stress, engineering shear, mesh axes.
        extent: Its extent normal to each of its interfaces, m, by the interface's name.
        rigid: It does not deform.
        loss: What it does with work that it does not store, such as "plastic"; empty: it is elastic.
    """

    name: str
    stiffness_voigt: FloatArray | None = None
    stress_free_strain_voigt: FloatArray = field(default_factory=lambda: np.zeros(6))
    extent: Mapping[str, float] = field(default_factory=dict)
    rigid: bool = False
    loss: str = ""


@dataclass(frozen=True)
class InterfaceRecord:
    """A law between two bodies, or between one and a rigid foundation.

    Attributes:
        name: Its name.
        plus: Body that the normal points into.
        minus: Body on the other side; None: a rigid foundation.
        gap: Who owns the closed spacing, as the law says.
        count: What the law counted.
        peak_traction: Pa.
        work_of_separation: J/m².
        normal: (3,) mean normal, from minus to plus, in mesh axes; None where the interface is curved.
        tangential: (3,) tangential 1; None where the interface is curved.
        spacing: See `Spacing`.
        misfit: See `Misfit`.
        transported: Whether the mesh solves for the solute of this interface, and counts its energy.

    Raises:
        InputError: a word that is not offered.
    """

    name: str
    plus: str
    minus: str | None
    gap: GapOwner
    count: Count
    peak_traction: float
    work_of_separation: float
    normal: FloatArray | None
    tangential: FloatArray | None
    spacing: Spacing = "meshed"
    misfit: Misfit = "carried"
    transported: bool = False

    def __post_init__(self) -> None:
        check_words(self.spacing, self.misfit)

    def side(self, which: SideName) -> BulkSide | None:
        """What the law's count knows of a side."""
        return self.count.plus if which == "plus" else self.count.minus

    def body(self, which: SideName) -> str | None:
        """The body on a side; None: the rigid foundation."""
        return self.plus if which == "plus" else self.minus

    @property
    def rotation(self) -> FloatArray | None:
        """(3, 3) rows tangential 1, tangential 2 and normal in mesh axes; None where curved."""
        if self.normal is None or self.tangential is None:
            return None
        return np.array([self.tangential, np.cross(self.normal, self.tangential), self.normal])

    def stiffness_of(self, body: BodyRecord) -> FloatArray | None:
        """(6, 6) stiffness of a body in this interface's frame; None where either is not known."""
        if self.rotation is None or body.stiffness_voigt is None:
            return None
        return rotate_stiffness(body.stiffness_voigt, self.rotation)

    def strain_of(self, body: BodyRecord) -> FloatArray | None:
        """(3, 3) stress-free strain of a body in this frame; None where curved."""
        if self.rotation is None:
            return None
        return np.asarray(self.rotation @ strain_tensor(body.stress_free_strain_voigt) @ self.rotation.T)


def check_words(spacing: str, misfit: str) -> None:
    """Raise `InputError` unless these are valid values of spacing and misfit."""
    if spacing not in get_args(Spacing):
        raise unknown_choice("place of the closed spacing", spacing, get_args(Spacing))
    if misfit not in get_args(Misfit):
        raise unknown_choice("answer to where the misfit is", misfit, get_args(Misfit))


@dataclass(frozen=True)
class Shared:
    """Cells that two bodies have, or facets that two interfaces have.

    Attributes:
        what: "cells" or "facets".
        first: A body, or an interface.
        second: The other.
        number: How many.
    """

    what: Literal["cells", "facets"]
    first: str
    second: str
    number: int


@dataclass(frozen=True)
class Verdict:
    """What the ledger found at one place.

    Attributes:
        kind: See `VerdictKind`.
        message: One sentence.
        interface: Where; None: nowhere in particular.
        body: On which side; None: on both, or on a foundation.
        size: J/m² at the peak traction of the law (a misfit: at rest); None where it is not known.
        warns: No error, and yet large enough to stand beside the result.
    """

    kind: VerdictKind
    message: str
    interface: str | None = None
    body: str | None = None
    size: float | None = None
    warns: bool = False

    @property
    def error(self) -> type[CountingError] | None:
        """The error that it is, if it is one."""
        return {"double counted": DoubleCounted, "uncounted": Uncounted}.get(self.kind)
