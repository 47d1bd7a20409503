"""A film bonded from an edge on, to a block or to a rigid foundation: the grid that a peel strip and a blister share."""

from typing import Protocol

import numpy as np

from continuum.specimens.dimensions import check_lengths, check_order
from continuum.specimens.grid import Box, graded
from coupling.contracts import FloatArray
from coupling.errors import InputError


class _Film(Protocol):
    """Dimensions of a film on y = 0; see `continuum.specimens.peel.PeelStrip`."""

    @property
    def film(self) -> float: ...
    @property
    def growth(self) -> float: ...
    @property
    def fine(self) -> float: ...
    @property
    def coarse(self) -> float: ...
    @property
    def block(self) -> float | None: ...
    @property
    def layers(self) -> int: ...
    @property
    def grading(self) -> float: ...


def film_grid(specimen: _Film, edge: str, extent: str) -> tuple[list[FloatArray], dict[str, Box]]:
    """The axes x and y of the grid, fine along the growth from the edge, and the bodies `film` and, with one, `block`.

    Args:
        specimen: The dimensions.
        edge: Name of the dimension at which the bond begins.
        extent: Name of the dimension at which film and block end.

    Raises:
        InputError: lengths that are not positive or do not fit.
    """
    check_lengths(specimen, "film", "growth", "coarse", "grading", *(["block"] if specimen.block is not None else []))
    check_order(specimen, "fine", edge, extent)
    begin, end = getattr(specimen, edge), getattr(specimen, extent)
    stop = begin + specimen.growth
    if not (stop < end and specimen.fine <= specimen.coarse and specimen.layers >= 1):
        raise InputError(
            f"{edge} = {begin:g} growing by {specimen.growth:g} up to {extent} = {end:g}, with elements from "
            f"{specimen.fine:g} to {specimen.coarse:g} in {specimen.layers} layers, cannot be meshed; make {extent} larger, "
            "coarse at least fine, and layers at least 1."
        )
    sizes = {"fine": specimen.fine, "coarse": specimen.coarse, "grading": specimen.grading}
    x = graded((0, begin, stop, end), near=(begin, stop), **sizes)
    y = np.linspace(0, specimen.film, specimen.layers + 1)
    bodies: dict[str, Box] = {"film": ((0.0, end), (0, specimen.film))}
    if specimen.block is not None:
        y = np.append(graded((-specimen.block, 0), near=(0, 0), **sizes), y[1:])
        bodies["block"] = ((0.0, end), (-specimen.block, 0))
    return [x, y], bodies
