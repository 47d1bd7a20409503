"""The deformed bodies of a loading, state after state, as the report shows them: plane cells, or the faces of solids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.files import write_arrays

if TYPE_CHECKING:
    from continuum.post.output import Snapshot

IntArray = NDArray[np.int64]

FILE = "film.npz"
MOST_CELLS = 9_000
"""Plane cells that are shown one by one; of more, the outline of the bodies."""
MOST_STATES = 25
_SAME = 1e-9  # of a body's size, below which two points are one
_FACES = {
    4: ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)),
    8: ((0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)),
}
"""Of tetrahedra and hexahedra, by their corners, which come as a tensor product."""


@dataclass(frozen=True)
class VisibleCells:
    """What is shown of a body.

    Attributes:
        points: (n) which points of the body's snapshot.
        cells: (m, k) corners among them, around.
        owners: (m) which cell of the body each belongs to.
    """

    points: IntArray
    cells: IntArray
    owners: IntArray


def surface(body: "Snapshot", outline: bool = False) -> VisibleCells:
    """The faces of a solid that no other cell shares; of a plane body its cells, or its outline."""
    if body.points.shape[1] == 2 and not outline:
        cells, owners = around(body.cells), np.arange(len(body.cells))
    else:
        cells, owners = _shared_by_none(body)
    points, cells = np.unique(cells, return_inverse=True)
    return VisibleCells(points, cells.reshape(len(owners), -1), owners)


def around(cells: IntArray) -> IntArray:
    """Corners of plane cells in the order of a polygon; quadrilaterals come as a tensor product."""
    return cells[:, [0, 1, 3, 2]] if cells.shape[1] == 4 else cells


def _shared_by_none(body: "Snapshot") -> tuple[IntArray, IntArray]:
    """Faces (edges of plane cells) that belong to one cell alone, and those cells."""
    if body.points.shape[1] == 2:
        ring = around(body.cells)
        sides = np.stack([ring, np.roll(ring, -1, axis=1)], axis=2)
    else:
        sides = body.cells[:, _FACES[body.cells.shape[1]]]
    owners = np.repeat(np.arange(len(body.cells)), sides.shape[1])
    faces = sides.reshape(len(owners), -1)
    grid = _SAME * max(float(np.ptp(body.points)), 1e-300)
    _, same = np.unique(np.rint(body.points / grid), axis=0, return_inverse=True)  # ranks have points of their own
    _, first, times = np.unique(np.sort(same.ravel()[faces], axis=1), axis=0, return_index=True, return_counts=True)
    alone = np.sort(first[times == 1])
    return faces[alone], owners[alone]


@dataclass
class Film:
    """The states so far, on rank 0.

    Attributes:
        loads: Of each.
        points: (n, dim) m, reference, of each body's surface.
        states: Displacement (n, dim), m, and stress along y (m), Pa, of each.
    """

    loads: list[float] = field(default_factory=list)
    points: FloatArray | None = None
    cells: IntArray | None = None
    states: list[tuple[FloatArray, FloatArray]] = field(default_factory=list)
    _surfaces: dict[str, VisibleCells] = field(default_factory=dict)

    def take(self, bodies: "Mapping[str, Snapshot]", load: float) -> None:
        """Take a state; of the same load as the last, it replaces that."""
        if not sum(len(body.cells) for body in bodies.values()):
            return  # not on this rank
        if not self._surfaces:
            self._begin(bodies)
        if self.loads and self.loads[-1] == load:
            self.loads.pop(), self.states.pop()
        moved = [bodies[name].displacement[one.points] for name, one in self._surfaces.items()]
        stress = [bodies[name].stress[one.owners, 1, 1] for name, one in self._surfaces.items()]
        self.states.append((np.concatenate(moved), np.concatenate(stress)))
        self.loads.append(load)

    def _begin(self, bodies: "Mapping[str, Snapshot]") -> None:
        outline = sum(len(body.cells) for body in bodies.values()) > MOST_CELLS
        self._surfaces = {name: surface(body, outline) for name, body in bodies.items()}
        shown = self._surfaces.items()
        self.points = np.concatenate([bodies[name].points[one.points] for name, one in shown])
        begins = np.cumsum([0] + [len(one.points) for _, one in shown])
        corners = max(one.cells.shape[1] for _, one in shown)
        parts = [_wider(one.cells, corners) + begin for (_, one), begin in zip(shown, begins, strict=False)]
        self.cells = np.concatenate(parts)

    def write(self, path: Path, magnified: float) -> None:
        """Write at most `MOST_STATES` of the states, the last among them.

        Args:
            path: The file.
            magnified: Factor on the displacements.
        """
        kept = np.unique(np.linspace(0, len(self.loads) - 1, min(len(self.loads), MOST_STATES)).round().astype(int))
        moved = np.array([self.points + magnified * self.states[k][0] for k in kept], dtype=np.float32)
        stress = np.array([self.states[k][1] for k in kept], dtype=np.float32)
        arrays = {"points": moved, "cells": self.cells, "stress": stress, "load": np.array(self.loads)[kept]}
        write_arrays(path, arrays, compressed=True)


def _wider(cells: IntArray, corners: int) -> IntArray:
    """The same cells with as many corners as others have: the last one stands more than once."""
    return np.hstack([cells, np.repeat(cells[:, -1:], corners - cells.shape[1], axis=1)])
