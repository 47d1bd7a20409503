"""Error bars where the truth is known: a student of an embedded-atom aluminium, asked about paths that it has not seen."""

import tempfile
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata, spearmanr

from atomistic.distil import CrystalChoice, Dataset, Settings, Sizes, draw
from atomistic.distil.dataset import REPULSION, StructurePath
from atomistic.distil.student import distil
from atomistic.trust import LabelSet, Posterior, fit_posterior
from atomistic.trust.conformal import conformal_factor
from atomistic.trust.suspects import suspects
from coupling.contracts import FloatArray, Potential

SIZES = Sizes(
    openings=60, relaxed=0, slips=40, faults=40, strains=20, rattles=40, surfaces=40, vacancies=0, frames=2
)  # fmt: skip
SETTINGS = Settings(
    channels=32, lmax=1, cutoff=5.0, epochs=24, batch=4, learning_rate=0.01, force_weight=0.3, stress_weight=1e-4
)
GROUPS = {
    "strain": "bulk",
    "rattle": "bulk",
    "surface": "surface",
    "opening": "opened",
    "slip": "slipped",
    "fault": "slipped",
}
HALVINGS = 100
APART = 1.0
"""Å: openings from which on the halves are called apart."""
WRONG = {"energy": 0.05, "force": 0.5, "stress": 2.0}
"""Planted errors: eV per atom (0.2 eV of a slab of four), eV/Å on one atom, GPa of pressure."""


def measure(teacher: Potential) -> dict[str, object]:
    """Coverage, rank correlation, out-of-distribution, leave-one-out and planted errors."""
    dataset = draw(teacher, [CrystalChoice("Al", "fcc", [(1, 1, 1)])], SIZES, thickness=6.0, seed=3)
    parts = _split([path for path in dataset if path.family != REPULSION], np.random.default_rng(0))
    learnt, (held, places) = (_labelled(teacher, part) for part in parts)
    student = _student(teacher, parts)
    posterior = fit_posterior(student, learnt[0])
    found = posterior.predict(held.structures)
    lengths = [np.linalg.norm(label.forces - force, axis=1) for label, force in zip(held, found.forces, strict=True)]
    errors, every = np.concatenate(lengths), learnt[0] + held
    return {
        **coverage([one / sigma for one, sigma in zip(lengths, found.force_sigmas, strict=True)], held.groups, places),
        "spearman": float(spearmanr(np.concatenate(found.force_sigmas), errors).statistic),
        "force_error_rms_meV_A": 1e3 * float(np.sqrt(np.mean(errors**2) / 3)),
        "force_size_rms_meV_A": 1e3 * float(np.sqrt(np.mean(np.concatenate([one.forces for one in held]) ** 2))),
        "ood_auroc": _ood(student, every),
        "loo_max_difference": loo_difference(posterior),
        "planted_found_in_top10": planted(student, every),
    }


