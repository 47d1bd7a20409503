"""Generalised stacking faults: γ-surfaces relaxed along the normal, and the faults of fcc (111)."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.build import bulk as fcc

from atomistic.decohesion.slab import CleavageSlab, cleavage_slab
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.properties.measurement import Measurement
from atomistic.relax import Constraints, relax
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import EV_A2


@dataclass(frozen=True)
class FaultEnergies:
    """Energy of a crystal slid over itself along one plane.

    Attributes:
        slips: (n, 2) Å, in the slab's x and y.
        energies: (n,) J/m².
        expansion: (n,) by how much the cell grew along the normal, Å.
        residual_force: Largest force that the constraints leave, eV/Å.
        cost: Computational cost.
    """

    slips: FloatArray
    energies: FloatArray
    expansion: FloatArray
    residual_force: float
    cost: Cost


@dataclass(frozen=True)
class StackingFault:
    """The faults of fcc (111), J/m².

    Attributes:
        intrinsic: γ at the slip a/√6 along ⟨112⟩ that makes one hcp layer.
        unstable: γ at half of that slip, the ideal position of the saddle.
        cost: Computational cost.
    """

    intrinsic: Measurement
    unstable: Measurement
    cost: Cost


def gamma_surface(
    potential: Potential,
    slab: CleavageSlab,
    slips: FloatArray,
    *,
    force: float = 5e-3,
    stress: float = 5e7,
    progress: Progress = silent,
) -> FaultEnergies:
    """Slide by tilting the cell, one fault per cell; heights of atoms and cell relax (Vitek 1968).

    Args:
        potential: The potential.
        slab: The crystal; the fault is at the top of its cell.
        slips: (n, 2) Å along the slab's x and y.
        force: Largest force along the normal that may remain, eV/Å.
        stress: Largest normal stress that may remain, Pa.
        progress: Called after each step.

    Raises:
        InputError: a slip is not finite.
        NotConverged: a faulted cell does not relax.
    """
    slips = np.asarray(slips, dtype=float).reshape(-1, 2)
    if not np.isfinite(slips).all():
        raise InputError("A slip of the γ-surface is not finite; give numbers in Å.")
    structures = [slab.opened(0.0, (s[0], s[1])) for s in np.vstack([np.zeros((1, 2)), slips])]
    heights_only = np.tile([False, False, True], (len(slab.atoms), 1))
    held = Constraints(free=heights_only, cell="height")
    found = relax(potential, structures, held, force=force, stress=stress, progress=progress)
    heights = np.array([atoms.cell[2, 2] for atoms in found.structures])
    return FaultEnergies(
        slips=slips,
        energies=(found.energies[1:] - found.energies[0]) / slab.area * EV_A2,
        expansion=heights[1:] - heights[0],
        residual_force=float(found.forces.max()),
        cost=found.cost,
    )


def fcc_stacking_fault(
    potential: Potential, bulk: Atoms, *, layers: int = 9, progress: Progress = silent
) -> StackingFault:
    """Intrinsic and unstable fault energy of an fcc crystal from tilted cells of two thicknesses.

    Args:
        potential: The potential.
        bulk: The primitive or the cubic fcc cell, cubic axes along Cartesian ones, at its equilibrium.
        layers: (111) layers of the thin cell, a multiple of 3; the thick one has 3 more.
        progress: Called after each step.

    Returns:
        The thick cell's values; their error is the difference from the thin cell.

    Raises:
        InputError: the crystal is not fcc, or the layers are no multiple of 3.
        NotConverged: a faulted cell does not relax.
    """
    if layers < 6 or layers % 3:
        raise InputError(f"{layers} layers do not stack as fcc; give a multiple of 3, at least 6.")
    a = (4 * bulk.get_volume() / len(bulk)) ** (1 / 3)
    if len(neighbour_pairs(bulk, 0.85 * a)[0]) != 12 * len(bulk) or len(set(bulk.numbers.tolist())) != 1:
        raise InputError(f"The crystal {bulk.get_chemical_formula()} is not an element's fcc; give one that is.")
    primitive = fcc(bulk.get_chemical_symbols()[0], "fcc", a=a)
    found = []
    for count in (layers, layers + 3):
        slab = cleavage_slab(primitive, (1, 1, 1), count, conventional=np.eye(3) * a)
        slip = _next_layer(slab)
        found.append(gamma_surface(potential, slab, np.array([slip, slip / 2]), progress=progress))
    thin, thick = (one.energies for one in found)
    intrinsic, unstable = (
        Measurement(float(thick[k]), "J/m^2", float(abs(thick[k] - thin[k])), "a thinner cell") for k in (0, 1)
    )
    return StackingFault(intrinsic, unstable, found[0].cost + found[1].cost)


def _next_layer(slab: CleavageSlab) -> FloatArray:
    """In-plane offset t (2,) of neighbouring layers, the shortest of its lattice images.

    A slip by t turns the offset t at the cell's top into 2t = -t: ABC|BCA, one intrinsic fault.
    """
    order = np.argsort(slab.atoms.positions[:, 2])
    first, second = slab.atoms.positions[order[:2], :2]
    lattice = slab.atoms.cell.array[:2, :2]
    images = [second - first + np.array(k) @ lattice for k in np.ndindex(5, 5)]
    images = [image - 2 * lattice.sum(0) for image in images]
    return min(images, key=np.linalg.norm)
