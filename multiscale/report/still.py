"""The still picture of a view: the same each time, and without a background."""

import io
from base64 import b64encode
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import EllipseCollection, LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from coupling.contracts import FloatArray
from multiscale.report.scene import Scene
from multiscale.runtime.drawing import INK, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import Collection

_WIDTH, _DOTS, _TONES = 6.4, 120, 64  # inches, dots of each, and colours of the file
BOX = ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 3), (2, 6), (3, 7), (4, 5), (4, 6), (5, 7), (6, 7))
"""Edges of a cell between its corners, the third cell vector's number first."""


def still(scene: Scene) -> str:
    """The last frame as a PNG in a data address."""
    points, turn = scene.points[-1], scene.turn
    seen = points @ turn.T
    reach = float(scene.radii.max(initial=0.0))
    every = scene.points.reshape(-1, 3) @ turn.T
    low, high = every.min(axis=0)[:2] - reach, every.max(axis=0)[:2] + reach
    middle, half = (low + high) / 2, 0.5 * max(high[0] - low[0], (high[1] - low[1]) / scene.aspect)
    with rc_context(STYLE | {"axes.grid": False}):
        figure = Figure(figsize=(_WIDTH, _WIDTH * scene.aspect), dpi=_DOTS)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
        axes.set_axis_off()
        for limits, place, part in ((axes.set_xlim, middle[0], half), (axes.set_ylim, middle[1], half * scene.aspect)):
            limits(place - part, place + part)
        if scene.boxed:
            corners = seen[-8:, :2]
            axes.add_collection(LineCollection([corners[list(edge)] for edge in BOX], colors=INK, linewidths=0.7))
        axes.add_collection(_cells(scene, seen, axes))
        canvas.draw()
        shown = Image.fromarray(np.array(canvas.buffer_rgba())).quantize(_TONES, Image.Quantize.FASTOCTREE)
    file = io.BytesIO()
    shown.save(file, "PNG", optimize=True)
    return "data:image/png;base64," + b64encode(file.getvalue()).decode()


def _cells(scene: Scene, seen: FloatArray, axes: "Axes") -> "Collection":
    """The cells as Matplotlib draws them, the farthest first."""
    places = seen[scene.cells]
    order = np.argsort(places[:, :, 2].mean(axis=1), kind="stable") if not scene.plane else np.arange(len(places))
    colours = np.array([to_rgb(colour) for colour in scene.key.colours])[scene.colours[-1]][order]
    places = places[order]
    if scene.cells.shape[1] == 1:
        wide = 2 * scene.radii[order]
        near = places[:, 0, 2] - places[:, 0, 2].min()
        colours = colours * (0.7 + 0.3 * near / max(float(near.max()), 1e-12))[:, None]
        return EllipseCollection(
            wide, wide, np.zeros(len(wide)), units="xy", offsets=places[:, 0, :2], offset_transform=axes.transData,
            facecolors=colours, edgecolors=0.45 * colours, linewidths=0.7,
        )  # fmt: skip
    if scene.cells.shape[1] == 2:
        return LineCollection(places[:, :, :2], colors=colours, linewidths=1.2)
    shaded = colours if scene.plane else colours * _light(places)[:, None]
    return PolyCollection(
        places[:, :, :2], facecolors=shaded, edgecolors=shaded if scene.plane else 0.7 * shaded, linewidths=0.3
    )


def _light(places: FloatArray) -> FloatArray:
    """(m,) how bright faces are: those that look at the reader most."""
    normal = np.cross(places[:, 1] - places[:, 0], places[:, 2] - places[:, 0])
    length = np.linalg.norm(normal, axis=1)
    return 0.62 + 0.38 * np.abs(normal[:, 2]) / np.where(length > 0, length, 1.0)
