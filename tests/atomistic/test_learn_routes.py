"""Routes beyond a slab, what halts learning, weights of groups, and oracles whose forces are no gradient."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy.stats import chi2

from atomistic import load_potential
from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.hetero import close, hetero_interface
from atomistic.decohesion.slab import cleavage_slab
from atomistic.dislocation.cylinder import oriented
from atomistic.dislocation.systems import slip_system
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.trust.conformal import conformal_factor
from atomistic.trust.defect_routes import (
    Around,
    core_routes,
    crack_routes,
    crack_tips,
    interface_routes,
    moving_routes,
    relaxing_routes,
)
from atomistic.trust.gradients import check_gradients
from atomistic.trust.labels import LabelSet
from atomistic.trust.learn import Rules, learn
from atomistic.trust.notebook import Notebook
from atomistic.trust.oracle import Oracle
from atomistic.trust.posterior import balanced, fit_posterior
from atomistic.trust.surrogate import HALTS, Surrogate
from coupling.contracts import Potential
from coupling.errors import InputError
from coupling.units import EV_A3
from coupling.wrapped import Wrapped
from tests.atomistic.radial_model import radial
from tests.atomistic.test_trust import TRUTH, crystals, noisy

GAUSSIAN = np.sqrt(chi2.ppf(0.9, 3) / 3)
FEW = Around(rattles=2, rattle=0.08, strains=2, strain=0.02)


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("emt")


@pytest.fixture(scope="module")
def copper(emt: Potential) -> Atoms:
    return equilibrium(emt, "Cu", "fcc", tolerance=100.0)


@pytest.fixture(scope="module")
def edge(emt: Potential, copper: Atoms):  # type: ignore[no-untyped-def]
    return oriented(copper, elastic_constants(emt, copper).stiffness_voigt / EV_A3, slip_system("fcc", "edge"))


def routes_of(kind: str, emt: Potential, copper: Atoms, edge) -> list:  # type: ignore[no-untyped-def]
    side = 2 * copper.cell.array.max()
    cube = bulk("Cu", a=side, cubic=True)
    if kind == "interface":
        slabs = [
            cleavage_slab(bulk(one, a=a), (1, 1, 1), 3, conventional=a * np.eye(3))
            for one, a in (("Cu", side), ("Ni", 3.49))
        ]
        pair = close(emt, hetero_interface(*slabs, match_lattices(*slabs, largest_strain=0.05)))
        return interface_routes(pair, np.linspace(0, 4, 7), FEW, slips=2, relaxations=1, name="interface")
    if kind == "core":
        return core_routes(edge, cube, FEW, width=14, height=4, separations=[0.0, 2.0], steps=5)
    if kind == "crack":
        tips, free = crack_tips(edge, [0.15, 0.25], 6.0, 4.0)
        return crack_routes(tips, free, FEW, steps=5)
    if kind == "md":
        return moving_routes(cube, FEW, temperature=700.0, time_step=3e-15, steps=20, every=10)
    shaken = cube.copy()
    shaken.rattle(0.1, seed=3)
    return relaxing_routes(shaken, FEW, steps=5)


@pytest.mark.parametrize("kind", ["interface", "core", "crack", "md", "relax"])
def test_each_route_is_learned_and_resumed(kind: str, emt: Potential, copper: Atoms, edge, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Labels where the radius is above the threshold, few of them; stopped after five and begun again, the same ones."""
    routes = routes_of(kind, emt, copper, edge)
    rules = Rules(0.05, 6, 4)
    student = replace(radial(), elements=frozenset({28, 29}))
    start = lambda labels: Surrogate.fitted(student, labels)  # noqa: E731
    whole = learn(start, Notebook(None, Oracle(emt)), routes, rules)
    assert 4 <= len(whole.labels) <= 6
    learn(start, Notebook(tmp_path, Oracle(emt)), routes, Rules(0.05, 5, 4))
    again = learn(start, Notebook(tmp_path, Oracle(emt)), routes, rules)
    assert [one.identity for one in again.labels] == [one.identity for one in whole.labels]
    assert [one.energy for one in again.labels] == [one.energy for one in whole.labels]


def test_a_held_shell_stays_where_it_is(emt: Potential, edge) -> None:  # type: ignore[no-untyped-def]
    """The tip relaxes, its shell does not; at Griffith's load and below faces lie where Stroh's field has them."""
    tips, free = crack_tips(edge, [0.2], 6.0, 4.0)
    assert 0 < free.sum() < len(free)
    *_, route = crack_routes(tips, free, FEW, steps=5)
    *_, last = route.walk(emt, {})
    moved = np.linalg.norm(last.structures[0].positions - tips[0].positions, axis=1)
    assert moved[free].max() > 0.01 and moved[~free].max() == 0.0
    points, _ = edge.fill(10.0)
    at = points[:, :2] - [0.0, edge.plane_height]
    upper, lower = ((at[:, 0] < -4) & (np.abs(at[:, 1] - s * edge.lattice[:, 1].max() / 2) < 1.2) for s in (1, -1))
    opened = (
        tips[0].positions[upper, 1].mean()
        - tips[0].positions[lower, 1].mean()
        - at[upper, 1].mean()
        + at[lower, 1].mean()
    )
    field = edge.stroh.crack_displacement(at, np.array([0.0, 0.2, 0.0]))
    assert opened == pytest.approx(field[upper, 1].mean() - field[lower, 1].mean(), abs=1e-9) and opened > 0.1
    with pytest.raises(InputError, match="holds no crack"):
        crack_tips(edge, [0.2], 1.0, 4.0)


