"""Closed-form laws fitted to a law or to samples, each with its error.

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

from coupling.contracts import CohesiveLaw, FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.interface.error_bars import with_members_of
from coupling.laws.closed_form import ClosedForm, FitTarget
from coupling.laws.count import NOT_KNOWN, Count
from coupling.laws.law import Law, count_of
from coupling.laws.registry import closed_forms
from coupling.laws.tabulated import TabulatedLaw

WINDOW = 0.99
"""Share of the work of separation that is done on the openings where laws are compared."""
POINTS = 400
"""Evenly spaced openings of the comparison."""


@dataclass(frozen=True)
class FitError:
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
    """A fitted law and its error."""

    law: Law
    error: FitError


@dataclass(frozen=True)
class Samples:
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


def fit(source: CohesiveLaw | Samples, kind: str) -> Fit:
    """Fit a closed form; the module's table says what is kept exactly and what is fitted.

    Where the source has no shear resistance the shear work is the normal one and the shear strength
    (or, in uber, the absence of resistance; in xu-needleman, the stiffness) follows the normal
    response: a mode-mixity of the form, not of the samples.

    Args:
        source: A law, or samples of the normal opening.
        kind: One of `coupling.laws.registry.closed_forms`.

    Returns:
        The fitted law, which keeps the count of its source and has the fits of its members as members, and its error.

    Raises:
        InputError: the kind is unknown, or the samples make no law.
    """
    forms = closed_forms()
    if kind not in forms:
        raise unknown_choice("kind of law to fit", kind, forms)
    target = _target(source)
    law = _fitted(forms[kind], target)
    if isinstance(source, Law):
        law = with_members_of(law, source, lambda one: _fitted(forms[kind], found := _target(one)).counted(found.count))
    energy, traction, _ = law.normal(target.opening)
    error = FitError(
        kind,
        _rms(traction - target.traction) / target.peak,
        _rms(energy - target.energy) / target.work,
        ("work_of_separation", "peak_traction"),
        forms[kind].free,
    )
    return Fit(law.counted(target.count), error)


def fit_all(source: CohesiveLaw | Samples) -> tuple[Fit, ...]:
    """All closed forms, the least traction error first.

    Raises:
        InputError: the samples make no law.
    """
    return tuple(sorted((fit(source, kind) for kind in closed_forms()), key=lambda each: each.error.traction))


def fits_of(law: Law) -> tuple[Fit, ...]:
    """`fit_all` of a law that starts from zero traction; none of an initially rigid one, which no closed form resembles."""
    return () if law.initially_rigid else fit_all(law)


def _target(source: CohesiveLaw | Samples) -> FitTarget:
    law = _law_of(source) if isinstance(source, Samples) else source
    normal = _normal_of(law)
    stop = brentq(
        lambda d: float(normal(np.array([d]))[0][0]) - WINDOW * law.work_of_separation, 0.0, _far(law), xtol=1e-20
    )
    opening = np.linspace(0.0, stop, POINTS)
    energy, traction = normal(opening)
    shear = float(np.trace(law.evaluate(np.zeros((1, 3))).tangent[0, 1:, 1:]) / 2.0)
    return FitTarget(
        law.work_of_separation, law.peak_traction, opening, energy, traction, shear, law.gap, count_of(law)
    )


def _law_of(samples: Samples) -> TabulatedLaw:
    law = TabulatedLaw(samples.opening, samples.energy, samples.traction, samples.tangential_stiffness)
    return law.counted(samples.count)


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


def _fitted(form: type[ClosedForm], target: FitTarget) -> ClosedForm:
    """The law of a closed form whose traction is nearest to the target's, from the best of its starts."""

    def residual(unknowns: FloatArray) -> FloatArray:
        traction = form.matching(target, unknowns).normal(target.opening)[1]
        return np.asarray(traction / target.peak - target.traction / target.peak)

    runs = [least_squares(residual, start, xtol=1e-12, ftol=1e-12, gtol=1e-12) for start in form.starts]
    found = min(runs, key=lambda run: run.cost).x if runs else np.empty(0)
    return form.matching(target, found).as_stiff_in_shear(target)
