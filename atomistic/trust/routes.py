"""Where a study goes: paths and trajectories on which a potential is asked how far it can be trusted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from ase import Atoms

from atomistic.decohesion.slab import Openable
from atomistic.potentials.as_ase import PotentialCalculator
from atomistic.properties.elastic import strained
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError

RouteState = Mapping[str, FloatArray]
"""Where a route stands; empty at its beginning."""
_FRICTION = 0.01  # 1/fs


class Stretch(NamedTuple):
    """Structures that come next on a route.

    Attributes:
        structures: One, or all where they do not depend on each other.
        state: From here the route gives this stretch again, with any potential.
    """

    structures: list[Atoms]
    state: RouteState


class Route(Protocol):
    """A way through structures.

    Attributes:
        group: What kind of structures they are, for weights and tables.
    """

    @property
    def group(self) -> str:
        """What kind of structures they are, for weights and tables."""

    def walk(self, potential: Potential, state: RouteState) -> Iterator[Stretch]:
        """The stretches from `state` on, driven by the potential; the same ones each time."""
        ...


@dataclass(frozen=True)
class Points:
    """Structures that no potential drives: rigid paths, rattles, strains.

    Attributes:
        group: Their kind.
        structures: In their order along the path.
    """

    group: str
    structures: Sequence[Atoms]

    def walk(self, potential: Potential, state: RouteState) -> Iterator[Stretch]:
        """All of them at once."""
        yield Stretch([atoms.copy() for atoms in self.structures], {})


@dataclass(frozen=True)
class LangevinRoute:
    """Langevin dynamics in a fixed cell.

    Attributes:
        group: Kind of its structures.
        start: Where it begins.
        temperature: K.
        time_step: s; `Phonons.safe_time_step`.
        steps: Time steps.
        every: Time steps between structures that are looked at.
        seed: Of velocities and noise.
    """

    group: str
    start: Atoms
    temperature: float
    time_step: float
    steps: int
    every: int = 10
    seed: int = 0

    def walk(self, potential: Potential, state: RouteState) -> Iterator[Stretch]:
        """One structure every so many steps; the noise belongs to the step."""
        from ase import units
        from ase.md.langevin import Langevin
        from ase.md.velocitydistribution import thermalize_momenta
        from ase.parallel import DummyMPI

        atoms, done = _placed(self.start, state)
        if not state:
            thermalize_momenta(
                atoms, temperature_K=self.temperature, comm=DummyMPI(), rng=np.random.default_rng(self.seed)
            )
        while True:
            yield Stretch([_bare(atoms)], _kept(atoms, done))
            if done >= self.steps:
                return
            atoms.calc = PotentialCalculator(potential)
            noise = np.random.default_rng([self.seed, done + 1])
            dynamics = Langevin(
                atoms, self.time_step * 1e15 * units.fs, temperature_K=self.temperature,
                friction=_FRICTION / units.fs, fixcm=False, rng=noise, comm=DummyMPI(),
            )  # fmt: skip
            dynamics.run(self.every)
            done += self.every


@dataclass(frozen=True)
class Descent:
    """The relaxation of the atoms in a fixed cell.

    Attributes:
        group: Kind of its structures.
        start: Where it begins.
        force: Largest force left, eV/Å.
        steps: Most steps.
        every: Steps between structures that are looked at.
    """

    group: str
    start: Atoms
    force: float = 0.05
    steps: int = 100
    every: int = 5

    def walk(self, potential: Potential, state: RouteState) -> Iterator[Stretch]:
        """One structure every so many steps; the minimiser begins anew at each."""
        from ase.optimize import LBFGS

        atoms, done = _placed(self.start, state)
        while True:
            yield Stretch([_bare(atoms)], _kept(atoms, done))
            if done >= self.steps:
                return
            atoms.calc = PotentialCalculator(potential)
            if LBFGS(atoms, logfile=None).run(fmax=self.force, steps=self.every):
                yield Stretch([_bare(atoms)], _kept(atoms, self.steps))
                return
            done += self.every


def opening(slab: Openable, openings: FloatArray, group: str = "opening") -> Points:
    """Rigid halves moved apart by `openings` (n,), Å."""
    return Points(group, [slab.opened(float(d)) for d in openings])


def slip(slab: Openable, slips: FloatArray, gap: float = 0.0, group: str = "slip") -> Points:
    """Rigid halves slid over each other by `slips` (n, 2), Å, at an opening `gap`, Å."""
    return Points(group, [slab.opened(gap, (float(x), float(y))) for x, y in slips])


def rattles(atoms: Atoms, amplitude: float, count: int, seed: int = 0, group: str = "rattle") -> Points:
    """Copies with Gaussian displacements that grow from a third of `amplitude` (Å, a coordinate's) to all of it."""
    rng = np.random.default_rng(seed)
    made = []
    for size in np.linspace(1 / 3, 1.0, count) * amplitude:
        moved = atoms.copy()
        moved.positions += size * rng.normal(size=moved.positions.shape)
        made.append(moved)
    return Points(group, made)


def strains(atoms: Atoms, largest: float, count: int, seed: int = 0, group: str = "strain") -> Points:
    """The volume compressed and stretched by `largest`, then strains in random directions up to that."""
    if not 0 < largest < 0.3:
        raise InputError(f"A largest strain of {largest} is not between 0 and 0.3.")
    rng = np.random.default_rng(seed)
    volume = [sign * largest * np.array([1.0, 1, 1, 0, 0, 0]) for sign in (-1, 1)]
    other = [largest * direction / np.abs(direction).max() for direction in rng.normal(size=(max(0, count - 2), 6))]
    return Points(group, [strained(atoms, strain) for strain in [*volume, *other][:count]])


def _placed(start: Atoms, state: RouteState) -> tuple[Atoms, int]:
    atoms = start.copy()
    if not state:
        return atoms, 0
    atoms.positions = np.array(state["positions"])
    atoms.set_momenta(np.array(state["momenta"]))
    return atoms, int(state["step"])


def _kept(atoms: Atoms, step: int) -> RouteState:
    return {"positions": atoms.positions.copy(), "momenta": atoms.get_momenta(), "step": np.array(step)}


def _bare(atoms: Atoms) -> Atoms:
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
