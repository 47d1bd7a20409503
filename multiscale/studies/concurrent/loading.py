"""From the input of the concurrent study to the problems that are solved one after another, and to what is read off."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray, Potential
from coupling.units import ANGSTROM, EV, EV_A2, EV_A3
from multiscale.studies.concurrent.records import Observable, ProbeReading, ProbeResponse
from multiscale.studies.concurrent.schema import ConcurrentStudy, Crack, DislocationDipole, Indentation

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.cauchy_born import CauchyBornLaw
    from multiscale.concurrent.problem import Problem
    from multiscale.concurrent.solution import ConcurrentSolution

_MPA_ROOT_M = EV_A3 * ANGSTROM**0.5 / 1e6
"""MPa m^½ per eV/Å^5/2."""


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

    def along(self, path: "Sequence[ConcurrentSolution]") -> FloatArray:
        """(k,) what is read off the equilibria of a path."""
        return np.array([self.read(one) for one in path])

    def response(self, path: "Sequence[ConcurrentSolution]") -> ProbeResponse:
        """What is read off the equilibria of all atoms, with the loads."""
        return ProbeResponse(self.load, np.array(self.loads), self.answer, self.along(path))


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


def loading(study: ConcurrentStudy, potential: Potential, crystal: "Atoms") -> LoadedProblems:
    """The problems of a study; see `ConcurrentStudy`.

    Raises:
        InputError: crystal, box and defect do not go together.
    """
    from multiscale.concurrent.defects import point_defect

    if study.crack is not None:
        return _crack(study, study.crack, potential, crystal)
    if study.indentation is not None:
        return _indentation(study, study.indentation, potential, crystal)
    if study.dislocation_dipole is not None:
        return _dipole(study, study.dislocation_dipole, potential, crystal)
    cells, missing = tuple(study.box.cells), study.point_defect.missing
    return LoadedProblems((point_defect(potential, crystal, cells, study.box.level, missing=missing, line=study.line),))


def _dipole(study: ConcurrentStudy, asked: DislocationDipole, potential: Potential, crystal: "Atoms") -> LoadedProblems:
    from multiscale.concurrent.defects import dislocation_dipole

    problem = dislocation_dipole(
        potential, crystal, tuple(study.box.cells), study.box.level, line=study.line,
        burgers=_side(crystal) * np.array(asked.burgers), separation=asked.separation / ANGSTROM,
    )  # fmt: skip
    return LoadedProblems((problem,))


def _crack(study: ConcurrentStudy, asked: Crack, potential: Potential, crystal: "Atoms") -> LoadedProblems:
    from atomistic.properties.surface import surface_energies
    from multiscale.concurrent.defects import crack
    from multiscale.concurrent.measures import tip_advance

    cube = _side(crystal) * np.eye(3)
    surface = surface_energies(potential, crystal, [asked.plane], conventional=cube)[0].relaxed.value
    problems = tuple(
        crack(
            potential, crystal, tuple(study.box.cells), study.box.level, line=study.line, plane=asked.plane,
            surface_energy=surface / EV_A2, load=load,
        )
        for load in asked.loads
    )  # fmt: skip
    intensities = tuple(problem.predictor.intensities[1] * _MPA_ROOT_M for problem in problems)
    unit, griffith = "MPa m^0.5", "K_I at which two surfaces cost what is released"
    facts = (
        ProbeReading(Observable("surface_energy", "J/m^2", "relaxed surface energy of the crack's plane"), surface),
        ProbeReading(Observable("griffith_intensity", unit, griffith), intensities[0] / asked.loads[0]),
    )
    answer = Observable("tip_advance", "Å", "growth of the crack from the middle of the box")
    return LoadedProblems(
        problems, Probe(Observable("stress_intensity", unit), intensities, answer, tip_advance), facts
    )


def _indentation(study: ConcurrentStudy, asked: Indentation, potential: Potential, crystal: "Atoms") -> LoadedProblems:
    from multiscale.concurrent.indent import indentation, indentation_force

    problems = tuple(
        indentation(
            potential, crystal, tuple(study.box.cells), study.box.level, plane=asked.plane, line=study.line,
            radius=asked.radius / ANGSTROM, depth=depth / ANGSTROM,
        )
        for depth in asked.depths
    )  # fmt: skip
    flat = study.line is not None
    factor, unit = (EV_A2, "N/m") if flat else (EV / ANGSTROM, "N")
    what = "force a length on the cylinder" if flat else "force on the sphere"
    answer = Observable("indentation_force", unit, what)
    read = lambda found: factor * indentation_force(found)  # noqa: E731
    return LoadedProblems(problems, Probe(Observable("depth", "m"), tuple(asked.depths), answer, read))


def _side(crystal: "Atoms") -> float:
    """Edge of the conventional cube, Å."""
    return 2 * float(np.abs(crystal.cell.array).max())
