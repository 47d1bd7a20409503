"""Far fields of anisotropic elasticity that a corrector is added to."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from atomistic.cauchy_born import CauchyBornLaw, tangent
from atomistic.dislocation.stroh import Stroh
from atomistic.properties.elastic import VOIGT_PAIRS
from coupling.contracts import FloatArray
from coupling.errors import InputError


def stiffness_voigt(law: CauchyBornLaw) -> FloatArray:
    """(6, 6) eV/Å³ of the undeformed crystal in the law's axes, order xx yy zz yz xz xy, engineering shear."""
    c = tangent(law, np.eye(3))
    c = (c + c.transpose(1, 0, 2, 3)) / 2
    c = (c + c.transpose(0, 1, 3, 2)) / 2
    return np.array([[c[(*p, *q)] for q in VOIGT_PAIRS] for p in VOIGT_PAIRS])


@dataclass(frozen=True)
class Dislocations:
    """The sum of straight dislocations along z, each with its cut at y = y₀, x < x₀.

    Attributes:
        stiffness_voigt: (6, 6) in the lattice's axes, any unit.
        lines: (k, 2) x₀ and y₀, Å.
        burgers: (k, 3) Å; the half-plane x < x₀ above the cut has slipped by +b.

    Raises:
        InputError: lines and Burgers vectors do not fit together.
    """

    stiffness_voigt: FloatArray = field(repr=False)
    lines: FloatArray
    burgers: FloatArray

    def __post_init__(self) -> None:
        lines, burgers = np.atleast_2d(self.lines), np.atleast_2d(self.burgers)
        if lines.shape[1] != 2 or burgers.shape != (len(lines), 3):
            raise InputError("Give one x, y and one Burgers vector of three components for each dislocation.")
        object.__setattr__(self, "lines", lines.astype(float))
        object.__setattr__(self, "burgers", burgers.astype(float))

    @cached_property
    def medium(self) -> Stroh:
        """The elastic medium."""
        return Stroh(self.stiffness_voigt)

    def displacement(self, points: FloatArray) -> FloatArray:
        """(n, 3) Å."""
        return sum(self.medium.displacement(points[:, :2] - line, b) for line, b in zip(self.lines, self.burgers, strict=True))

    def distortion(self, points: FloatArray) -> FloatArray:
        """(n, 3, 3)."""
        return sum(self.medium.distortion(points[:, :2] - line, b) for line, b in zip(self.lines, self.burgers, strict=True))
