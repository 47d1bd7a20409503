"""Error bars of reported quantities, from what held-out paths of the same kind say of these very quantities.

A posterior knows what its labels leave open, and not what its readout cannot represent. Both are in the errors of the
quantity itself (a work of separation, a peak traction, a shear modulus) on labelled paths, each predicted without its
labels. Conformal prediction over paths turns them into a bar; see `atomistic.trust.conformal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from atomistic.trust.conformal import conformal_factor
from atomistic.trust.derived import measures, normal_traction
from atomistic.trust.design import Design, designs, voigt
from atomistic.trust.evidence import Estimate
from atomistic.trust.labels import Label, LabelSet, bare
from atomistic.trust.posterior import Posterior
from coupling.contracts import FloatArray, Structure
from coupling.errors import InputError

Numbers = tuple[float, float, float]
WIDEST = 0.25
"""Half width over the value from which on a bar is withheld."""

_OPEN, _DISCREPANCY = "what the labels leave open", "model discrepancy, which the readout cannot represent"
_REMEDY = (
    "label more",
    "further labels do not cure that: take the features of all layers, tune all weights, or start from another potential",
)


@dataclass(frozen=True)
class Bar:
    """A reported quantity with its error bar, or the reason why it has none.

    Attributes:
        quantity: Its name.
        value: What is reported.
        radius: Half width that holds the oracle's value; None where it is withheld.
        coverage: With this probability.
        withheld: Why there is none, as a clause; empty where there is one.
        remedy: What would help, as a clause.
    """

    quantity: str
    value: float
    radius: float | None
    coverage: float
    withheld: str = ""
    remedy: str = ""

    @property
    def given(self) -> bool:
        """Whether there is a bar."""
        return self.radius is not None

    def covers(self, true: float) -> bool:
        """Whether a true value lies within the bar; never where there is none."""
        return self.radius is not None and abs(true - self.value) <= self.radius

    def __str__(self) -> str:
        if self.radius is None:
            return f"The bar of {self.quantity} is withheld: {self.withheld}; {self.remedy}."
        return f"{self.quantity} {self.value:.4g} ± {self.radius:.2g} ({self.coverage:.0%})"


@dataclass(frozen=True)
class HeldOut:
    """One quantity on n labelled paths, each predicted without its own labels.

    Attributes:
        quantity: Its name.
        true: (n,) from the labels.
        predicted: (n,) from the posterior's mean without the path.
        stds: (n,) standard deviations that the parameters give the prediction.
    """

    quantity: str
    true: FloatArray
    predicted: FloatArray
    stds: FloatArray

    @classmethod
    def none(cls, quantity: str) -> "HeldOut":
        """Of a quantity that no path gives."""
        return cls(quantity, *np.zeros((3, 0)))

    @property
    def errors(self) -> FloatArray:
        """(n,) predicted less true."""
        return self.predicted - self.true

    @property
    def discrepancy(self) -> float:
        """Root mean square of what the parameters' variance does not explain of the errors."""
        return float(np.sqrt(max(0.0, np.mean(self.errors**2 - self.stds**2)))) if len(self.true) else 0.0

    def bar(self, value: float, std: float, coverage: float = 0.9) -> Bar:
        """The bar of the same quantity on a new path.

        The scores are errors over (std² + discrepancy²)^½, and the bar is their conformal quantile times the new path's own.

        Args:
            value: What is reported of the new path.
            std: The standard deviation that the parameters give it.
            coverage: Wanted probability that the oracle's value lies within the bar.
        """
        why, remedy = self._refused(value, coverage)
        if why:
            return Bar(self.quantity, value, None, coverage, why, remedy)
        discrepancy = max(self.discrepancy, np.finfo(float).tiny)
        factor = conformal_factor(list(np.abs(self.errors) / np.hypot(self.stds, discrepancy)), coverage)
        radius = factor * float(np.hypot(std, discrepancy))
        if radius > WIDEST * abs(value):
            why = f"it would be ± {radius / abs(value):.0%} of the value, most of it "
            dominated = self.discrepancy > std
            return Bar(
                self.quantity, value, None, coverage, why + (_DISCREPANCY if dominated else _OPEN), _REMEDY[dominated]
            )
        return Bar(self.quantity, value, radius, coverage)

    def _refused(self, value: float, coverage: float) -> tuple[str, str]:
        """Why these paths can promise nothing for this value, and what would help; empty where they can."""
        needed, count = ceil(coverage / (1 - coverage) - 1e-9), len(self.true)
        if count < needed:
            return (
                f"{count} of the labelled paths tell it, and {coverage:.0%} takes {needed}",
                f"label {needed - count} more of the same kind, each under a name of its own (path)",
            )
        low, high = self.true.min(), self.true.max()
        reach = high - low + WIDEST * abs(value)
        if not low - reach <= value <= high + reach:
            return (
                f"{value:.3g} is far from the {low:.3g} to {high:.3g} of the held-out paths, which are of another kind",
                "label paths like the one that is studied",
            )
        return "", ""


