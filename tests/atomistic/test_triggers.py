"""Triggers against brute force, and a watched potential in every loop that moves atoms."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.optimize import BFGS

from atomistic import load_potential
from atomistic.decohesion.rigid_path import rigid_path
from atomistic.decohesion.slab import cleavage_slab
from atomistic.dynamics import Keep, Langevin, dynamics, load_state
from atomistic.embedding.model import embed
from atomistic.embedding.rules import Near, Sphere
from atomistic.potentials.as_ase import PotentialCalculator
from atomistic.relax import relax
from atomistic.saddles.band import relaxed_band, straight
from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import drive
from atomistic.trust import LabelSet
from atomistic.trust.actions import Ask, Embed, Stop, Warn
from atomistic.trust.conformal import conformal_forces
from atomistic.trust.oracle import Oracle
from atomistic.trust.surrogate import Surrogate
from atomistic.trust.triggers import ConformalRadius, FeatureDistance, ForceDeviation, above
from atomistic.trust.watched import Watched
from coupling.capabilities import require
from coupling.contracts import Potential
from coupling.errors import InputError, Untrusted
from tests.atomistic.radial_model import radial
from tests.atomistic.test_trust import TRUTH

LATTICE = 3.6


def shaken(amplitude: float, seed: int = 0, a: float = LATTICE) -> Atoms:
    atoms = bulk("Cu", "fcc", a=a, cubic=True)
    atoms.rattle(amplitude, seed=seed)
    return atoms


@pytest.fixture(scope="module")
def emt() -> Potential:
    return load_potential("emt")


@pytest.fixture(scope="module")
def surrogate(emt: Potential) -> Surrogate:
    known = [shaken(0.03 * (1 + k % 3), k, a) for k, a in enumerate((3.5, 3.55, 3.6, 3.65, 3.7, 3.6))]
    return Surrogate.fitted(radial(), LabelSet.made(emt, known))


class Fixed:
    """A trigger whose values are the distance of an atom's place from the nearest of where it may be."""

    what, unit, identity = "displacement", "Å", "fixed"

    def __init__(self, limit: float, *starts: Atoms) -> None:
        self.starts, self.limit = np.array([one.positions for one in starts]), limit

    def of_atoms(self, structures):  # type: ignore[no-untyped-def]
        return tuple(np.linalg.norm(one.positions - self.starts, axis=2).min(axis=0) for one in structures)

    def values(self, structures):  # type: ignore[no-untyped-def]
        return np.array([one.max() for one in self.of_atoms(structures)])


def committee(surrogate: Surrogate, limit: float = 0.05) -> ForceDeviation:
    return ForceDeviation(tuple(surrogate.posterior.sample(5)), limit)


def test_force_deviations_are_those_of_brute_force(surrogate: Surrogate) -> None:
    trigger, structures = committee(surrogate), [shaken(0.1), shaken(0.2, 1) * (2, 1, 1)]
    forces = [one.evaluate(structures).forces for one in trigger.members]
    for k, values in enumerate(trigger.of_atoms(structures)):
        for atom, value in enumerate(values):
            pairs = [(a[k][atom] - b[k][atom]) for a in forces for b in forces]
            assert abs(value - max(float(np.sqrt(d @ d)) for d in pairs)) < 1e-12
    np.testing.assert_array_equal(trigger.values(structures), [one.max() for one in trigger.of_atoms(structures)])


def test_radii_and_distances_are_the_posteriors_own(surrogate: Surrogate, emt: Potential) -> None:
    posterior, structures = surrogate.posterior, [shaken(0.1), shaken(0.2, 1)]
    held = LabelSet.made(emt, [shaken(0.05, 40 + k) for k in range(9)])
    radii = conformal_forces(posterior, held, 0.9)
    found = ConformalRadius(radii, 0.1)
    for one, other in zip(found.of_atoms(structures), posterior.predict(structures).force_sigmas, strict=True):
        np.testing.assert_allclose(one, radii.factor * other, rtol=1e-14)
    distance = FeatureDistance(posterior, 4.0)
    np.testing.assert_array_equal(distance.values(structures), [one.max() for one in posterior.mahalanobis(structures)])
    assert above(distance.values([bulk("Al", cubic=True)]), 1e9).all()  # an element that no label holds
    of_parameters = replace(radii, noise=False)
    assert (ConformalRadius(of_parameters, 0.1).values(structures) < found.values(structures)).all()
    quiet, loud = (one.covered(held).mean() for one in (of_parameters, radii))
    assert quiet < loud


