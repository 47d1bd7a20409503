"""Where the next value is worth most: the information that it is expected to give, per cost."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from multiscale.surrogate.regression import Fidelity, GaussianProcess


@dataclass(frozen=True)
class Proposal:
    """The value to compute next.

    Attributes:
        index: Of the candidate.
        fidelity: By which source.
        information: That it is expected to give on the targets, nats.
        cost: Of it.
    """

    index: int
    fidelity: Fidelity
    information: float
    cost: float


def next_point(
    surrogate: GaussianProcess,
    candidates: FloatArray,
    costs: Mapping[Fidelity, float],
    bar: float,
    *,
    targets: FloatArray | None = None,
) -> Proposal | None:
    """The candidate and the source that give the most information on the accurate values of the targets, per cost.

    A target is known to within the bar b, so what a value z tells of it is ½ ln[(σ² + b²)/(σ²(z) + b²)], where σ²(z) =
    σ² − cov²/var z does not depend on what the value turns out to be (where hyperparameters are averaged over, nearly);
    summed over the targets.

    Args:
        surrogate: What is known.
        candidates: (n, d) where a value can be computed.
        costs: Of one value, by source; only sources that are named are asked.
        bar: Standard deviation below which an accurate value is known well enough.
        targets: (m, d) where accurate values are wanted; by default at the candidates.

    Returns:
        None where all targets are known to within the bar.

    Raises:
        InputError: a cost or the bar is not above zero, or there is no candidate or source.
    """
    if not costs or not all(cost > 0 for cost in costs.values()) or not bar > 0:
        raise InputError(f"Costs {dict(costs)} and a bar of {bar:g} do not make a choice; all must be above zero.")
    if len(candidates) == 0:
        raise InputError("There is no candidate for the next value; give the points at which one can be computed.")
    wanted = candidates if targets is None else targets
    _, deviation = surrogate.predict(wanted)
    if deviation.max() <= bar:
        return None
    best: Proposal | None = None
    for fidelity, cost in costs.items():
        told = _information(surrogate, candidates, fidelity, wanted, deviation**2, bar)
        k = int(np.argmax(told))
        if best is None or told[k] / cost > best.information / best.cost:
            best = Proposal(k, fidelity, float(told[k]), cost)
    return best


def _information(
    surrogate: GaussianProcess,
    candidates: FloatArray,
    fidelity: Fidelity,
    targets: FloatArray,
    known: FloatArray,
    bar: float,
) -> FloatArray:
    """(n,) nats that each candidate gives on the targets, whose variances (m,) are known."""
    _, own = surrogate.predict(candidates, fidelity)
    shared = surrogate.covariance(candidates, fidelity, targets)
    new = own**2 > 1e-12 * max(own.max() ** 2, 1e-300)  # a value that is known tells nothing
    gain = np.zeros_like(shared)
    gain[new] = shared[new] ** 2 / own[new, None] ** 2
    left = np.clip(known - gain, 0, None)
    return np.asarray(0.5 * np.log((known + bar**2) / (left + bar**2)).sum(axis=1))
