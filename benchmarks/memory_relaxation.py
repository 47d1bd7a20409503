"""Time and temperature: planted shifts, and materials on which one shift does and does not do.

Run as `python -m benchmarks.memory_relaxation [--json]`. Keys:

shift_error                    largest error of log10 a_T of nine temperatures, from data that hold one process
learned_over_classical         held-out error of the learned curve over the classical one's, two processes: median of five noises
learned_over_classical_spread  the least and the largest of the five
learned_over_classical_simple  the median of a material of one process
"""

import sys
from typing import Any

import numpy as np

from benchmarks.output import report
from continuum.relaxation import ArrheniusShift, RelaxationData, WlfShift, master_curve
from continuum.relaxation.learned import held_out_errors

PLANTED, SECOND = WlfShift(15.0, 90.0, 340.0), ArrheniusShift(60e3, 340.0)
SEEDS = range(5)
NOISE = 0.01


def measured(second: float, noise: float = 0.0, seed: int = 0) -> RelaxationData:
    """Nine temperatures, 17 times: log-normal spectra, one moved by WLF and, of a strength, one by Arrhenius."""
    temperature, time = (
        a.ravel() for a in np.meshgrid(np.linspace(330, 370, 9), np.logspace(-1, 3, 17), indexing="ij")
    )
    modulus, times = np.full_like(time, 1e7), np.logspace(-3, 4, 15)
    for strength, shift, centre, width in ((1e9, PLANTED, 1.0, 1.2), (second * 1e9, SECOND, 0.0, 0.5)):
        shares = np.exp(-0.5 * ((np.log10(times) - centre) / width) ** 2)
        reduced = time / 10 ** shift.logarithm(temperature)
        modulus += strength * np.exp(-reduced[:, None] / times) @ (shares / shares.sum())
    factor = np.exp(noise * np.random.default_rng(seed).standard_normal(len(time)))
    return RelaxationData(temperature, time, modulus * factor)


def ratios(second: float) -> list[float]:
    """Held-out errors, learned over classical, of five draws of the noise."""
    errors = [held_out_errors(measured(second, NOISE, seed), seed) for seed in SEEDS]
    return sorted(learned / classical for learned, classical in errors)


def measure() -> dict[str, Any]:
    """All figures."""
    curve = master_curve(measured(0.0), PLANTED.reference)
    complex_, simple = ratios(0.5), ratios(0.0)
    return {
        "shift_error": float(np.abs(curve.logarithms - PLANTED.logarithm(curve.temperatures)).max()),
        "learned_over_classical": float(np.median(complex_)),
        "learned_over_classical_spread": [complex_[0], complex_[-1]],
        "learned_over_classical_simple": float(np.median(simple)),
    }


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
