"""Coarse-graining of a cohesive law: many planes in series, one of which opens (Nguyen & Ortiz 2002).

Elements of micrometres cannot resolve the process zone of one atomic plane. N planes in series have
the same work of separation, a peak traction that falls as N^−½ and a critical opening that grows as N^½.
"""

from dataclasses import replace
from typing import Literal, get_args

import numpy as np

from coupling.errors import InputError, unknown_choice
from coupling.interface.error_bars import with_members_of
from coupling.laws.bilinear import Bilinear
from coupling.laws.coarse import CoarseLaw
from coupling.laws.count import Count
from coupling.laws.coverage import CoverageLaw
from coupling.laws.law import Law
from coupling.laws.mixed import MixedModeLaw

Softening = Literal["exact", "bilinear"]
"""The chain's own law, with its drop; or a triangle that finite elements can follow."""
RISE = 0.1
"""Opening at the peak over the final opening of the bilinear coarse law."""


def coarsen(
    law: Law, planes: int, plane_stiffness: float | None = None, softening: Softening = "exact"
) -> CoarseLaw | Bilinear | CoverageLaw:
    """The effective law of N planes in series, of which one opens with the law (Hayes, Ortiz & Carter 2004).

    "exact" keeps everything of the opening: work of separation, peak, opening at the peak and the elasticity of the
    closed planes. At its peak the traction drops, since by then the planes have stored the whole work.
    "bilinear" keeps the work of separation and the peak, hence the final opening 2 W/σ; its rise is
    stiff (a tenth of the final opening) because the planes' elasticity is left to the elements around
    it (gap "in bulk").

    A law of opening and slip keeps its mixed mode in the bilinear one: N closed planes hold N t·c·t/2 under a traction t,
    with c the compliance of one, and part where that is the work of separation in this mode. So the strengths in shear and
    in opening are as √(W_II c_n / W_I c_t), c_t in the softest direction, and fall together as N^−½. A law of the
    opening alone says nothing of shear; there work and strength are the normal ones.

    The members of a law (its samples) are coarsened, too, so that error bars go with it.

    Of a law with a coverage the law at each coverage is coarsened: the solute, its closed energy and its sites stay those of
    the plane that parts.

    Args:
        law: The law of one plane.
        planes: N, at least 2; for a coarse law the product with its own planes is taken.
        plane_stiffness: Stiffness of a closed plane, Pa/m; None takes the law's own rising branch.
        softening: "exact" or "bilinear".

    Returns:
        The law; its count is the plane's, of N spacings.

    Raises:
        InputError: the planes, the stiffness or the softening cannot be used (see `CoarseLaw`); a law of opening and slip
            is asked for its exact chain, which bears no shear, or slips before so few planes part.
    """
    if softening not in get_args(Softening):
        raise unknown_choice("softening", softening, get_args(Softening))
    if isinstance(law, CoverageLaw):
        return _at_each_coverage(law, planes, plane_stiffness, softening)

    def coarse(one: Law) -> CoarseLaw | Bilinear:
        return _coarse(one, planes, plane_stiffness, softening)

    return with_members_of(coarse(law), law, coarse)


def _coarse(law: Law, planes: int, plane_stiffness: float | None, softening: Softening) -> CoarseLaw | Bilinear:
    if softening == "exact":
        if law.work_in_shear is not None:
            raise InputError(
                f"This {law.kind} law resists slip, and the exact chain of its planes is one of the opening alone; take softening: "
                "bilinear, which keeps the mixed mode."
            )
        return chain(law, planes, plane_stiffness)
    exact = chain(law, planes, plane_stiffness)
    work, peak = exact.work_of_separation, exact.peak_traction
    shear = None if law.work_in_shear is None else _shear_strength(law, planes, peak)
    triangle = Bilinear(
        work, peak, peak**2 / (RISE * 2.0 * work), law.work_in_shear or work, shear or peak, gap="in bulk"
    )
    return triangle.counted(_left_to_the_bulk(exact, triangle))


def _at_each_coverage(
    law: CoverageLaw, planes: int, plane_stiffness: float | None, softening: Softening
) -> CoverageLaw:
    laws = [coarsen(one, planes, plane_stiffness, softening) for one in law.laws]
    coarse = CoverageLaw(laws, law.coverages, law.closed_energy, law.site_density, law.coverage)
    return coarse.counted(replace(coarse.count, solute=law.count.solute))


def chain(law: Law, planes: int, plane_stiffness: float | None = None) -> CoarseLaw:
    """The exact chain of planes as a law of the opening alone, whatever the law says of slip.

    Args:
        law: The law of one plane.
        planes: N, at least 2; for a coarse law the product with its own planes is taken.
        plane_stiffness: Stiffness of a closed plane, Pa/m; None takes the law's own rising branch.

    Raises:
        InputError: planes or stiffness cannot be used.
    """
    if isinstance(law, MixedModeLaw):
        law = law.zero_slip.counted(law.count)
    source, more = law, planes
    if isinstance(law, CoarseLaw):
        if plane_stiffness not in (None, law.plane_stiffness):
            raise InputError("A coarse law keeps the stiffness of its planes; coarsen the law of one plane instead.")
        planes, plane_stiffness, law = law.planes * planes, law.plane_stiffness, law.law
    exact = CoarseLaw(law, planes, plane_stiffness)
    if isinstance(source, CoarseLaw) and source.count != source.implied_count():
        exact = exact.counted(_of_longer_chain(source, more, exact))
    return exact


def _shear_strength(law: Law, planes: int, peak: float) -> float:
    """Shear strength, Pa, of a chain whose normal one is the peak.

    Raises:
        InputError: before so few planes part in shear, the one would slip in contact, which is no separation.
    """
    compliance = law.closed_compliance()
    softest = float(np.linalg.eigvalsh(compliance[1:, 1:])[-1])
    strength = peak * float(np.sqrt((law.work_in_shear or 0.0) * compliance[0, 0] / (law.work_of_separation * softest)))
    slips = law.strength_in_contact() if isinstance(law, MixedModeLaw) else np.inf
    if strength > slips:
        needed = int(np.ceil(2.0 * (law.work_in_shear or 0.0) / (softest * slips**2)))
        raise InputError(
            f"{planes} planes of this {law.kind} law would part under a shear of {strength / 1e9:.4g} GPa, and its faces slip in contact "
            f"at {slips / 1e9:.4g} GPa, which no law of separation holds; take about {needed} planes or more, or the law itself."
        )
    return strength


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
