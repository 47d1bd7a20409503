"""Active learning: oracles, routes, the notebook, the loop; and error bars of what is computed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.decohesion.slab import cleavage_slab
from atomistic.trust.learn import Learned, Rules, learn
from atomistic.trust.notebook import Notebook
from atomistic.trust.oracle import Oracle, known, oracle, same
from atomistic.trust.propagate import Spread, cleavage, crystal, propagate
from atomistic.trust.routes import Descent, LangevinRoute, Points, opening, rattles, slip, strains
from atomistic.trust.surrogate import Surrogate
from coupling.contracts import Capabilities, Potential
from coupling.errors import InputError, NotConverged
from coupling.wrapped import Wrapped
from tests.atomistic.radial_model import radial

LATTICE = 3.6
THRESHOLD = 0.01


class Counting(Wrapped):
    """A potential that counts, fails on demand, or stops the run."""

    def __init__(self, potential: Potential, fails: tuple[int, ...] = (), stops: int = -1) -> None:
        super().__init__(potential)
        self.fails, self.stops, self.asked = fails, stops, 0

    def evaluate(self, structures, *, site_energies=False, features=False):
        self.asked += 1
        if self.asked - 1 == self.stops:
            raise KeyboardInterrupt
        if self.asked - 1 in self.fails:
            raise NotConverged("no self-consistency")
        return super().evaluate(structures, site_energies=site_energies, features=features)


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("emt")


def routes() -> list:
    slab = cleavage_slab(bulk("Cu", "fcc", a=LATTICE), (1, 1, 1), 3, conventional=np.eye(3) * LATTICE)
    cell = bulk("Cu", "fcc", a=LATTICE, cubic=True)
    shaken = cell.copy()
    shaken.rattle(0.1, seed=3)
    return [
        opening(slab, np.linspace(0, 5, 9)),
        slip(slab, np.linspace(0, 1, 4)[:, None] * slab.atoms.cell.array[0, :2], gap=0.3),
        rattles(cell, 0.1, 4),
        strains(cell, 0.03, 4),
        LangevinRoute("md", cell, 900.0, 2e-15, 30, every=10, seed=1),
        Descent("relaxation", shaken, steps=10, every=5),
    ]


def run(emt: Potential, folder: Path | None = None, rules: Rules | None = None) -> Learned:
    rules = rules or Rules(THRESHOLD, budget=30, first=6)
    return learn(lambda labels: Surrogate.fitted(radial(), labels), Notebook(folder, Oracle(emt)), routes(), rules)


def test_learning_brings_all_routes_below_the_threshold(emt: Potential) -> None:
    found = run(emt)
    assert found.below and len(found.labels) < 30
    assert max(radii.max() for radii in found.before.values()) > THRESHOLD
    labelled = found.labels.structures
    for group, radii in found.after.items():
        unlabelled = [
            radius
            for route in routes()
            if isinstance(route, Points) and route.group == group
            for radius, one in zip(radii, route.structures, strict=True)
            if not known(one, labelled)
        ]
        assert max(unlabelled, default=0.0) <= THRESHOLD
    assert len({label.settings_hash for label in found.labels}) == 1
    assert not any(same(a, b) for i, a in enumerate(labelled) for b in labelled[:i])


def test_what_was_learned_is_the_oracles_path(emt: Potential) -> None:
    """W_sep along the learned path, before and after, against the oracle's."""
    path = routes()[0].structures
    first = run(emt, rules=Rules(threshold=10.0, budget=2, first=2))
    last = run(emt)
    exact = np.diff(emt.evaluate([path[0], path[4]]).energies)[0]
    errors = [
        abs(np.diff(one.surrogate.potential.evaluate([path[0], path[4]]).energies)[0] - exact) for one in (first, last)
    ]
    assert errors[1] < 0.3 * errors[0]
    assert errors[1] < 0.05 * abs(exact)


