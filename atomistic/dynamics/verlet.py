"""Constant energy: velocity Verlet (Swope et al., J. Chem. Phys. 76 (1982) 637)."""

from dataclasses import dataclass, replace

from atomistic.dynamics.checks import check_temperature
from atomistic.dynamics.state import State
from atomistic.dynamics.system import System
from coupling.contracts import FloatArray


@dataclass(frozen=True)
class NVE:
    """Newton's equations; the energy's error falls with the square of the time step.

    Attributes:
        temperature: K, of the velocities that structures without any are given; None leaves them at rest.
    """

    temperature: float | None = None

    def __post_init__(self) -> None:
        if self.temperature is not None:
            check_temperature(self.temperature)

    def begin(self, state: State, system: System) -> State:
        """As it is."""
        return state

    def advance(self, state: State, system: System) -> State:
        """Half a kick, a drift, half a kick."""
        velocities = system.kicked(state.velocities, state.forces, system.step / 2)
        positions = state.positions + system.step * velocities
        moved = system.evaluated(replace(state, step=state.step + 1, positions=positions))
        return replace(moved, velocities=system.kicked(velocities, moved.forces, system.step / 2))

    def conserved(self, state: State, system: System) -> FloatArray:
        """Kinetic and potential energy."""
        return state.energies + state.kinetic
