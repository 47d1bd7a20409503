"""Umbrella sampling: walkers held in windows of collective variables (Torrie & Valleau, J. Comput. Phys. 23 (1977) 187)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.dynamics.constraints import FREE, Held
from atomistic.dynamics.driver import prepared
from atomistic.dynamics.record import Keep
from atomistic.dynamics.ring_polymer import RingPolymer
from atomistic.dynamics.state import State
from atomistic.dynamics.system import Ensemble
from atomistic.dynamics.trajectory import Trajectory
from atomistic.dynamics.verlet import NVE
from atomistic.sampling.bias import Bias, Biased, Together, Windows
from atomistic.sampling.estimate import FreeEnergy, block_labels, cell_energies, cells_of, jackknife
from atomistic.sampling.mbar import Mbar, mbar
from atomistic.sampling.variables import Variables
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV

SETTLING = 0.2
"""Share of the samples before averages are taken."""


@dataclass(frozen=True)
class UmbrellaRun:
    """Samples of K windows by R = c K walkers, replica r in window r mod K.

    Attributes:
        values: (n, R, d) of the variables.
        fixed: (n, R) energy of the fixed bias, eV.
        fixed_slopes: (n, R, d) its derivatives.
        windows: The restraints.
        temperature: K.
        trajectory: Its energies have the biases in them.
    """

    values: FloatArray
    fixed: FloatArray
    fixed_slopes: FloatArray
    windows: Windows
    temperature: float
    trajectory: Trajectory

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n R,) the block of each sample: every block has samples of all windows."""
        count, walkers = self.values.shape[:2]
        copies = walkers // len(self.windows.centres)
        blocks = block_labels(count, copies).reshape(count, copies)
        return np.repeat(blocks, len(self.windows.centres), axis=1).ravel()

    def solved(self, chosen: NDArray[np.bool_] | None = None, start: FloatArray | None = None) -> Mbar:
        """Weights of the samples (of those that a mask marks, raveled) without restraints and without the fixed bias."""
        thermal = BOLTZMANN_EV * self.temperature
        values, fixed = self.values.reshape(-1, self.values.shape[2]), self.fixed.ravel()
        windows = np.tile(np.arange(self.values.shape[1]) % len(self.windows.centres), len(self.values))
        if chosen is not None:
            values, fixed, windows = values[chosen], fixed[chosen], windows[chosen]
        counts = np.bincount(windows, minlength=len(self.windows.centres))
        found = mbar(self.windows.energies(values) / thermal, counts, start=start)
        logs = found.log_weights + fixed / thermal
        return replace(found, log_weights=logs - np.logaddexp.reduce(logs))

    def free_energy(self, *edges: FloatArray) -> FreeEnergy:
        """The free energy by MBAR, with bars from blocks.

        Args:
            *edges: Of each variable the edges of cells.

        Raises:
            InputError: the windows do not overlap, there are too few samples, or none between the edges.
        """
        known = tuple(np.asarray(one, dtype=float) for one in edges)
        cells = cells_of(self.values.reshape(-1, self.values.shape[2]), known)
        start = self.solved().free_energies

        def estimate(chosen: NDArray[np.bool_]) -> FloatArray:
            weights = self.solved(chosen, start).log_weights
            return cell_energies(cells[chosen], weights, known, self.temperature)

        return FreeEnergy(known, *jackknife(estimate, self.labels), self.temperature)

    def mean_forces(self) -> tuple[FloatArray, FloatArray]:
        """⟨∂F/∂s⟩ of each window, (K, d), and standard errors (Kästner & Thiel, J. Chem. Phys. 123 (2005) 144104).

        Exactly, by parts, the mean of the free energy's derivative over a window's samples is minus the mean derivative of
        all biases. No force of an atom enters.
        """
        count, walkers, size = self.values.shape
        pull = -self.fixed_slopes
        pull = pull - np.array([self.windows.of(one)[1] for one in self.values])
        series = pull.reshape(count, -1, len(self.windows.centres), size)

        def estimate(chosen: NDArray[np.bool_]) -> FloatArray:
            kept = chosen.reshape(count, walkers).reshape(count, -1, len(self.windows.centres))[..., :1, None]
            return np.asarray(np.sum(series * kept, axis=(0, 1)) / np.sum(kept, axis=(0, 1)))

        return jackknife(estimate, self.labels)


