"""The normal path at a temperature by constrained molecular dynamics: mean forces with error bars.

At an imposed gap and length, Langevin dynamics samples everything else. Of the free energy F(gap, length)
the two mean forces are read off, ∂F/∂gap at fixed length (the force of the constraint) and ∂F/∂length at
fixed gap, and with them the rate of F along a path, dF/dgap = ∂F/∂gap + ∂F/∂length · dlength/dgap. With the
bulk's rate taken away at the same traction of the static path, the traction of the law is the rate of the
excess over that of the excess opening.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy import constants as physics
from scipy.interpolate import CubicSpline

from atomistic.decohesion.slab import boundary_tractions
from coupling.contracts import Evaluation, FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.interface.excess import BulkBranch, SlabBranch, taken_away
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV

_DAMPING = 0.05  # friction times the time step
_SETTLING = 0.2  # of the steps, before averages are taken
_FEWEST_BLOCKS = 16
_FORCE = EV / ANGSTROM**2 / physics.atomic_mass
"""Å/s² per (eV/Å)/u: accelerations."""


@dataclass(frozen=True)
class MeanForces:
    """Averages over a trajectory of each structure, with standard errors; per in-plane unit cell.

    Attributes:
        gap: (n,) ∂F/∂gap at fixed length, eV/Å.
        length: (n,) ∂F/∂length at fixed gap, eV/Å.
        gap_std: (n,) eV/Å.
        length_std: (n,) eV/Å.
        temperature: (n,) kinetic, K: should be the one asked for.
    """

    gap: FloatArray
    length: FloatArray
    gap_std: FloatArray
    length_std: FloatArray
    temperature: FloatArray


def block_error(series: FloatArray) -> float:
    """Standard error of the mean of a correlated series (Flyvbjerg & Petersen 1989).

    The largest over blocks of 1, 2, 4 … samples, as long as there are 16 blocks.
    """
    series, errors = np.asarray(series, dtype=float), []
    while len(series) >= _FEWEST_BLOCKS:
        errors.append(series.std(ddof=1) / np.sqrt(len(series)))
        even = len(series) // 2 * 2
        series = 0.5 * (series[0:even:2] + series[1:even:2])
    if not errors:
        raise InputError(f"{len(series)} samples give no error bar; take {_FEWEST_BLOCKS} or more.")
    return float(max(errors))


def mean_forces(
    potential: Potential,
    structures: Sequence[Atoms],
    temperature: float,
    time_step: float,
    steps: int,
    *,
    repeats: tuple[int, int, int] = (2, 2, 1),
    held: FloatArray | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> MeanForces:
    """Langevin dynamics (BAOAB, Leimkuhler & Matthews 2013) of all structures in one batch.

    Args:
        potential: The interatomic potential.
        structures: n structures of the same atoms, in their static equilibrium.
        temperature: K.
        time_step: s; `Phonons.safe_time_step`.
        steps: Time steps; the first fifth is not averaged.
        repeats: The supercell that moves.
        held: (1, 3N) the gap's coordinate (`thermal.gap_coordinates`), which is held; None for a bulk.
        seed: Of the random numbers.
        progress: Told now and then.

    Raises:
        InputError: too few steps for an error bar, or no temperature.
    """
    if not temperature > 0:
        raise InputError(f"Dynamics at {temperature} K do not move; give a positive temperature.")
    moving = [atoms * repeats for atoms in structures]
    area = float(abs(np.linalg.det(moving[0].cell.array[:2, :2])))
    constraint = None if held is None else np.tile(held.reshape(-1, 3), (int(np.prod(repeats)), 1)) / np.prod(repeats)
    walkers = _Walkers(moving, temperature, constraint, seed)
    settled, gap, length, kinetic = int(_SETTLING * steps), [], [], []
    found = potential.evaluate(walkers.structures)
    for step in range(steps):
        found = walkers.advance(potential, np.array(found.forces), time_step)
        if step >= settled:
            opening = boundary_tractions(walkers.structures, found, area)[:, 2] * area
            squeeze = walkers.squeeze(np.array(found.forces))
            gap.append(squeeze if held is not None else np.zeros(len(structures)))
            length.append(opening - squeeze)
            kinetic.append(walkers.temperature())
        progress("dynamics", step + 1, steps)
    cells = repeats[0] * repeats[1]
    series = [np.array(values).T / cells for values in (gap, length)]
    means, errors = (
        [f(s) for s in series] for f in (lambda s: s.mean(axis=1), lambda s: np.array([block_error(x) for x in s]))
    )
    return MeanForces(means[0], means[1], errors[0], errors[1], np.mean(kinetic, axis=0))


class _Walkers:
    """Structures in motion with one linear constraint each."""

    def __init__(self, structures: list[Atoms], temperature: float, held: FloatArray | None, seed: int) -> None:
        self.structures = structures
        self._random = np.random.default_rng(seed)
        masses = structures[0].get_masses()[:, None]
        self._masses = masses
        self._spread = np.sqrt(BOLTZMANN_EV * temperature / masses * _FORCE)
        self._held = held
        self._thermal = BOLTZMANN_EV * temperature
        self._velocities = np.array([self._allowed(self._spread * self._noise()) for _ in structures])
        self._freedom = 3 * len(masses) - (0 if held is None else 1)

    def _noise(self) -> FloatArray:
        return self._random.standard_normal((len(self._masses), 3))

    def _allowed(self, velocities: FloatArray) -> FloatArray:
        """Velocities without their part along the constraint, in the metric of the masses."""
        if self._held is None:
            return velocities
        weighted = self._held / self._masses
        return velocities - weighted * (np.sum(self._held * velocities) / np.sum(self._held * weighted))

    def advance(self, potential: Potential, forces: FloatArray, time_step: float) -> Evaluation:
        """One step; returns the evaluation at its end."""
        kept = np.exp(-_DAMPING)
        for k, atoms in enumerate(self.structures):
            v = self._allowed(self._velocities[k] + 0.5 * time_step * _FORCE * forces[k] / self._masses)
            atoms.positions += 0.5 * time_step * v
            v = self._allowed(kept * v + np.sqrt(1 - kept**2) * self._spread * self._noise())
            atoms.positions += 0.5 * time_step * v
            self._velocities[k] = v
        found = potential.evaluate(self.structures)
        for k, force in enumerate(found.forces):
            self._velocities[k] = self._allowed(self._velocities[k] + 0.5 * time_step * _FORCE * force / self._masses)
        return found

    def squeeze(self, forces: FloatArray) -> FloatArray:
        """(n,) rate of F as the atoms are squeezed evenly along z by a length, the cell fixed, eV/Å.

        With a gap held that is ∂F/∂gap; for the bulk it turns the traction across the top into that of an
        even strain. All planes take part, so it fluctuates less than the force across one of them. The
        second term is the volume's: of the N coordinates z all shrink that are free, N - 1 without the centre of
        mass, N - 2 with the gap held, whose delta function shrinks as 1/gap.
        """
        levels = np.array([atoms.positions[:, 2] for atoms in self.structures])
        if self._held is None:
            extent = np.array([atoms.cell[2, 2] for atoms in self.structures])
        else:
            extent = -levels @ self._held[:, 2]
        free = levels.shape[1] - (1 if self._held is None else 2)
        virial = np.sum(forces[:, :, 2] * levels, axis=1)
        return np.asarray((virial + self._thermal * free) / extent)

    def temperature(self) -> FloatArray:
        """(n,) kinetic temperature, K."""
        energy = 0.5 * np.sum(self._masses * self._velocities**2, axis=(1, 2)) / _FORCE
        return np.asarray(2 * energy / (self._freedom * BOLTZMANN_EV))


def mean_traction(
    slab: SlabBranch, bulk: BulkBranch, whole: MeanForces, own: MeanForces
) -> tuple[FloatArray, FloatArray]:
    """Traction of the law at the temperature and its standard error, gap in the law, eV/Å³.

    Args:
        slab: The static path at whose gaps and lengths `whole` was sampled.
        bulk: Its bulk reference, at whose heights `own` was sampled, in cells of all the slab's repeats.
        whole: Mean forces of the slab.
        own: Mean forces of the bulk.
    """

    def rate(values: FloatArray) -> FloatArray:
        return np.asarray(CubicSpline(slab.gap, values)(slab.gap, 1))

    closed = slab.closed
    (layers,) = taken_away(slab.repeats, slab.interfaces, bulk.height[[closed]], bulk.gap[[closed]], "in law")
    stretched = layers * rate(bulk.height)
    opened = rate(slab.length) - stretched
    force = whole.gap + whole.length * rate(slab.length) - own.length * stretched
    error = np.sqrt(whole.gap_std**2 + (whole.length_std * rate(slab.length)) ** 2 + (own.length_std * stretched) ** 2)
    return force / (slab.area * opened), error / np.abs(slab.area * opened)
