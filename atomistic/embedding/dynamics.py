"""Newtonian dynamics with an embedded region that moves along, and the account of its energy."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from ase import Atoms, units
from numpy.typing import NDArray

from atomistic.dynamics.state import State
from atomistic.dynamics.system import System
from atomistic.dynamics.verlet import NVE
from atomistic.embedding.rules import Selector
from atomistic.frames import Frames, with_results
from coupling.contracts import Evaluation, FloatArray, Progress, silent
from coupling.embedding.mixing import ForceMixing, Mixed
from coupling.embedding.subtractive import Embedded
from coupling.embedding.terms import Region
from coupling.errors import InputError, NotConverged

_KEPT = 200
"""Most steps of a trajectory whose atoms are kept."""


@dataclass(frozen=True)
class Trajectory:
    """The energy balance of a trajectory.

    Attributes:
        time: (n,) ps.
        kinetic: (n,) eV.
        potential: (n,) eV: the embedded energy, or the cheap model's where forces are mixed.
        injected: (n,) eV put in so far by what is not a gradient: jumps of the energy where the region
            changed, or the work of the mixed forces' non-conservative part.
        switches: Steps at which a region changed.
        accurate_atoms: (n,) atoms that the accurate model computed, link atoms included.
        atoms: The structure at the end, with velocities.
        frames: Steps at equal distances, the regions counted from 1; without an energy where forces are mixed.
    """

    time: FloatArray
    kinetic: FloatArray
    potential: FloatArray
    injected: FloatArray
    switches: int
    accurate_atoms: NDArray[np.int64]
    atoms: Atoms
    frames: Frames

    @property
    def conserved(self) -> FloatArray:
        """(n,) kinetic + potential - injected, eV: constant but for the integrator."""
        return self.kinetic + self.potential - self.injected

    @property
    def temperature(self) -> FloatArray:
        """(n,) K, of the kinetic energy."""
        return self.kinetic / (1.5 * units.kB * len(self.atoms))

    @property
    def drift(self) -> float:
        """Slope of the conserved energy, eV per atom and ps."""
        return self._slope(self.conserved)

    @property
    def raw_drift(self) -> float:
        """Slope of kinetic + potential energy, jumps and non-conservative work included, eV per atom and ps."""
        return self._slope(self.kinetic + self.potential)

    def _slope(self, energy: FloatArray) -> float:
        return float(np.polyfit(self.time, energy, 1)[0]) / len(self.atoms)


class _Book:
    """Rows and frames of a trajectory while it grows; `mixed` says that the forces are no energy's."""

    def __init__(self, atoms: Atoms, timestep: float, steps: int, *, mixed: bool) -> None:
        self.atoms, self.timestep, self.mixed = atoms, timestep, mixed
        self.rows: list[tuple[float, float, float, float, int]] = []
        self.injected, self.switches = 0.0, 0
        self.every, self.kept, self.labels = ceil((steps + 1) / _KEPT), list[Atoms](), list[NDArray[np.int64]]()

    def enter(self, energy: float, accurate: int, forces: FloatArray, regions: Sequence[Region]) -> None:
        kinetic = self.atoms.get_kinetic_energy()
        if not np.isfinite(energy) or not np.isfinite(kinetic):
            raise NotConverged(f"The dynamics broke down after {len(self.rows)} steps; take a shorter timestep.")
        if len(self.rows) % self.every == 0:
            self.kept.append(with_results(self.atoms.copy(), None if self.mixed else energy, forces))
            self.labels.append(np.zeros(len(self.atoms), dtype=np.int64))
            for number, region in enumerate(regions, 1):
                self.labels[-1][region.atoms] = number
        self.rows.append((len(self.rows) * self.timestep * 1e-3, kinetic, energy, self.injected, accurate))

    def close(self) -> Trajectory:
        time, kinetic, potential, injected, accurate = (np.array(column) for column in zip(*self.rows, strict=True))
        said = {"time_ps": time, "kinetic_eV": kinetic} | ({"cheap_energy_eV": potential} if self.mixed else {})
        info = {name: column[:: self.every] for name, column in said.items()}
        frames = Frames.of(self.kept, info, {"region": np.array(self.labels)})
        return Trajectory(time, kinetic, potential, injected, self.switches, accurate, self.atoms, frames)


