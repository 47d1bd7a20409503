"""Constant temperature without noise: chains of Nosé-Hoover thermostats."""

from dataclasses import dataclass, replace

import numpy as np

from atomistic.dynamics.checks import check_period, check_temperature
from atomistic.dynamics.state import TIME, State
from atomistic.dynamics.system import System
from atomistic.dynamics.verlet import NVE
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV


@dataclass(frozen=True)
class NoseHoover:
    """Nosé-Hoover chains (Martyna, Klein, Tuckerman, J. Chem. Phys. 97 (1992) 2635; 1996's reversible steps).

    One chain moves a whole replica, and leaves harmonic modes, which exchange no energy, at the temperatures that they
    have: there take `massive`, a chain for each coordinate, or `Langevin`.

    Attributes:
        temperature: K.
        period: τ of the chain's masses Q = kTτ², s; some ten times that of vibrations.
        length: Thermostats in a chain.
        massive: A chain for each coordinate; not with constraints.
    """

    temperature: float
    period: float = 1e-13
    length: int = 3
    massive: bool = False

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        check_period(self.period)
        if self.length < 1:
            raise InputError(f"A chain of {self.length} thermostats is none; give 3, or more.")

    def begin(self, state: State, system: System) -> State:
        """With chains at rest."""
        if self.massive and system.freedom.count != state.positions[0].size:
            raise InputError("A chain for each coordinate does not go with constraints; take Langevin, or one chain.")
        groups = state.positions.shape if self.massive else (len(state.positions), 1, 1)
        return replace(state, chain=np.zeros((2, *groups, self.length)))

    def advance(self, state: State, system: System) -> State:
        """Half a step of the chains, a step of Verlet, half a step of the chains."""
        return self._thermostatted(NVE().advance(self._thermostatted(state, system), system), system)

    def conserved(self, state: State, system: System) -> FloatArray:
        """Energy of atoms and chains."""
        masses, freedom = self._masses(system)
        places, rates = state.chain
        own = 0.5 * masses * rates**2 + freedom * BOLTZMANN_EV * self.temperature * places
        return np.asarray(state.energies + state.kinetic + own.sum(axis=(1, 2, 3)))

    def _masses(self, system: System) -> tuple[FloatArray, FloatArray]:
        """Of the thermostats of a chain, (M,) eV TIME², and the degrees of freedom that each has below it, (M,)."""
        freedom = np.ones(self.length)
        freedom[0] = 1 if self.massive else system.freedom.count
        return freedom * BOLTZMANN_EV * self.temperature * (self.period / TIME) ** 2, freedom

    def _thermostatted(self, state: State, system: System) -> State:
        """Half a step of the chains, from their ends to the atoms and back."""
        masses, freedom = self._masses(system)
        places, rates = state.chain.copy()
        doubled = system.masses * state.velocities**2
        doubled = doubled if self.massive else doubled.sum(axis=(1, 2), keepdims=True)
        half, last = system.step / 2, self.length - 1

        def push(k: int) -> None:
            below = doubled if k == 0 else masses[k - 1] * rates[..., k - 1] ** 2
            pull = (below - freedom[k] * BOLTZMANN_EV * self.temperature) / masses[k]
            slowed = np.exp(-half / 4 * rates[..., k + 1]) if k < last else 1.0
            rates[..., k] = (rates[..., k] * slowed + half / 2 * pull) * slowed

        for k in range(last, -1, -1):
            push(k)
        scale = np.exp(-half * rates[..., 0])
        doubled = doubled * scale**2
        places += half * rates
        for k in range(self.length):
            push(k)
        return replace(state, velocities=state.velocities * scale, chain=np.array([places, rates]))
