"""Closed-form laws fitted to a law or to samples, each with its misfit.

| kind         | kept exactly                 | fitted by least squares | from the shear stiffness at zero opening |
|--------------|------------------------------|-------------------------|------------------------------------------|
| uber         | work of separation, peak     | (nothing is left)       | its shear stiffness                      |
| xu-needleman | work of separation, peak     | (nothing is left)       | the tangential length                    |
| ppr          | work of separation, peak     | α and λn                | the shear strength                       |
| bilinear     | work of separation, peak     | the stiffness           | (has one stiffness for all directions)   |
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq, least_squares

from coupling.contracts import CohesiveLaw, FloatArray, GapOwner
from coupling.errors import InputError, unknown_choice
from coupling.laws.bilinear import Bilinear
from coupling.laws.count import NOT_KNOWN, Count
from coupling.laws.law import Law, count_of
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from coupling.laws.xu_needleman import XuNeedleman

WINDOW = 0.99
"""Share of the work of separation that is done on the openings where laws are compared."""
POINTS = 400
"""Evenly spaced openings of the comparison."""


@dataclass(frozen=True)
class Misfit:
    """How far a fit is from its source, on even openings from 0 to where 99 % of the work is done.

    Attributes:
        kind: The kind of law.
        traction: Root of the mean square traction error, over the peak traction.
        energy: Root of the mean square energy error, over the work of separation.
        exact: What the fit keeps exactly.
        fitted: Parameters found by least squares.
    """

    kind: str
    traction: float
    energy: float
    exact: tuple[str, ...]
    fitted: tuple[str, ...]


class Fit(NamedTuple):
    """A fitted law and its misfit."""

    law: Law
    misfit: Misfit


class Samples(NamedTuple):
    """Samples of a normal opening path, SI.

    Attributes:
        opening: (n,) m, rising, through 0.
        energy: (n,) J/m².
        traction: (n,) Pa; None takes the derivative of the energies.
        tangential_stiffness: (n, 2) Pa/m; None when not sampled.
        count: What was counted in them.
    """

    opening: FloatArray
    energy: FloatArray
    traction: FloatArray | None = None
    tangential_stiffness: FloatArray | None = None
    count: Count = NOT_KNOWN


@dataclass(frozen=True)
class _Target:
    """What a fit looks at: the landmarks of the source and its normal response on even openings."""

    work: float
    peak: float
    opening: FloatArray
    energy: FloatArray
    traction: FloatArray
    shear_stiffness: float
    gap: GapOwner
    count: Count


def fit(source: CohesiveLaw | Samples, kind: str) -> Fit:
    """Fit a closed form; the module's table says what is kept exactly and what is fitted.

    Where the source has no shear resistance the shear work is the normal one and the shear strength
    (or, in uber, the absence of resistance; in xu-needleman, the stiffness) follows the normal
    response: a mode-mixity of the form, not of the samples.

    Args:
        source: A law, or samples of the normal opening.
        kind: One of `KINDS`.

    Returns:
        The fitted law, which keeps the count of its source, and its misfit.

    Raises:
        InputError: the kind is unknown, or the samples make no law.
    """
    if kind not in KINDS:
        raise unknown_choice("kind of law to fit", kind, KINDS)
    target = _target(source)
    law, fitted = KINDS[kind](target)
    energy, traction, _ = law.normal(target.opening)
    misfit = Misfit(
        kind,
        _rms(traction - target.traction) / target.peak,
        _rms(energy - target.energy) / target.work,
        ("work_of_separation", "peak_traction"),
        fitted,
    )
    return Fit(law.counted(target.count), misfit)


def fit_all(source: CohesiveLaw | Samples) -> tuple[Fit, ...]:
    """All closed forms, the least traction misfit first.

    Raises:
        InputError: the samples make no law.
    """
    return tuple(sorted((fit(source, kind) for kind in KINDS), key=lambda each: each.misfit.traction))


def _target(source: CohesiveLaw | Samples) -> _Target:
    law = TabulatedLaw(*source[:4]).counted(source.count) if isinstance(source, Samples) else source
    normal = _normal_of(law)
    stop = brentq(
        lambda d: float(normal(np.array([d]))[0][0]) - WINDOW * law.work_of_separation, 0.0, _far(law), xtol=1e-20
    )
    opening = np.linspace(0.0, stop, POINTS)
    energy, traction = normal(opening)
    shear = float(np.trace(law.evaluate(np.zeros((1, 3))).tangent[0, 1:, 1:]) / 2.0)
    return _Target(law.work_of_separation, law.peak_traction, opening, energy, traction, shear, law.gap, count_of(law))


def _normal_of(law: CohesiveLaw) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    def normal(opening: FloatArray) -> tuple[FloatArray, FloatArray]:
        value = law.evaluate(np.column_stack([opening, np.zeros((len(opening), 2))]))
        return value.energy, value.traction[:, 0]

    return normal


def _far(law: CohesiveLaw) -> float:
    """An opening by which more than the window's share of the work is done."""
    if not np.isfinite(law.final_opening) or law.final_opening <= 0:
        raise InputError(f"A law to fit needs a finite final opening, not {law.final_opening} m.")
    return law.final_opening


