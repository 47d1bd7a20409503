"""Constant temperature by friction and noise."""

from dataclasses import dataclass, replace

import numpy as np

from atomistic.dynamics.checks import check_temperature, check_time
from atomistic.dynamics.state import TIME, State
from atomistic.dynamics.system import System
from coupling.contracts import FloatArray


@dataclass(frozen=True)
class Langevin:
    """Langevin dynamics by BAOAB (Leimkuhler & Matthews, Appl. Math. Res. Express 2013, 34) in its leapfrog form.

    Positions after whole steps, and velocities half a step earlier, have the exact canonical distribution wherever the
    forces are linear, at every stable time step (Zhang et al., J. Phys. Chem. A 123 (2019) 6056).

    Attributes:
        temperature: K.
        friction: 1/s: velocities are forgotten after its inverse.
    """

    temperature: float
    friction: float = 1e13

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        check_time("friction", self.friction)

    def begin(self, state: State, system: System) -> State:
        """As it is."""
        return state

    def advance(self, state: State, system: System) -> State:
        """A kick, half a drift, friction and noise, half a drift."""
        kept, step = np.exp(-self.friction * TIME * system.step), state.step + 1
        velocities = system.kicked(state.velocities, state.forces, system.step)
        positions = state.positions + system.step / 2 * velocities
        noise = system.thermal(self.temperature, system.random(step), len(positions))
        velocities = kept * velocities + np.sqrt(1 - kept**2) * noise
        positions = positions + system.step / 2 * velocities
        return system.evaluated(replace(state, step=step, positions=positions, velocities=velocities))

    def conserved(self, state: State, system: System) -> FloatArray | None:
        """Nothing is."""
        return None
