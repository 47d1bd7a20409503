"""The separation m of an interface, m² = ⟨n⟩² + β²|t|², which damage follows: one length of opening and slip.

β is the final opening over the final slip; 0 where slip never fails, as of a crystal's γ-surface.
"""

import numpy as np

from coupling.contracts import CohesiveLaw, FloatArray

_SAMPLES = 2001  # openings at which a law's work is compared with its opening


def shear_weight(law: CohesiveLaw) -> float:
    """β: final opening over final slip; 0 where slip never fails."""
    slip = getattr(law, "final_slip", np.inf)
    return float(law.final_opening / slip) if np.isfinite(slip) else 0.0


def separation(law: CohesiveLaw, jump: FloatArray) -> FloatArray:
    """m (n,) of jumps (n, 3), m."""
    return np.sqrt(np.maximum(jump[:, 0], 0.0) ** 2 + shear_weight(law) ** 2 * np.sum(jump[:, 1:] ** 2, axis=1))


def work_ahead(law: CohesiveLaw) -> float:
    """The largest |w − o|/(o (1 − o)): o a part of the final opening, w that of the work which is done at it, without slip."""
    opened = np.linspace(0.0, 1.0, _SAMPLES)[1:-1]
    jump = np.outer(opened * law.final_opening, [1.0, 0.0, 0.0])
    done = law.evaluate(jump).energy / law.work_of_separation
    return float(np.max(np.abs(done - opened) / (opened * (1.0 - opened))))


def separation_gradient(law: CohesiveLaw, jump: FloatArray) -> FloatArray:
    """dm/djump (n, 3)."""
    scaled = jump * np.array([1.0, shear_weight(law) ** 2, shear_weight(law) ** 2])
    scaled[:, 0] = np.maximum(jump[:, 0], 0.0)
    m = separation(law, jump)
    return scaled / np.where(m > 0, m, 1.0)[:, None]