def held_out(posterior: Posterior, labels: LabelSet | None = None) -> dict[str, HeldOut]:
    """Reported quantities on labelled paths that the prediction has not seen, by name.

    Args:
        posterior: The posterior.
        labels: Paths that it was not fitted to, for which alone the coverage is guaranteed; by default each of its own
            paths is left out in turn, in closed form at fixed widths.

    Raises:
        InputError: the posterior has seen one of the labels.
    """
    cases = _left_out(posterior) if labels is None else _unseen(posterior, labels)
    found: dict[str, list[Numbers]] = {}
    for case in cases:
        for name, numbers in case.items():
            found.setdefault(name, []).append(numbers)
    return {name: HeldOut(name, *np.array(rows).T) for name, rows in found.items()}


def deviations(posterior: Posterior, structures: Sequence[Structure]) -> dict[str, float]:
    """Standard deviations that the parameters give what an unlabelled path would tell, by name; to first order."""
    base = posterior.potential.evaluate(structures)
    labels = [Label(*one) for one in zip(map(bare, structures), base.energies, base.forces, base.stresses, strict=True)]
    rows = designs(posterior.potential, labels, posterior.elements)
    known = Estimate(posterior.mean, posterior.factor)
    return {name: std for name, (_, _, std) in _numbers(LabelSet(tuple(labels)), rows, known).items()}


def _left_out(posterior: Posterior) -> list[dict[str, Numbers]]:
    return [
        _numbers(posterior.labels[places], [posterior.designs[k] for k in places], posterior.without(places))
        for places in posterior.labels.paths.values()
    ]


def _unseen(posterior: Posterior, labels: LabelSet) -> list[dict[str, Numbers]]:
    if {one.identity for one in posterior.labels} & {one.identity for one in labels}:
        raise InputError("Labels that the posterior was fitted to are not held out; leave them out of one of the two.")
    rows = designs(posterior.potential, labels.labels, posterior.elements)
    known = Estimate(posterior.mean, posterior.factor)
    return [_numbers(labels[p], [rows[k] for k in p], known) for p in labels.paths.values()]


def _numbers(labels: LabelSet, rows: Sequence[Design], known: Estimate) -> dict[str, Numbers]:
    """True and predicted value and the prediction's standard deviation of what a path tells."""
    found = {}
    for name, measure in measures(labels.structures).items():
        told = _tractions(labels, rows) if measure.tractions else _energies(labels, rows)
        if told is None:
            continue
        true, lacks, forms = told
        predicted = true - lacks + forms @ known.mean
        spread = np.linalg.norm(measure.slope(predicted) @ forms @ known.factor)
        found[name] = (measure.of(true), measure.of(predicted), float(spread))
    return found


Told = tuple[FloatArray, FloatArray, FloatArray]
"""(n,) values of labels, (n,) what the potential lacks of them, (n, P) how the parameters change them."""


def _energies(labels: LabelSet, rows: Sequence[Design]) -> Told:
    sizes = np.array([one.counts.sum() for one in rows])
    lacks, forms = (np.array([one.residuals[0][0] for one in rows]), np.array([one.rows.energy[0] for one in rows]))
    return np.array([label.energy for label in labels]), sizes * lacks, sizes[:, None] * forms


def _tractions(labels: LabelSet, rows: Sequence[Design]) -> Told | None:
    """Normal tractions; None where a label has no stress."""
    if any(len(one.rows.stress) == 0 for one in rows):
        return None
    found = []
    for label, one in zip(labels, rows, strict=True):
        forces = np.column_stack([label.forces.reshape(-1), one.residuals[1], one.rows.force])
        stress = np.column_stack([voigt(label.stress), one.residuals[2], one.rows.stress])
        found.append(normal_traction(label.structure, forces, stress))
    true, lacks, forms = np.split(np.array(found), [1, 2], axis=1)
    return true[:, 0], lacks[:, 0], forms