def _rms(error: FloatArray) -> float:
    return float(np.sqrt(np.mean(error**2)))


def _uber(target: _Target) -> tuple[Law, tuple[str, ...]]:
    length = target.work / (np.e * target.peak)
    return Uber(target.work, length, max(target.shear_stiffness, 0.0), target.gap), ()


def _xu_needleman(target: _Target) -> tuple[Law, tuple[str, ...]]:
    """Stiffness 2 q φ/δt² at zero slip; without one, that of the normal opening."""
    length = target.work / (np.e * target.peak)
    stiffness = target.shear_stiffness if target.shear_stiffness > 0 else target.work / length**2
    return XuNeedleman(target.work, length, float(np.sqrt(2.0 * target.work / stiffness)), gap=target.gap), ()


def _ppr(target: _Target) -> tuple[Law, tuple[str, ...]]:
    """α = 1 + e^u and λn = α^−½ / (1 + e^−v), so that any u, v make a law; the shear takes their shape.

    An exponential tail is the limit of an endless α: it stops at 1 + e⁴.
    """

    def law(parameters: FloatArray, shear_peak: float = target.peak) -> ParkPaulinoRoesler:
        alpha = 1.0 + float(np.exp(np.clip(parameters[0], -6.0, 4.0)))
        slope = float(alpha**-0.5 / (1.0 + np.exp(-np.clip(parameters[1], -10.0, 10.0))))
        return ParkPaulinoRoesler(
            target.work, target.peak, target.work, shear_peak, alpha, alpha, slope, slope, gap=target.gap
        )

    def residual(parameters: FloatArray) -> FloatArray:
        return np.asarray(law(parameters).normal(target.opening)[1] / target.peak - target.traction / target.peak)

    starts = [np.array([u, v]) for u in (0.0, 1.5, 3.0) for v in (-3.0, -1.0, 0.5)]
    best = min((least_squares(residual, s, xtol=1e-12, ftol=1e-12, gtol=1e-12) for s in starts), key=lambda r: r.cost)
    found = law(best.x)
    if target.shear_stiffness > 0:
        own = found.evaluate(np.zeros((1, 3))).tangent[0, 1, 1]
        found = law(best.x, target.peak * float(np.sqrt(target.shear_stiffness / own)))
    return found, ("alpha", "normal_slope")


def _bilinear(target: _Target) -> tuple[Law, tuple[str, ...]]:
    """Opening at the peak = final opening / (1 + e^−u), so that any u makes a law."""
    final = 2.0 * target.work / target.peak

    def law(u: float) -> Bilinear:
        rise = final / (1.0 + float(np.exp(-np.clip(u, -12.0, 12.0))))
        return Bilinear(target.work, target.peak, target.peak / rise, gap=target.gap)

    def residual(u: FloatArray) -> FloatArray:
        return np.asarray(law(float(u[0])).normal(target.opening)[1] / target.peak - target.traction / target.peak)

    runs = (least_squares(residual, [u], xtol=1e-12, ftol=1e-12, gtol=1e-12) for u in (-3.0, -1.0, 0.0))
    best = min(runs, key=lambda run: run.cost)
    return law(float(best.x[0])), ("stiffness",)


KINDS: dict[str, Callable[[_Target], tuple[Law, tuple[str, ...]]]] = {
    "uber": _uber,
    "xu-needleman": _xu_needleman,
    "ppr": _ppr,
    "bilinear": _bilinear,
}
"""The closed forms that can be fitted."""
