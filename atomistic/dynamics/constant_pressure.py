"""Constant pressure and temperature: a cell with a mass of its own, friction and noise on atoms and cell.

The equations of motion are those of Martyna, Tobias and Klein (J. Chem. Phys. 101 (1994) 4177), whose volumes are distributed
as exp(−pV/kT) Z(V) without approximation, with Langevin's thermostats on atoms and cell (Quigley & Probert, J. Chem. Phys.
120 (2004) 11432). A step is symmetric, and each part of it is solved exactly.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from atomistic.dynamics.checks import check_period, check_temperature, check_time
from atomistic.dynamics.state import TIME, State
from atomistic.dynamics.system import System
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.units import BOLTZMANN_EV, EV_A3

_STRAIN = 1e-4
_STEPS_OF_THE_CELL = 10
"""Fewest time steps in a period of the cell."""

CellMotion = Literal["isotropic", "height", "full"]


@dataclass(frozen=True)
class NPT:
    """Constant pressure.

    Attributes:
        temperature: K.
        pressure: Pa, positive in compression.
        cell: "isotropic": the volume changes and the shape does not; "height": the cell is strained along z alone, under the
            traction −pressure; "full": all six strains, under a hydrostatic pressure.
        friction: Of the atoms, 1/s.
        period: τ of the cell's mass W = (N_f + 3) kTτ²/3, s. A solid's cell oscillates some tens of times faster.
        cell_friction: Of the cell, 1/s; None is 1/period.
    """

    temperature: float
    pressure: float = 0.0
    cell: CellMotion = "isotropic"
    friction: float = 1e13
    period: float = 1e-12
    cell_friction: float | None = None

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        check_time("friction", self.friction)
        check_period(self.period)
        if self.cell_friction is not None:
            check_time("friction of the cell", self.cell_friction)
        if not np.isfinite(self.pressure):
            raise InputError(f"A pressure of {self.pressure} Pa is no number; give one, 0 for none.")
        if self.cell not in get_args(CellMotion):
            raise unknown_choice("motion of the cell", self.cell, get_args(CellMotion))

    def begin(self, state: State, system: System) -> State:
        """With cells whose strain rates have their temperature.

        Raises:
            InputError: there is no cell that can move, no stress that would move it, or atoms are held.
        """
        if not state.pbc.all() or np.any(state.volumes < 1e-6):
            raise InputError(
                "A pressure needs a cell that is periodic in three directions; set pbc=True and a cell, or take Langevin."
            )
        if np.isnan(state.stresses).any():
            raise InputError(
                "A pressure needs a potential that gives stresses, and this one gives none; take Langevin."
            )
        if system.freedom.count != state.positions[0].size:
            raise InputError("Constraints on atoms do not go with a cell that moves; leave them out, or take Langevin.")
        self._check_cell(state, system)
        return replace(state, strain_rates=self._noise(system.random(0, 1), len(state.cells), system))

    def advance(self, state: State, system: System) -> State:
        """Kicks of atoms, cell and atoms; half a drift; friction and noise; half a drift."""
        half, step = system.step / 2, state.step + 1
        velocities = self._kicked(state.velocities, state.strain_rates, state.forces, half, system)
        rates = state.strain_rates + system.step * self._pull(state, velocities, system) / self._mass(system)
        velocities = self._kicked(velocities, rates, state.forces, half, system)
        positions, cells = _drifted(state.positions, state.cells, velocities, rates, half)
        noise = system.thermal(self.temperature, system.random(step), len(cells))
        velocities = _forgetful(velocities, self.friction * TIME * system.step, noise)
        slowing = (1 / self.period if self.cell_friction is None else self.cell_friction) * TIME * system.step
        rates = _forgetful(rates, slowing, self._noise(system.random(step, 1), len(cells), system))
        positions, cells = _drifted(positions, cells, velocities, rates, half)
        return system.evaluated(
            replace(state, step=step, positions=positions, velocities=velocities, cells=cells, strain_rates=rates)
        )

    def conserved(self, state: State, system: System) -> FloatArray | None:
        """Nothing is."""
        return None

    def _check_cell(self, state: State, system: System) -> None:
        """Refuse a cell so light that the time step does not resolve its oscillation, by differences of the stress."""
        along = self._part(np.eye(3)[None])[0]
        along = along / np.linalg.norm(along)

        def pull(strain: float) -> FloatArray:
            stretch = np.eye(3) + strain * along
            found = system.evaluated(replace(state, positions=state.positions @ stretch, cells=state.cells @ stretch))
            return np.asarray(found.volumes * np.sum(found.stresses * along, axis=(1, 2)))

        stiffness = float(np.max(pull(_STRAIN) - pull(-_STRAIN))) / (2 * _STRAIN)
        frequency = np.sqrt(max(stiffness, 0.0) / self._mass(system))
        if system.step * frequency > 2 * np.pi / _STEPS_OF_THE_CELL:
            shortest, needed = 2 * np.pi / frequency * TIME, system.step * _STEPS_OF_THE_CELL * TIME
            raise InputError(
                f"The cell oscillates in {shortest * 1e15:.3g} fs, too fast for steps of {system.step * TIME * 1e15:.3g} fs; take a "
                f"period of at least {self.period * needed / shortest:.2g} s in place of {self.period:.2g} s."
            )

    def _mass(self, system: System) -> float:
        """W, eV TIME²; the cell's kinetic energy is ½ W tr(ν²)."""
        return (system.freedom.count + 3) * BOLTZMANN_EV * self.temperature * (self.period / TIME) ** 2 / 3

    def _noise(self, noise: np.random.Generator, replicas: int, system: System) -> FloatArray:
        """Strain rates (R, 3, 3) of Maxwell's distribution."""
        drawn = noise.standard_normal((replicas, 3, 3))
        return self._part(drawn) * np.sqrt(BOLTZMANN_EV * self.temperature / self._mass(system))

    def _part(self, tensors: FloatArray) -> FloatArray:
        """What of tensors (R, 3, 3) moves the cell."""
        if self.cell == "isotropic":
            return np.trace(tensors, axis1=1, axis2=2)[:, None, None] / 3 * np.eye(3)
        if self.cell == "height":
            return tensors * np.diag([0.0, 0.0, 1.0])
        return 0.5 * (tensors + np.swapaxes(tensors, 1, 2))

    def _pull(self, state: State, velocities: FloatArray, system: System) -> FloatArray:
        """W dν/dt: V (P − p) and the term by which the volume's distribution is the exact one, eV."""
        moving = np.einsum("a,rai,raj->rij", state.masses, velocities, velocities)
        volumes = state.volumes[:, None, None]
        extra = np.trace(moving, axis1=1, axis2=2)[:, None, None] / system.freedom.count * np.eye(3)
        return self._part(moving + extra - volumes * (state.stresses + self.pressure / EV_A3 * np.eye(3)))

    def _kicked(
        self, velocities: FloatArray, rates: FloatArray, forces: FloatArray, time: float, system: System
    ) -> FloatArray:
        """Velocities after dv/dt = F/m − (ν + tr ν / N_f) v for a time."""
        trace = np.trace(rates, axis1=1, axis2=2)[:, None, None] / system.freedom.count * np.eye(3)
        decay, spread = _exponentials(-(rates + trace), time)
        return velocities @ decay + forces / system.masses @ spread