def test_what_is_not_a_number_fires() -> None:
    assert above(np.array([np.nan, 0.1, 0.3]), 0.2).tolist() == [True, False, True]


def test_identities_tell_triggers_apart(surrogate: Surrogate) -> None:
    posterior = surrogate.posterior
    radii = ConformalRadius(replace(conformal := _radii(surrogate), factor=2.0), 0.1)
    found = [committee(surrogate), committee(surrogate, 0.06), FeatureDistance(posterior, 4.0), radii,
             replace(radii, radii=conformal)]  # fmt: skip
    assert len({one.identity for one in found}) == len(found)
    assert committee(surrogate).identity == found[0].identity


def _radii(surrogate: Surrogate):  # type: ignore[no-untyped-def]
    from atomistic.trust.conformal import ForceRadii

    return ForceRadii(surrogate.posterior, 1.5, 0.9)


def test_watching_leaves_the_numbers_as_they_are(emt: Potential) -> None:
    start = shaken(0.05)
    watched = Watched(emt, Fixed(1.0, start), Stop())
    found, plain = watched.evaluate([start]), emt.evaluate([start])
    np.testing.assert_array_equal(found.forces[0], plain.forces[0])
    assert watched.capabilities == emt.capabilities and watched.fingerprint != emt.fingerprint
    assert watched.firings == [] and watched.largest == 0.0


def moved(potential: Potential, start: Atoms, pushed: Atoms) -> None:
    dynamics(potential, start, Langevin(3000.0), steps=100, step=4e-15, check_step=False)


def relaxed(potential: Potential, start: Atoms, pushed: Atoms) -> None:
    relax(potential, [pushed], force=1e-3)


def banded(potential: Potential, start: Atoms, pushed: Atoms) -> None:
    at = Landscape(start)
    points = straight(at.point(start), at.point(pushed), 3)
    drive(potential, relaxed_band(at, points, spring=1.0, climbs=False, force=0.1, steps=9), "band")


def weighed(potential: Potential, start: Atoms, pushed: Atoms) -> None:
    require(potential, "weighted_sites").weighted_sites(start, np.eye(len(start))[0]).evaluate(pushed.positions)


def by_ase(potential: Potential, start: Atoms, pushed: Atoms) -> None:
    pushed.calc = PotentialCalculator(potential)
    BFGS(pushed, logfile=None).run(fmax=0.01, steps=20)


class Raise(Stop):
    """Stops, and keeps the firing with another one's."""

    def __init__(self, other: Watched) -> None:
        object.__setattr__(self, "other", other)

    def fired(self, watched, firings):  # type: ignore[no-untyped-def]
        self.other.firings += firings
        super().fired(watched, firings)


def embedding(potential: Potential, start: Atoms, pushed: Atoms) -> None:
    """The embedded potential is what is watched: the cheap one alone also evaluates clusters, with their cut surfaces."""
    inside = embed(potential.bare, load_potential("emt"), {"core": Near([1])})
    Watched(inside, potential.trigger, Raise(potential)).evaluate([pushed])


@pytest.mark.parametrize("loop", [moved, relaxed, banded, weighed, by_ase, embedding])
def test_a_trigger_stops_any_loop(loop, eam: Potential) -> None:  # type: ignore[no-untyped-def]
    """None of these knows of triggers."""
    start = bulk("Cu", "fcc", a=LATTICE, cubic=True)
    pushed = start.copy()
    pushed.positions[0] += [0.3, 0.3, 0.0]
    watched = Watched(eam, Fixed(0.3, start), Stop())
    watched.evaluate([start])
    with pytest.raises(Untrusted, match=r"displacement is 0\.\d+ Å at atom \d, above 0\.3 Å"):
        loop(watched, start, pushed.copy())
    last = watched.firings[-1]
    assert last.values[last.worst] == last.values.max() > 0.3


