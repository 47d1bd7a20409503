"""Small strain: linear elasticity of any symmetry, with a stress-free strain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from continuum.materials.material import checked_stiffness, voigt_strain
from continuum.materials.moduli import Moduli
from continuum.materials.registry import offered
from coupling.contracts import FloatArray
from coupling.elasticity import isotropic_stiffness, rotate_stiffness, strain_tensor
from coupling.elasticity import strain_voigt as voigt_of
from coupling.errors import InputError


@offered("small", "stiffness", free_strain=True, plane_stress=True)
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
    def from_moduli(cls, moduli: Moduli) -> "LinearElastic":
        """From any stiffness, with its stress-free strain."""
        return cls(moduli.turned, moduli.free_strain)

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

    def energy(self, gradient: Any, values: Mapping[str, Any]) -> Any:
        """½ ε·C·ε with ε = sym H minus the thermal strain."""
        from continuum.fenics import ufl

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