def test_what_halts_learning(emt: Potential) -> None:
    """Each measure by its definition; the conformal one covers what it says on structures drawn like its labels."""
    labels = noisy(LabelSet.made(radial(TRUTH, {29: -3.0}), crystals(24)))
    new = noisy(LabelSet.made(radial(TRUTH, {29: -3.0}), crystals(60, seed=11)), seed=9)
    found = {name: Surrogate.fitted(radial(), labels, halt=name) for name in HALTS}
    posterior = found["radius"].posterior
    sigmas = posterior.predict(new.structures, noise=False).force_sigmas
    np.testing.assert_allclose(
        found["radius"].radii(new.structures), [GAUSSIAN * one.max() for one in sigmas], rtol=1e-12
    )
    scores = posterior.leave_one_out().force_scores
    radii = found["conformal"].trigger.radii
    assert radii.factor == conformal_factor(scores, 0.9)
    assert np.mean(radii.covered(new)) == pytest.approx(0.9, abs=0.05)
    assert found["committee"].trigger.values(new.structures[:2]).shape == (2,)
    few = Surrogate.fitted(radial(), labels[:6], halt="conformal")
    assert few.trigger.radii.factor == pytest.approx(GAUSSIAN)
    with pytest.raises(InputError, match="Did you mean 'committee'"):
        Surrogate.fitted(radial(), labels, halt="comittee")


def test_scores_of_left_out_labels_are_those_of_refits() -> None:
    """Closed form against fits without the label, at the same widths."""
    labels = noisy(LabelSet.made(radial(TRUTH, {29: -3.0}), crystals(8)))
    posterior = fit_posterior(radial(), labels)
    for k in (0, 5):
        rest = [j for j in range(8) if j != k]
        without = fit_posterior(radial(), labels[rest], widths=posterior.widths)
        found = without.predict([labels.structures[k]])
        errors = np.linalg.norm(labels.labels[k].forces - found.forces[0], axis=1)
        np.testing.assert_allclose(posterior.leave_one_out().force_scores[k], errors / found.force_sigmas[0], rtol=1e-6)


def test_groups_count_by_their_factors() -> None:
    labels = LabelSet(tuple(replace(one, group="ab"[k % 4 == 0]) for k, one in enumerate(noisy(
        LabelSet.made(radial(TRUTH, {29: -3.0}), crystals(12))))))  # fmt: skip
    plain, twice = (
        Surrogate.fitted(radial(), labels, factors=one).posterior.weights for one in (None, {"b": 2.0, "c": 5.0})
    )
    assert plain == balanced(labels)
    assert twice["b"] / twice["a"] == pytest.approx(2 * plain["b"] / plain["a"])
    assert np.mean([twice[group] for group in labels.groups]) == pytest.approx(1.0)
    with pytest.raises(InputError, match="must be positive"):
        Surrogate.fitted(radial(), labels, factors={"b": 0.0})


class Pulay(Wrapped):
    """Forces that lack a share, as without Pulay's, or energies with noise, as of a self-consistency stopped early."""

    def __init__(self, potential: Potential, share: float = 0.0, noise: float = 0.0) -> None:
        super().__init__(potential)
        self.share, self.noise, self.fingerprint = share, noise, f"{potential.fingerprint}{share}{noise}"

    def evaluate(self, structures, *, site_energies=False, features=False):  # type: ignore[no-untyped-def]
        found = super().evaluate(structures)
        draws = np.random.default_rng(int(1e6 * structures[0].positions.sum()) % 2**31).normal(size=len(structures))
        forces = tuple((1 - self.share) * one for one in found.forces)
        return replace(found, forces=forces, energies=found.energies + self.noise * draws)


def test_oracles_whose_forces_are_no_gradient_are_refused(emt: Potential) -> None:
    structures = [bulk("Cu", cubic=True) for _ in range(3)]
    for k, one in enumerate(structures):
        one.rattle(0.1, seed=k)
    found = check_gradients(Oracle(emt), structures)
    assert all(one.passed for one in found)
    assert max(one.error for one in found) < 1e-6 * max(abs(one.slope) for one in found)
    for wrong in (Pulay(emt, share=0.2), Pulay(emt, noise=0.003)):
        with pytest.raises(InputError, match="not the gradient of its energy: on Cu4 the force along"):
            check_gradients(Oracle(wrong), structures)