def coverage(scores: list[FloatArray], groups: list[str], places: list[int]) -> dict[str, object]:
    """Share of forces within 90 % radii, averaged over halvings of the paths: one half calibrates, the other judges."""
    own = [np.concatenate([score for score, place in zip(scores, places, strict=True) if place == path])
           for path in sorted(set(places))]  # fmt: skip
    kinds = np.array([groups[places.index(path)] for path in sorted(set(places))])
    rng, shares, factors = np.random.default_rng(1), [], []
    for _ in range(HALVINGS):
        order = rng.permutation(len(own))
        half, rest = order[: len(own) // 2], order[len(own) // 2 :]
        factors.append(conformal_factor([own[k] for k in half], 0.9))
        share = np.full(len(own), np.nan)
        share[rest] = [np.mean(own[k] <= factors[-1]) for k in rest]
        shares.append(share)
    each = np.nanmean(shares, axis=1)
    return {
        "coverage_90": float(each.mean()),
        "coverage_deviation": float(each.std()),
        "coverage_paths": [len(own) // 2, len(own) - len(own) // 2],
        "coverage_by_group": {
            str(kind): float(np.nanmean(np.array(shares)[:, kinds == kind])) for kind in sorted(set(kinds))
        },
        "conformal_factor": float(np.mean(factors)),
    }


def loo_difference(posterior: Posterior, count: int = 6) -> float:
    """Largest difference of formula and brute force, over energies in eV per atom and forces in eV/Å."""
    found, worst = posterior.leave_one_out(), 0.0
    for k in np.linspace(0, len(posterior.labels) - 1, count).astype(int):
        rest = posterior.of(np.delete(np.arange(len(posterior.labels)), k))
        left = posterior.designs[k]
        energy, force = (one - rows @ rest.mean for one, rows in zip(left.residuals[:2], left.rows[:2], strict=True))
        worst = max(worst, float(np.abs(energy - found.energies[k]).max()))
        worst = max(worst, float(np.abs(force.reshape(-1, 3) - found.forces[k]).max()))
    return worst


def planted(student: Potential, labels: LabelSet, among: int = 200, wrong: int = 10) -> int:
    """How many of ten planted label errors are among the ten highest flags."""
    rng = np.random.default_rng(7)
    chosen = list(labels[np.sort(rng.permutation(len(labels))[:among])])
    places = rng.permutation(len(chosen))[:wrong]
    for n, k in enumerate(places):
        label, sign = chosen[k], rng.choice([-1.0, 1.0])
        if n % 3 == 0:
            chosen[k] = replace(label, energy=label.energy + sign * WRONG["energy"] * len(label.structure))
        elif n % 3 == 1:
            forces = label.forces.copy()
            direction = rng.normal(size=3)
            forces[rng.integers(len(forces))] += WRONG["force"] * direction / np.linalg.norm(direction)
            chosen[k] = replace(label, forces=forces)
        else:
            chosen[k] = replace(label, stress=label.stress + sign * WRONG["stress"] / 160.21766 * np.eye(3))
    flags = suspects(fit_posterior(student, LabelSet(tuple(chosen))), wrong)
    return len(set(flags.tolist()) & set(places.tolist()))


def _ood(student: Potential, labels: LabelSet) -> float:
    """AUROC of the largest site distance: openings against unseen bulk, for a posterior that knows bulk alone."""
    bulk = [k for k, group in enumerate(labels.groups) if group == "bulk"]
    opened = [k for k, label in enumerate(labels) if label.group == "opened" and _gap(label.structure) > APART]
    known, unseen = bulk[::2], bulk[1::2]
    posterior = fit_posterior(student, labels[known])
    structures = [labels.labels[k].structure for k in [*unseen, *opened]]
    scores = np.array([one.max() for one in posterior.mahalanobis(structures)])
    ranks = rankdata(scores)[len(unseen) :]
    return float((ranks.sum() - len(opened) * (len(opened) + 1) / 2) / (len(unseen) * len(opened)))


def _gap(atoms: object) -> float:
    """By how much the top and the bottom of a slab are farther apart than its planes, Å."""
    heights = np.sort(atoms.positions[:, 2])
    return float(atoms.cell[2, 2] - (heights[-1] - heights[0]) - np.median(np.diff(heights)))


def _labelled(teacher: Potential, paths: list[StructurePath]) -> tuple[LabelSet, list[int]]:
    """Labels, and the path of each."""
    structures = [one for path in paths for one in path.structures]
    groups = [GROUPS[path.family] for path in paths for _ in path.structures]
    return LabelSet.made(teacher, structures, groups), [k for k, path in enumerate(paths) for _ in path.structures]


def _split(paths: list[StructurePath], rng: np.random.Generator) -> list[list[StructurePath]]:
    """To learn from, and held back: a third and two thirds of the paths.

    Strained cells of one atom, whose forces vanish by symmetry, are only learnt from.
    """
    free = [path for path in paths if len(path.structures[0]) > 1]
    order, third = rng.permutation(len(free)), len(free) // 3
    strained = [path for path in paths if len(path.structures[0]) == 1]
    return [[free[k] for k in order[:third]] + strained, [free[k] for k in order[third:]]]


def _student(teacher: Potential, parts: list[list[StructurePath]]) -> Potential:
    """Trained on the learnt paths alone; a tenth of them chooses among the epochs."""
    learnt = parts[0]
    count = len(learnt) // 10
    dataset = Dataset(tuple(learnt[count:]), tuple(learnt[:count]), tuple(parts[1]))
    with tempfile.TemporaryDirectory() as folder:
        return distil(teacher, dataset, SETTINGS, folder=folder).potential.with_all_layers()
