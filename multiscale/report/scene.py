"""What a view shows: points that move from frame to frame, and spheres or faces on them, packed for the page's script."""

import json
from base64 import b64encode
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray

IntArray = NDArray[np.int64]

LARGEST = 600_000
"""Bytes of a view in a page: it has as many frames as that takes, and above it the still picture alone."""
MOST_FRAMES = 25
_GRID = 65535
"""Steps across the scene to which coordinates are rounded in a page."""
_SIDE = 25.0
"""Degrees to which a solid is turned about its upright axis at first."""


@dataclass(frozen=True)
class Key:
    """What the colours mean.

    Attributes:
        name: What is coloured.
        colours: As #rrggbb: of the values from the least to the largest, or of each label.
        labels: Least and largest value with their unit, or the name of each colour.
        continuous: Whether colours run from one into the next.
    """

    name: str
    colours: tuple[str, ...]
    labels: tuple[str, ...]
    continuous: bool


@dataclass(frozen=True)
class Scene:
    """Points, and cells on them that have a colour.

    Attributes:
        points: (f, n, 3) in any unit of length; z is zero in a plane scene. With a box its corners are the last eight.
        cells: (m, k) points of each cell: spheres (1), edges (2), triangles (3), quadrilaterals (4).
        colours: (f, m) or (1, m) index into the key's colours.
        radii: (m,) of spheres, in the unit of the points; of other cells zero.
        key: What the colours mean.
        labels: (f) what is said of each frame.
        turn: (3, 3) from the scene to the page at first: across, up, and towards the reader.
        boxed: Whether the edges of a periodic cell are drawn.
        plane: Whether all of it lies in a plane, and is not turned.
    """

    points: FloatArray
    cells: IntArray
    colours: IntArray
    radii: FloatArray
    key: Key
    labels: tuple[str, ...]
    turn: FloatArray
    boxed: bool = False
    plane: bool = False

    @property
    def aspect(self) -> float:
        """Height over width of its picture."""
        across, up, _ = np.ptp(self.points.reshape(-1, 3) @ self.turn.T, axis=0) + 2 * self.radii.max(initial=0.0)
        return float(np.clip(up / across if across else 1.0, 0.22 if self.plane else 0.45, 1.0))

    def thinned(self) -> "Scene | None":
        """The scene with as many frames, evenly spaced, as a page takes; None where it takes none."""
        frames, values = len(self.points), self.colours.size if len(self.colours) > 1 else 0
        fixed = 4 / 3 * (2 * self.cells.size + 2 * len(self.cells))
        each = 4 / 3 * (2 * self.points[0].size + values / frames)
        most = min(MOST_FRAMES, int((LARGEST - fixed) / each))
        if most < 1 or len(self.points[0]) > _GRID:
            return None
        kept = np.unique(np.linspace(0, frames - 1, min(frames, most)).round().astype(int)) if most > 1 else [-1]
        return Scene(
            self.points[kept], self.cells, self.colours[kept] if values else self.colours, self.radii, self.key,
            tuple(self.labels[k] for k in np.arange(frames)[kept]), self.turn, self.boxed, self.plane,
        )  # fmt: skip

    def packed(self) -> str:
        """The scene as JSON for the page's script: coordinates as whole steps, arrays in base 64."""
        low, high = self.points.min(axis=(0, 1)), self.points.max(axis=(0, 1))
        step = np.where(high > low, (high - low) / _GRID, 1.0)
        whole = np.rint((self.points - low) / step)
        return json.dumps(
            {
                "frames": len(self.points), "low": _short(low), "step": _short(step), "points": _packed(whole, "<u2"),
                "corners": self.cells.shape[1], "cells": _packed(self.cells, "<u2"),
                "colours": _packed(self.colours, "u1"), "palette": self.key.colours,
                "radii": _short(np.unique(self.radii)), "sizes": _packed(np.unique(self.radii, return_inverse=True)[1], "u1"),
                "labels": self.labels, "boxed": self.boxed, "plane": self.plane, "turn": _short(self.turn.ravel()),
                "aspect": round(self.aspect, 3),
            },
            ensure_ascii=False, separators=(",", ":"),
        )  # fmt: skip


def upright(axis: int) -> FloatArray:
    """(3, 3) with an axis upright, turned about it, then towards the reader."""
    side, down = np.radians(_SIDE), np.radians(18.0)
    about = np.array([[np.cos(side), 0, -np.sin(side)], [0, 1, 0], [np.sin(side), 0, np.cos(side)]])
    towards = np.array([[1, 0, 0], [0, np.cos(down), -np.sin(down)], [0, np.sin(down), np.cos(down)]])
    return towards @ about @ np.roll(np.eye(3), (1 - axis) % 3, axis=0)


def along(axis: int) -> FloatArray:
    """(3, 3) with an axis towards the reader."""
    return np.roll(np.eye(3), (2 - axis) % 3, axis=0)


def _short(values: FloatArray) -> list[float]:
    return [float(f"{value:.7g}") for value in values]


def _packed(values: NDArray[np.generic], kind: str) -> str:
    return b64encode(np.ascontiguousarray(values).astype(kind).tobytes()).decode()
