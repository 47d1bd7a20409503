"""The crystal's own force constants, and their inverse by Fourier transform: for boxes full of atoms."""

from collections.abc import Callable

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.fft import irfftn, rfftn

from atomistic.site_energies import energy_range, whole_forces
from continuum.mesh.lattice import rows_of
from coupling.contracts import FloatArray
from multiscale.concurrent.problem import Problem

_MOVE = 1e-3
"""Å an atom is moved for the force constants."""


def force_constants(problem: Problem) -> tuple[NDArray[np.int64], FloatArray]:
    """−∂f(R)/∂u(0) of the perfect crystal in the homogeneous state, columns moved as a whole.

    Returns:
        Lattice steps R (k, d) and matrices (k, 3, 3), eV/Å².
    """
    lattice, d = problem.lattice, problem.lattice.dimension
    reach = 2.2 * energy_range(problem.potential)
    steps = lattice.within(np.zeros((1, d)), reach)
    sites = lattice.within(np.zeros((1, d)), 1.5 * reach + lattice.spacing)
    cell, periodic = np.zeros((3, 3)), d == 2
    if periodic:
        cell[2] = problem.deformation @ lattice.vectors[2]
    positions = lattice.points(sites) @ problem.deformation.T
    atoms = Atoms([lattice.number] * len(sites), positions=positions, cell=cell, pbc=(False, False, periodic))
    total = whole_forces(problem.potential, atoms, np.ones(len(sites)))
    middle = int(np.flatnonzero((sites == 0).all(axis=1))[0])
    kept = rows_of(sites, steps)
    matrices = np.empty((len(steps), 3, 3))
    for axis in range(3):
        moved = positions.copy()
        moved[middle, axis] += _MOVE
        ahead = total.evaluate(moved)[1][kept]
        moved[middle, axis] -= 2 * _MOVE
        matrices[:, :, axis] = (total.evaluate(moved)[1][kept] - ahead) / (2 * _MOVE)
    matrices[(steps == 0).all(axis=1)] -= matrices.sum(axis=0)  # a rigid shift costs nothing
    return steps, matrices


def periodic_inverse(problem: Problem) -> Callable[[FloatArray], FloatArray]:
    """Approximately the inverse of the stiffness of all sites in the box: exact but for its faces.

    Returns:
        Takes forces (n, 3) on `problem.sites`, gives displacements (n, 3).
    """
    steps, matrices = force_constants(problem)
    shape = tuple(2 * problem.half)
    kernel = np.zeros((*shape, 3, 3))
    np.add.at(kernel, tuple(steps.T % np.array(shape)[:, None]), matrices)
    axes = tuple(range(len(shape)))
    symbol = rfftn(kernel, axes=axes).real
    symbol = (symbol + np.swapaxes(symbol, -1, -2)) / 2
    origin = (0,) * len(shape)
    symbol[origin] = np.eye(3)
    lowest = np.linalg.eigvalsh(symbol.reshape(-1, 3, 3)[1:]).min()
    symbol[origin] = lowest * np.eye(3)
    inverse = np.linalg.inv(symbol)
    inner = tuple(2 * problem.half - 1)

    def solve(forces: FloatArray) -> FloatArray:
        spectrum = rfftn(forces.reshape(*inner, 3), s=shape, axes=axes)
        moved = irfftn(np.einsum("...ij,...j->...i", inverse, spectrum), s=shape, axes=axes)
        return moved[tuple(slice(0, n) for n in inner)].reshape(-1, 3)

    return solve
