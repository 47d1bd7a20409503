"""A picture of a plane specimen after deformation: the whole of it and its crack tip."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from coupling.contracts import FloatArray
from coupling.units import GPA
from multiscale.files import atomic_write

_TIP_WINDOW = 1 / 60  # of the specimen's length


def draw_specimen(bodies: Mapping[str, object], tip: FloatArray, path: Path) -> None:
    """Draw deformed bodies, coloured by the stress along y.

    Args:
        bodies: `continuum.output.Snapshot` by body; two-dimensional.
        tip: (2,) reference position of the crack tip, m.
        path: The PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

    corners = [(b.points + b.displacement)[b.cells] * 1e9 for b in bodies.values()]
    stresses = [b.stress[:, 1, 1] / GPA for b in bodies.values()]
    everything = np.concatenate([c.reshape(-1, 2) for c in corners])
    low, high = everything.min(axis=0), everything.max(axis=0)
    window = (high[0] - low[0]) * _TIP_WINDOW
    centre = tip[:2] * 1e9
    near = [np.abs(c.mean(axis=1) - centre).max(axis=1) < window for c in corners]
    limit = max(max((np.abs(s[n]).max() for s, n in zip(stresses, near, strict=True) if n.any()), default=1.0), 1e-9)
    figure = Figure(figsize=(9, 8.5), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    whole, zoom = figure.subplots(2, 1, height_ratios=(1, 1.35))
    for axes, edges in ((whole, 0.0), (zoom, 0.15)):
        for corner, stress in zip(corners, stresses, strict=True):
            shown = PolyCollection(
                corner, array=stress, cmap="RdBu_r", clim=(-limit, limit), edgecolors="0.5" if edges else "face",
                linewidths=edges,
            )
            axes.add_collection(shown)
        axes.set_aspect("equal")
        axes.set(xlabel="x / nm", ylabel="y / nm")
    margin = 0.03 * (high[0] - low[0])
    whole.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin))
    zoom.set(xlim=(centre[0] - window, centre[0] + window), ylim=(centre[1] - 0.6 * window, centre[1] + 0.6 * window))
    whole.set_title("deformed specimen, true scale")
    zoom.set_title("crack tip")
    figure.colorbar(shown, ax=[whole, zoom], label="stress along y / GPa", shrink=0.7)
    with atomic_write(path) as file:
        canvas.print_png(file)
