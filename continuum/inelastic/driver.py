"""A material point led along a path: some strains given, the other components free of stress."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continuum.inelastic.point import Inelastic, PointState
from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged

_ITERATIONS = 50
_BALANCED = 1e-12  # of the stiffness times the largest strain


@dataclass(frozen=True)
class PointPath:
    """What a point went through.

    Attributes:
        times: (n,) s.
        strain: (n, 6) Voigt, engineering shear.
        stress: (n, 6) Pa.
        stored: (n,) J/m³.
        lost: (n,) dissipated since the start, J/m³.
        variables: (n, m) see `PointState.variables`.
    """

    times: FloatArray
    strain: FloatArray
    stress: FloatArray
    stored: FloatArray
    lost: FloatArray
    variables: FloatArray


def lead(
    material: Inelastic, times: FloatArray, given: FloatArray, strained: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
) -> PointPath:
    """Lead a point along a path of strains and stresses.

    Args:
        material: The material.
        times: (n,) s, rising, the first that of the unloaded point.
        given: (n, 6) the strain in the components of `strained`, the stress (Pa) in the others; the first is not looked at.
        strained: Voigt components whose strain is given; (0,): a bar along x.

    Raises:
        InputError: times that do not rise, or a shape that does not fit.
        NotConverged: no strain carries a stress that is given.
    """
    times, given = np.asarray(times, dtype=float), np.asarray(given, dtype=float)
    if times.ndim != 1 or given.shape != (len(times), 6) or not np.all(np.diff(times) > 0):
        raise InputError(f"A path wants rising times (n,) and (n, 6) values, not {times.shape} and {given.shape}.")
    strained_now = np.isin(np.arange(6), strained)
    state = material.unloaded(1)
    states = [state]
    for duration, wanted in zip(np.diff(times), given[1:], strict=True):
        state = _advanced(material, state, duration, wanted, strained_now)
        states.append(state)
    columns = {
        name: np.concatenate([getattr(one, name) for one in states])
        for name in ("strain", "stress", "stored", "lost", "variables")
    }
    return PointPath(times, **columns)


def _advanced(
    material: Inelastic, before: PointState, duration: float, wanted: FloatArray, strained: NDArray[np.bool_]
) -> PointState:
    """The state at the end of a step, by Newton's method on the free strains."""
    free = ~strained
    strain = np.where(strained, wanted, before.strain[0])
    scale = np.abs(material.stiffness_voigt).max()
    for _ in range(_ITERATIONS):
        found = material.respond(strain[None], before, duration)
        left = (wanted - found.state.stress[0])[free]
        if np.abs(left).max(initial=0.0) <= _BALANCED * scale * max(np.abs(strain).max(), 1e-12):
            return found.state
        strain[free] += np.linalg.solve(found.tangent[0][np.ix_(free, free)], left)
    raise NotConverged(f"No strain of a {type(material).__name__} carries the stress {wanted[free]} Pa that is given.")
