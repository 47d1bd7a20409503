"""A law as a damage table: a stiffness that only falls, so that a secant which rises again cannot be followed.

The table keeps the peak traction and the work of separation of its law; what else it misses, it states.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, isotonic_regression

from coupling.contracts import FloatArray
from coupling.laws.law import Law

_FINE = 8  # points between two rows, at which table and law are compared
_MOST = 4.0  # times the law's own secants: as far as rows are raised to keep the work


@dataclass(frozen=True)
class DamageTable:
    """Elastic up to a start, then damage along the opening; linear between the rows.

    Attributes:
        stiffness: Pa/m.
        start: Opening at which damage begins, m.
        opening: (n,) m, from the start.
        damage: (n,) from 0 to 1, rising.
        peak_traction: Of the table itself, Pa.
        work_of_separation: Of the table itself, J/m².
        rms_error: Root of the mean square traction error against the law, over its peak, up to its final opening.
    """

    stiffness: float
    start: float
    opening: FloatArray
    damage: FloatArray
    peak_traction: float
    work_of_separation: float
    rms_error: float


def damage_table(law: Law, opening: FloatArray) -> DamageTable:
    """The table of a law at openings (n,), m, rising, the peak's among them.

    The stiffness is the largest secant and damage starts where the law leaves it. A secant that rises again is replaced: before
    the peak by what it rises to, beyond it by its mean over the work; the rows beyond the peak are then scaled so that the work is
    the law's, no traction above the peak.
    """
    traction = law.normal(opening)[1]
    secant = traction / opening
    first = int(np.flatnonzero(secant >= (1.0 - 1e-12) * secant.max())[-1])
    stiffness, rows, secant = float(secant[first]), opening[first:], secant[first:]
    peak = int(np.argmax(traction[first:]))
    rising = np.maximum.accumulate(secant[peak::-1])[::-1]
    bound = np.minimum(rising[-1], traction[first + peak] / rows[peak + 1 :])
    falling = np.clip(_pooled(rows, secant)[peak + 1 :], 0.0, None)
    falling[-1:] = 0.0

    def table(scale: float) -> FloatArray:
        kept = np.concatenate([rising, np.minimum(scale * falling, bound)])
        damage = 1.0 - kept / stiffness
        damage[0], damage[-1] = 0.0, 1.0
        return damage

    def excess(scale: float) -> float:
        return float(_work(stiffness, rows, table(scale)).sum()) - law.work_of_separation

    scale = brentq(excess, 0.0, _MOST) if excess(0.0) < 0.0 < excess(_MOST) else 1.0
    return _judged(law, stiffness, rows, table(scale))


def _pooled(opening: FloatArray, secant: FloatArray) -> FloatArray:
    """Secants that only fall: where they rise their mean, weighted by the opening, so that the work is the same."""
    weights = opening * np.gradient(opening)
    return np.asarray(isotonic_regression(secant, weights=weights, increasing=False).x)


def _work(stiffness: float, opening: FloatArray, damage: FloatArray) -> FloatArray:
    """(n,) work up to the first row and between rows, exactly: the traction is quadratic there."""
    middle, half = 0.5 * (opening[1:] + opening[:-1]), 0.5 * (damage[1:] + damage[:-1])
    ends, between = (1.0 - damage) * stiffness * opening, (1.0 - half) * stiffness * middle
    inside = np.diff(opening) * (ends[1:] + 4.0 * between + ends[:-1]) / 6.0
    return np.append(0.5 * stiffness * opening[0] ** 2, inside)


def _judged(law: Law, stiffness: float, rows: FloatArray, damage: FloatArray) -> DamageTable:
    """The table with what it is itself."""
    share = np.linspace(0.0, 1.0, _FINE, endpoint=False)
    within = (rows[:-1, None] + np.diff(rows)[:, None] * share).ravel()
    fine = np.concatenate([np.linspace(0.0, rows[0], len(share), endpoint=False), within, rows[-1:]])
    own = (1.0 - np.interp(fine, rows, damage)) * stiffness * fine
    square = np.trapezoid((own - law.normal(fine)[1]) ** 2, fine) / fine[-1]
    return DamageTable(
        stiffness,
        float(rows[0]),
        rows - rows[0],
        damage,
        float(own.max()),
        float(_work(stiffness, rows, damage).sum()),
        float(np.sqrt(square)) / law.peak_traction,
    )
