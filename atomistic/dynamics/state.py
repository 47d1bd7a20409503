"""Where replicas of one structure are in their motion: all that the next step needs, and its file."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy import constants as physics

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.files import load_arrays, write_arrays
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV

TIME: float = float(np.sqrt(physics.atomic_mass * ANGSTROM**2 / EV))
"""s: the unit of time in which velocities are Å and m v² is in eV; that of ASE."""


@dataclass(frozen=True)
class State:
    """R replicas of N atoms after a step.

    Attributes:
        step: How many steps have been made.
        numbers: (N,) atomic numbers.
        masses: (N,) u.
        pbc: (3,) periodicity flags.
        positions: (R, N, 3) Å, not wrapped into the cell.
        velocities: (R, N, 3) Å per `TIME`; under `Langevin` and `NPT` those half a step earlier.
        cells: (R, 3, 3) Å, rows are lattice vectors.
        energies: (R,) potential energy, eV, that of loads on grips included.
        forces: (R, N, 3) eV/Å, loads on grips included.
        stresses: (R, 3, 3) eV/Å³ without the kinetic part, positive in tension; NaN where the potential has none.
        strain_rates: (R, 3, 3) of the cells, 1/`TIME`; zero where they are held.
        chain: (2, …, M) positions and velocities of the thermostats of `NoseHoover`; empty without.
        identity: Hash of what moves it: potential, ensemble, time step, seed, constraints.
    """

    step: int
    numbers: NDArray[np.int64]
    masses: FloatArray
    pbc: NDArray[np.bool_]
    positions: FloatArray
    velocities: FloatArray
    cells: FloatArray
    energies: FloatArray
    forces: FloatArray
    stresses: FloatArray
    strain_rates: FloatArray
    chain: FloatArray
    identity: str = ""

    @classmethod
    def of(cls, structures: Sequence[Atoms]) -> "State":
        """Structures of the same atoms with their velocities, not yet evaluated.

        Raises:
            InputError: there is none, or they are not replicas of one structure.
        """
        if len(structures) == 0:
            raise InputError("There is no structure to move; give at least one.")
        first, count, atoms = structures[0], len(structures), len(structures[0])
        masses = np.asarray(first.get_masses(), dtype=float)
        for k, one in enumerate(structures):
            if not np.array_equal(one.numbers, first.numbers) or not np.array_equal(one.pbc, first.pbc):
                raise InputError(
                    f"Structure {k} has other atoms or periodic directions than structure 0; replicas in one batch must "
                    "have the same, so move others in a run of their own."
                )
            if not np.array_equal(one.get_masses(), masses):
                raise InputError(f"Structure {k} has other masses than structure 0; give all replicas the same.")
        return cls(
            0, np.asarray(first.numbers, dtype=np.int64), masses, np.asarray(first.pbc, dtype=bool),
            np.array([one.positions for one in structures]), np.array([one.get_velocities() for one in structures]),
            np.array([one.cell.array for one in structures]), np.zeros(count), np.zeros((count, atoms, 3)),
            np.full((count, 3, 3), np.nan), np.zeros((count, 3, 3)), np.zeros((2, 0)),
        )  # fmt: skip

    @property
    def kinetic(self) -> FloatArray:
        """(R,) eV."""
        return np.asarray(0.5 * np.einsum("a,rai,rai->r", self.masses, self.velocities, self.velocities))

    @property
    def volumes(self) -> FloatArray:
        """(R,) Å³; zero where the cell does not span space."""
        return np.asarray(np.abs(np.linalg.det(self.cells)))

    @property
    def structures(self) -> list[Atoms]:
        """R structures with their velocities, as ASE's atoms."""
        made = []
        for k, positions in enumerate(self.positions):
            atoms = Atoms(self.numbers, positions, cell=self.cells[k], pbc=self.pbc, masses=self.masses)
            atoms.set_velocities(self.velocities[k])
            made.append(atoms)
        return made


def species_temperatures(state: State) -> FloatArray:
    """(R, S) kinetic temperature of each species in order of atomic number, K: all alike in equilibrium.

    It is meant for `observe`. Constraints are not counted: species that take part in one seem colder.
    """
    energy = 0.5 * state.masses[:, None] * state.velocities**2
    species = [state.numbers == number for number in np.unique(state.numbers)]
    found = [energy[:, one].sum(axis=(1, 2)) / (1.5 * BOLTZMANN_EV * one.sum()) for one in species]
    return np.array(found).T


def save_state(path: Path, state: State) -> None:
    """Write a state as `.npz`; the file is whole or not there."""
    write_arrays(path, {item.name: np.asarray(getattr(state, item.name)) for item in fields(state)})


def load_state(path: Path | str) -> State:
    """The state of a file, bit by bit as it was.

    Raises:
        InputError: there is none, or it is damaged or no state.
    """
    try:
        arrays = load_arrays(Path(path))
        step, identity = int(arrays.pop("step")), str(arrays.pop("identity"))
        return State(step=step, identity=identity, **arrays)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a state of molecular dynamics ({error}); give one that it wrote.") from error