def test_an_interrupted_run_ends_with_the_same_labels(emt: Potential, tmp_path: Path) -> None:
    whole = run(emt, tmp_path / "whole")
    broken = Counting(emt, stops=9)
    with pytest.raises(KeyboardInterrupt):
        run(broken, tmp_path / "broken")
    book = Notebook(tmp_path / "broken", Oracle(emt))
    assert len(book.entries) == 9 and book.pending
    again = Counting(emt)
    resumed = run(again, tmp_path / "broken")
    assert again.asked == len(whole.entries) - 9
    assert [one.identity for one in resumed.labels] == [one.identity for one in whole.labels]
    assert [one.energy for one in resumed.labels] == [one.energy for one in whole.labels]


KILLED = """
import sys, time
from pathlib import Path
from tests.atomistic.test_learning import load_potential, run, Counting
folder = Path(sys.argv[1])
class Stuck(Counting):
    def evaluate(self, structures, **wanted):
        if len(list(folder.glob("label_*.npz"))) >= 8:
            time.sleep(600)
        return super().evaluate(structures)
run(Stuck(load_potential("emt")), folder)
"""


def test_a_killed_run_ends_with_the_same_labels(emt: Potential, tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "killed")], cwd=root)
    while len(list((tmp_path / "killed").glob("label_*.npz"))) < 8 and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    resumed, whole = run(emt, tmp_path / "killed"), run(emt)
    assert [one.identity for one in resumed.labels] == [one.identity for one in whole.labels]


def test_labels_of_other_settings_are_refused(emt: Potential, tmp_path: Path) -> None:
    Notebook(tmp_path / "a", Oracle(emt), "one").choose(bulk("Cu"), "bulk", np.nan, (0, 0, {}))
    other = Counting(emt)
    other.fingerprint = "other"
    with pytest.raises(InputError, match="another settings of the oracle"):
        Notebook(tmp_path / "a", Oracle(other), "one")
    with pytest.raises(InputError, match="another study"):
        Notebook(tmp_path / "a", Oracle(emt), "two")


def test_an_oracle_computes_nothing_twice(emt: Potential, tmp_path: Path) -> None:
    first, second = Oracle(emt, tmp_path), Oracle(emt, tmp_path)
    a, b = first.label(bulk("Cu"), "bulk"), second.label(bulk("Cu"), "bulk")
    assert (first.computed, second.computed, second.recalled) == (1, 0, 1)
    assert a.energy == b.energy and a.settings_hash == emt.fingerprint


def test_a_failed_label_is_passed_over_and_many_stop_the_run(emt: Potential, tmp_path: Path) -> None:
    found = run(Counting(emt, fails=(3, 8)), tmp_path)
    assert [k for k, entry in enumerate(found.entries) if entry.label is None] == [3, 8]
    assert len(found.labels) == len(found.entries) - 2
    with pytest.raises(NotConverged, match="3 structures in a row"):
        run(Counting(emt, fails=tuple(range(7, 20))))


def test_the_budget_ends_a_run(emt: Potential) -> None:
    found = run(emt, rules=Rules(threshold=1e-6, budget=8, first=4))
    assert not found.below and len(found.entries) == 8


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.translate([0.3, -0.2, 1.0]),
        lambda a: a.rotate(33, (1, 2, 3), rotate_cell=True),
        lambda a: a.wrap(),
        lambda a: a.set_positions(a.positions @ np.diag([1, 1, -1])) or a.set_cell(a.cell.array @ np.diag([1, 1, -1])),
    ],
)
def test_equal_structures_are_known(change) -> None:  # type: ignore[no-untyped-def]
    atoms = bulk("Cu", "fcc", a=LATTICE, cubic=True)
    atoms.rattle(0.1, seed=5)
    moved = atoms[[2, 0, 3, 1]]
    change(moved)
    assert same(atoms, moved)
    moved.positions[0, 0] += 0.02
    assert not same(atoms, moved)


