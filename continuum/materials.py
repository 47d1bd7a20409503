"""Bulk materials: the energy density as a UFL expression of the displacement gradient.

Every material takes H = ∂u/∂X (3×3), in plane and axisymmetric analyses too, so that stress and
tangent are derivatives of one energy. Numbers go in as `parameters`, which the bulk binds to
constants of the compiled form: two grains share one compiled form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from continuum.fenics import ufl
from coupling.contracts import FloatArray
from coupling.elasticity import VOIGT, isotropic_stiffness, rotate_stiffness, strain_tensor
from coupling.elasticity import strain_voigt as voigt_of
from coupling.errors import InputError


class Material(Protocol):
    """A hyperelastic material.

    Attributes:
        linear: The energy is quadratic in H, so that its stiffness is assembled once.
    """

    linear: ClassVar[bool]

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa at rest, in the mesh axes."""

    @property
    def stress_free_strain_voigt(self) -> FloatArray:
        """(6,) strain without stress, engineering shear, in the mesh axes."""

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """Arrays that `energy` wants, in SI."""

    def energy(self, gradient: Any, values: Mapping[str, Any]) -> Any:
        """Energy per reference volume, J/m³, of the displacement gradient (3×3, UFL)."""

    def plane_stress(self) -> "Material":
        """The material whose energy in plane strain is this one's at vanishing σ_zz, σ_yz, σ_xz."""


def checked_stiffness(stiffness_voigt: FloatArray) -> FloatArray:
    """The (6, 6) stiffness as an array.

    Raises:
        InputError: it is not a symmetric, positive definite (6, 6) matrix.
    """
    stiffness = np.asarray(stiffness_voigt, dtype=float)
    if stiffness.shape != (6, 6) or not np.all(np.isfinite(stiffness)):
        raise InputError("The stiffness must be a (6, 6) matrix of finite numbers in Pa.")
    if np.abs(stiffness - stiffness.T).max() > 1e-6 * np.abs(stiffness).max():
        raise InputError("The stiffness matrix is not symmetric; give C_ij with C_ij = C_ji.")
    lowest = np.linalg.eigvalsh(stiffness).min()
    if lowest <= 0:
        raise InputError(
            f"The stiffness matrix is not positive definite (lowest eigenvalue {lowest / 1e9:.4g} GPa): "
            "the material would be unstable; check the elastic constants."
        )
    return stiffness


def voigt_strain(strain):  # type: ignore[no-untyped-def]
    """(6,) UFL vector, order xx yy zz yz xz xy with engineering shear, of a symmetric 3×3 tensor."""
    return ufl.as_vector([strain[i, j] * (1 if i == j else 2) for i, j in VOIGT])


def green_lagrange(gradient):  # type: ignore[no-untyped-def]
    """½ (H + Hᵀ + HᵀH)."""
    return 0.5 * (gradient + gradient.T + gradient.T * gradient)


