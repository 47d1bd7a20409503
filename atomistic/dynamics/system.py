"""What stays the same while atoms move: masses, constraints, time step, seed, and what gives the forces."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from ase import Atoms

from atomistic.dynamics.constraints import FREE, Freedom, Held
from atomistic.dynamics.state import TIME, State
from coupling.contracts import Cost, Evaluation, FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV

Field = Callable[[Sequence[Atoms]], Evaluation]
"""Energies, forces and stresses of structures: `Potential.evaluate`, or forces that have no potential."""


class System:
    """Replicas that move together.

    Attributes:
        masses: (N, 1) u.
        step: Time step, `TIME`.
        freedom: What the constraints leave.
        beads: Replicas, one after the other, that are a ring polymer; 1 where atoms are classical.
        cost: Of all evaluations so far.
    """

    def __init__(
        self, field: Field, state: State, step: float, *, held: Held = FREE, seed: int = 0, beads: int = 1
    ) -> None:
        """`step` is in s.

        Raises:
            InputError: the replicas are no whole ring polymers, or constraints are those of another number of replicas.
        """
        self.masses, self.step = state.masses[:, None], step / TIME
        self.freedom, self.cost, self.beads = Freedom(held, state.masses, beads), Cost(), beads
        self._check_replicas(len(state.positions))
        self._field, self._seed = field, seed
        self._structures, self._cells = state.structures, state.cells

    def _check_replicas(self, replicas: int) -> None:
        if replicas % self.beads:
            raise InputError(
                f"{replicas} replicas are no whole number of ring polymers of {self.beads} beads; give each structure as many "
                "times as there are beads."
            )
        if self.freedom.replicas not in (1, replicas // self.beads):
            raise InputError(
                f"The combinations are those of {self.freedom.replicas} replicas, of which there are {replicas // self.beads}; "
                "give one set for each, or one for all."
            )

    def evaluated(self, state: State) -> State:
        """The state with the energies, forces and stresses of its positions."""
        for k, atoms in enumerate(self._structures):
            atoms.arrays["positions"][:] = state.positions[k]
        if state.cells is not self._cells:
            for k, atoms in enumerate(self._structures):
                atoms.cell[:] = state.cells[k]
            self._cells = state.cells
        found = self._field(self._structures)
        self.cost = self.cost + found.cost
        energies, forces = np.asarray(found.energies, dtype=float), np.asarray(found.forces, dtype=float)
        if self.freedom.load.any():
            areas = np.linalg.norm(np.cross(state.cells[:, 0], state.cells[:, 1]), axis=1)
            loads = areas[:, None, None] * self.freedom.load
            energies, forces = energies - np.sum(loads * state.positions, axis=(1, 2)), forces + loads
        return replace(state, energies=energies, forces=forces, stresses=np.asarray(found.stresses, dtype=float))

    def kicked(self, velocities: FloatArray, forces: FloatArray, time: float) -> FloatArray:
        """Velocities after forces have acted for a time, `TIME`."""
        return self.freedom.allowed(velocities + time * forces / self.masses)

    def random(self, step: int, purpose: int = 0) -> np.random.Generator:
        """The random numbers of a step: they depend on nothing that came before, so that a restart has the same.

        Args:
            step: Which step.
            purpose: 0 for the atoms, 1 for the cells.
        """
        return np.random.default_rng([self._seed, step, purpose])

    def thermal(self, temperature: float, noise: np.random.Generator, replicas: int) -> FloatArray:
        """Velocities (R, N, 3) of Maxwell's distribution at a temperature in K; of beads, at as many times that as there are."""
        spread = np.sqrt(BOLTZMANN_EV * temperature * self.beads / self.masses)
        return self.freedom.allowed(spread * noise.standard_normal((replicas, len(self.masses), 3)))


class Ensemble(Protocol):
    """An integrator: pure functions of a state."""

    @property
    def temperature(self) -> float | None:
        """K; None where none is set."""
        ...

    def begin(self, state: State, system: System) -> State:
        """The state with the integrator's own variables."""
        ...

    def advance(self, state: State, system: System) -> State:
        """The state one step later, evaluated."""
        ...

    def conserved(self, state: State, system: System) -> FloatArray | None:
        """(R,) eV: what only the finite time step changes; None where noise exchanges energy."""
        ...
