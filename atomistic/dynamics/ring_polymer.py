"""Quantum nuclei by ring polymers: beads on springs in thermal equilibrium, in the coordinates in which they move freely.

P beads x_j at P times the temperature, with springs of ω_P = PkT/ħ between neighbours, have the centroids, energies and
positions of quantum particles as P → ∞ (Parrinello & Rahman, J. Chem. Phys. 80 (1984) 860). Without the potential the normal
modes of the ring, of frequencies Ω_k = 2ω_P sin(kπ/P), move independently and are propagated without error; friction of
2Ω_k on each of them is PILE-L (Ceriotti, Parrinello, Markland, Manolopoulos, J. Chem. Phys. 133 (2010) 124104).
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from scipy import constants as physics

from atomistic.dynamics.checks import check_temperature, check_time
from atomistic.dynamics.state import TIME, State
from atomistic.dynamics.system import System
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.units import BOLTZMANN_EV, EV

HBAR: float = physics.hbar / (EV * TIME)
"""eV `TIME`."""
_EXACT_UP_TO = np.pi / 2
"""Largest Ω h of exact free motion: past it the fastest mode is near its resonance with the kicks at π."""

Propagation = Literal["exact", "cayley"]


def ring_modes(beads: int) -> FloatArray:
    """(P, P) orthonormal columns: the normal modes of a ring, the centroid times √P first."""
    place = 2 * np.pi * np.outer(np.arange(beads), np.arange(beads)) / beads
    half = beads // 2
    made = np.sqrt(2 / beads) * np.where(np.arange(beads) <= half, np.cos(place), np.sin(place))
    made[:, 0] = 1 / np.sqrt(beads)
    if beads % 2 == 0:
        made[:, half] = (-1.0) ** np.arange(beads) / np.sqrt(beads)
    return made


def ring_frequencies(beads: int, temperature: float) -> FloatArray:
    """(P,) Ω_k = 2 (PkT/ħ) sin(kπ/P) of the modes of `ring_modes`, 1/`TIME`."""
    return 2 * beads * BOLTZMANN_EV * temperature / HBAR * np.sin(np.pi * np.arange(beads) / beads)


@dataclass(frozen=True)
class RingPolymer:
    """Path-integral Langevin dynamics: every P structures in the batch are the beads of one ring polymer.

    A step is a kick, half a step of free motion, friction and noise, half a step of free motion: with one bead that is
    `Langevin`. Of a harmonic mode ω the stationary ⟨x²⟩ of each normal mode is P kT/m / (Ω² + ω² θ/tan θ), θ = Ωh/2, where
    Ω² + ω² would be right: exact free motion has an error of ω²h²/12 at most in it. Cayley's approximation of that motion turns
    each mode by 2 atan θ in place of 2θ; ⟨x²⟩ is then right at every step below 2/ω, and no mode meets a resonance (Korol,
    Rosa-Raíces, Bou-Rabee, Miller, J. Chem. Phys. 152 (2020) 104102).

    Attributes:
        temperature: K, of the quantum particles.
        beads: P; 1 is classical.
        friction: Of the centroids, 1/s.
        internal: Friction of the other modes over 2Ω_k.
        propagation: "exact" or "cayley": of the free ring.
    """

    temperature: float
    beads: int
    friction: float = 1e13
    internal: float = 1.0
    propagation: Propagation = "exact"

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        check_time("friction", self.friction)
        if self.beads < 1:
            raise InputError(f"A ring of {self.beads} beads is none; give 1, which is classical, or more.")
        if not (np.isfinite(self.internal) and self.internal > 0):
            raise InputError(
                f"The friction of the ring's modes is {self.internal} of the best one; give a positive number, such as 1."
            )
        if self.propagation not in get_args(Propagation):
            raise unknown_choice("propagation of the ring", self.propagation, get_args(Propagation))

    @property
    def frequencies(self) -> FloatArray:
        """(P,) Ω_k, 1/`TIME`."""
        return ring_frequencies(self.beads, self.temperature)

    @property
    def longest_step(self) -> float:
        """s: longer ones are refused; infinite where the free ring does not limit it."""
        fastest = self.frequencies.max()
        return float("inf") if self.propagation == "cayley" or fastest == 0 else _EXACT_UP_TO / fastest * TIME

    def begin(self, state: State, system: System) -> State:
        """As it is.

        Raises:
            InputError: the time step is too long for exact free motion, or beads are in different cells.
        """
        if system.step * TIME > self.longest_step * (1 + 1e-9):
            raise InputError(
                f"A time step of {system.step * TIME * 1e15:.3g} fs is too long for the free motion of a ring of {self.beads} "
                f"beads at {self.temperature:g} K; take at most {self.longest_step * 1e15:.3g} fs, or propagation='cayley'."
            )
        cells = state.cells.reshape(-1, self.beads, 3, 3)
        if (cells != cells[:, :1]).any():
            raise InputError("The beads of a ring polymer are in different cells; give all of them the same.")
        return state

    def advance(self, state: State, system: System) -> State:
        """A kick, half a step of free motion, friction and noise of each mode, half a step of free motion."""
        step, modes = state.step + 1, ring_modes(self.beads)
        noise = system.thermal(self.temperature, system.random(step), len(state.positions))
        velocities = _turned(modes.T, system.kicked(state.velocities, state.forces, system.step))
        places, velocities = self._moved(_turned(modes.T, state.positions), velocities, system.step)
        kept = np.exp(-self._frictions() * system.step)[:, None]
        velocities = kept * velocities + np.sqrt(1 - kept**2) * _turned(modes.T, noise)
        places, velocities = self._moved(places, velocities, system.step)
        shape = state.positions.shape
        positions, velocities = _turned(modes, places, shape), _turned(modes, velocities, shape)
        return system.evaluated(replace(state, step=step, positions=positions, velocities=velocities))

    def conserved(self, state: State, system: System) -> FloatArray | None:
        """Nothing is."""
        return None

    def _frictions(self) -> FloatArray:
        """(P,) 1/`TIME`."""
        found = 2 * self.internal * self.frequencies
        found[0] = self.friction * TIME
        return found

    def _moved(self, places: FloatArray, velocities: FloatArray, step: float) -> tuple[FloatArray, FloatArray]:
        """Modes (R, P, 3N) after half a step without the potential."""
        frequencies = self.frequencies[:, None]
        angle = frequencies * step / 2
        if self.propagation == "cayley":
            angle = np.arctan(angle)
        ahead = np.where(frequencies > 0, np.sin(angle) / np.where(frequencies > 0, frequencies, 1.0), step / 2)
        cosine, back = np.cos(angle), frequencies * np.sin(angle)
        return cosine * places + ahead * velocities, cosine * velocities - back * places


def _turned(matrix: FloatArray, values: FloatArray, shape: tuple[int, ...] | None = None) -> FloatArray:
    """Beads (R P, N, 3) as modes (R, P, 3N), or modes as beads of that shape."""
    rings = values.reshape(-1, len(matrix), values[0].size if shape is None else values.shape[2])
    made = matrix @ rings
    return np.asarray(made if shape is None else made.reshape(shape))