def umbrella(
    potential: Potential,
    structures: Atoms | Sequence[Atoms],
    variables: Variables,
    windows: Windows,
    ensemble: Ensemble,
    *,
    steps: int,
    step: float | None = None,
    fixed: Bias | None = None,
    held: Held = FREE,
    seed: int = 0,
    every: int = 10,
    check_step: bool = True,
    progress: Progress = silent,
) -> UmbrellaRun:
    """Move walkers in windows, all in one batch; the first fifth of the samples is left out.

    Args:
        potential: The potential.
        structures: One for all windows, one for each, or any multiple of that: replica r starts in window r mod K.
        variables: Collective variables.
        windows: The restraints.
        ensemble: `NVT` of any kind: `Langevin` or `NoseHoover`.
        steps: How many.
        step: Time step, s; None takes a twentieth of the shortest period of the potential.
        fixed: A bias of all walkers besides, which is taken away again, such as `Walls` or `KnownEnergy`.
        held: Constraints.
        seed: Of velocities and noise.
        every: Steps between samples.
        check_step: See `dynamics`.
        progress: Told after each step.

    Raises:
        InputError: the numbers of structures and windows do not fit, the ensemble has no temperature, or a window is too
            stiff for the time step; and as in `dynamics`.
        Runaway: see `dynamics`.
    """
    temperature = temperature_of(ensemble)
    given = [structures] if isinstance(structures, Atoms) else list(structures)
    count = len(windows.centres)
    if len(given) == 1:
        given = given * count
    if len(given) % count:
        raise InputError(
            f"{len(given)} structures do not fit {count} windows; give one, {count}, or a multiple of that."
        )
    bias = windows if fixed is None else Together((windows, fixed))
    ready = prepared(
        potential, given, ensemble, step=step, held=held, seed=seed, check_step=check_step,
        field=Biased(potential, variables, bias), also=f"{variables.identity} {bias.identity}",
    )  # fmt: skip
    check_stiffness(ready.state, variables, np.asarray(windows.stiffness).max(axis=0), ready.system.step)

    def observe(state: State) -> FloatArray:
        return variables.of(state.positions, state.cells)[0]

    made = ready.moved(ensemble, steps, Keep(every=every, observe=observe), progress=progress)
    values = made.observed[int(SETTLING * steps / every) + 1 :]
    energies, slopes = np.zeros(values.shape[:2]), np.zeros(values.shape)
    if fixed is not None:
        energies, slopes = (np.array(part) for part in zip(*map(fixed.of, values), strict=True))
    return UmbrellaRun(values, energies, slopes, windows, temperature, made)


def temperature_of(ensemble: Ensemble) -> float:
    """K.

    Raises:
        InputError: none is set, or the ensemble is one of constant energy or of ring polymers.
    """
    if isinstance(ensemble, RingPolymer):
        raise InputError("A bias acts on atoms, not on the beads of ring polymers; take Langevin or NoseHoover.")
    if ensemble.temperature is None or isinstance(ensemble, NVE):
        raise InputError("A bias needs a temperature that is held; take Langevin or NoseHoover.")
    return ensemble.temperature


def check_stiffness(state: State, variables: Variables, stiffness: FloatArray, step: float) -> None:
    """Refuse restraints that oscillate too fast for the time step: ω² = k Σ |∂s/∂x|²/m of each variable alone."""
    gradients = variables.of(state.positions, state.cells)[1]
    lightness = np.max(np.sum(gradients**2 / state.masses[:, None], axis=(2, 3)), axis=0)
    fast = stiffness * lightness * step**2
    if np.any(fast > 1):
        k = int(np.argmax(fast))
        raise InputError(
            f"A restraint of {stiffness[k]:.3g} on variable {k} is too stiff for the time step; take at most "
            f"{stiffness[k] / fast[k]:.3g}, or a shorter step."
        )