@dataclass(frozen=True)
class LinearElastic:
    """Linear elasticity of any symmetry, small strain, with thermal strain.

    Attributes:
        stiffness_voigt: (6, 6) Pa in the mesh axes, order xx yy zz yz xz xy, engineering shear.
        thermal_strain_voigt: (6,) stress-free strain, α ΔT in the same order.

    Raises:
        InputError: the stiffness is not symmetric positive definite.
    """

    stiffness_voigt: FloatArray = field(repr=False)
    thermal_strain_voigt: FloatArray = field(default_factory=lambda: np.zeros(6), repr=False)
    linear: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "stiffness_voigt", checked_stiffness(self.stiffness_voigt))
        thermal = np.asarray(self.thermal_strain_voigt, dtype=float)
        if thermal.shape != (6,) or not np.all(np.isfinite(thermal)):
            raise InputError("The thermal strain must be 6 finite numbers in the order xx yy zz yz xz xy.")
        object.__setattr__(self, "thermal_strain_voigt", thermal)

    @classmethod
    def isotropic(cls, young: float, poisson: float) -> "LinearElastic":
        """From Young's modulus in Pa and Poisson's ratio."""
        return cls(isotropic_stiffness(young, poisson))

    def rotated(self, rotation: FloatArray) -> "LinearElastic":
        """The same material seen in axes whose directions are the rows of `rotation`."""
        turned = rotation @ strain_tensor(self.thermal_strain_voigt) @ np.transpose(rotation)
        return LinearElastic(rotate_stiffness(self.stiffness_voigt, rotation), voigt_of(turned))

    def heated(self, expansion: float, difference: float) -> "LinearElastic":
        """With the thermal strain of an isotropic expansion (1/K) and a temperature difference (K)."""
        return LinearElastic(self.stiffness_voigt, expansion * difference * np.array([1.0, 1, 1, 0, 0, 0]))

    @property
    def stress_free_strain_voigt(self) -> FloatArray:
        """(6,) the thermal strain, or a misfit's."""
        return self.thermal_strain_voigt

    @property
    def plane_strain_modulus_x(self) -> float:
        """E' along x in plane strain (z), Pa: 1/b11, the bending modulus of a beam along x."""
        compliance = np.linalg.inv(self.stiffness_voigt)
        return 1.0 / (compliance[0, 0] - compliance[0, 2] ** 2 / compliance[2, 2])

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """(6, 6) stiffness, Pa, and (6,) thermal strain, both Voigt."""
        return {"stiffness": self.stiffness_voigt, "thermal": self.thermal_strain_voigt}

    def energy(self, gradient, values):  # type: ignore[no-untyped-def]
        """½ ε·C·ε with ε = sym H minus the thermal strain."""
        strain = voigt_strain(ufl.sym(gradient)) - values["thermal"]
        return 0.5 * ufl.dot(strain, ufl.dot(values["stiffness"], strain))

    def plane_stress(self) -> "LinearElastic":
        """The stiffness condensed at σ_zz = σ_yz = σ_xz = 0, free to expand out of the plane."""
        inside, outside = [0, 1, 5], [2, 3, 4]
        condensed = np.zeros((6, 6))
        condensed[np.ix_(inside, inside)] = np.linalg.inv(np.linalg.inv(self.stiffness_voigt)[np.ix_(inside, inside)])
        condensed[outside, outside] = self.stiffness_voigt[outside, outside]
        thermal = self.thermal_strain_voigt.copy()
        thermal[outside] = 0.0
        return LinearElastic(condensed, thermal)


class _FiniteStrain:
    """What the finite-strain materials share."""

    linear: ClassVar[bool] = False

    @property
    def stress_free_strain_voigt(self) -> FloatArray:
        """(6,) none."""
        return np.zeros(6)

    def plane_stress(self) -> Material:
        raise InputError(f"{type(self).__name__} has no plane-stress form; use plane strain, or a thin 3D mesh.")


@dataclass(frozen=True)
class StVenantKirchhoff(_FiniteStrain):
    """Linear elasticity in the Green-Lagrange strain: large rotations, small strains.

    Attributes:
        stiffness_voigt: (6, 6) Pa in the mesh axes.
    """

    stiffness_voigt: FloatArray = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stiffness_voigt", checked_stiffness(self.stiffness_voigt))

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """(6, 6) stiffness, Pa, Voigt."""
        return {"stiffness": self.stiffness_voigt}

    def energy(self, gradient, values):  # type: ignore[no-untyped-def]
        """½ E·C·E."""
        strain = voigt_strain(green_lagrange(gradient))
        return 0.5 * ufl.dot(strain, ufl.dot(values["stiffness"], strain))


