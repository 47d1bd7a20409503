"""Few accurate energies: which are asked for, and what they say of all phases."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

from atomistic.phases.candidates import Phase, read_phases
from atomistic.phases.formation import pure_energies
from atomistic.phases.hull import ConvexHull
from atomistic.phases.stability import stability
from coupling.errors import InputError, unknown_choice
from multiscale.studies.phases.records import LabelledRecord, PhasesRecord
from multiscale.surrogate import GaussianProcess, Labels, co_kriging, next_point
from multiscale.surrogate.regression import LEAST

_MAY_BE_STABLE = 2.0
"""Standard deviations that a phase may lie above the hull and still count as perhaps stable."""
_RESTARTS, _AVERAGED = 2, 16
_ALIKE = 1e-4
"""eV per atom: candidates that an accurate potential relaxes into one structure differ by less, and are stable together."""

Oracle = Callable[[Sequence[int]], Sequence[float]]
"""Accurate energies per atom, eV, of phases by their numbers."""


def read_labels(path: Path, names: Sequence[str]) -> list[Phase]:
    """The labelled structures of a file.

    Args:
        path: Of it.
        names: Of all candidates.

    Raises:
        InputError: a frame has no energy or the name of no candidate, or there are too few.
    """
    labels = read_phases(path)
    for one in labels:
        if one.name not in names:
            raise InputError(f"{path.name}: {unknown_choice('structure', one.name, names)}")
        if one.energy is None:
            raise InputError(
                f"{path.name}: the structure {one.name!r} has no energy, and a label is one; add it, or leave the frame out."
            )
    if len(labels) < LEAST:
        raise InputError(
            f"{path.name} holds {len(labels)} label{'s' * (len(labels) != 1)}; give {LEAST} or more, those of the pure elements among them."
        )
    return labels


def energies_of_labels(path: Path, record: PhasesRecord) -> dict[int, float]:
    """Accurate energies per atom, eV, of a file by the numbers of the phases.

    Raises:
        InputError: a label is of a phase that did not relax, or an element's crystal has none.
    """
    twins = dict(zip(record.merged, record.twins, strict=True))
    found: dict[int, float] = {}
    for one in read_labels(path, (*record.names, *record.merged, *record.unrelaxed)):
        if one.name in record.unrelaxed:
            raise InputError(
                f"{path.name} labels {one.name!r}, which does not relax with the cheap potential; leave that label out."
            )
        assert one.energy is not None  # checked as it was read
        found[record.names.index(twins.get(one.name, one.name))] = one.energy / len(one.atoms)
    _check_pure(path.name, record, found)
    return found


def _check_pure(file: str, record: PhasesRecord, known: Mapping[int, float]) -> None:
    for column, element in enumerate(record.elements):
        pure = np.flatnonzero(record.fractions[:, column] > 1 - 1e-12)
        if not set(pure.tolist()) & set(known):
            names = ", ".join(record.names[k] for k in pure)
            raise InputError(
                f"{file} has no label of pure {element}, from which formation energies are counted; add one of {names}."
            )


def asked(record: PhasesRecord, oracle: Oracle, budget: int, bar: float, draws: int, seed: int) -> LabelledRecord:
    """Ask for the energy that tells most of the phases that may be stable, until these are known to within the bar.

    Args:
        record: All phases by the cheap potential.
        oracle: Gives accurate energies.
        budget: Most labels.
        bar: eV per atom.
        draws: See `described`.
        seed: See `described`.
    """
    first = _first(record, budget)
    known = dict(zip(first, oracle(first), strict=True))
    while len(known) < min(budget, len(record.names)):
        surrogate, formation = _surrogate(record, known, seed)
        open_ones = _open(surrogate, record, known, formation)
        others = np.setdiff1d(np.arange(len(record.names)), list(known))
        if len(open_ones) == 0:
            break
        found = next_point(
            surrogate,
            record.places[others],
            {"accurate": 1.0},
            bar,
            targets=record.places[open_ones],
        )
        if found is None:
            break
        k = int(others[found.index])
        known[k] = oracle([k])[0]
    return described(record, known, draws, seed)


def described(record: PhasesRecord, known: Mapping[int, float], draws: int, seed: int) -> LabelledRecord:
    """What accurate energies of some say of all.

    Args:
        record: All phases by the cheap potential.
        known: Accurate energies per atom, eV, by the numbers of the phases.
        draws: How many hulls are drawn.
        seed: Of the draws and of the search of hyperparameters.
    """
    surrogate, labels = _surrogate(record, known, seed)
    energies = surrogate.sample(record.places, draws, seed)
    mean, deviation = surrogate.predict(record.places)
    numbers = list(labels)
    mean[numbers], deviation[numbers] = list(labels.values()), 0.0
    energies[:, numbers] = list(labels.values())  # what the regression leaves of them is rounding
    shares = stability(record.fractions, energies, tolerance=_ALIKE)
    open_ones = _open(surrogate, record, known, labels)
    return LabelledRecord(
        labelled=np.array(list(known)),
        energies=np.array(list(known.values())),
        factor=surrogate.factor,
        formation=mean,
        deviation=deviation,
        probability=shares.probability,
        probability_error=shares.error,
        above=shares.above,
        above_deviation=shares.above_deviation,
        open_deviation=float(deviation[open_ones].max(initial=0.0)),
    )


def enough(elements: int) -> int:
    """Labels from which error bars begin to be what they say: fewer, such as of pure crystals alone, look all alike."""
    return 2 + 2 * elements


def _first(record: PhasesRecord, budget: int) -> list[int]:
    """The crystals of the elements and the stable phases, then each time the one least like all before."""
    pure = [int(np.where(column > 1 - 1e-12, record.energies, np.inf).argmin()) for column in record.fractions.T]
    wanted = min(budget, len(record.names), enough(len(record.elements)))
    if len(pure) > wanted:
        raise InputError(f"A budget of {budget} labels does not cover the {len(pure)} elements; allow more.")
    chosen = list(dict.fromkeys([*pure, *np.flatnonzero(record.above == 0).tolist()]))[:wanted]
    while len(chosen) < wanted:
        apart = cdist(record.places, record.places[chosen]).min(axis=1)
        chosen.append(int(np.argmax(apart)))
    return chosen


def _surrogate(record: PhasesRecord, known: Mapping[int, float], seed: int) -> tuple[GaussianProcess, dict[int, float]]:
    """The two-fidelity process of formation energies, and the accurate ones among them by number."""
    numbers, energies = np.array(list(known)), np.array(list(known.values()))
    fractions = record.fractions[numbers]
    formation = energies - fractions @ pure_energies(record.elements, fractions, energies)
    fitted = co_kriging(
        Labels(record.places, record.formation), Labels(record.places[numbers], formation), rough=True, restarts=_RESTARTS,
        average=_AVERAGED, seed=seed,
    )  # fmt: skip
    return fitted, dict(zip(numbers.tolist(), formation.tolist(), strict=True))


def _open(
    surrogate: GaussianProcess, record: PhasesRecord, known: Mapping[int, float], labels: Mapping[int, float]
) -> np.ndarray:
    """Numbers of the phases without a label that may be stable."""
    mean, deviation = surrogate.predict(record.places)
    mean[list(labels)] = list(labels.values())
    above = ConvexHull(record.fractions, mean).above
    return np.array(
        [k for k in range(len(mean)) if k not in known and above[k] < _MAY_BE_STABLE * deviation[k]], dtype=np.int64
    )
