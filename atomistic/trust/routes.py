"""Where a study goes: paths and trajectories on which a potential is asked how far it can be trusted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms
from numpy.typing import NDArray

from atomistic.decohesion.slab import Openable
from atomistic.dynamics.driver import stepped
from atomistic.dynamics.langevin import Langevin
from atomistic.dynamics.state import State
from atomistic.dynamics.system import System
from atomistic.potentials.as_ase import PotentialCalculator
from atomistic.properties.elastic import strained
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError, NotConverged

RouteState = Mapping[str, FloatArray]
"""Where a route stands; empty at its beginning."""
_FRICTION = 1e13  # 1/s


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
        """One structure every so many steps; the noise belongs to the step. It ends where the potential lets atoms run away."""
        ensemble = Langevin(self.temperature, _FRICTION)
        placed, done = _placed(self.start, state)
        at = replace(State.of([placed]), step=done)
        system = System(potential.evaluate, at, self.time_step, seed=self.seed)
        if not state:
            at = replace(at, velocities=system.thermal(self.temperature, np.random.default_rng(self.seed), 1))
        while True:
            (atoms,) = at.structures
            yield Stretch([_bare(atoms)], _kept(atoms, at.step))
            if at.step >= self.steps:
                return
            at = system.evaluated(at)  # with a potential that may have learned since
            try:
                for _ in range(self.every):
                    at = stepped(at, system, ensemble)
            except NotConverged:
                (atoms,) = at.structures
                yield Stretch([_bare(atoms)], _kept(atoms, at.step))
                return


@dataclass(frozen=True)
class Descent:
    """The relaxation of the atoms in a fixed cell.

    Attributes:
        group: Kind of its structures.
        start: Where it begins.
        force: Largest force left, eV/Å.
        steps: Most steps.
        every: Steps between structures that are looked at.
        free: (N,) the atoms that may move; None is all.
    """

    group: str
    start: Atoms
    force: float = 0.05
    steps: int = 100
    every: int = 5
    free: NDArray[np.bool_] | None = None

    def walk(self, potential: Potential, state: RouteState) -> Iterator[Stretch]:
        """One structure every so many steps; the minimiser begins anew at each."""
        from ase.optimize import LBFGS

        atoms, done = _placed(self.start, state)
        if self.free is not None:
            atoms.set_constraint(FixAtoms(mask=~self.free))
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
