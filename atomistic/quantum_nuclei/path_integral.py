"""Path-integral molecular dynamics with any potential: all beads of all replicas in one batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from ase import Atoms

from atomistic.dynamics.blocks import block_error, jackknifed
from atomistic.dynamics.constraints import FREE, Held
from atomistic.dynamics.driver import LARGEST_MOVE, dynamics
from atomistic.dynamics.record import Keep
from atomistic.dynamics.ring_polymer import RingPolymer
from atomistic.dynamics.safe_step import vibration_limit
from atomistic.dynamics.state import TIME, State
from atomistic.dynamics.trajectory import Trajectory
from atomistic.properties.measurement import Measurement
from atomistic.quantum_nuclei.estimators import RingEnergies
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, unknown_choice
from coupling.units import BOLTZMANN_EV

Estimator = Literal["primitive", "virial", "potential"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)


@dataclass(frozen=True)
class RingSamples:
    """n samples of R ring polymers, whoever moved them.

    Attributes:
        ring: Temperature and beads.
        coordinates: Three for each atom that moves.
        energies: (3, n, R) primitive and virial estimates of the energy, and the mean potential energy, eV.
    """

    ring: RingPolymer
    coordinates: int
    energies: FloatArray

    def energy(self, estimator: Estimator = "virial", *, settling: float = 0.2) -> Measurement:
        """Mean energy of a replica, with its block error.

        Args:
            estimator: "primitive" or "virial", two estimates of the whole energy, or "potential".
            settling: Share of the samples before averages are taken.

        Raises:
            InputError: the estimator is unknown, or too few samples are left.
        """
        if estimator not in ESTIMATORS:
            raise unknown_choice("estimator", estimator, ESTIMATORS)
        return averaged(self.settled(settling)[ESTIMATORS.index(estimator)], "eV")

    def heat_capacity(self, *, settling: float = 0.2) -> Measurement:
        """C_V of a replica, with a jackknife error; at one bead the classical one.

        Args:
            settling: Share of the samples before averages are taken.

        Raises:
            InputError: too few samples are left.
        """
        primitive, virial, _ = self.settled(settling)
        thermal = BOLTZMANN_EV * self.ring.temperature

        def capacity(first: FloatArray, second: FloatArray) -> float:
            shared = float(np.cov(first, second)[0, 1])
            return BOLTZMANN_EV * (shared / thermal**2 + self.coordinates / 2)

        value, error = jackknifed(capacity, primitive, virial)
        return Measurement(value, "eV/K", error, "jackknife over blocks of the trajectory")

    def settled(self, settling: float) -> FloatArray:
        """(3, m, R) energies without the first ones."""
        if not 0 <= settling < 1:
            raise InputError(f"A share of {settling} for settling is none; give one from 0 to below 1, such as 0.2.")
        return self.energies[:, int(np.ceil(settling * self.energies.shape[1])) :]


@dataclass(frozen=True)
class PathIntegral(RingSamples):
    """Samples of the own driver.

    Attributes:
        trajectory: Of the beads, those of the first ring polymer first.
    """

    trajectory: Trajectory


def averaged(series: FloatArray, unit: str) -> Measurement:
    """Mean of samples (n, R) of R independent replicas with its block error."""
    errors = np.array([block_error(one) for one in series.T])
    return Measurement(
        float(series.mean()), unit, float(np.sqrt(np.sum(errors**2)) / len(errors)), "blocks of the trajectory"
    )


def ring_step(potential: Potential, atoms: Atoms, ring: RingPolymer) -> float:
    """A safe time step, s: a twentieth of the shortest period, half of the longest that the free ring allows, or the time in
    which the lightest bead moves a tenth of what counts as running away, whichever is least."""
    fastest = np.sqrt(ring.beads * BOLTZMANN_EV * ring.temperature / atoms.get_masses().min())
    longest = min(ring.longest_step / 2, LARGEST_MOVE / 10 / fastest * TIME)
    limit = vibration_limit(potential, atoms)
    return min(limit.safe_step, longest)


def path_integral(
    potential: Potential,
    structures: Atoms | Sequence[Atoms] | State,
    ring: RingPolymer,
    *,
    steps: int,
    step: float | None = None,
    held: Held = FREE,
    seed: int = 0,
    keep: Keep | None = None,
    progress: Progress = silent,
) -> PathIntegral:
    """Move R replicas of one structure as ring polymers, all beads of all replicas in one batch.

    Args:
        potential: The potential.
        structures: One structure or replicas of it, in which the beads of each atom begin at one place; or a state, which
            goes on where it is.
        ring: Temperature, beads and thermostat.
        steps: How many steps more.
        step: Time step, s; None takes a safe one (`ring_step`), which a run that goes on must be given.
        held: Constraints: fixed atoms are classical, and all else is held of the centroids.
        seed: Of velocities and noise.
        keep: What is sampled and where it is written; `observe` is not free.
        progress: Told after each step.

    Raises:
        InputError: as `dynamics`; or something else was to be observed.
        Runaway: as `dynamics`.
    """
    keep = Keep() if keep is None else keep
    if keep.observe is not None:
        raise InputError(
            "Path integrals observe their own energies; for other observables call dynamics with a RingPolymer and your own "
            "Keep.observe, in which RingEnergies gives these."
        )
    beads = structures if isinstance(structures, State) else _beads(structures, ring)
    given = beads if isinstance(beads, State) else State.of(beads)
    if step is None:
        step = ring_step(potential, given.structures[0], ring)
    fixed = 0 if held.fixed is None else int(np.sum(held.fixed))
    coordinates = 3 * (len(given.numbers) - fixed)
    made = dynamics(
        potential, beads, ring, steps=steps, step=step, held=held, seed=seed, check_step=False,
        keep=replace(keep, observe=RingEnergies(ring, coordinates)), progress=progress,
    )  # fmt: skip
    return PathIntegral(ring, coordinates, np.moveaxis(made.observed, 2, 0), made)


def _beads(structures: Atoms | Sequence[Atoms], ring: RingPolymer) -> list[Atoms]:
    """Each structure as often as there are beads."""
    listed = [structures] if isinstance(structures, Atoms) else list(structures)
    return [one for one in listed for _ in range(ring.beads)]
