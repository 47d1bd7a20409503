"""Coarse-graining of a cohesive law: many planes in series, one of which opens (Nguyen & Ortiz 2002).

Elements of micrometres cannot resolve the process zone of one atomic plane. N planes in series have
the same work of separation, a peak traction that falls as N^−½ and a critical opening that grows as N^½.
"""

from typing import Literal, get_args

import numpy as np

from coupling.errors import InputError, unknown_choice
from coupling.laws.bilinear import Bilinear
from coupling.laws.coarse import CoarseLaw
from coupling.laws.count import Count
from coupling.laws.law import Law

Softening = Literal["exact", "bilinear"]
"""The chain's own law, with its drop; or a triangle that finite elements can follow."""
RISE = 0.1
"""Opening at the peak over the final opening of the bilinear coarse law."""


def coarsen(
    law: Law, planes: int, plane_stiffness: float | None = None, softening: Softening = "exact"
) -> CoarseLaw | Bilinear:
    """The effective law of N planes in series, of which one opens with the law (Hayes, Ortiz & Carter 2004).

    "exact" keeps everything: work of separation, peak, opening at the peak and the elasticity of the
    closed planes. At its peak the traction drops, since by then the planes have stored the whole work.
    "bilinear" keeps the work of separation and the peak, hence the final opening 2 W/σ; its rise is
    stiff (a tenth of the final opening) because the planes' elasticity is left to the elements around
    it (gap "in bulk"). Its shear work and strength are the normal ones.

    Args:
        law: The law of one plane.
        planes: N, at least 2; for a coarse law the product with its own planes is taken.
        plane_stiffness: Stiffness of a closed plane, Pa/m; None takes the law's own rising branch.
        softening: "exact" or "bilinear".

    Returns:
        The law; its count is the plane's, of N spacings.

    Raises:
        InputError: the planes, the stiffness or the softening cannot be used (see `CoarseLaw`).
    """
    if softening not in get_args(Softening):
        raise unknown_choice("softening", softening, get_args(Softening))
    source, more = law, planes
    if isinstance(law, CoarseLaw):
        if plane_stiffness not in (None, law.plane_stiffness):
            raise InputError("A coarse law keeps the stiffness of its planes; coarsen the law of one plane instead.")
        planes, plane_stiffness, law = law.planes * planes, law.plane_stiffness, law.law
    exact = CoarseLaw(law, planes, plane_stiffness)
    if isinstance(source, CoarseLaw) and source.count != source.implied_count():
        exact = exact.counted(_of_longer_chain(source, more, exact))
    if softening == "exact":
        return exact
    work, peak = exact.work_of_separation, exact.peak_traction
    triangle = Bilinear(work, peak, peak**2 / (RISE * 2.0 * work), gap="in bulk")
    return triangle.counted(_left_to_the_bulk(exact, triangle))


def _of_longer_chain(source: CoarseLaw, more: int, longer: CoarseLaw) -> Count:
    """The count that was given to a chain itself, for one of more planes."""
    until = None if source.count.equilibrium_until is None else longer.opening_at_peak
    return source.count.in_series(more, source.peak_traction, longer.peak_traction, 0, until)


def _left_to_the_bulk(exact: CoarseLaw, triangle: Bilinear) -> Count:
    """The chain's count where its planes' elasticity is the elements': what the chain owned goes over to them."""
    until, reached = exact.count.equilibrium_until, None
    if until is not None:
        traction = float(exact.normal(np.array(until))[1])
        rising = until <= exact.opening_at_peak
        reached = traction / triangle.stiffness if rising else _softened(triangle, traction)
    return exact.count.in_series(1, exact.peak_traction, triangle.peak_traction, 1, reached)


def _softened(law: Bilinear, traction: float) -> float:
    """Opening of the softening branch at a traction."""
    return law.final_opening - traction / law.peak_traction * (law.final_opening - law.opening_at_peak)
