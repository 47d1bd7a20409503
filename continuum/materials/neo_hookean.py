"""Large strain of an isotropic solid: the compressible neo-Hookean energy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from continuum.materials.material import FiniteStrain
from continuum.materials.moduli import Moduli
from continuum.materials.registry import offered
from coupling.contracts import FloatArray
from coupling.elasticity import isotropic_stiffness


@offered("neo-hookean", "isotropic")
@dataclass(frozen=True)
class NeoHookean(FiniteStrain):
    """Compressible neo-Hookean solid: ½μ(I₁ − 3 − 2 ln J) + ½λ (ln J)².

    Attributes:
        young: Small-strain Young's modulus, Pa.
        poisson: Small-strain Poisson's ratio.
    """

    young: float
    poisson: float

    @classmethod
    def from_moduli(cls, moduli: Moduli) -> "NeoHookean":
        """From Young's modulus and Poisson's ratio."""
        assert moduli.young is not None and moduli.poisson is not None
        return cls(moduli.young, moduli.poisson)

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa at zero strain."""
        return isotropic_stiffness(self.young, self.poisson)

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """The two Lamé constants λ, μ, Pa."""
        stiffness = self.stiffness_voigt
        return {"lame": np.array([stiffness[0, 1], stiffness[3, 3]])}

    def energy(self, gradient: Any, values: Mapping[str, Any]) -> Any:
        """½ μ (I₁ − 3 − 2 ln J) + ½ λ (ln J)²."""
        from continuum.fenics import ufl

        deformation = ufl.Identity(3) + gradient
        log = ufl.ln(ufl.det(deformation))
        lame, shear = values["lame"][0], values["lame"][1]
        return 0.5 * shear * (ufl.inner(deformation, deformation) - 3 - 2 * log) + 0.5 * lame * log**2
