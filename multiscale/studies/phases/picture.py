"""A picture of the hull of three elements."""

from pathlib import Path

import numpy as np

from coupling.contracts import FloatArray
from multiscale.studies.phases.records import LabelledRecord, PhasesRecord

_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 3**0.5 / 2]])
_SHOWN = 0.1  # eV per atom: colours end there


def draw_triangle(phases: PhasesRecord, labelled: LabelledRecord | None, path: Path) -> None:
    """Draw phases in the triangle of compositions, with the facets of the hull.

    Args:
        phases: Of three elements.
        labelled: Whose energies count where there are any.
        path: The PNG to write.
    """
    from atomistic.phases.hull import ConvexHull
    from multiscale.runtime.drawing import picture

    hull = ConvexHull(phases.fractions, phases.formation if labelled is None else labelled.formation)
    places = phases.fractions @ _CORNERS
    order = np.argsort(-hull.above, kind="stable")  # the lowest on top
    with picture(path, (4.8, 4.2)) as figure:
        axes = figure.subplots()
        for facet in hull.facets:
            ring = places[[*facet, facet[0]]]
            axes.plot(*ring.T, color="0.5", linewidth=0.8, zorder=1)
        shown = axes.scatter(
            *places[order].T, c=1e3 * np.minimum(hull.above[order], _SHOWN), cmap="viridis", vmin=0, vmax=1e3 * _SHOWN, s=18, zorder=2
        )  # fmt: skip
        figure.colorbar(shown, label="above the hull (meV per atom, at most 100)")
        for element, corner in zip(phases.elements, _outside(_CORNERS), strict=True):
            axes.text(*corner, element, ha="center", va="center")
        axes.set_aspect("equal")
        axes.set_axis_off()


def _outside(corners: FloatArray) -> FloatArray:
    """A little beyond the corners."""
    centre = corners.mean(axis=0)
    return np.asarray(centre + 1.1 * (corners - centre))
