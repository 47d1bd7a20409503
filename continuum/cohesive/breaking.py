"""The response of an activated interface over a step in time: damage that grows, its tangent, and what work pays of it.

Where the faces open along the law, work pays all that damage takes. Where damage grows by itself, the elastic energy ½ m² S
of the secant S gives −∫ ½ m² dS, and heat gives the rest.
"""

from typing import NamedTuple

import numpy as np

from continuum.cohesive.damage import Response, damaged_to
from continuum.cohesive.kinetics import FLOOR, Growth, grown
from continuum.cohesive.separation import separation, separation_gradient, shear_weight
from coupling.contracts import CohesiveLaw, FloatArray
from coupling.interface.activation import Activation, Secant, secant

_DIFFERENCE = 1e-5  # of the largest separation, for the derivative of the traction by it


class Past(NamedTuple):
    """What an activated interface's n points remember.

    Attributes:
        largest: (n,) κ, m.
        separation: (n,) m, m.
        lost: (n,) energy that damage took where it grew along the law, J/m².
        spent: (n,) work that was lost to damage, J/m².
    """

    largest: FloatArray
    separation: FloatArray
    lost: FloatArray
    spent: FloatArray


def breaking(activation: Activation, jump: FloatArray, past: Past, duration: float) -> tuple[Response, FloatArray]:
    """The response at jumps (n, 3) without penetration, a time after the past; and the largest separations then.

    Args:
        activation: The law, and how its sites break.
        jump: m.
        past: Of the last converged state.
        duration: s; infinite counts as none.
    """
    law, m = activation.law, separation(activation.law, jump)
    growth = grown(activation, m, past.largest, duration)
    found = damaged_to(law, jump, growth.largest, past.lost)
    tangent = found.tangent + _by_growth(law, jump, growth, past)
    now, before = (_along(law, jump, kappa) for kappa in (growth.largest, past.largest))
    square = (m**2 + m * past.separation + past.separation**2) / 3
    spent = np.where(growth.grew, 0.5 * square * (before.stiffness - now.stiffness), now.lost - before.lost)
    return Response(found.traction, tangent, found.stored, past.spent + spent), growth.largest


def _by_growth(law: CohesiveLaw, jump: FloatArray, growth: Growth, past: Past) -> FloatArray:
    """(n, 3, 3) what damage that grows with the jump adds to the tangent, Pa/m."""
    added, moving = np.zeros((len(jump), 3, 3)), np.flatnonzero(growth.by_separation)
    if len(moving):
        at, kappa, lost = jump[moving], growth.largest[moving], past.lost[moving]
        step = np.minimum(_DIFFERENCE * kappa, 0.5 * (kappa - separation(law, at)))
        up, down = (damaged_to(law, at, kappa + sign * step, lost).traction for sign in (1, -1))
        by_jump = growth.by_separation[moving, None] * separation_gradient(law, at)
        added[moving] = ((up - down) / (2 * step)[:, None])[:, :, None] * by_jump[:, None, :]
    return added


def _along(law: CohesiveLaw, jump: FloatArray, largest: FloatArray) -> Secant:
    """The damaged interface along the direction of jumps (n, 3); where slip never fails, of the opening alone."""
    kappa = np.maximum(largest, FLOOR * law.opening_at_peak)
    if not shear_weight(law):
        return secant(law, kappa)
    m = separation(law, jump)
    way = np.where((m > 0)[:, None], jump / np.where(m > 0, m, 1.0)[:, None], [1.0, 0.0, 0.0])
    value = law.evaluate(kappa[:, None] * way)
    traction = np.einsum("ni,ni->n", value.traction, way)
    slope = (np.einsum("ni,nij,nj->n", way, value.tangent, way) - traction / kappa) / kappa
    return Secant(traction / kappa, slope, value.energy - 0.5 * kappa * traction)