def _drifted(
    positions: FloatArray, cells: FloatArray, velocities: FloatArray, rates: FloatArray, time: float
) -> tuple[FloatArray, FloatArray]:
    """Positions and cells after dx/dt = v + ν x and dh/dt = ν h for a time."""
    growth, spread = _exponentials(rates, time)
    return positions @ growth + velocities @ spread, cells @ growth


def _exponentials(rates: FloatArray, time: float) -> tuple[FloatArray, FloatArray]:
    """exp(νt) and ∫ exp(νs) ds from 0 to t, of symmetric matrices (R, 3, 3)."""
    if not rates[:, [0, 0, 1], [1, 2, 2]].any():
        values, vectors = rates[:, [0, 1, 2], [0, 1, 2]], np.eye(3)[None]
    else:
        values, vectors = np.linalg.eigh(rates)
    turned = np.swapaxes(vectors, 1, 2)
    exponent = values * time
    small = np.abs(exponent) < 1e-8
    share = np.where(small, 1 + exponent / 2, np.expm1(exponent) / np.where(small, 1.0, exponent))
    return (vectors * np.exp(exponent)[:, None, :]) @ turned, (vectors * (time * share)[:, None, :]) @ turned


def _forgetful(velocities: FloatArray, damping: float, noise: FloatArray) -> FloatArray:
    """Velocities after friction and noise."""
    kept = np.exp(-damping)
    return np.asarray(kept * velocities + np.sqrt(1 - kept**2) * noise)
