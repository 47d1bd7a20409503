"""Elastic constants and strains in Voigt form, and their rotation; order xx yy zz yz xz xy, engineering shear."""

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""Tensor indices in Voigt order: xx yy zz yz xz xy."""
_INDEX = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])


def stiffness_tensor(stiffness_voigt: FloatArray) -> FloatArray:
    """(3, 3, 3, 3) tensor of a (6, 6) Voigt stiffness."""
    return np.asarray(stiffness_voigt)[_INDEX[:, :, None, None], _INDEX[None, None]]


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


def strain_tensor(strain_voigt: FloatArray) -> FloatArray:
    """(3, 3) tensor of a (6,) Voigt strain."""
    return (np.asarray(strain_voigt, dtype=float) * [1, 1, 1, 0.5, 0.5, 0.5])[_INDEX]


def strain_voigt(strain: FloatArray) -> FloatArray:
    """(6,) Voigt form of a symmetric (3, 3) strain."""
    return np.array([strain[i, j] * (1 if i == j else 2) for i, j in VOIGT])


def grain_rotation(x: FloatArray, y: FloatArray) -> FloatArray:
    """Rows are the mesh axes in the crystal frame, from the crystal directions along x and y.

    Raises:
        InputError: the two directions are not perpendicular.
    """
    x, y = (np.asarray(v, dtype=float) / np.linalg.norm(v) for v in (x, y))
    if abs(x @ y) > 1e-8:
        raise InputError("The crystal directions along x and y are not perpendicular; x·y must be 0.")
    return np.array([x, y, np.cross(x, y)])


def isotropic_stiffness(young: float, poisson: float) -> FloatArray:
    """(6, 6) Pa from Young's modulus in Pa and Poisson's ratio.

    Raises:
        InputError: the modulus is not positive or Poisson's ratio not between −1 and 0.5.
    """
    if not (np.isfinite(young) and young > 0):
        raise InputError(f"Young's modulus {young} Pa must be positive.")
    if not -1 < poisson < 0.5:
        raise InputError(
            f"Poisson's ratio {poisson} must lie between -1 and 0.5; take 0.499 for a nearly incompressible solid."
        )
    lame = young * poisson / ((1 + poisson) * (1 - 2 * poisson))
    shear = young / (2 * (1 + poisson))
    stiffness = np.diag([2 * shear] * 3 + [shear] * 3)
    stiffness[:3, :3] += lame
    return stiffness


def plane_strain_modulus_x(stiffness_voigt: FloatArray) -> float:
    """E' along x with no strain along z, Pa; of a material condensed to plane stress, that of plane stress.

    Args:
        stiffness_voigt: (6, 6) Pa.
    """
    inside = np.linalg.inv(stiffness_voigt[np.ix_([0, 1, 5], [0, 1, 5])])
    return float(1 / inside[0, 0])


def cubic_averages(c11: float, c12: float, c44: float) -> tuple[float, float]:
    """`hill_averages` of cubic grains, C in any unit."""
    stiffness = np.diag([c11 - c12] * 3 + [c44] * 3)
    stiffness[:3, :3] += c12
    return hill_averages(stiffness)


def hill_averages(stiffness_voigt: FloatArray) -> tuple[float, float]:
    """Shear modulus, in the unit of C, and Poisson's ratio of a polycrystal without texture.

    The mean of the averages at equal strain and at equal stress (Hill, Proc. Phys. Soc. A 65 (1952) 349).

    Args:
        stiffness_voigt: (6, 6) of a grain.
    """
    c, s = np.asarray(stiffness_voigt, dtype=float), np.linalg.inv(stiffness_voigt)
    whole, trace, shears = c[:3, :3].sum(), np.trace(c[:3, :3]), np.trace(c[3:, 3:])
    bulk_strain, shear_strain = whole / 9, ((3 * trace - whole) / 2 + 3 * shears) / 15
    whole, trace, shears = s[:3, :3].sum(), np.trace(s[:3, :3]), np.trace(s[3:, 3:])
    bulk_stress, shear_stress = 1 / whole, 15 / (6 * trace - 2 * whole + 3 * shears)
    bulk, shear = (bulk_strain + bulk_stress) / 2, (shear_strain + shear_stress) / 2
    return float(shear), float((3 * bulk - 2 * shear) / (2 * (3 * bulk + shear)))
