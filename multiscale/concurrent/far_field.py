"""Far fields of anisotropic elasticity that a corrector is added to."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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
        lines = zip(self.lines, self.burgers, strict=True)
        return sum((self.medium.displacement(points[:, :2] - line, b) for line, b in lines), np.zeros((len(points), 3)))

    def severs(self, corners: FloatArray) -> NDArray[np.bool_]:
        """(m,) False: slip by a lattice vector leaves the crystal whole."""
        return np.zeros(len(corners), dtype=bool)

    def distortion(self, points: FloatArray) -> FloatArray:
        """(n, 3, 3)."""
        lines = zip(self.lines, self.burgers, strict=True)
        return sum(
            (self.medium.distortion(points[:, :2] - line, b) for line, b in lines), np.zeros((len(points), 3, 3))
        )


@dataclass(frozen=True)
class CrackTip:
    """The field of a crack with free faces at y = y₀, x < x₀, its front along z.

    Attributes:
        stiffness_voigt: (6, 6) in the lattice's axes, eV/Å³.
        tip: (2,) x₀ and y₀, Å.
        intensities: (3,) K_II, K_I, K_III, eV/Å^5/2.
    """

    stiffness_voigt: FloatArray = field(repr=False)
    tip: FloatArray
    intensities: FloatArray

    @cached_property
    def medium(self) -> Stroh:
        """The elastic medium."""
        return Stroh(self.stiffness_voigt)

    def displacement(self, points: FloatArray) -> FloatArray:
        """(n, 3) Å."""
        return self.medium.crack_displacement(points[:, :2] - self.tip, self.intensities)

    def distortion(self, points: FloatArray) -> FloatArray:
        """(n, 3, 3)."""
        return self.medium.crack_distortion(points[:, :2] - self.tip, self.intensities)

    def severs(self, corners: FloatArray) -> NDArray[np.bool_]:
        """(m,) True where corners lie on both sides of the crack."""
        away = corners[..., :2] - self.tip
        return (away[..., 1].min(axis=1) < 0) & (away[..., 1].max(axis=1) > 0) & (away[..., 0].mean(axis=1) < 0)


def griffith_intensity(medium: Stroh, surface_energy: float) -> float:
    """K_I at which the energy released is that of two surfaces, in eV/Å^5/2.

    Args:
        medium: Stiffness in eV/Å³, the crack's plane normal to y.
        surface_energy: Of the plane, eV/Å².
    """
    return float(np.sqrt(2 * surface_energy / medium.release_rate(np.array([0.0, 1.0, 0.0]))))
