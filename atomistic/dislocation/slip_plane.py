"""Properties of a slip plane for the dislocations in it: its γ-surface in their frame, and K of lines along it."""

import numpy as np
from ase import Atoms

from atomistic.decohesion.slab import cleavage_slab
from atomistic.dislocation.cylinder import OrientedCrystal
from atomistic.dislocation.stroh import Stroh, rotated_voigt
from atomistic.dislocation.systems import conventional_cell
from atomistic.properties.fault import gamma_surface
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import EV_A2

CHARACTERS = 24
"""Line directions in the slip plane at which K is computed."""
LAYERS = 9
"""Lattice planes in a cell of the γ-surface."""


def slip_plane_energies(
    potential: Potential, bulk: Atoms, crystal: OrientedCrystal, divisions: int, progress: Progress = silent
) -> tuple[FloatArray, FloatArray]:
    """The γ-surface in the dislocation's frame.

    Args:
        potential: The potential.
        bulk: The cubic crystal at its equilibrium.
        crystal: It, oriented (`atomistic.dislocation.oriented`).
        divisions: Divisions of each period.
        progress: Called during the relaxation.

    Returns:
        Periods (2, 2) along x (glide) and z (line), Å, and energies (divisions, divisions), eV/Å².

    Raises:
        InputError: the slip plane has no two periods.
        NotConverged: a faulted cell does not relax.
    """
    system = crystal.system
    first, second, third = (int(index) for index in system.plane)
    slab = cleavage_slab(bulk, (first, second, third), LAYERS, conventional=conventional_cell(bulk, system.structure))
    lattice = _in_plane(crystal.lattice)
    fractions = np.stack(np.meshgrid(*[np.arange(divisions) / divisions] * 2, indexing="ij"), -1).reshape(-1, 2)
    turn = crystal.axes[[0, 2]] @ slab.axes[:2].T
    found = gamma_surface(potential, slab, fractions @ lattice @ turn, progress=progress)
    return lattice, found.energies.reshape(divisions, divisions) / EV_A2


def line_prefactors(stiffness_voigt: FloatArray, crystal: OrientedCrystal) -> FloatArray:
    """K(θ) = b̂·K·b̂ (`CHARACTERS`,), eV/Å³, of lines in the slip plane at θ = 0 (screw) … π from b.

    Args:
        stiffness_voigt: (6, 6) of the crystal in its own axes, eV/Å³.
        crystal: The oriented crystal.
    """
    along = crystal.burgers / np.linalg.norm(crystal.burgers) @ crystal.axes
    normal = crystal.axes[1]
    values = []
    for angle in np.arange(CHARACTERS) * np.pi / CHARACTERS:
        line = np.cos(angle) * along + np.sin(angle) * np.cross(normal, along)
        axes = np.array([np.cross(normal, line), normal, line])
        direction = axes @ along
        values.append(direction @ Stroh(rotated_voigt(stiffness_voigt, axes)).energy_tensor @ direction)
    return np.array(values)


def plane_prefactor(tensor: FloatArray) -> FloatArray:
    """K in the slip plane (2, 2), along x (glide) and z (line), symmetric, from (3, 3) in the dislocation's frame."""
    plane = tensor[np.ix_([0, 2], [0, 2])]
    return (plane + plane.T) / 2


def _in_plane(lattice: FloatArray) -> FloatArray:
    """The two shortest independent periods (2, 2) in the plane y = 0, as x and z."""
    steps = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), -1).reshape(-1, 3) @ lattice
    flat = steps[np.abs(steps[:, 1]) < 1e-3][:, [0, 2]]
    flat = flat[np.argsort(np.linalg.norm(flat, axis=1).round(6), kind="stable")][1:]
    for other in flat[1:]:
        if abs(np.linalg.det(np.array([flat[0], other]))) > 1e-3:
            return np.array([flat[0], other])
    raise InputError("The slip plane has no two periods; is it a lattice plane?")
