"""What is kept of moving replicas: energies, observables, frames, and the state at the end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atomistic.dynamics.state import State
from atomistic.frames import Frames
from coupling.contracts import Cost, FloatArray
from coupling.errors import NotConverged
from coupling.units import BOLTZMANN_EV


@dataclass(frozen=True)
class Trajectory:
    """n samples of R replicas.

    Attributes:
        steps: (n,) at which step each was taken.
        time_step: s.
        energy: (n, R) potential energy, eV.
        kinetic: (n, R) eV; under `Langevin` and `NPT` half a step earlier, where its distribution is the exact one; of beads
            that of the ring polymer's momenta, which is no quantum energy.
        volume: (n, R) Å³.
        conserved: (n, R) eV: what only the time step changes; None where noise exchanges energy.
        observed: (n, R, …) what `observe` gave; None without.
        frames: Of each replica; empty where none were asked for.
        state: The last one.
        freedom: Degrees of freedom of a replica, or of a ring polymer.
        cost: Computational cost.
    """

    steps: NDArray[np.int64]
    time_step: float
    energy: FloatArray
    kinetic: FloatArray
    volume: FloatArray
    conserved: FloatArray | None
    observed: FloatArray | None
    frames: tuple[Frames, ...]
    state: State
    freedom: int
    cost: Cost

    @property
    def time(self) -> FloatArray:
        """(n,) ps."""
        return np.asarray(self.steps * self.time_step * 1e12)

    @property
    def temperature(self) -> FloatArray:
        """(n, R) K, of the kinetic energy; of a ring polymer, the mean over its beads is the temperature."""
        return np.asarray(2 * self.kinetic / (self.freedom * BOLTZMANN_EV))

    @property
    def drift(self) -> FloatArray:
        """(R,) slope of the conserved energy, eV per atom and ps; NaN where there is none."""
        if self.conserved is None:
            return np.full(self.energy.shape[1], np.nan)
        return np.asarray(np.polyfit(self.time, self.conserved, 1)[0]) / len(self.state.numbers)


class Runaway(NotConverged):
    """Atoms left their places, or energies and forces are no numbers: the dynamics stopped.

    Attributes:
        trajectory: All until then; its state is the last good one.
    """

    def __init__(self, message: str, trajectory: Trajectory) -> None:
        super().__init__(message)
        self.trajectory = trajectory
