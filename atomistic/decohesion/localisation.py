"""How far an opening reaches into the slab: layers beside the gap against the bulk at the same traction."""

import numpy as np

from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import Series
from coupling.contracts import FloatArray

_LEAST = 5e-3  # Å: an opening that its layers share less than that has no length
_THROUGH = 0.5  # of the largest difference
_PLANE = 1e-3  # Å: atoms whose heights differ by less are in one plane


def layer_excess(series: Series, state: State, body: int = 0) -> tuple[FloatArray, FloatArray]:
    """Distance from the nearer gap, and spacing beyond the bulk's at the same traction, of the layers of a body, Å."""
    height, beyond = _increments(series, state, body)
    middle = 0.5 * (height[1:] + height[:-1])
    return np.minimum(middle - height[0], height[-1] - middle), beyond[:, 2]


def carried_over(series: Series, state: State, other: Series) -> FloatArray:
    """Unknowns of a slab of another number of layers whose layers differ from the bulk as a state's do, counted from the gap.

    Args:
        series: The slab of the state, of one crystal, as the other is.
        state: An equilibrium of it.
        other: The slab that is to begin there; its middle is the bulk where it is the thicker one.
    """
    (members, _), (_, layers) = (_planes(one, 0) for one in (series, other))
    _, beyond = _increments(series, state, 0)
    shared = min(len(layers) - 1, len(beyond))
    above = shared // 2
    below = shared - above
    bulk = other.closed.bulks[0].cell.array[2]
    height = np.array([other.closed.slab.positions[layer, 2].mean() for layer in layers])
    moved = np.outer(np.diff(height) / bulk[2], state.bulks[0].cell.array[2] - bulk)
    moved[:below] += beyond[:below]
    moved[len(moved) - above :] += beyond[len(beyond) - above :]
    positions = other.closed.slab.positions.copy()
    for layer, by in zip(layers[1:], np.cumsum(moved, axis=0), strict=True):
        positions[layer] += by
    return np.concatenate([positions.ravel(), state.unknown[3 * len(members) :]])


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


def _planes(series: Series, body: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Atoms of a body, and those of each of its planes from below."""
    members = series.cell.bodies[body]
    heights = series.closed.slab.positions[members, 2]
    order = np.argsort(heights, kind="stable")
    return members, np.split(members[order], np.flatnonzero(np.diff(heights[order]) > _PLANE) + 1)


def _increments(series: Series, state: State, body: int) -> tuple[FloatArray, FloatArray]:
    """(n,) heights of a body's planes, and (n − 1, 3) by how much more than the bulk's their distances have grown, Å."""
    _, planes = _planes(series, body)
    closed, now = (
        np.array([one.slab.positions[plane].mean(axis=0) for plane in planes]) for one in (series.closed, state)
    )
    bulk, stretched = (one.bulks[body].cell.array[2] for one in (series.closed, state))
    grown = np.outer(np.diff(closed[:, 2]) / bulk[2], stretched - bulk)
    return closed[:, 2], np.diff(now - closed, axis=0) - grown


def _weights(series: Series, state: State) -> tuple[FloatArray, FloatArray]:
    parts = [layer_excess(series, state, body) for body in range(len(series.cell.bodies))]
    distance, beyond = (np.concatenate(values) for values in zip(*parts, strict=True))
    return distance, np.abs(beyond)
