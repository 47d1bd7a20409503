"""The intrinsic reaction coordinate: steepest descent from a saddle in coordinates scaled by the roots of the masses.

Steps of second order, whose ends are minima on spheres: Gonzalez and Schlegel, J. Phys. Chem. 94 (1990) 5523.
"""

from typing import NamedTuple

import numpy as np

from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import Search, evaluated
from atomistic.saddles.quasi_newton import QuasiNewton, Reached, descent
from coupling.contracts import FloatArray
from coupling.errors import NotConverged

_ACROSS = 1e-2
"""Of the gradient: what may be left of it on the sphere."""
_SHORTEST = 1 / 16
"""Of the step: how far it is shortened where it does not settle."""
_ON_SPHERE = 60
"""Most evaluations of a step."""


class Descended(NamedTuple):
    """One side of a reaction path.

    Attributes:
        points: (n, m) from the saddle on, the saddle left out, Å.
        energies: (n,) eV.
        lengths: (n,) from the saddle, Å√u.
        end: The minimum, which is the last of the points, too.
    """

    points: FloatArray
    energies: FloatArray
    lengths: FloatArray
    end: Reached


class _Point(NamedTuple):
    """Scaled coordinates, energy and scaled gradient."""

    place: FloatArray
    energy: float
    gradient: FloatArray


def downhill(
    landscape: Landscape, saddle: Reached, mode: FloatArray, *, step: float, force: float, steps: int, what: str
) -> Search[Descended]:
    """The path of steepest descent to a minimum.

    Args:
        landscape: The landscape.
        saddle: The saddle.
        mode: (m,) displacement down from it.
        step: Å that the atom that moves farthest moves in a step at the saddle.
        force: Largest force at the end, eV/Å.
        steps: Most steps, and most evaluations of the last descent.
        what: Is named if it fails.

    Raises:
        NotConverged: more steps are needed.
    """
    roots = np.sqrt(landscape.masses)
    direction = roots * mode / np.linalg.norm(roots * mode)
    length = step / landscape.largest(direction / roots)
    here = _Point(roots * saddle.point, saddle.energy, np.zeros(0))
    passed: list[_Point] = []
    for _ in range(steps):
        there = None
        share = 1.0
        while there is None and share >= _SHORTEST:
            there = yield from _stepped(landscape, here.place, direction, share * length, force)
            share /= 2
        if there is None:
            raise NotConverged(f"A step of {what} did not settle; loosen the force, or use a shorter step.")
        if there.energy >= here.energy or there.gradient @ direction > 0:
            break
        passed, here = [*passed, there], there
        if landscape.largest(roots * there.gradient) < force:
            break
        direction = -there.gradient / np.linalg.norm(there.gradient)
    else:
        raise NotConverged(
            f"{what[0].upper()}{what[1:]} reached no minimum in {steps} steps; use more, or longer ones."
        )
    end = yield from descent(landscape, here.place / roots, force=force, steps=20 * steps, what=f"the end of {what}")
    places = np.array([roots * saddle.point, *(one.place for one in passed), roots * end.point])
    lengths = np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))
    return Descended(places[1:] / roots, np.array([*(one.energy for one in passed), end.energy]), lengths, end)


def _stepped(
    landscape: Landscape, place: FloatArray, direction: FloatArray, length: float, force: float
) -> Search[_Point | None]:
    """The point of least energy on the sphere through a point, about the pivot half a step down from it, if it settles."""
    roots, radius = np.sqrt(landscape.masses), length / 2
    pivot, outward = place + radius * direction, direction
    optimizer = QuasiNewton(lambda move: float(np.linalg.norm(move)), radius / 2, 1 / (70 / landscape.masses.mean()))
    for _ in range(_ON_SPHERE):
        trial = pivot + radius * outward
        values = yield from evaluated(landscape, (trial / roots)[None])
        gradient = values.gradients[0] / roots
        across = gradient - (gradient @ outward) * outward
        settled = np.linalg.norm(across) <= _ACROSS * np.linalg.norm(gradient)
        if settled or landscape.largest(roots * across) < force / 4:
            return _Point(trial, float(values.energies[0]), gradient)
        moved = radius * outward + optimizer.step(trial, across)
        outward = moved / np.linalg.norm(moved)
    return None
