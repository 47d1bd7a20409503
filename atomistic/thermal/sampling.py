"""How long and in which cell a crystal is sampled."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from ase import Atoms

from atomistic.dynamics import NPT, Keep, Langevin, State, Trajectory, dynamics, vibration_limit
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError

_SETTLED = 0.1


@dataclass(frozen=True)
class Sampling:
    """Length of dynamics.

    Attributes:
        repeats: Of the crystal's cell.
        replicas: How many cells move in a batch.
        steps: Time steps, of which the first tenth is left out.
        every: Steps between samples.
        step: Time step, s; None: a twentieth of the shortest period.
        friction: Of the atoms, 1/s.
        seed: Of velocities and noise.
    """

    repeats: tuple[int, int, int] = (3, 3, 3)
    replicas: int = 8
    steps: int = 2000
    every: int = 5
    step: float | None = None
    friction: float = 1e13
    seed: int = 0

    def __post_init__(self) -> None:
        if min(*self.repeats, self.replicas, self.every) < 1 or self.steps < 20 * self.every:
            raise InputError(
                f"{self.steps} steps, each {self.every} sampled, of {self.replicas} replicas of {self.repeats} cells are too few; "
                "give whole numbers from 1, and steps for 20 samples or more."
            )

    def moved(
        self, potential: Potential, crystal: Atoms, ensemble: Langevin | NPT, progress: Progress = silent
    ) -> Trajectory:
        """Dynamics of replicas of the crystal's supercell; what is observed are the stresses without their kinetic part (Voigt)."""
        return dynamics(
            potential, [crystal.repeat(self.repeats)] * self.replicas, ensemble, steps=self.steps, step=self.step,
            seed=self.seed, keep=Keep(every=self.every, observe=stress_voigt), check_step=False, progress=progress,
        )  # fmt: skip

    def stepped(self, potential: Potential, crystal: Atoms) -> Self:
        """With the safe time step of a crystal, so that several runs have the same one and the same noise."""
        safe = vibration_limit(potential, crystal.repeat(self.repeats)).safe_step
        return self if self.step is not None else replace(self, step=safe)

    def settled(self, series: FloatArray) -> FloatArray:
        """What is left of a series without its first tenth."""
        return series[round(_SETTLED * len(series)) :]


def stress_voigt(state: State) -> FloatArray:
    """(R, 6) stresses of a state without their kinetic part, eV/Å³, order xx yy zz yz xz xy."""
    return np.asarray(state.stresses[:, [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]])
