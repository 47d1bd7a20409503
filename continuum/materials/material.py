"""Bulk materials: the energy density as a UFL expression of the displacement gradient.

Every material takes H = ∂u/∂X (3×3), in plane and axisymmetric analyses too, so that stress and
tangent are derivatives of one energy. Numbers go in as `parameters`, which the bulk binds to
constants of the compiled form: two grains share one compiled form. FEniCSx is imported when an
energy is written down, so that inputs can ask which materials there are without it.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np

from coupling.contracts import FloatArray
from coupling.elasticity import VOIGT
from coupling.errors import InputError


class BodyMaterial(Protocol):
    """What a body can be made of, with a memory or without.

    Attributes:
        linear: Its stiffness is assembled once.
    """

    @property
    def linear(self) -> bool:
        """Whether the stress is linear in the displacement."""

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa at rest, in the mesh axes."""

    @property
    def stress_free_strain_voigt(self) -> FloatArray:
        """(6,) strain without stress, engineering shear, in the mesh axes."""

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """Arrays that `energy` wants, in SI."""

    def plane_stress(self) -> "BodyMaterial":
        """What in plane strain is this at vanishing σ_zz, σ_yz, σ_xz."""


class Material(BodyMaterial, Protocol):
    """A hyperelastic material."""

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


def voigt_strain(strain: Any) -> Any:
    """(6,) UFL vector, order xx yy zz yz xz xy with engineering shear, of a symmetric 3×3 tensor."""
    from continuum.fenics import ufl

    return ufl.as_vector([strain[i, j] * (1 if i == j else 2) for i, j in VOIGT])


def green_lagrange(gradient: Any) -> Any:
    """½ (H + Hᵀ + HᵀH)."""
    return 0.5 * (gradient + gradient.T + gradient.T * gradient)


class FiniteStrain:
    """What the finite-strain materials share."""

    linear: ClassVar[bool] = False

    @property
    def stress_free_strain_voigt(self) -> FloatArray:
        """(6,) none."""
        return np.zeros(6)

    def plane_stress(self) -> Material:
        """None.

        Raises:
            InputError: always.
        """
        raise InputError(f"{type(self).__name__} has no plane-stress form; use plane strain, or a thin 3D mesh.")


def cauchy_stress(material: Material, gradient: Any, values: Mapping[str, Any]) -> Any:
    """The true stress (3×3, UFL, Pa) at a displacement gradient, differentiated.

    No variable is left in it: each has a number of its own, and `dolfinx.fem.Expression` compiles anew for each number.
    """
    from continuum.fenics import ufl

    at = ufl.variable(gradient)
    stress = ufl.diff(material.energy(at, values), at)
    if not material.linear:
        deformation = ufl.Identity(3) + gradient
        stress = stress * deformation.T / ufl.det(deformation)
    lowered = ufl.algorithms.apply_algebra_lowering.apply_algebra_lowering(stress)
    return ufl.algorithms.strip_variables(ufl.algorithms.apply_derivatives.apply_derivatives(lowered))
