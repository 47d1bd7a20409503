"""Diagnostics of learning: errors in and out of domain by group, what they consist of, and how they fall with labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from atomistic.trust.design import Design
from atomistic.trust.posterior import Posterior
from coupling.contracts import FloatArray
from coupling.errors import InputError


@dataclass(frozen=True)
class GroupErrors:
    """Errors of one group of labels, root mean squares.

    Attributes:
        group: Its name.
        labels: How many there are.
        force: Of forces, each label left out alone: in domain, eV/Å a component.
        energy: Of energies per atom, likewise, eV.
        epistemic: Predicted deviation of these forces that the parameters leave, which more labels lessen, eV/Å.
        aleatoric: Noise of forces, which the readout cannot represent whatever the labels, eV/Å.
        force_outside: Of forces, the whole group left out: out of domain, eV/Å; NaN where no other label has its elements.
    """

    group: str
    labels: int
    force: float
    energy: float
    epistemic: float
    aleatoric: float
    force_outside: float


@dataclass(frozen=True)
class Diagnosis:
    """What the labels say of a model.

    Attributes:
        groups: Of each group.
        counts: (n,) labels, in the order in which they were made, that a model was fitted to.
        curve: (n,) root-mean-square error of forces on all labels after those, eV/Å: the learning curve.
    """

    groups: tuple[GroupErrors, ...]
    counts: FloatArray
    curve: FloatArray

    @property
    def worst(self) -> GroupErrors:
        """The group with the largest error of forces in domain."""
        return max(self.groups, key=lambda one: one.force)


def diagnose(posterior: Posterior, kinds: Sequence[str] | None = None, points: int = 8) -> Diagnosis:
    """Errors of a posterior on its own labels, left out alone and by group, in closed form at its widths.

    Args:
        posterior: Of two labels or more.
        kinds: What each label belongs to; by default its group. With the elements of each (`elements_of`), what is out of domain
            is an alloy of which the constituents alone were learned.
        points: Of the learning curve.

    Raises:
        InputError: there is one label, or not one kind for each.
    """
    count = len(posterior.labels)
    names = posterior.labels.groups if kinds is None else list(kinds)
    if count < 2 or len(names) != count:
        raise InputError(f"{count} label(s) and {len(names)} kinds: give at least two labels, and one kind for each.")
    alone = [_left_out(posterior, [place], place) for place in range(count)]
    groups = []
    for name in dict.fromkeys(names):
        own = [place for place in range(count) if names[place] == name]
        parts = [alone[place] for place in own]
        groups.append(
            GroupErrors(
                name, len(own), _rms([one.force for one in parts]), _rms([one.energy for one in parts]),
                _rms([one.deviation for one in parts]), posterior.widths.force, _outside(posterior, own),
            )
        )  # fmt: skip
    counts, curve = _learning_curve(posterior, points)
    return Diagnosis(tuple(groups), counts, curve)


def elements_of(posterior: Posterior) -> list[str]:
    """The elements of each label, joined: kinds that tell an alloy from its constituents."""
    return ["-".join(sorted(set(one.get_chemical_symbols()))) for one in posterior.labels.structures]


@dataclass(frozen=True)
class _Errors:
    force: FloatArray
    energy: FloatArray
    deviation: FloatArray


def _left_out(posterior: Posterior, places: Sequence[int], tested: int) -> _Errors:
    """Errors on a label without some of the labels, itself among them."""
    mean, factor = posterior.without(places)
    return _errors(posterior.designs[tested], mean, factor)


def _errors(design: Design, mean: FloatArray, factor: FloatArray) -> _Errors:
    rows = design.rows
    deviation = np.sqrt(np.sum((rows.force @ factor) ** 2, axis=1))
    return _Errors(design.residuals[1] - rows.force @ mean, design.residuals[0] - rows.energy @ mean, deviation)


def _outside(posterior: Posterior, own: Sequence[int]) -> float:
    """Error of forces on a group of which nothing was learned; NaN where nothing is left that has its elements."""
    rest = [place for place in range(len(posterior.labels)) if place not in set(own)]
    left = {int(z) for place in rest for z in posterior.labels.structures[place].numbers}
    wanted = {int(z) for place in own for z in posterior.labels.structures[place].numbers}
    if not wanted <= left:
        return float("nan")
    part = posterior.of(rest)
    return _rms([_errors(posterior.designs[place], part.mean, part.factor).force for place in own])


def _learning_curve(posterior: Posterior, points: int) -> tuple[FloatArray, FloatArray]:
    """Errors on the labels to come, after ever more of them; the widths are those of all."""
    total = len(posterior.labels)
    counts = np.unique(np.linspace(1, total - 1, points).round().astype(int))
    curve = []
    for count in counts:
        part = posterior.of(list(range(int(count))))
        curve.append(_rms([_errors(one, part.mean, part.factor).force for one in posterior.designs[count:]]))
    return counts.astype(float), np.array(curve)


def _rms(parts: Sequence[FloatArray]) -> float:
    return float(np.sqrt(np.mean(np.concatenate(parts) ** 2)))
