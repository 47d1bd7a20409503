"""Active learning: follow a study's own routes, and ask the oracle where the model cannot be trusted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol, Self

import numpy as np
from ase import Atoms

from atomistic.trust.labels import LabelSet
from atomistic.trust.notebook import Entry, Notebook, Position
from atomistic.trust.oracle import known
from atomistic.trust.routes import Points, Route, RouteState
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged

_FAILURES = 3
"""Structures in a row on which the oracle may fail."""


class UncertainModel(Protocol):
    """A model that knows how far it can be trusted.

    Attributes:
        potential: Its best estimate, which drives the routes.
    """

    @property
    def potential(self) -> Potential:
        """Its best estimate, which drives the routes."""

    def radii(self, structures: Sequence[Atoms]) -> FloatArray:
        """(n,) largest radius of a force on any atom of each structure, eV/Å."""
        ...

    def updated(self, labels: LabelSet) -> Self:
        """The model with these labels too."""
        ...


@dataclass(frozen=True)
class Rules:
    """When to ask, and how often.

    Attributes:
        threshold: Radius above which a structure is labelled, eV/Å.
        budget: Labels at most.
        first: Labels before the model is asked for its radius, spread over the routes.
    """

    threshold: float = 0.1
    budget: int = 60
    first: int = 6

    def __post_init__(self) -> None:
        if not self.threshold > 0:
            raise InputError(f"A threshold of {self.threshold} eV/Å is never reached; give a positive one.")
        if not 2 <= self.first <= self.budget:
            raise InputError(
                f"With {self.first} first labels and a budget of {self.budget}: 2 ≤ first ≤ budget must hold."
            )


@dataclass(frozen=True)
class Learned[Model: UncertainModel]:
    """What a learning run ends with.

    Attributes:
        surrogate: The model.
        entries: What was chosen, in order.
        below: Whether all routes were followed to their ends and nothing above the threshold was left without a
            label; if not, the budget was spent.
        before: Group to radii along its points after the first labels, eV/Å.
        after: The same at the end.
        laps: How often the routes were begun.
    """

    surrogate: Model
    entries: tuple[Entry, ...]
    below: bool
    before: Mapping[str, FloatArray]
    after: Mapping[str, FloatArray]
    laps: int

    @property
    def labels(self) -> LabelSet:
        """All labels, in order."""
        return LabelSet(tuple(entry.label for entry in self.entries if entry.label is not None))


def learn[Model: UncertainModel](
    start: Callable[[LabelSet], Model],
    notebook: Notebook,
    routes: Sequence[Route],
    rules: Rules,
    *,
    progress: Progress = silent,
) -> Learned[Model]:
    """Label where the radius is above the threshold, until all routes are below it or the budget is spent.

    Every choice follows from the labels before it, and is noted before the oracle is asked: a run that
    was killed loses at most the label in the making, and ends with the labels of an undisturbed one.
    Rigid paths are labelled where the radius is largest; trajectories stop where it first exceeds the
    threshold and go on from there with the updated model. The routes are followed again until none stops.

    Args:
        start: Makes the model from the first labels.
        notebook: The record; what it holds is not done again.
        routes: In the order in which they are followed.
        rules: When to ask.
        progress: Told after each label.

    Raises:
        InputError: there is no route with points to begin with.
        NotConverged: the oracle fails on several structures in a row.
    """
    notebook.finish()
    _begin(notebook, routes, rules, progress)
    count = min(rules.first, len(notebook.entries))
    first = LabelSet(tuple(entry.label for entry in notebook.entries[:count] if entry.label is not None))
    surrogate = start(first)
    before = radii_along(surrogate, routes)
    for entry in notebook.entries[count:]:
        surrogate = _updated(surrogate, entry)
    lap, route, state = notebook.entries[-1].position
    while True:
        for index in range(route, len(routes)):
            while (stop := _stop(surrogate, routes[index], state, notebook, rules)) is not None:
                if len(notebook.entries) >= rules.budget:
                    return Learned(
                        surrogate, tuple(notebook.entries), False, before, radii_along(surrogate, routes), lap + 1
                    )
                entry = notebook.choose(
                    stop.structure, routes[index].group, stop.radius, Position(lap, index, stop.state)
                )
                _check_failures(notebook)
                surrogate = _updated(surrogate, entry)
                state = stop.state
                progress("labels", len(notebook.entries), rules.budget, f"{entry.group}, radius {stop.radius:.3g} eV/Å")
            state = {}
        if not any(entry.position.lap == lap for entry in notebook.entries[count:]):
            return Learned(surrogate, tuple(notebook.entries), True, before, radii_along(surrogate, routes), lap + 1)
        lap, route = lap + 1, 0


def radii_along(surrogate: UncertainModel, routes: Sequence[Route]) -> dict[str, FloatArray]:
    """Radii of the points of the routes that no potential drives, by group, eV/Å."""
    found: dict[str, list[FloatArray]] = {}
    for route in routes:
        if isinstance(route, Points):
            found.setdefault(route.group, []).append(surrogate.radii(list(route.structures)))
    return {group: np.concatenate(parts) for group, parts in found.items()}


class _Stop(NamedTuple):
    structure: Atoms
    radius: float
    state: RouteState


def _stop(surrogate: UncertainModel, route: Route, state: RouteState, notebook: Notebook, rules: Rules) -> _Stop | None:
    """Where the route stops: the least trusted structure of the first stretch above the threshold."""
    for stretch in route.walk(surrogate.potential, state):
        radii = surrogate.radii(stretch.structures)
        for index in np.argsort(-radii, kind="stable"):
            if not radii[index] > rules.threshold:
                break
            if not known(stretch.structures[index], notebook.structures):
                return _Stop(stretch.structures[index], float(radii[index]), stretch.state)
    return None


def _begin(notebook: Notebook, routes: Sequence[Route], rules: Rules, progress: Progress) -> None:
    """The first labels: ends, middles and quarters of the routes in turn."""
    points = [route for route in routes if isinstance(route, Points) and len(route.structures)]
    if not points:
        raise InputError("Learning begins on a path with given points (opening, slip, rattle, strain); add one.")
    for fraction in islice(_fractions(), 64):
        for route in points:
            structure = route.structures[round(fraction * (len(route.structures) - 1))]
            if len(notebook.entries) >= rules.first:
                return
            if not known(structure, notebook.structures):
                notebook.choose(structure, route.group, np.nan, Position())
                _check_failures(notebook)
                progress("labels", len(notebook.entries), rules.budget, route.group)
    if len(notebook.entries) < 2:
        raise InputError("The routes hold fewer than two different structures; add points.")


def _fractions() -> Iterator[float]:
    """0, 1, 1/2, 1/4, 3/4, 1/8, …: ever finer, evenly spread."""
    yield from (0.0, 1.0)
    parts = 2
    while True:
        yield from (k / parts for k in range(1, parts, 2))
        parts *= 2


def _updated[Model: UncertainModel](surrogate: Model, entry: Entry) -> Model:
    return surrogate if entry.label is None else surrogate.updated(LabelSet((entry.label,)))


def _check_failures(notebook: Notebook) -> None:
    last = notebook.entries[-_FAILURES:]
    if len(last) == _FAILURES and all(entry.label is None for entry in last):
        raise NotConverged(
            f"The oracle {notebook.oracle.name} failed on {_FAILURES} structures in a row, the last "
            f"{last[-1].structure.get_chemical_formula()} of group {last[-1].group!r}; give it safer options."
        )
