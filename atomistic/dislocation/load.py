"""Uniform stress on a cylinder: the strain that produces it, and its work on a gliding line."""

import numpy as np
from ase import Atoms

from atomistic.dislocation.cylinder import Cylinder, OrientedCrystal
from atomistic.properties.elastic import VOIGT_PAIRS
from coupling.contracts import FloatArray, Potential
from coupling.errors import NotConverged

_GIVEN = [0, 1, 3, 4, 5]
"""Voigt rows of the stresses that are prescribed; the strain along the line stays zero instead of σ_zz."""
_SLOTS = [(0, 0), (1, 1), (2, 1), (2, 0), (0, 1)]
"""Where their strains go in the displacement gradient: planes y = const and the line keep their directions."""
_STEPS = 30
_LARGEST_STRAIN = 0.3


def glide_stress(crystal: OrientedCrystal, angle: float = 0.0) -> FloatArray:
    """(3, 3) stress of unit shear along the Burgers vector, on the plane `angle` (radians) from the slip plane.

    Its force per length along x on the dislocation is b cos(angle).
    """
    direction = crystal.burgers / np.linalg.norm(crystal.burgers)
    direction = direction * [1, 0, 1] / np.linalg.norm(direction[[0, 2]])
    normal = np.array([-np.sin(angle), np.cos(angle), 0.0])
    return np.outer(direction, normal) + np.outer(normal, direction)


def linear_gradient(crystal: OrientedCrystal, stress: FloatArray) -> FloatArray:
    """Displacement gradient (3, 3) that linear elasticity needs for a stress (3, 3), eV/Å³, at no strain along z."""
    stiffness = crystal.stroh.stiffness_voigt[np.ix_(_GIVEN, _GIVEN)]
    strain = np.linalg.solve(stiffness, [stress[VOIGT_PAIRS[k]] for k in _GIVEN])
    gradient = np.zeros((3, 3))
    for value, slot in zip(strain, _SLOTS, strict=True):
        gradient[slot] = value
    return gradient


def deformation(
    potential: Potential, crystal: OrientedCrystal, stress: FloatArray, tolerance: float = 1e-4
) -> FloatArray:
    """F (3, 3) under which the perfect crystal has this stress by the potential itself; σ_zz is left free.

    Args:
        potential: The potential.
        crystal: The oriented crystal.
        stress: (3, 3) eV/Å³.
        tolerance: Of the stress, relative to its largest component.

    Raises:
        NotConverged: the crystal does not carry the stress.
    """
    gradient, cell = np.zeros((3, 3)), Atoms(crystal.numbers, crystal.sites, cell=crystal.lattice, pbc=True)
    left, allowed = stress, tolerance * float(np.abs(stress).max())
    for _ in range(_STEPS):
        gradient = gradient + linear_gradient(crystal, left)
        if np.abs(gradient).max() > _LARGEST_STRAIN:
            break
        strained = cell.copy()
        strained.set_cell(cell.cell.array @ (np.eye(3) + gradient).T, scale_atoms=True)
        left = stress - potential.evaluate([strained]).stresses[0]
        if max(abs(left[VOIGT_PAIRS[k]]) for k in _GIVEN) <= allowed:
            return np.eye(3) + gradient
    raise NotConverged(
        f"The perfect crystal with potential {potential.name!r} does not carry a stress of "
        f"{np.abs(stress).max():.3g} eV/Å³; load less."
    )


def deformed(cylinder: Cylinder, atoms: Atoms, change: FloatArray) -> Atoms:
    """All atoms moved by a deformation (3, 3) about the line."""
    moved = atoms.copy()
    axis = np.array([*cylinder.origin, 0.0])
    moved.positions = (atoms.positions - axis) @ change.T + axis
    return moved


def work_position(crystal: OrientedCrystal, stresses: FloatArray, volume: float) -> FloatArray:
    """Position of the line (n,), Å, that is conjugate to the glide stress, up to a constant.

    A line that glides by Δx at fixed total strain changes the energy's strain derivative, hence the
    stress, by what the work τ b L Δx asks for (the shell does not move meanwhile).

    Args:
        crystal: The oriented crystal.
        stresses: (n, 3, 3) of the cells, eV/Å³.
        volume: Of the cell, Å³.
    """
    gradient = linear_gradient(crystal, glide_stress(crystal))
    work = volume * np.einsum("nij,ij->n", stresses, (gradient + gradient.T) / 2)
    return -work / (np.linalg.norm(crystal.burgers) * crystal.length)


def image_energy(cylinder: Cylinder, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Energy per length (n,), eV/Å, of a line x Å off the middle of a rigid shell, and its slope, eV/Å².

    -(b K b / 4π) ln(1 - x²/R²), exact for a screw in an isotropic cylinder: the rigid wall repels.
    """
    crystal, square = cylinder.crystal, cylinder.radius**2
    factor = float(crystal.burgers @ crystal.stroh.energy_tensor @ crystal.burgers) / (4 * np.pi)
    return -factor * np.log1p(-(x**2) / square), factor * 2 * x / (square - x**2)
