"""How far an opening reaches into the slab: layers beside the gap against the bulk at the same traction."""

import numpy as np

from atomistic.decohesion.jumps import Series, State
from coupling.contracts import FloatArray

_LEAST = 5e-3  # Å: an opening that its layers share less than that has no length
_THROUGH = 0.5  # of the largest difference
_PLANE = 1e-3  # Å: atoms whose heights differ by less are in one plane


def layer_excess(series: Series, state: State, body: int = 0) -> tuple[FloatArray, FloatArray]:
    """Distance from the nearer gap, and spacing beyond the bulk's at the same traction, of the layers of a body, Å."""
    members, unit = series.cell.bodies[body], series.closed.bulks[body].cell.array[2, 2]
    closed, now = (one.slab.positions[members, 2] for one in (series.closed, state))
    stretch = state.bulks[body].cell.array[2, 2] / unit
    order = np.argsort(closed, kind="stable")
    planes = np.split(order, np.flatnonzero(np.diff(closed[order]) > _PLANE) + 1)
    height = np.array([closed[plane].mean() for plane in planes])
    beyond = np.diff([now[plane].mean() for plane in planes]) - stretch * np.diff(height)
    middle = 0.5 * (height[1:] + height[:-1])
    return np.minimum(middle - height[0], height[-1] - middle), beyond


def localisation_length(series: Series, state: State) -> float | None:
    """Mean distance from the gap, weighted by how much a layer differs from the bulk, Å; None where none does.

    It is the decay length where that is longer than a spacing.
    """
    distance, weight = _weights(series, state)
    return float(weight @ distance / weight.sum()) if weight.sum() > _LEAST else None


def through(series: Series, state: State) -> bool:
    """Whether an opening reaches through the slab: its middle layers differ from the bulk about as much as any.

    Either the slab is thinner than the opening is wide, or this is not the branch on which one plane opens.
    """
    distance, weight = _weights(series, state)
    if weight.sum() <= _LEAST:
        return False
    middle = distance > 0.75 * distance.max()
    return bool(weight[middle].max() > _THROUGH * weight.max())


def _weights(series: Series, state: State) -> tuple[FloatArray, FloatArray]:
    parts = [layer_excess(series, state, body) for body in range(len(series.cell.bodies))]
    distance, beyond = (np.concatenate(values) for values in zip(*parts, strict=True))
    return distance, np.abs(beyond)
