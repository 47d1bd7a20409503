"""A potential against labels: errors by kind, group and element, softening, and the worst group by name."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray
from scipy.special import ndtri

from atomistic.trust.labels import LabelSet
from atomistic.trust.posterior import Prediction
from coupling.contracts import Evaluation, FloatArray, Potential
from coupling.errors import InputError
from coupling.units import EV_A3, GPA

GROUPS = ("bulk", "surface", "opened", "slipped", "defect")
"""Names of groups in use; any others are taken as they are."""
ALL = "all"


@dataclass(frozen=True)
class Scatter:
    """Mean absolute and root-mean-square error over `count` numbers; NaN over none."""

    mean_absolute: float
    root_mean_square: float
    count: int

    @classmethod
    def of(cls, errors: FloatArray) -> "Scatter":
        """Over all entries of an array."""
        errors = np.asarray(errors, dtype=float).reshape(-1)
        if not len(errors):
            return cls(float("nan"), float("nan"), 0)
        return cls(float(np.abs(errors).mean()), float(np.sqrt(np.mean(errors**2))), len(errors))


@dataclass(frozen=True)
class GroupErrors:
    """Errors of one group.

    Attributes:
        energy: meV per atom, after the energy zeros of the elements have been fitted over all labels.
        force: Of components, meV/Å.
        stress: Of components, GPa.
        softening: Slope of predicted over true force components, through the origin; below 1 the potential is
            too soft; NaN where all true forces vanish.
        force_size: Root mean square of the true components, meV/Å.
        structures: How many.
    """

    energy: Scatter
    force: Scatter
    stress: Scatter
    softening: float
    force_size: float
    structures: int


@dataclass(frozen=True)
class Validation:
    """What a potential is worth on labels.

    Attributes:
        groups: "all" first, then each group.
        elements: Chemical symbol to the errors of the force components on its atoms, meV/Å.
        zeros: Chemical symbol to the fitted energy zero, label less potential, eV.
        worst: The group with the largest error of the forces, or of the energies where all forces vanish.
    """

    groups: Mapping[str, GroupErrors]
    elements: Mapping[str, Scatter]
    zeros: Mapping[str, float]
    worst: str

    def rows(self) -> list[tuple[str, ...]]:
        """A table: a head, then one line a group."""
        head = ("group", "structures", "energy MAE", "RMSE (meV/atom)", "force MAE", "RMSE (meV/Å)", "stress MAE",
                "RMSE (GPa)", "force slope")  # fmt: skip
        return [
            head,
            *((
                name, str(one.structures), *_pair(one.energy), *_pair(one.force), *_pair(one.stress, 3),
                f"{one.softening:.3f}" if np.isfinite(one.softening) else "-",
            )
            for name, one in self.groups.items()),
        ]  # fmt: skip

    def table(self) -> str:
        """The rows, aligned, then the elements and the worst group."""
        rows = self.rows()
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = ["  ".join(f"{cell:<{w}}" if k == 0 else f"{cell:>{w}}" for k, (cell, w) in
                 enumerate(zip(row, widths, strict=True))) for row in rows]  # fmt: skip
        for symbol, one in self.elements.items():
            lines.append(f"force on {symbol}: MAE {one.mean_absolute:.1f}, RMSE {one.root_mean_square:.1f} meV/Å")
        return "\n".join([*lines, f"worst group: {self.worst}"])


@dataclass(frozen=True)
class Calibration:
    """Stated against found coverage of predicted deviations; the data of a calibration plot.

    Attributes:
        stated: (k,) probabilities.
        found: (k,) shares of force components within the Gaussian interval of that probability.
    """

    stated: FloatArray
    found: FloatArray


def validate(potential: Potential, labels: LabelSet, *, batch: int = 64) -> Validation:
    """Compare a potential with labels.

    Energies have no common zero between methods: one zero for each element is fitted (least squares) first.

    Args:
        potential: Any.
        labels: Any number of groups.
        batch: Structures evaluated at once.

    Raises:
        InputError: there are no labels, or the potential cannot evaluate one.
    """
    if len(labels) == 0:
        raise InputError("There are no labels to compare with; give at least one labelled structure.")
    found = _evaluated(potential, labels, batch)
    energies, zeros = _energy_errors(labels, found.energies)
    names = {ALL: np.arange(len(labels))}
    order = sorted(set(labels.groups), key=lambda name: (GROUPS.index(name) if name in GROUPS else len(GROUPS), name))
    names |= {name: np.array([k for k, own in enumerate(labels.groups) if own == name]) for name in order}
    groups = {name: _errors(labels, found, energies, own) for name, own in names.items()}
    judged = {name: one for name, one in groups.items() if name != ALL}
    kind = "force" if groups[ALL].force_size > 1e-3 else "energy"
    worst = max(judged, key=lambda name: getattr(judged[name], kind).root_mean_square)
    return Validation(groups, _by_element(labels, found), zeros, worst)


def calibration(predicted: Prediction, labels: LabelSet, points: int = 19) -> Calibration:
    """How often force components lie within the Gaussian intervals that a prediction states."""
    errors = np.concatenate([one.forces - force for one, force in zip(labels, predicted.forces, strict=True)])
    sigmas = np.sqrt(np.concatenate(predicted.force_variances))
    stated = np.arange(1, points + 1) / (points + 1)
    scores = np.abs(errors / sigmas).reshape(-1)
    return Calibration(stated, np.array([np.mean(scores <= ndtri((1 + one) / 2)) for one in stated]))


def _evaluated(potential: Potential, labels: LabelSet, batch: int) -> Evaluation:
    structures = labels.structures
    parts = [potential.evaluate(structures[k : k + batch]) for k in range(0, len(structures), batch)]
    return Evaluation(
        np.concatenate([one.energies for one in parts]),
        tuple(force for one in parts for force in one.forces),
        np.concatenate([one.stresses for one in parts]),
        sum((one.cost for one in parts[1:]), parts[0].cost),
    )


def _energy_errors(labels: LabelSet, energies: FloatArray) -> tuple[FloatArray, dict[str, float]]:
    """(n,) eV per atom, with the zeros of the elements fitted and taken off; and these zeros."""
    counts = np.array([[np.sum(one.numbers == z) for z in labels.elements] for one in labels.structures], dtype=float)
    sizes = counts.sum(1)
    lacks = (np.array([label.energy for label in labels]) - energies) / sizes
    zeros = np.linalg.lstsq(counts / sizes[:, None], lacks)[0]
    symbols = [chemical_symbols[z] for z in labels.elements]
    return counts @ zeros / sizes - lacks, dict(zip(symbols, zeros.tolist(), strict=True))


def _errors(labels: LabelSet, found: Evaluation, energies: FloatArray, own: NDArray[np.int64]) -> GroupErrors:
    true = np.concatenate([labels.labels[k].forces for k in own])
    said = np.concatenate([found.forces[k] for k in own])
    stress = np.array([found.stresses[k] - labels.labels[k].stress for k in own])
    stress = stress[np.isfinite(stress).all((1, 2))] * EV_A3 / GPA
    size = float(np.sum(true**2))
    noticeable = size > 1e-12 * true.size
    return GroupErrors(
        Scatter.of(1e3 * energies[own]),
        Scatter.of(1e3 * (said - true)),
        Scatter.of(stress),
        float(np.sum(said * true) / size) if noticeable else float("nan"),
        1e3 * float(np.sqrt(size / true.size)),
        len(own),
    )


def _by_element(labels: LabelSet, found: Evaluation) -> dict[str, Scatter]:
    numbers = np.concatenate([one.numbers for one in labels.structures])
    errors = 1e3 * np.concatenate([f - one.forces for f, one in zip(found.forces, labels, strict=True)])
    return {chemical_symbols[z]: Scatter.of(errors[numbers == z]) for z in labels.elements}


def _pair(scatter: Scatter, digits: int = 1) -> tuple[str, str]:
    if scatter.count == 0:
        return "-", "-"
    return f"{scatter.mean_absolute:.{digits}f}", f"{scatter.root_mean_square:.{digits}f}"