def test_a_path_of_a_law_is_watched(emt: Potential) -> None:
    slab = cleavage_slab(bulk("Cu", "fcc", a=LATTICE), (1, 1, 1), 4, conventional=np.eye(3) * LATTICE)
    heard: list[str] = []
    watched = Watched(emt, Opened(2.0), Warn(heard.append))
    found, plain = (rigid_path(one, slab, np.linspace(0, 4, 5)) for one in (watched, emt))
    np.testing.assert_array_equal(found.energy, plain.energy)
    assert "not to be trusted at Cu4 (structure 4 of call 0)" in heard[0]
    assert [one.index for one in watched.firings if one.look == 0][:3] == [2, 3, 4]


class Opened(Fixed):
    """Height of the cell above that of the closed slab."""

    def __init__(self, limit: float) -> None:
        self.limit, self.closed = limit, None

    def of_atoms(self, structures):  # type: ignore[no-untyped-def]
        if self.closed is None:
            self.closed = structures[0].cell.array[2, 2]
        return tuple(np.full(len(one), one.cell.array[2, 2] - self.closed + 1e-6) for one in structures)


def test_dynamics_that_are_stopped_leave_their_checkpoint(emt: Potential, tmp_path: Path) -> None:
    start = bulk("Cu", "fcc", a=LATTICE, cubic=True)
    watched = Watched(emt, Fixed(0.25, start), Stop())
    keep = Keep(checkpoint=tmp_path / "state.npz")
    with pytest.raises(Untrusted):
        dynamics(watched, start, Langevin(2000.0), steps=100, step=4e-15, check_step=False, keep=keep)
    state = load_state(tmp_path / "state.npz")
    assert np.linalg.norm(state.positions[0] - start.positions, axis=1).max() <= 0.25
    assert state.step == watched.looks - 2  # the structure that fired came after it, the first look before


def test_atoms_outside_of_what_is_looked_at_do_not_fire(emt: Potential) -> None:
    start = bulk("Cu", "fcc", a=LATTICE, cubic=True)
    pushed = start.copy()
    pushed.positions[3] += 0.4
    near = Sphere(tuple(start.positions[0]), 1.0)
    Watched(emt, Fixed(0.3, start), Stop(), within=near).evaluate([pushed])
    with pytest.raises(Untrusted, match="at atom 3"):
        Watched(emt, Fixed(0.3, start), Stop()).evaluate([pushed])
    pushed.positions[0] += 0.4
    with pytest.raises(Untrusted, match="at atom 0"):
        Watched(emt, Fixed(0.3, start), Stop(), within=near).evaluate([pushed])


def test_calls_between_looks_are_trusted(emt: Potential) -> None:
    start = bulk("Cu", "fcc", a=LATTICE, cubic=True)
    pushed = start.copy()
    pushed.positions[3] += 0.4
    watched = Watched(emt, Fixed(0.3, start), Stop(), every=3)
    for _ in range(2):
        watched.evaluate([start])
        watched.evaluate([pushed])
        watched.evaluate([pushed])
    assert watched.looks == 2
    with pytest.raises(Untrusted):
        watched.evaluate([pushed])


