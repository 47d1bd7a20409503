"""The elastic constants from which a material is made, as an input or a crystal gives them."""

from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray
from coupling.elasticity import rotate_stiffness


@dataclass(frozen=True)
class Moduli:
    """Elastic constants in the axes in which they were given, and how these lie in the mesh.

    Attributes:
        stiffness_voigt: (6, 6) Pa, order xx yy zz yz xz xy, engineering shear.
        young: Young's modulus of an isotropic solid, Pa; None of any other.
        poisson: Its Poisson's ratio.
        third_voigt: (6, 6, 6) third-order constants, Pa, where the material needs them.
        rotation: (3, 3), rows are the mesh's axes in those of the constants; None: they are the mesh's.
        free_strain_voigt: (6,) strain without stress in the mesh's axes, engineering shear; None: none.
    """

    stiffness_voigt: FloatArray
    young: float | None = None
    poisson: float | None = None
    third_voigt: FloatArray | None = None
    rotation: FloatArray | None = None
    free_strain_voigt: FloatArray | None = None

    @property
    def turned(self) -> FloatArray:
        """(6, 6) stiffness in the mesh's axes, Pa."""
        return self.stiffness_voigt if self.rotation is None else rotate_stiffness(self.stiffness_voigt, self.rotation)

    @property
    def free_strain(self) -> FloatArray:
        """(6,) the stress-free strain, zero without one."""
        return np.zeros(6) if self.free_strain_voigt is None else self.free_strain_voigt
