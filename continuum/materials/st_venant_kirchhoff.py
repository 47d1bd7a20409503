"""Large rotations at small strains: the stiffness in the Green-Lagrange strain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from continuum.materials.material import FiniteStrain, checked_stiffness, green_lagrange, voigt_strain
from continuum.materials.moduli import Moduli
from continuum.materials.registry import offered
from coupling.contracts import FloatArray


@offered("finite", "stiffness", about="the stiffness in the Green-Lagrange strain (St. Venant-Kirchhoff)")
@dataclass(frozen=True)
class StVenantKirchhoff(FiniteStrain):
    """Linear elasticity in the Green-Lagrange strain: large rotations, small strains.

    Attributes:
        stiffness_voigt: (6, 6) Pa in the mesh axes.
    """

    stiffness_voigt: FloatArray = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stiffness_voigt", checked_stiffness(self.stiffness_voigt))

    @classmethod
    def from_moduli(cls, moduli: Moduli) -> "StVenantKirchhoff":
        """From any stiffness."""
        return cls(moduli.turned)

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """(6, 6) stiffness, Pa, Voigt."""
        return {"stiffness": self.stiffness_voigt}

    def energy(self, gradient: Any, values: Mapping[str, Any]) -> Any:
        """½ E·C·E."""
        from continuum.fenics import ufl

        strain = voigt_strain(green_lagrange(gradient))
        return 0.5 * ufl.dot(strain, ufl.dot(values["stiffness"], strain))