def test_flagged_atoms_become_the_region_of_a_better_potential(emt: Potential, eam: Potential) -> None:
    """Nothing flagged: the cheap one. All flagged: the better one. Equal models: the cheap one, wherever flags are."""
    start = bulk("Cu", "fcc", a=LATTICE, cubic=True) * (2, 2, 2)
    pushed = start.copy()
    pushed.positions[5] += [0.5, 0.0, 0.0]
    watched = Watched(eam, Fixed(0.3, start), Embed(emt, buffer=3.0))
    np.testing.assert_array_equal(watched.evaluate([start]).forces[0], eam.evaluate([start]).forces[0])
    found = watched.evaluate([start, pushed])
    (region,) = watched.action.regions(pushed)
    assert region.atoms.tolist() == [5]
    by_hand = embed(eam, emt, {"region": Near([5])}, buffer=3.0).evaluate([start, pushed])
    np.testing.assert_allclose(found.energies, by_hand.energies, atol=1e-10)
    np.testing.assert_allclose(found.forces[1], by_hand.forces[1], atol=1e-10)
    step, shift = 1e-4, np.eye(len(start))[5][:, None] * [1.0, 0.0, 0.0]
    ahead, behind = (
        Atoms(pushed.numbers, pushed.positions + s * step * shift, cell=pushed.cell, pbc=True) for s in (1, -1)
    )
    slope = -np.diff(watched.evaluate([behind, ahead]).energies)[0] / (2 * step)
    assert slope == pytest.approx(found.forces[1][5, 0], rel=1e-6)
    same = Watched(eam, Fixed(0.3, start), Embed(eam, buffer=3.0)).evaluate([pushed])
    np.testing.assert_allclose(same.energies, eam.evaluate([pushed]).energies, atol=1e-9)
    np.testing.assert_allclose(same.forces[0], eam.evaluate([pushed]).forces[0], atol=1e-9)
    whole = Watched(eam, Fixed(0.3, start), Embed(emt)).evaluate([moved_by(start, 0.5)])
    np.testing.assert_allclose(whole.forces[0], emt.evaluate([moved_by(start, 0.5)]).forces[0], atol=1e-9)
    assert not watched.capabilities.weighted_sites and eam.capabilities.weighted_sites


def moved_by(start: Atoms, distance: float) -> Atoms:
    found = start.copy()
    found.positions += distance
    return found


def test_a_run_labels_and_goes_on_with_what_it_has_learned() -> None:
    """Dynamics of an oracle that the student can represent: they leave what is known, and a few labels tell the rest."""
    oracle, start = radial(TRUTH, {29: -3.0}), bulk("Cu", "fcc", a=LATTICE, cubic=True)
    known = Surrogate.fitted(radial(), LabelSet.made(oracle, [shaken(0.01), shaken(0.01, 1, 3.65)]))

    def warm() -> Watched:
        asking = Ask(Oracle(oracle), known, lambda one: ForceDeviation(tuple(one.sample(4)), 0.1))
        watched = Watched(known.potential, ForceDeviation(tuple(known.posterior.sample(4)), 0.1), asking)
        dynamics(watched, start, Langevin(1000.0), steps=20, step=4e-15, check_step=False, seed=3)
        return watched

    found, new = warm(), LabelSet.made(oracle, [shaken(0.08, 70 + k) for k in range(8)])
    labels = found.action.labels
    assert 0 < len(labels) < 10 and set(labels.groups) == {"triggered"}
    assert not above(found.trigger.values([found.firings[-1].structure]), 0.1).any()
    before, after = (
        np.abs(np.array(one.evaluate(new.structures).forces) - [label.forces for label in new]).max()
        for one in (known.potential, found.bare)
    )
    assert after < 0.2 * before
    assert found.fingerprint != Watched(known.potential, found.trigger, Stop()).fingerprint
    assert [one.identity for one in warm().action.labels] == [one.identity for one in labels]


def test_labels_can_be_collected_alone_and_a_budget_ends_the_run(emt: Potential, surrogate: Surrogate) -> None:
    start = bulk("Cu", "fcc", a=LATTICE, cubic=True)
    asking = Ask(Oracle(emt), budget=2)
    watched = Watched(emt, Fixed(0.1, start), asking)
    for k in (0.2, 0.4):
        pushed = start.copy()
        pushed.positions[0] += k
        np.testing.assert_array_equal(watched.evaluate([pushed]).energies, emt.evaluate([pushed]).energies)
        watched.evaluate([pushed])
    assert len(asking.labels) == 2
    pushed.positions[0] += 0.3
    with pytest.raises(Untrusted, match="budget of 2 labels is spent"):
        watched.evaluate([pushed])


def test_triggers_that_cannot_be(emt: Potential, surrogate: Surrogate) -> None:
    with pytest.raises(InputError, match="one and the same"):
        ForceDeviation((emt, emt), 0.1)
    for make in (lambda: committee(surrogate, 0.0), lambda: FeatureDistance(surrogate.posterior, -1.0)):
        with pytest.raises(InputError, match="give a positive one"):
            make()
    with pytest.raises(InputError, match="from 1"):
        Watched(emt, Fixed(0.3, bulk("Cu")), Stop(), every=0)
    with pytest.raises(InputError, match="not a distance"):
        Embed(emt, buffer=-1.0)
