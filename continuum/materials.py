"""Bulk materials: the stress as a UFL expression of the strain."""

from dataclasses import dataclass, field

import numpy as np

from continuum.fenics import ufl
from coupling.contracts import FloatArray
from coupling.errors import InputError

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""Tensor indices in Voigt order: xx yy zz yz xz xy."""


def rotate_stiffness(stiffness_voigt: FloatArray, rotation: FloatArray) -> FloatArray:
    """C'_ijkl = R_im R_jn R_ko R_lp C_mnop in Voigt form.

    Args:
        stiffness_voigt: (6, 6) Pa, order xx yy zz yz xz xy with engineering shear.
        rotation: (3, 3) orthogonal; rows are the new axes in the old frame.

    Returns:
        (6, 6) in the new axes.
    """
    tensor = stiffness_tensor(stiffness_voigt)
    rotated = np.einsum("im,jn,ko,lp,mnop->ijkl", rotation, rotation, rotation, rotation, tensor)
    return np.array([[rotated[(*a, *b)] for b in VOIGT] for a in VOIGT])


def stiffness_tensor(stiffness_voigt: FloatArray) -> FloatArray:
    """(3, 3, 3, 3) tensor of a (6, 6) Voigt stiffness."""
    index = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
    return np.asarray(stiffness_voigt)[index[:, :, None, None], index[None, None]]


def grain_rotation(x: FloatArray, y: FloatArray) -> FloatArray:
    """Rows are the mesh axes in the crystal frame, from the crystal directions along x and y.

    Raises:
        InputError: the two directions are not perpendicular.
    """
    x, y = (np.asarray(v, dtype=float) / np.linalg.norm(v) for v in (x, y))
    if abs(x @ y) > 1e-8:
        raise InputError("The crystal directions along x and y are not perpendicular; x·y must be 0.")
    return np.array([x, y, np.cross(x, y)])


@dataclass(frozen=True)
class LinearElastic:
    """Linear elasticity with any symmetry, small strain.

    Attributes:
        stiffness_voigt: (6, 6) Pa in the mesh axes, order xx yy zz yz xz xy, engineering shear.
    """

    stiffness_voigt: FloatArray = field(repr=False)

    def __post_init__(self) -> None:
        stiffness = np.asarray(self.stiffness_voigt, dtype=float)
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

    @classmethod
    def isotropic(cls, young: float, poisson: float) -> "LinearElastic":
        """From Young's modulus in Pa and Poisson's ratio."""
        lame = young * poisson / ((1 + poisson) * (1 - 2 * poisson))
        shear = young / (2 * (1 + poisson))
        stiffness = np.diag([2 * shear] * 3 + [shear] * 3)
        stiffness[:3, :3] += lame
        return cls(stiffness)

    def rotated(self, rotation: FloatArray) -> "LinearElastic":
        """The same material seen in axes whose directions are the rows of `rotation`."""
        return LinearElastic(rotate_stiffness(self.stiffness_voigt, rotation))

    @property
    def plane_strain_modulus_x(self) -> float:
        """E' along x in plane strain (z), Pa: 1/b11, the bending modulus of a beam along x."""
        compliance = np.linalg.inv(self.stiffness_voigt)
        return 1.0 / (compliance[0, 0] - compliance[0, 2] ** 2 / compliance[2, 2])

    def stress(self, strain):  # type: ignore[no-untyped-def]
        """The in-plane (2D, plane strain) or full (3D) stress of a UFL strain, Pa."""
        dimension = strain.ufl_shape[0]
        part = stiffness_tensor(self.stiffness_voigt)[:dimension, :dimension, :dimension, :dimension]
        tensor = ufl.as_tensor(part.tolist())
        i, j, k, m = ufl.indices(4)
        return ufl.as_tensor(tensor[i, j, k, m] * strain[k, m], (i, j))
