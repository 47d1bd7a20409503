"""Newtonian dynamics with an embedded region that moves along, and the account of its energy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms, units
from numpy.typing import NDArray

from atomistic.embedding.rules import Selector
from coupling.contracts import FloatArray, Progress, silent
from coupling.embedding.mixing import ForceMixing
from coupling.embedding.subtractive import Embedded
from coupling.embedding.terms import Region
from coupling.errors import InputError, NotConverged


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
    """

    time: FloatArray
    kinetic: FloatArray
    potential: FloatArray
    injected: FloatArray
    switches: int
    accurate_atoms: NDArray[np.int64]
    atoms: Atoms

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
    """Rows of a trajectory while it grows."""

    def __init__(self, atoms: Atoms, timestep: float) -> None:
        self.atoms, self.timestep = atoms, timestep
        self.rows: list[tuple[float, float, float, float, int]] = []
        self.injected, self.switches = 0.0, 0

    def enter(self, energy: float, accurate: int) -> None:
        kinetic = self.atoms.get_kinetic_energy()
        if not np.isfinite(energy) or not np.isfinite(kinetic):
            raise NotConverged(f"The dynamics broke down after {len(self.rows)} steps; take a shorter timestep.")
        self.rows.append((len(self.rows) * self.timestep * 1e-3, kinetic, energy, self.injected, accurate))

    def close(self) -> Trajectory:
        time, kinetic, potential, injected, accurate = (np.array(column) for column in zip(*self.rows, strict=True))
        return Trajectory(time, kinetic, potential, injected, self.switches, accurate, self.atoms)


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
    atoms, step = _started(atoms, steps, timestep)
    book = _Book(atoms, timestep)
    if selector is not None:
        model.adopt(atoms, selector(atoms))
    energy, forces = _energy(model, atoms)
    book.enter(energy, _size(model, atoms))
    for done in range(1, steps + 1):
        _kick(atoms, forces, step)
        atoms.positions += atoms.get_velocities() * step
        energy, forces = _energy(model, atoms)
        _kick(atoms, forces, step)
        if selector is not None and _moved(model.regions(atoms)[0], fresh := selector(atoms)):
            model.adopt(atoms, fresh)
            changed, forces = _energy(model, atoms)
            book.injected += changed - energy
            book.switches += 1
            energy = changed
        book.enter(energy, _size(model, atoms))
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
    atoms, step = _started(atoms, steps, timestep)
    book = _Book(atoms, timestep)
    regions = selector(atoms)
    now = model.evaluate(atoms, regions)
    book.enter(now.low_energy, now.high_atoms)
    for done in range(1, steps + 1):
        _kick(atoms, now.forces, step)
        move = atoms.get_velocities() * step
        atoms.positions += move
        before, now = now, model.evaluate(atoms, regions)
        book.injected += float(np.vdot(before.extra + now.extra, move)) / 2
        _kick(atoms, now.forces, step)
        if _moved(regions, fresh := selector(atoms)):
            regions, now = fresh, model.evaluate(atoms, fresh)
            book.switches += 1
        book.enter(now.low_energy, now.high_atoms)
        progress("dynamics", done, steps)
    return book.close()


def _started(atoms: Atoms, steps: int, timestep: float) -> tuple[Atoms, float]:
    if steps < 2 or not 0 < timestep < 100:
        raise InputError(
            f"{steps} steps of {timestep} fs are not enough for dynamics; give at least 2 steps of, say, 1 fs."
        )
    copy = atoms.copy()
    copy.set_velocities(atoms.get_velocities())
    return copy, timestep * units.fs


def _kick(atoms: Atoms, forces: FloatArray, step: float) -> None:
    atoms.set_velocities(atoms.get_velocities() + 0.5 * step * forces / atoms.get_masses()[:, None])


def _energy(model: Embedded, atoms: Atoms) -> tuple[float, FloatArray]:
    found = model.evaluate([atoms])
    return float(found.energies[0]), found.forces[0]


def _size(model: Embedded, atoms: Atoms) -> int:
    return sum(len(cluster.atoms) + cluster.links for cluster in model.regions(atoms)[1])


def _moved(old: Sequence[Region], new: Sequence[Region]) -> bool:
    if len(old) != len(new):
        return True
    return any(not np.array_equal(a.atoms, b.atoms) for a, b in zip(old, new, strict=True))