def test_a_trajectory_goes_on_where_it_stopped(emt: Potential) -> None:
    route = LangevinRoute("md", bulk("Cu", "fcc", a=LATTICE, cubic=True), 600.0, 2e-15, 30, every=10, seed=2)
    whole = list(route.walk(emt, {}))
    rest = list(route.walk(emt, whole[1].state))
    assert len(whole) == 4 and len(rest) == 3
    np.testing.assert_array_equal(rest[-1].structures[0].positions, whole[-1].structures[0].positions)


def test_rules_that_cannot_be() -> None:
    with pytest.raises(InputError, match="never reached"):
        Rules(threshold=0.0)
    with pytest.raises(InputError, match="first"):
        Rules(first=1)
    with pytest.raises(InputError, match="between 0 and"):
        strains(Atoms("Cu"), 0.5, 3)


def test_quantum_engines_and_potentials_are_oracles(tmp_path: Path) -> None:
    assert oracle("emt").label(bulk("Cu")).energy == pytest.approx(-0.0056, abs=2e-3)
    with pytest.raises(InputError, match="Did you mean"):
        oracle("emmt")
    pytest.importorskip("tblite")
    asked = oracle("gfn1-xtb", folder=tmp_path)
    label = asked.label(Atoms("H2", [[0, 0, 0], [0, 0, 0.74]], cell=np.eye(3) * 8), "molecule")
    asked.close()
    assert np.abs(label.forces.sum(0)).max() < 1e-6 and np.isnan(label.stress).all()


class Times:
    """A potential whose energies are multiplied."""

    def __init__(self, potential: Potential, factor: float) -> None:
        self.inner, self.factor = potential, factor
        self.name, self.elements, self.cutoff = potential.name, potential.elements, potential.cutoff
        self.fingerprint = f"{potential.fingerprint}{factor}"
        self.capabilities = Capabilities(potential.capabilities.interaction_range, stress=True)

    def evaluate(self, structures, *, site_energies=False, features=False):
        from dataclasses import replace

        found = self.inner.evaluate(structures)
        return replace(found, energies=self.factor * found.energies, stresses=self.factor * found.stresses,
                       forces=tuple(self.factor * force for force in found.forces))  # fmt: skip


def test_error_bars_of_everything_are_the_factors_own(emt: Potential) -> None:
    factors = np.array([0.95, 1.0, 1.06])
    samples = [Times(emt, f) for f in factors]
    quantities = cleavage("Cu", "fcc", (1, 1, 1), layers=4, points=12)
    found = propagate(quantities, emt, samples)
    relative = factors.std(ddof=1)
    for name in ("work_of_separation", "peak_traction"):
        assert found[name].std == pytest.approx(relative * found[name].value, rel=1e-3)
    assert found["opening_at_peak"].std < 1e-4 * found["opening_at_peak"].value
    elastic = propagate(crystal("Cu", "fcc", [(1, 1, 1)]), emt, samples)
    for name in ("C11", "C12", "C44", "surface_111"):
        assert elastic[name].std == pytest.approx(relative * elastic[name].value, rel=2e-3)
    assert elastic["lattice_parameter"].std < 1e-5 * elastic["lattice_parameter"].value


def test_a_bar_covers_what_it_says() -> None:
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(4000):
        draws = rng.normal(size=9)
        inside.append(abs(draws[0] - draws[1:].mean()) < Spread(np.array(0.0), draws[1:]).bar(0.9))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.015)
    with pytest.raises(InputError, match="not a probability"):
        Spread(np.array(0.0), np.zeros(3)).bar(90)


def test_a_sample_that_fails_is_named(emt: Potential) -> None:
    def fails(potential: Potential) -> dict[str, float]:
        if potential is not emt:
            raise NotConverged("no equilibrium")
        return {"a": 1.0}

    with pytest.raises(NotConverged) as caught:
        propagate(fails, emt, [emt, Times(emt, 1.1)])
    assert "sample 2 of 2" in caught.value.__notes__[0]
    with pytest.raises(InputError, match="two samples"):
        propagate(fails, emt, [emt])
