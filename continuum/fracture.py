"""What a loading record says about fracture: energy balance and energy release rate."""

import numpy as np

from continuum.stepping import Loading
from coupling.errors import InputError


def energy_balance_error(record: Loading) -> float:
    """Largest |external work − change of (elastic + stored + dissipated + viscous)| over the largest work."""
    work = record.column("work")
    total = np.array([step.energies.total for step in record.steps])
    return float(np.max(np.abs(work - (total - total[0]))) / np.max(np.abs(work)))


def steady_growth(record: Loading) -> np.ndarray:
    """Which states have a process zone that travels unchanged: mask over `record.steps`.

    The zone is whole once the first point has opened fully; the swept area of that moment is then
    covered once more, so that the zone has left its birthplace behind.

    Raises:
        InputError: fewer than four states qualify: the crack has not grown enough.
    """
    area, opened = record.column("broken_area"), record.column("most_opened")
    whole = np.flatnonzero(opened >= 1.0)
    chosen = area >= 2 * area[whole[0]] if len(whole) else np.zeros(len(area), dtype=bool)
    if chosen.sum() < 4:
        raise InputError(
            f"Only {chosen.sum()} states lie in steady crack growth (largest opening {opened.max():.3g} of the law's "
            "final one); load further, or take more steps."
        )
    return chosen


def released_energy_per_area(record: Loading) -> float:
    """G_c from the finite-element energy balance alone, J/m².

    The slope of external work minus elastic energy against the swept area, by least squares over
    the steady growth. The law's own energy is not used, so that the agreement with its work of
    separation checks the whole solution.

    Raises:
        InputError: the crack has not grown enough.
    """
    released = record.column("work") - np.array([step.energies.elastic for step in record.steps])
    chosen = steady_growth(record)
    return float(np.polyfit(record.column("broken_area")[chosen], released[chosen], 1)[0])