@dataclass(frozen=True)
class NeoHookean(_FiniteStrain):
    """Compressible neo-Hookean solid: ½μ(I₁ − 3 − 2 ln J) + ½λ (ln J)².

    Attributes:
        young: Small-strain Young's modulus, Pa.
        poisson: Small-strain Poisson's ratio.
    """

    young: float
    poisson: float

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa at zero strain."""
        return isotropic_stiffness(self.young, self.poisson)

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """The two Lamé constants λ, μ, Pa."""
        stiffness = self.stiffness_voigt
        return {"lame": np.array([stiffness[0, 1], stiffness[3, 3]])}

    def energy(self, gradient, values):  # type: ignore[no-untyped-def]
        """½ μ (I₁ − 3 − 2 ln J) + ½ λ (ln J)²."""
        deformation = ufl.Identity(3) + gradient
        log = ufl.ln(ufl.det(deformation))
        lame, shear = values["lame"][0], values["lame"][1]
        return 0.5 * shear * (ufl.inner(deformation, deformation) - 3 - 2 * log) + 0.5 * lame * log**2


@dataclass(frozen=True)
class CauchyBorn(_FiniteStrain):
    """The crystal's own energy under homogeneous strain, to third order in the Green-Lagrange strain.

    W = ½ C_ij E_i E_j + ⅙ C_ijk E_i E_j E_k, from the potential's second- and third-order constants
    (`atomistic.properties.finite_strain`): the bulk then softens in tension as the atoms do.

    Attributes:
        stiffness_voigt: (6, 6) Pa in the mesh axes.
        third_voigt: (6, 6, 6) Pa in the mesh axes, symmetric in all indices.
    """

    stiffness_voigt: FloatArray = field(repr=False)
    third_voigt: FloatArray = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stiffness_voigt", checked_stiffness(self.stiffness_voigt))
        third = np.asarray(self.third_voigt, dtype=float)
        if third.shape != (6, 6, 6) or not np.all(np.isfinite(third)):
            raise InputError("The third-order constants must be a (6, 6, 6) array of finite numbers in Pa.")
        if max(np.abs(third - third.transpose(p)).max() for p in ((1, 0, 2), (0, 2, 1))) > 1e-6 * np.abs(third).max():
            raise InputError("The third-order constants C_ijk are not symmetric in their indices.")
        object.__setattr__(self, "third_voigt", third)

    def rotated(self, rotation: FloatArray) -> "CauchyBorn":
        """The same material seen in axes whose directions are the rows of `rotation`."""
        index = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
        tensor = self.third_voigt[index[:, :, None, None, None, None], index[None, None, :, :, None, None], index]
        turned = np.einsum("ai,bj,ck,dl,em,fn,ijklmn->abcdef", *[rotation] * 6, tensor, optimize=True)
        third = np.array([[[turned[(*a, *b, *c)] for c in VOIGT] for b in VOIGT] for a in VOIGT])
        return CauchyBorn(rotate_stiffness(self.stiffness_voigt, rotation), third)

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """Stiffness (6, 6) and third-order constants as (36, 6), Pa, Voigt."""
        return {"stiffness": self.stiffness_voigt, "third": self.third_voigt.reshape(36, 6)}

    def energy(self, gradient, values):  # type: ignore[no-untyped-def]
        """½ C E E + ⅙ C‴ E E E in the Green-Lagrange strain."""
        strain = voigt_strain(green_lagrange(gradient))
        pairs = ufl.as_vector([strain[i] * strain[j] for i in range(6) for j in range(6)])
        return (
            0.5 * ufl.dot(strain, ufl.dot(values["stiffness"], strain))
            + ufl.dot(pairs, ufl.dot(values["third"], strain)) / 6
        )


def cauchy_stress(material: Material, gradient, values):  # type: ignore[no-untyped-def]
    """The true stress (3×3, UFL, Pa) at a displacement gradient."""
    at = ufl.variable(gradient)
    first = ufl.diff(material.energy(at, values), at)
    if material.linear:
        return first
    deformation = ufl.Identity(3) + gradient
    return first * deformation.T / ufl.det(deformation)
