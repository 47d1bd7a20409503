"""A picture of a plane specimen after deformation: the whole of it and its crack tip."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coupling.contracts import FloatArray
from coupling.units import SI_FACTORS
from multiscale.studies.specimen.film import around

if TYPE_CHECKING:
    from continuum.post.output import Snapshot

_TIP_WINDOW = 1 / 60  # of the specimen's length


def draw_specimen(
    bodies: "Mapping[str, Snapshot]",
    tip: FloatArray,
    path: Path,
    unit: str = "nm",
    stress_unit: str = "GPa",
    magnified: float = 1.0,
) -> None:
    """Draw deformed bodies, coloured by the stress along y.

    Args:
        bodies: `continuum.post.output.Snapshot` by body; two-dimensional.
        tip: (2,) reference position of the crack tip, m.
        path: The PNG to write.
        unit: Of the axes.
        stress_unit: Of the colours.
        magnified: Factor on the displacements.
    """
    from matplotlib.collections import PolyCollection

    from multiscale.runtime.drawing import picture

    length, pressure = SI_FACTORS["length"][unit], SI_FACTORS["stress"][stress_unit]
    corners = [(b.points + magnified * b.displacement)[around(b.cells)] / length for b in bodies.values()]
    stresses = [b.stress[:, 1, 1] / pressure for b in bodies.values()]
    everything = np.concatenate([c.reshape(-1, 2) for c in corners])
    low, high = everything.min(axis=0), everything.max(axis=0)
    window = (high[0] - low[0]) * _TIP_WINDOW
    centre = tip[:2] / length
    near = [np.abs(c.mean(axis=1) - centre).max(axis=1) < window for c in corners]
    limit = max(max((np.abs(s[n]).max() for s, n in zip(stresses, near, strict=True) if n.any()), default=1.0), 1e-9)
    with picture(path, (5.6, 5.4)) as figure:
        whole, zoom = figure.subplots(2, 1, height_ratios=(1, 1.35))
        for axes, edges in ((whole, 0.0), (zoom, 0.15)):
            for corner, stress in zip(corners, stresses, strict=True):
                shown = PolyCollection(
                    corner, array=stress, cmap="RdBu_r", clim=(-limit, limit), edgecolors="0.5" if edges else "face", linewidths=edges,
                )  # fmt: skip
                axes.add_collection(shown)
            axes.set_aspect("equal")
            axes.set(xlabel=f"x ({unit})", ylabel=f"y ({unit})")
        margin = 0.03 * (high[0] - low[0])
        whole.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin))
        zoom.set(
            xlim=(centre[0] - window, centre[0] + window), ylim=(centre[1] - 0.6 * window, centre[1] + 0.6 * window)
        )
        whole.set_title("deformed specimen, " + ("true scale" if magnified == 1 else f"displacements × {magnified:g}"))
        zoom.set_title("crack tip")
        figure.colorbar(shown, ax=[whole, zoom], label=f"stress along y ({stress_unit})", shrink=0.7)