def energy_dynamics(
    model: Embedded, atoms: Atoms, *, steps: int, timestep: float = 1.0, selector: Selector | None = None,
    progress: Progress = silent,
) -> Trajectory:  # fmt: skip
    """Velocity-Verlet on the embedded energy; where a region changes, between two steps, the jump is added to the energy put in.

    Args:
        model: The embedded potential.
        atoms: The start, with velocities; left as it is.
        steps: How many.
        timestep: fs.
        selector: Regions anew at every step; None keeps those of the start.
        progress: Called after each step.

    Raises:
        InputError: there is nothing to do, or a region cannot be used.
        NotConverged: an energy is no longer finite.
    """
    atoms, state = _started(atoms, steps, timestep)
    book, system = _Book(atoms, timestep, steps, mixed=False), System(model.evaluate, state, timestep * 1e-15)
    if selector is not None:
        model.adopt(atoms, selector(atoms))
    state = system.evaluated(state)
    book.enter(float(state.energies[0]), _size(model, atoms), state.forces[0], model.regions(atoms)[0])
    for done in range(1, steps + 1):
        state = NVE().advance(state, system)
        _place(atoms, state)
        if selector is not None and _moved(model.regions(atoms)[0], fresh := selector(atoms)):
            model.adopt(atoms, fresh)
            changed = system.evaluated(state)
            book.injected += float(changed.energies[0] - state.energies[0])
            book.switches += 1
            state = changed
        book.enter(float(state.energies[0]), _size(model, atoms), state.forces[0], model.regions(atoms)[0])
        progress("dynamics", done, steps)
    return book.close()


def mixed_dynamics(
    model: ForceMixing,
    atoms: Atoms,
    selector: Selector,
    *,
    steps: int,
    timestep: float = 1.0,
    progress: Progress = silent,
) -> Trajectory:
    """Velocity-Verlet on mixed forces; the work of what the mixing adds counts as energy put in.

    Args:
        model: The mixed forces.
        atoms: The start, with velocities; left as it is.
        selector: Regions at every step.
        steps: How many.
        timestep: fs.
        progress: Called after each step.

    Raises:
        InputError: there is nothing to do, or a region cannot be used.
        NotConverged: an energy is no longer finite.
    """
    atoms, state = _started(atoms, steps, timestep)
    book, field = _Book(atoms, timestep, steps, mixed=True), _MixedField(model, selector(atoms))
    system = System(field, state, timestep * 1e-15)
    state = system.evaluated(state)
    book.enter(field.now.low_energy, field.now.high_atoms, field.now.forces, field.regions)
    for done in range(1, steps + 1):
        before, start = field.now, state.positions[0]
        state = NVE().advance(state, system)
        _place(atoms, state)
        book.injected += float(np.vdot(before.extra + field.now.extra, state.positions[0] - start)) / 2
        if _moved(field.regions, fresh := selector(atoms)):
            field.regions = fresh
            state = system.evaluated(state)
            book.switches += 1
        book.enter(field.now.low_energy, field.now.high_atoms, field.now.forces, field.regions)
        progress("dynamics", done, steps)
    return book.close()


class _MixedField:
    """Mixed forces as those of one structure that moves, with the cheap model's energy; the last ones are `now`."""

    now: Mixed

    def __init__(self, model: ForceMixing, regions: Sequence[Region]) -> None:
        self._model, self.regions = model, regions

    def __call__(self, structures: Sequence[Atoms]) -> Evaluation:
        (atoms,) = structures
        self.now = self._model.evaluate(atoms, self.regions)
        return Evaluation(
            np.array([self.now.low_energy]), (self.now.forces,), np.full((1, 3, 3), np.nan), self.now.cost
        )  # fmt: skip


def _started(atoms: Atoms, steps: int, timestep: float) -> tuple[Atoms, State]:
    if steps < 2 or not 0 < timestep < 100:
        raise InputError(
            f"{steps} steps of {timestep} fs are not enough for dynamics; give at least 2 steps of, say, 1 fs."
        )
    copy = atoms.copy()
    copy.set_velocities(atoms.get_velocities())
    return copy, State.of([copy])


def _place(atoms: Atoms, state: State) -> None:
    atoms.positions[:] = state.positions[0]
    atoms.set_velocities(state.velocities[0])


def _size(model: Embedded, atoms: Atoms) -> int:
    return sum(len(cluster.atoms) + cluster.links for cluster in model.regions(atoms)[1])


def _moved(old: Sequence[Region], new: Sequence[Region]) -> bool:
    if len(old) != len(new):
        return True
    return any(not np.array_equal(a.atoms, b.atoms) for a, b in zip(old, new, strict=True))
