"""The book that is kept while replicas move."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from atomistic.dynamics.state import State, save_state
from atomistic.dynamics.system import Ensemble, System
from atomistic.dynamics.trajectory import Trajectory
from atomistic.frames import Frames, write_frames
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV

Observe = Callable[[State], FloatArray]
"""What else a sample is: (R, …) of a state."""


@dataclass(frozen=True)
class Keep:
    """What is kept of a run, and where.

    Attributes:
        every: Steps between samples.
        frames: Steps between frames; 0 keeps none.
        observe: What else a sample is.
        trajectory: Extended XYZ of all frames, one replica after the other; written when the run ends or stops.
        checkpoint: `.npz` of the state, from which `load_state` goes on; written on the way, and when the run ends or stops.
        checkpoint_every: Steps between checkpoints on the way.
    """

    every: int = 1
    frames: int = 0
    observe: Observe | None = None
    trajectory: Path | str | None = None
    checkpoint: Path | str | None = None
    checkpoint_every: int = 1000

    def __post_init__(self) -> None:
        if self.every < 1 or self.frames < 0 or self.checkpoint_every < 1:
            raise InputError(
                f"Samples each {self.every}, frames each {self.frames} and checkpoints each {self.checkpoint_every} steps: give "
                "whole numbers from 1, or 0 for no frames."
            )
        if self.trajectory is not None and not self.frames:
            raise InputError("A trajectory's file needs frames; say in `frames` how many steps lie between them.")


class Book:
    """Samples and frames while they grow."""

    def __init__(self, keep: Keep, ensemble: Ensemble, system: System, time_step: float) -> None:
        self._keep, self._ensemble, self._system, self._time_step = keep, ensemble, system, time_step
        self._steps: list[int] = []
        self._rows: list[tuple[FloatArray, FloatArray, FloatArray]] = []
        self._conserved: list[FloatArray] = []
        self._observed: list[FloatArray] = []
        self._frames: list[State] = []

    def enter(self, state: State) -> None:
        """Keep what is due at a state's step, and write its checkpoint if that is."""
        if state.step % self._keep.every == 0:
            self._steps.append(state.step)
            self._rows.append((state.energies, state.kinetic, state.volumes))
            if (conserved := self._ensemble.conserved(state, self._system)) is not None:
                self._conserved.append(conserved)
            if self._keep.observe is not None:
                self._observed.append(np.asarray(self._keep.observe(state)))
        if self._keep.frames and state.step % self._keep.frames == 0:
            self._frames.append(state)
        if self._keep.checkpoint is not None and state.step and state.step % self._keep.checkpoint_every == 0:
            save_state(Path(self._keep.checkpoint), state)

    def close(self, state: State) -> Trajectory:
        """All of it; files are written."""
        energy, kinetic, volume = np.array(self._rows).reshape(-1, 3, len(state.positions)).swapaxes(0, 1)
        frames = tuple(self._of(replica) for replica in range(len(state.positions))) if self._frames else ()
        if self._keep.checkpoint is not None:
            save_state(Path(self._keep.checkpoint), state)
        if self._keep.trajectory is not None and frames:
            write_frames(Path(self._keep.trajectory), frames)
        return Trajectory(
            np.array(self._steps, dtype=np.int64), self._time_step, energy, kinetic, volume,
            np.array(self._conserved) if self._conserved else None,
            np.array(self._observed) if self._observed else None,
            frames, state, self._system.freedom.count, self._system.cost,
        )  # fmt: skip

    def _of(self, replica: int) -> Frames:
        """The frames of a replica."""
        shown, steps = self._frames, np.array([one.step for one in self._frames])
        heat = np.array([one.kinetic[replica] for one in shown])
        info = {
            "time_ps": steps * self._time_step * 1e12,
            "temperature_K": 2 * heat / (self._system.freedom.count * BOLTZMANN_EV),
            "replica": np.full(len(steps), replica),
        }
        return Frames(
            shown[0].numbers, np.array([one.positions[replica] for one in shown]),
            np.array([one.cells[replica] for one in shown]), shown[0].pbc.astype(np.int64),
            np.array([one.forces[replica] for one in shown]), np.array([one.energies[replica] for one in shown]), info,
        )  # fmt: skip
