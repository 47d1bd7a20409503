"""From the input of the concurrent study to the problems that are solved one after another, and what is read off them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from coupling.units import ANGSTROM, EV, EV_A2, EV_A3
from multiscale.inputs.concurrent import ConcurrentStudy

_MPA_ROOT_M = EV_A3 * ANGSTROM**0.5 / 1e6
"""MPa m^½ per eV/Å^5/2."""


class Reading(NamedTuple):
    """A number with its name and unit."""

    name: str
    value: float
    unit: str
    description: str


@dataclass(frozen=True)
class Loading:
    """Problems on one box under a rising load.

    Attributes:
        problems: In the order in which they are solved.
        load: Name and unit of the load; empty where there is none.
        loads: Its value in each problem.
        answer: Name, unit and description of what is read off each equilibrium.
        read: Reads it.
        facts: What was found on the way.
    """

    problems: list[Any]
    load: tuple[str, str] = ("", "")
    loads: tuple[float, ...] = (0.0,)
    answer: tuple[str, str, str] = ("", "", "")
    read: Callable[[Any], float] | None = None
    facts: list[Reading] = field(default_factory=list)

    def with_law(self, law: Any) -> "Loading":
        """The same with another law of the continuum."""
        return replace(self, problems=[replace(problem, law=law) for problem in self.problems])


def loading(study: ConcurrentStudy, potential: Any, crystal: Any) -> Loading:
    """The problems of a study; see `ConcurrentStudy`.

    Raises:
        InputError: crystal, box and defect do not go together.
    """
    from multiscale.concurrent.defects import dislocation_dipole, point_defect

    cells, level = tuple(study.box.cells), study.box.level
    if study.point_defect is not None:
        return Loading([point_defect(potential, crystal, cells, level, missing=study.point_defect.missing, line=study.line)])
    if study.crack is not None:
        return _crack(study, potential, crystal)
    if study.indentation is not None:
        return _indentation(study, potential, crystal)
    asked = study.dislocation_dipole
    burgers = _side(crystal) * np.array(asked.burgers)
    separation = asked.separation / ANGSTROM
    return Loading(
        [dislocation_dipole(potential, crystal, cells, level, line=study.line, burgers=burgers, separation=separation)]
    )


def _crack(study: ConcurrentStudy, potential, crystal) -> Loading:  # type: ignore[no-untyped-def]
    from atomistic.properties.surface import surface_energies
    from multiscale.concurrent.defects import crack
    from multiscale.concurrent.measures import tip_advance

    asked = study.crack
    cube = _side(crystal) * np.eye(3)
    surface = surface_energies(potential, crystal, [asked.plane], conventional=cube)[0].relaxed.value
    problems = [
        crack(
            potential, crystal, tuple(study.box.cells), study.box.level, line=study.line, plane=asked.plane,
            surface_energy=surface / EV_A2, load=load,
        )
        for load in asked.loads
    ]  # fmt: skip
    intensities = tuple(problem.predictor.intensities[1] * _MPA_ROOT_M for problem in problems)
    facts = [
        Reading("surface_energy", surface, "J/m^2", "relaxed surface energy of the crack's plane"),
        Reading("griffith_intensity", intensities[0] / asked.loads[0], "MPa m^0.5", "K_I at which two surfaces cost what is released"),
    ]
    answer = ("tip_advance", "Å", "growth of the crack from the middle of the box")
    return Loading(problems, ("stress_intensity", "MPa m^0.5"), intensities, answer, tip_advance, facts)


def _indentation(study: ConcurrentStudy, potential, crystal) -> Loading:  # type: ignore[no-untyped-def]
    from multiscale.concurrent.indent import indentation, indentation_force

    asked, flat = study.indentation, study.line is not None
    problems = [
        indentation(
            potential, crystal, tuple(study.box.cells), study.box.level, plane=asked.plane, line=study.line,
            radius=asked.radius / ANGSTROM, depth=depth / ANGSTROM,
        )
        for depth in asked.depths
    ]  # fmt: skip
    factor, unit, what = (EV_A2, "N/m", "force a length on the cylinder") if flat else (EV / ANGSTROM, "N", "force on the sphere")
    answer = ("indentation_force", unit, what)
    return Loading(problems, ("depth", "m"), tuple(asked.depths), answer, lambda found: factor * indentation_force(found))


def _side(crystal) -> float:  # type: ignore[no-untyped-def]
    """Edge of the conventional cube, Å."""
    return 2 * float(np.abs(crystal.cell.array).max())
