"""How well a law interpolates in the coverage: each sampled one inside is left out and predicted from the others."""

from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray
from coupling.laws.coverage import CoverageLaw

_POINTS = 400


@dataclass(frozen=True)
class LeftOutCoverage:
    """A sampled coverage against its prediction from the others.

    Attributes:
        coverage: Solute atoms per site.
        traction: Largest error of the traction over the peak.
        traction_rms: Root of its mean square over the openings, over the peak.
        work: Error of the work of separation, relative.
        closed_energy: Error of the closed interface's energy, J/m².
    """

    coverage: float
    traction: float
    traction_rms: float
    work: float
    closed_energy: float


def left_out_coverages(law: CoverageLaw) -> tuple[LeftOutCoverage, ...]:
    """Of each coverage inside; none where fewer than three were sampled."""
    return tuple(_predicted(law, k) for k in range(1, len(law.laws) - 1))


def _predicted(law: CoverageLaw, index: int) -> LeftOutCoverage:
    others = [k for k in range(len(law.laws)) if k != index]
    coverage, own = float(law.coverages[index]), law.laws[index]
    reduced = CoverageLaw(
        [law.laws[k] for k in others], law.coverages[others], law.closed_energy[others], law.site_density
    )
    opening = np.linspace(0.0, own.final_opening, _POINTS)
    jump = np.column_stack([opening, np.zeros((_POINTS, 2))])
    found = reduced.evaluate(jump, coverage)
    error: FloatArray = (found.traction[:, 0] - own.normal(opening)[1]) / own.peak_traction
    return LeftOutCoverage(
        coverage,
        float(np.abs(error).max()),
        float(np.sqrt(np.mean(error**2))),
        float(reduced.works(coverage) / own.work_of_separation - 1.0),
        float(found.energy[0] - law.closed_energy[index]),
    )
