"""Problems that are solved one after another, and what is read off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray, Potential
from multiscale.studies.concurrent.records import Observable, ProbeReading, ProbeResponse

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.cauchy_born import CauchyBornLaw
    from atomistic.frames import Columns
    from multiscale.concurrent.problem import Problem
    from multiscale.concurrent.solution import ConcurrentSolution


@dataclass(frozen=True)
class Setting:
    """What a defect is put into.

    Attributes:
        potential: The potential.
        crystal: Its primitive cell, free of stress.
        cells: Coarsest cells along each lattice vector.
        level: They are 2**level lattice cells wide.
        line: Direction of the columns of a plane problem.
    """

    potential: Potential
    crystal: "Atoms"
    cells: tuple[int, ...]
    level: int
    line: tuple[int, int, int] | None


@dataclass(frozen=True)
class Probe:
    """What is read off each equilibrium of a rising load.

    Attributes:
        load: What the load is.
        loads: Its value in each problem.
        answer: What is read off.
        read: Reads it.
    """

    load: Observable
    loads: tuple[float, ...]
    answer: Observable
    read: "Callable[[ConcurrentSolution], float]"

    def said(self, number: int) -> "Columns":
        """What an equilibrium under a load, counted from 0, is told with its atoms."""
        return {"load": np.array([self.loads[number]]), "load_is": np.array([f"{self.load.name}, {self.load.unit}"])}

    def along(self, path: "Sequence[ConcurrentSolution]") -> FloatArray:
        """(k,) what is read off the equilibria of a path."""
        return np.array([self.read(one) for one in path])

    def response(self, path: "Sequence[ConcurrentSolution]") -> ProbeResponse:
        """What is read off the equilibria of all atoms, with the loads; of none, the loads alone."""
        return ProbeResponse(self.load, np.array(self.loads), self.answer, self.along(path) if path else None)


@dataclass(frozen=True)
class LoadedProblems:
    """Problems on one box under a rising load.

    Attributes:
        problems: In the order in which they are solved.
        probe: What is read off, where there is a load.
        facts: What was found on the way.
    """

    problems: "tuple[Problem, ...]"
    probe: Probe | None = None
    facts: tuple[ProbeReading, ...] = ()

    def with_law(self, law: "CauchyBornLaw") -> "LoadedProblems":
        """The same with another law of the continuum."""
        return replace(self, problems=tuple(replace(problem, law=law) for problem in self.problems))


def side(crystal: "Atoms") -> float:
    """Edge of the conventional cube, Å."""
    return 2 * float(np.abs(crystal.cell.array).max())
