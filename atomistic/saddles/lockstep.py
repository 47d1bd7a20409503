"""Searches that ask for points and are answered with energies and gradients, so that many of them share each evaluation.

A search is a generator. What it needs it yields as a list of requests, and it gets their values back in the same order:

    values = yield from evaluated(landscape, points)

`together` makes one search of several, and `drive` evaluates all that a search asks for at once in one batch.
"""

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np

from atomistic.saddles.landscape import Landscape
from coupling.contracts import Cost, FloatArray, Potential, Progress, silent


class Asked(NamedTuple):
    """Points (n, m) of a landscape, whose energies and gradients are wanted."""

    landscape: Landscape
    points: FloatArray


class Values(NamedTuple):
    """Energies (n,) in eV and gradients (n, m) in eV/Å."""

    energies: FloatArray
    gradients: FloatArray


type Search[T] = Generator[list[Asked], list[Values], T]
"""Yields requests, receives their values, returns what it found."""


def evaluated(landscape: Landscape, points: FloatArray) -> Search[Values]:
    """Energies and gradients at points (n, m)."""
    (values,) = yield [Asked(landscape, points)]
    return values


def together[T](searches: Sequence[Search[T]]) -> Search[list[T]]:
    """Several searches as one, that returns what each of them found; those that have ended ask for nothing."""
    found: dict[int, T] = {}
    waiting: dict[int, list[Asked]] = {}
    answers: dict[int, list[Values] | None] = dict.fromkeys(range(len(searches)))
    while answers:
        for k, answer in answers.items():
            try:
                waiting[k] = next(searches[k]) if answer is None else searches[k].send(answer)
            except StopIteration as end:
                found[k] = end.value
        if not waiting:
            break
        values = yield [request for requests in waiting.values() for request in requests]
        answers, start = {}, 0
        for k, requests in waiting.items():
            answers[k] = values[start : start + len(requests)]
            start += len(requests)
        waiting = {}
    return [found[k] for k in range(len(searches))]


def drive[T](
    potential: Potential, search: Search[T], stage: str, progress: Progress = silent, note: str = ""
) -> tuple[T, Cost]:
    """Run a search to its end, each of its lists of requests as one batch.

    Args:
        potential: The potential.
        search: What asks.
        stage: Of the progress.
        progress: Called after each batch.
        note: Of the progress.

    Returns:
        What the search found, and what it cost.
    """
    cost, rounds = Cost(), 0
    try:
        requests = next(search)
        while True:
            structures = [one.landscape.structure(point) for one in requests for point in one.points]
            found = potential.evaluate(structures)
            cost, rounds = cost + found.cost, rounds + 1
            progress(stage, rounds, 0, note)
            values, start = [], 0
            for landscape, points in requests:
                part = slice(start, start + len(points))
                values.append(Values(np.array(found.energies[part]), landscape.gradients(found.forces[part])))
                start += len(points)
            requests = search.send(values)
    except StopIteration as end:
        return end.value, cost
