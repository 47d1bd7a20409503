"""Transitions between minima: bands, saddles, reaction paths and frequencies, all of them in common batches."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.saddles.band import Band, relaxed_band, straight
from atomistic.saddles.downhill import Descended, downhill
from atomistic.saddles.ends import EQUAL, matched, refuse_equal
from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import drive, together
from atomistic.saddles.minimum_mode import Climbed, climb, random_mode
from atomistic.saddles.quasi_newton import Reached, descent
from atomistic.saddles.stationary import Place, StationaryPoint, require_minimum, require_saddle, stationary_points
from atomistic.saddles.transition import DEFAULT, ReactionPath, Settings, Transition
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged


def transition(
    potential: Potential,
    first: Atoms,
    last: Atoms,
    *,
    free: NDArray[np.bool_] | None = None,
    settings: Settings = DEFAULT,
    progress: Progress = silent,
) -> Transition:
    """The saddle between two minima; see `transitions`."""
    return transitions(potential, [(first, last)], free=free, settings=settings, progress=progress)[0]


def transitions(
    potential: Potential,
    ends: Sequence[tuple[Atoms, Atoms]],
    *,
    free: NDArray[np.bool_] | Sequence[NDArray[np.bool_] | None] | None = None,
    settings: Settings = DEFAULT,
    progress: Progress = silent,
) -> list[Transition]:
    """The saddles between pairs of minima, all bands with all their images in one batch.

    Ends relax; a band with a climbing image finds the saddle roughly, the softest mode leads to it; paths of steepest
    descent must lead down to the ends; ends must be minima, the saddle of first order.

    Args:
        potential: The potential.
        ends: Pairs of structures, of the same atoms in the same order.
        free: (N,) or (N, 3) True where a coordinate may move, one for all pairs or a list of one each; None is all of them.
        settings: How they are searched.
        progress: Called after each batch.

    Raises:
        InputError: ends are of different atoms, equal, or no minima.
        NotConverged: a search did not end, or from the saddle the paths lead to other minima.
    """
    masks = free if isinstance(free, list | tuple) else [free] * len(ends)
    pairs = [matched(first, last, mask) for (first, last), mask in zip(ends, masks, strict=True)]
    names = ["" if len(pairs) == 1 else f" of transition {number}" for number in range(len(pairs))]
    landscapes = [landscape for landscape, _, _ in pairs]
    ends, cost = _minima(potential, pairs, names, settings, progress)
    bands, more = _bands(potential, landscapes, ends, names, settings, progress)
    starts = [
        _Start(at, one.points[one.top], one.tangents[one.top - 1]) for at, one in zip(landscapes, bands, strict=True)
    ]
    tops, most = _saddles(potential, starts, names, settings, progress)
    sides, last = _down(potential, tops, names, settings, progress)
    cost = cost + more + most + last
    return [
        Transition(
            end.points[0],
            top.kind,
            end.points[1],
            _path(top, *_towards(top, side, end, name)),
            band,
            top.landscape,
            cost,
        )
        for end, band, top, side, name in zip(ends, bands, tops, sides, names, strict=True)
    ]


def saddle_near(
    potential: Potential,
    atoms: Atoms,
    *,
    free: NDArray[np.bool_] | None = None,
    mode: FloatArray | None = None,
    seed: int = 0,
    settings: Settings = DEFAULT,
    progress: Progress = silent,
) -> Transition:
    """A saddle by its softest mode alone, without knowing where it leads, and the two minima that it joins.

    Args:
        potential: The potential.
        atoms: Where the search starts: near the saddle, or displaced from a minimum.
        free: As of `transitions`.
        mode: (N, 3) guess of the displacement towards the saddle; None draws one at random, uphill.
        seed: Of that.
        settings: How it is searched.
        progress: Called after each batch.

    Raises:
        InputError: the mode does not move what is free.
        NotConverged: no saddle of first order was found.
    """
    landscape = Landscape(atoms, free)
    vector = random_mode(landscape, seed) if mode is None else _given(mode, landscape)
    start = _Start(landscape, landscape.point(atoms), vector)
    tops, cost = _saddles(potential, [start], [""], settings, progress, uphill=mode is None)
    (sides,), more = _down(potential, tops, [""], settings, progress)
    (first, last), most = _kinds(potential, [landscape] * 2, [side.end for side in sides], settings, progress)
    for one, which in ((first, "first"), (last, "last")):
        require_minimum(one, f"The {which} end of the reaction path")
    return Transition(first, tops[0].kind, last, _path(tops[0], *sides), None, landscape, cost + more + most)


def _given(mode: FloatArray, landscape: Landscape) -> FloatArray:
    """(m,) of a mode (N, 3)."""
    flat = np.asarray(mode, dtype=float).ravel()
    if flat.size != landscape.moving.size or not flat[landscape.moving].any():
        raise InputError(
            f"A mode of {flat.size} numbers does not move what is free of {len(landscape.atoms)} atoms; give (N, 3) Å."
        )
    return flat[landscape.moving]


class _Start(NamedTuple):
    """Where the search for a saddle starts: a point (m,) and a guess of the softest mode there (m,)."""

    landscape: Landscape
    point: FloatArray
    mode: FloatArray


class _Ends(NamedTuple):
    """Two minima, as they were found and as they are reported."""

    found: tuple[Reached, Reached]
    points: tuple[StationaryPoint, StationaryPoint]


class _Top(NamedTuple):
    """A saddle, as it was found and as it is reported."""

    landscape: Landscape
    found: Climbed
    kind: StationaryPoint


def _minima(
    potential: Potential, pairs: Sequence[tuple[Landscape, FloatArray, FloatArray]], names: Sequence[str],
    settings: Settings, progress: Progress,
) -> tuple[list[_Ends], Cost]:  # fmt: skip
    """The ends, relaxed or as they are, checked to be minima."""
    which = [f"the {end} end{name}" for name in names for end in ("first", "last")]
    landscapes = [landscape for landscape, _, _ in pairs for _ in range(2)]
    points = [point for _, *ends in pairs for point in ends]
    steps = 10 * settings.steps if settings.relax_ends else 1
    searches = [
        descent(landscape, point, force=settings.force, steps=steps, what=what)
        for landscape, point, what in zip(landscapes, points, which, strict=True)
    ]
    try:
        found, cost = drive(potential, together(searches), "ends", progress)
    except NotConverged as error:
        if settings.relax_ends:
            raise
        words = str(error).split(" did not relax")[0]
        raise InputError(
            f"{words} is no minimum: forces above {settings.force:.2g} eV/Å are left on it; relax it, or leave relax_ends=True."
        ) from error
    for k in range(0, len(found), 2):
        refuse_equal(landscapes[k], found[k + 1].point - found[k].point, f"The ends{names[k // 2]}, relaxed,")
    kinds, more = _kinds(potential, landscapes, found, settings, progress)
    for kind, what in zip(kinds, which, strict=True):
        require_minimum(kind, what.capitalize())
    ends = [_Ends((found[k], found[k + 1]), (kinds[k], kinds[k + 1])) for k in range(0, len(found), 2)]
    return ends, cost + more


def _bands(
    potential: Potential, landscapes: Sequence[Landscape], ends: Sequence[_Ends], names: Sequence[str],
    settings: Settings, progress: Progress,
) -> tuple[list[Band], Cost]:  # fmt: skip
    searches = [
        relaxed_band(
            landscape, straight(first.point, last.point, settings.images), spring=settings.spring, climbs=True,
            force=settings.band_force, steps=settings.steps, what=f"the band{name}",
        )
        for landscape, ((first, last), _), name in zip(landscapes, ends, names, strict=True)
    ]  # fmt: skip
    return drive(potential, together(searches), "nudged elastic band", progress)


def _saddles(
    potential: Potential, starts: Sequence[_Start], names: Sequence[str], settings: Settings, progress: Progress,
    uphill: bool = False,
) -> tuple[list[_Top], Cost]:  # fmt: skip
    """From points near saddles to the saddles, checked to be of first order."""
    searches = [
        climb(*start, force=settings.force, steps=settings.steps, what=f"the saddle{name}", uphill=uphill)
        for start, name in zip(starts, names, strict=True)
    ]
    found, cost = drive(potential, together(searches), "saddle", progress)
    kinds, more = _kinds(potential, [start.landscape for start in starts], found, settings, progress)
    for kind, name in zip(kinds, names, strict=True):
        require_saddle(kind, f"What was found{name}")
    tops = [_Top(start.landscape, top, kind) for start, top, kind in zip(starts, found, kinds, strict=True)]
    return tops, cost + more


def _kinds(
    potential: Potential, landscapes: Sequence[Landscape], found: Sequence[Reached | Climbed], settings: Settings,
    progress: Progress,
) -> tuple[list[StationaryPoint], Cost]:  # fmt: skip
    places = [Place(at, one.point, one.energy, one.gradient) for at, one in zip(landscapes, found, strict=True)]
    return stationary_points(potential, places, whole=settings.frequencies, progress=progress)


def _down(
    potential: Potential, tops: Sequence[_Top], names: Sequence[str], settings: Settings, progress: Progress
) -> tuple[list[tuple[Descended, Descended]], Cost]:
    """Of each saddle both ways down."""
    searches = [
        downhill(
            landscape, Reached(found.point, found.energy, found.gradient, 0), sign * kind.mode.ravel()[landscape.moving],
            step=settings.path_step, force=settings.force, steps=settings.steps, what=f"the reaction path{name}",
        )
        for (landscape, found, kind), name in zip(tops, names, strict=True)
        for sign in (-1.0, 1.0)
    ]  # fmt: skip
    sides, cost = drive(potential, together(searches), "reaction path", progress)
    return [(sides[k], sides[k + 1]) for k in range(0, len(sides), 2)], cost


def _towards(top: _Top, sides: tuple[Descended, Descended], ends: _Ends, name: str) -> tuple[Descended, Descended]:
    """The sides in the order of the ends, which they must reach."""
    landscape, minima = top.landscape, ends.found

    def apart(side: Descended, minimum: Reached) -> float:
        moved = side.end.point - minimum.point
        rigid = landscape.rigid(minimum.point)
        return landscape.largest(moved - rigid.T @ (rigid @ moved))

    def distance(order: tuple[Descended, Descended]) -> float:
        return max(apart(side, minimum) for side, minimum in zip(order, minima, strict=True))

    order = min((sides, sides[::-1]), key=distance)
    for which, side, minimum in zip(("first", "last"), order, minima, strict=True):
        if apart(side, minimum) > EQUAL:
            raise NotConverged(
                f"The highest saddle{name} does not lead down to the {which} end: the reaction path ends "
                f"{apart(side, minimum):.2g} Å from it, {side.end.energy - minimum.energy:+.3g} eV from its energy; there is "
                "a minimum between the ends: search the transitions to and from it."
            )
    return order


def _path(top: _Top, first: Descended, last: Descended) -> ReactionPath:
    landscape, found = top.landscape, top.found
    points = [*first.points[::-1], found.point, *last.points]
    return ReactionPath(
        np.concatenate([-first.lengths[::-1], [0.0], last.lengths]),
        np.concatenate([first.energies[::-1], [found.energy], last.energies]),
        [landscape.structure(point) for point in points],
    )
