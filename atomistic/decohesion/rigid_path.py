"""Opening paths of an interface: structures in, energies and tractions out, all in one batch."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from scipy.interpolate import PchipInterpolator

from atomistic.decohesion.slab import Openable
from atomistic.frames import with_results
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.interface.rigid_path import PathSamples, check_largest_opening

SLIP_STEP = 0.05
"""Å: tangential displacement of the central differences for the shear stiffness."""
_CHUNK = 16


def default_openings(largest: float = 6.0, points: int = 40) -> FloatArray:
    """Openings from slight compression to full separation, dense where the traction peaks.

    Args:
        largest: Last opening, Å; beyond the range of the potential.
        points: Number of openings, at least 12.

    Returns:
        (points,) rising openings in Å, among them 0.

    Raises:
        InputError: too few points, or an opening that cannot reach past the peak.
    """
    if points < 12:
        raise InputError(f"{points} openings cannot resolve a traction curve; use 12 or more.")
    check_largest_opening(largest)
    compressed = np.array([-0.3, -0.2, -0.1])
    stretched = largest * np.linspace(0.0, 1.0, points - len(compressed)) ** 1.5
    return np.concatenate([compressed, stretched])


def rigid_path(
    potential: Potential,
    slab: Openable,
    openings: FloatArray,
    *,
    shear: bool = True,
    progress: Progress = silent,
) -> PathSamples:
    """Move the two halves apart rigidly and evaluate every structure.

    Args:
        potential: The interatomic potential.
        slab: The closed interface: a `CleavageSlab` or a `HeteroInterface`.
        openings: (n,) Å, among them 0.
        shear: Also sample the tangential stiffness, by four slipped structures at every second
            opening.
        progress: Told after each batch.

    Returns:
        The samples for `coupling.interface.rigid_path.rigid_law`.
    """
    return rigid_samples(potential, slab, openings, shear=shear, progress=progress)[0]


def rigid_samples(
    potential: Potential, slab: Openable, openings: FloatArray, *, shear: bool = True, progress: Progress = silent
) -> tuple[PathSamples, list[Atoms]]:
    """The samples of `rigid_path`, and the structures without slip, one an opening, with their results."""
    openings = np.asarray(openings, dtype=float)
    probed = _every_other(openings) if shear else np.zeros(0, dtype=int)
    slips = [(SLIP_STEP, 0.0), (-SLIP_STEP, 0.0), (0.0, SLIP_STEP), (0.0, -SLIP_STEP)]
    structures = [slab.opened(d) for d in openings]
    structures += [slab.opened(d, slip) for slip in slips for d in openings[probed]]
    energy, traction = evaluated(potential, slab, structures, "opening path", progress)
    count, stiffness = len(openings), None
    if shear:
        slipped = traction[count:].reshape(4, len(probed), 3)
        rate = np.column_stack([(slipped[2 * a, :, a] - slipped[2 * a + 1, :, a]) / (2 * SLIP_STEP) for a in (0, 1)])
        stiffness = PchipInterpolator(openings[probed], rate, axis=0)(openings)
    samples = PathSamples(openings, energy[:count], traction[:count, 2], slab.area, slab.spacings, stiffness)
    return samples, structures[:count]


def evaluated(
    potential: Potential, slab: Openable, structures: Sequence[Atoms], what: str, progress: Progress = silent
) -> tuple[FloatArray, FloatArray]:
    """Energies (n,) in eV and tractions (n, 3) in eV/Å³ of openings of a slab, which then carry their results."""
    energies, tractions = [], []
    for start in range(0, len(structures), _CHUNK):
        batch = structures[start : start + _CHUNK]
        evaluation = potential.evaluate(batch)
        energies.append(evaluation.energies)
        tractions.append(slab.tractions(batch, evaluation))
        for atoms, energy, forces in zip(batch, evaluation.energies, evaluation.forces, strict=True):
            with_results(atoms, energy, forces)
        progress(what, min(start + _CHUNK, len(structures)), len(structures))
    return np.concatenate(energies), np.concatenate(tractions)


def _every_other(openings: FloatArray) -> np.ndarray:
    """Indices of every second opening, both ends among them."""
    return np.unique(np.append(np.arange(0, len(openings), 2), len(openings) - 1))
