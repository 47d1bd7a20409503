"""The anisotropic elastic fields of a straight dislocation and of a crack by Stroh's sextic formalism.

The frame: z along the dislocation line, y the normal of the slip plane, x the direction of glide.
Going round the line counterclockwise adds the Burgers vector to the displacement; the cut lies at
y = 0, x < 0, so the half-plane x < 0 is the one that has slipped, the upper body by +b. A crack lies there too, its
front along z.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from atomistic.properties.elastic import VOIGT_PAIRS
from coupling.contracts import FloatArray
from coupling.errors import InputError

ComplexArray = NDArray[np.complex128]
_DEGENERATE = 1e5
"""Condition number of the eigenvectors above which two roots count as one."""
_CLOSED = 1e-8
"""Error of 2 Re A Bᵀ = 1, which fails too where two equal roots have no orthogonal eigenvectors."""
_SPLIT = 1e-8
"""Relative anisotropy that parts them."""


def full_stiffness(stiffness_voigt: FloatArray) -> FloatArray:
    """C_ijkl (3, 3, 3, 3) of a Voigt stiffness (6, 6), in its unit."""
    index = np.empty((3, 3), dtype=int)
    for row, (i, j) in enumerate(VOIGT_PAIRS):
        index[i, j] = index[j, i] = row
    return np.asarray(stiffness_voigt, dtype=float)[index[:, :, None, None], index]


def rotated_voigt(stiffness_voigt: FloatArray, axes: FloatArray) -> FloatArray:
    """The stiffness (6, 6) seen along new axes, the orthonormal rows of `axes` (3, 3)."""
    tensor = np.einsum("ai,bj,ck,dl,ijkl->abcd", *[axes] * 4, full_stiffness(stiffness_voigt), optimize=True)
    return np.array([[tensor[(*p, *q)] for q in VOIGT_PAIRS] for p in VOIGT_PAIRS])


@dataclass(frozen=True)
class Stroh:
    """A medium and its line: all straight dislocations and crack fronts along z.

    Source: Stroh, Phil. Mag. 3 (1958) 625; notation of Ting, Anisotropic Elasticity (1996), chapter 5.

    Attributes:
        stiffness_voigt: (6, 6) in the dislocation's frame, Pa or eV/Å³; stresses come in its unit.
    """

    stiffness_voigt: FloatArray

    def __post_init__(self) -> None:
        lowest = float(np.linalg.eigvalsh(self.stiffness_voigt).min())
        if not lowest > 0:
            raise InputError(
                f"The crystal is not elastically stable: its stiffness has the eigenvalue {lowest:.4g} "
                "(C' < 0 or the like), and a defect has no elastic far field in it; use another potential."
            )

    @cached_property
    def full(self) -> FloatArray:
        """C_ijkl (3, 3, 3, 3)."""
        return full_stiffness(self.stiffness_voigt)

    @cached_property
    def _modes(self) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
        roots, a, b, condition = _eigen(self.stiffness_voigt)
        closure = np.abs(2 * np.real(a @ b.T) - np.eye(3)).max()
        if condition > _DEGENERATE or closure > _CLOSED:
            tilt = np.diag(np.arange(1.0, 7.0)) + np.eye(6)[::-1]
            scale = _SPLIT * np.abs(self.stiffness_voigt).max()
            roots, a, b, _ = _eigen(self.stiffness_voigt + scale * (tilt + tilt.T) / 12)
        return roots, a, b

    @property
    def energy_tensor(self) -> FloatArray:
        """K (3, 3), unit of the stiffness: the energy per length is b K b / 4π ln(R / r₀)."""
        b = self._modes[2]
        return np.real(-2j * b @ b.T)

    def displacement(self, points: FloatArray, burgers: FloatArray) -> FloatArray:
        """u (N, 3) at points (N, 2 or 3) relative to the line, in the unit of `burgers` (3,)."""
        _, a, b = self._modes
        return np.imag(np.log(self._z(points)) * (b.T @ burgers) @ a.T) / np.pi

    def distortion(self, points: FloatArray, burgers: FloatArray) -> FloatArray:
        """∂u_i/∂x_j (N, 3, 3)."""
        roots, a, b = self._modes
        over = (b.T @ burgers) / self._z(points)
        along = np.stack([over @ a.T, (over * roots) @ a.T, np.zeros((len(over), 3))], axis=-1)
        return np.imag(along) / np.pi

    def stress(self, points: FloatArray, burgers: FloatArray) -> FloatArray:
        """σ (N, 3, 3), unit of the stiffness."""
        return np.einsum("ijkl,nkl->nij", self.full, self.distortion(points, burgers))

    def multipoles(self, points: FloatArray, orders: int, radius: float) -> FloatArray:
        """The decaying fields without a Burgers vector, u (6 × orders, N, 3).

        Real and imaginary parts of a_α (R / z_α)ⁿ, n = 1 … orders (Sinclair, J. Appl. Phys. 42
        (1971) 5321); those of order 1 hold the shift of the line and the core's dilatation.
        """
        _, a, _ = self._modes
        ratio = radius / self._z(points)
        fields = [(ratio[:, k, None] ** n) * a[:, k] for n in range(1, orders + 1) for k in range(3)]
        each = np.array([part for field in fields for part in (field.real, field.imag)])
        return each / np.linalg.norm(a, axis=0).repeat(2)[np.arange(len(each)) % 6][:, None, None]

    def crack_displacement(self, points: FloatArray, intensities: FloatArray) -> FloatArray:
        """u (N, 3) around the tip of a crack at y = 0, x < 0 whose faces are free: √(2/π) Re A⟨√z⟩B⁻¹k.

        Source: Ting, Anisotropic Elasticity (1996), chapter 11. Ahead of the tip σ_i2 = k_i / √(2πx).

        Args:
            points: (N, 2 or 3) relative to the tip.
            intensities: (3,) k = (K_II, K_I, K_III), unit of the stiffness times the root of a length.
        """
        _, a, b = self._modes
        return np.sqrt(2 / np.pi) * np.real((np.sqrt(self._z(points)) * np.linalg.solve(b, intensities)) @ a.T)

    def crack_distortion(self, points: FloatArray, intensities: FloatArray) -> FloatArray:
        """∂u_i/∂x_j (N, 3, 3) of `crack_displacement`."""
        roots, a, b = self._modes
        over = np.linalg.solve(b, intensities) / np.sqrt(2 * np.pi * self._z(points))
        return np.real(np.stack([over @ a.T, (over * roots) @ a.T, np.zeros((len(over), 3))], axis=-1))

    def release_rate(self, intensities: FloatArray) -> float:
        """G = ½ k L⁻¹ k, the energy released per area of new crack, L the energy tensor."""
        return float(intensities @ np.linalg.solve(self.energy_tensor, intensities)) / 2

    def _z(self, points: FloatArray) -> ComplexArray:
        points = np.asarray(points, dtype=float)
        return points[:, :1] + points[:, 1:2] * self._modes[0]


def _eigen(stiffness_voigt: FloatArray) -> tuple[ComplexArray, ComplexArray, ComplexArray, float]:
    """Roots p (3,) with Im p > 0, their A and B (3, 3), columns, and the eigenvectors' condition number."""
    scale = np.abs(stiffness_voigt).max()
    c = full_stiffness(stiffness_voigt) / scale
    q, r, t = c[:, 0, :, 0], c[:, 0, :, 1], c[:, 1, :, 1]
    inverse = np.linalg.inv(t)
    n1 = -inverse @ r.T
    matrix = np.block([[n1, inverse], [r @ inverse @ r.T - q, n1.T]])
    roots, vectors = np.linalg.eig(matrix)
    condition = float(np.linalg.cond(vectors))
    kept = np.argsort(-roots.imag)[:3]
    a, b = vectors[:3, kept], vectors[3:, kept]
    norm = np.sqrt(2 * (a * b).sum(0))
    return roots[kept], a / norm / np.sqrt(scale), b / norm * np.sqrt(scale), condition
