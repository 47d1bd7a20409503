"""A crystal to third order in the strain: its own energy per volume under homogeneous deformation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from continuum.materials.material import FiniteStrain, checked_stiffness, green_lagrange, voigt_strain
from continuum.materials.moduli import Moduli
from continuum.materials.registry import offered
from coupling.contracts import FloatArray
from coupling.elasticity import VOIGT, rotate_stiffness
from coupling.errors import InputError


@offered(
    "cauchy-born",
    "third order",
    about="to third order in the Green-Lagrange strain, as the crystal's own energy",
)
@dataclass(frozen=True)
class CauchyBorn(FiniteStrain):
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

    @classmethod
    def from_moduli(cls, moduli: Moduli) -> "CauchyBorn":
        """From a crystal's second- and third-order constants."""
        assert moduli.third_voigt is not None
        crystal = cls(moduli.stiffness_voigt, moduli.third_voigt)
        return crystal if moduli.rotation is None else crystal.rotated(moduli.rotation)

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

    def energy(self, gradient: Any, values: Mapping[str, Any]) -> Any:
        """½ C E E + ⅙ C‴ E E E in the Green-Lagrange strain."""
        from continuum.fenics import ufl

        strain = voigt_strain(green_lagrange(gradient))
        pairs = ufl.as_vector([strain[i] * strain[j] for i in range(6) for j in range(6)])
        return (
            0.5 * ufl.dot(strain, ufl.dot(values["stiffness"], strain))
            + ufl.dot(pairs, ufl.dot(values["third"], strain)) / 6
        )
