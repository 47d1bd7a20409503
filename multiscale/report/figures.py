"""Diagrams as inline SVG with the numbers that the page's script shows, pictures as inline PNG."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from coupling.errors import MultiscaleError
from multiscale.runtime.drawing import SIZE, drawing
from multiscale.runtime.records import Plot
from multiscale.runtime.results import Results

_DOTS = 72  # of an SVG's inch
_MOST = 400
"""Points of a line that the script knows; the static picture has all."""


@dataclass(frozen=True)
class Diagram:
    """A diagram of the page.

    Attributes:
        svg: The static picture, an `<svg>` element.
        numbers: What the page's script needs to show values and to zoom, as JSON.
    """

    svg: str
    numbers: str


def diagram(plot: Plot, results: Results) -> Diagram:
    """A diagram with its numbers."""
    figure = drawing([plot], results.curves)
    drawn = figure.svg()
    (axes,) = figure.axes
    place = axes.get_position()
    width, height = SIZE[0] * _DOTS, SIZE[1] * _DOTS
    lines = [
        {
            "label": "" if line.get_label().startswith("_") else line.get_label(),
            "colour": line.get_color(),
            "line": line.get_linestyle() != "None",
            "dashed": line.get_linestyle() == "--",
            "points": line.get_marker() not in ("None", None, ""),
            **_thinned(*(np.asarray(values, dtype=float) for values in line.get_data())),
        }
        for line in axes.get_lines()
    ]
    numbers = {
        "box": [round(v, 2) for v in (width * place.x0, height * (1 - place.y1), width * place.x1, height * (1 - place.y0))],
        "x": [*map(float, axes.get_xlim()), axes.get_xscale() == "log", axes.get_xlabel()],
        "y": [*map(float, axes.get_ylim()), axes.get_yscale() == "log", axes.get_ylabel()],
        "lines": lines,
    }  # fmt: skip
    return Diagram(drawn, json.dumps(numbers, ensure_ascii=False, separators=(",", ":")))


def png(path: Path) -> str:
    """A PNG file as a data address for `<img src>`.

    Raises:
        MultiscaleError: the file is missing or not a PNG.
    """
    data = path.read_bytes() if path.is_file() else b""
    if not data.startswith(b"\x89PNG"):
        raise MultiscaleError(f"The picture {path.name!r} of the report is missing or not a PNG.")
    return "data:image/png;base64," + base64.b64encode(data).decode()


def _thinned(x: np.ndarray, y: np.ndarray) -> dict[str, list[float]]:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _MOST)).astype(int)) if len(x) else np.zeros(0, int)
    return {name: [float(f"{value:.5g}") for value in values[kept]] for name, values in (("x", x), ("y", y))}
