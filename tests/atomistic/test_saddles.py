"""Saddles, reaction paths and Hessians: closed forms, ASE, stiff integration, and what is refused."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.mep import NEB
from scipy.integrate import solve_ivp
from scipy.optimize import root

from atomistic.potentials.as_ase import PotentialCalculator
from atomistic.relax import relax
from atomistic.saddles import Landscape, Settings, saddle_near, transition, transitions
from atomistic.saddles.band import band_forces
from atomistic.saddles.curvature import hessians, vibrations
from atomistic.saddles.downhill import downhill
from atomistic.saddles.lockstep import drive, evaluated, together
from atomistic.saddles.modes import softest_modes
from atomistic.saddles.quasi_newton import Reached
from benchmarks.model_surfaces import FREE, PlanePotential, TurnedValley, at, muller_brown
from coupling.contracts import Potential
from coupling.errors import InputError, NotConverged
from coupling.wrapped import Wrapped
from multiscale.runtime.resumable import ResumablePotential

SURFACE = PlanePotential(muller_brown, "Müller-Brown")
TIGHT = Settings(force=1e-9, band_force=0.2, path_step=0.03)
FIRST, SADDLE, NEXT, SECOND, LAST = (
    root(lambda q: muller_brown(q)[1], guess, jac=lambda q: muller_brown(q)[2], tol=1e-15).x
    for guess in ((-0.558, 1.442), (-0.822, 0.624), (-0.050, 0.467), (0.212, 0.293), (0.623, 0.028))
)
"""Minima and saddles of the surface, which agree with the published ones to their three digits."""


def place(atoms: Atoms) -> np.ndarray:
    return atoms.positions[1, :2]


@pytest.fixture(scope="module")
def vacancies(eam: Potential) -> list[tuple[Atoms, Atoms]]:
    """Of copper, before and after jumps of two neighbours that symmetry makes equal."""
    whole, pairs = bulk("Cu", cubic=True, a=3.6) * (2, 2, 2), []
    for neighbour in np.argsort(whole.get_distances(0, range(len(whole)), mic=True))[1:3]:
        first, last = whole.copy(), whole.copy()
        last.positions[neighbour] = whole.positions[0]
        del first[0], last[0]
        last.wrap()
        pairs.append((first, last))
    return pairs


def test_a_band_from_poor_ends_finds_both_minima_and_the_saddle():
    found = transition(SURFACE, at(-0.9, 1.1), at(0.2, 0.7), free=FREE, settings=TIGHT)
    for point, exact, order in ((found.first, FIRST, 0), (found.saddle, SADDLE, 1), (found.last, NEXT, 0)):
        np.testing.assert_allclose(place(point.atoms), exact, atol=1e-8)
        assert point.order == order and point.force < 1e-9
    for end, exact in ((0, FIRST), (-1, NEXT)):
        np.testing.assert_allclose(place(found.path.structures[end]), exact, atol=1e-8)
    assert (np.diff(found.path.lengths) > 0).all()
    rise = np.diff(found.path.energies)
    top = int(np.argmax(found.path.energies))
    assert (rise[:top] > 0).all() and (rise[top:] < 0).all()
    assert found.barrier == pytest.approx(muller_brown(SADDLE)[0] - muller_brown(FIRST)[0], abs=1e-12)
    assert found.backward_barrier == pytest.approx(muller_brown(SADDLE)[0] - muller_brown(NEXT)[0], abs=1e-12)


@pytest.mark.parametrize(("start", "saddle"), [((-0.95, 0.8), SADDLE), ((0.62, 0.03), SECOND)])
def test_the_softest_mode_leads_to_a_saddle_without_an_end(start, saddle):
    found = saddle_near(SURFACE, at(*start), free=FREE, settings=TIGHT)
    np.testing.assert_allclose(place(found.saddle.atoms), saddle, atol=1e-8)
    ends = {tuple(np.round(place(one.atoms), 6)) for one in (found.first, found.last)}
    assert tuple(np.round(NEXT, 6)) in ends and len(ends) == 2 and found.band is None


def test_the_reaction_path_is_that_of_a_stiff_integration_to_second_order():
    landscape = Landscape(at(*SADDLE), FREE)
    value, gradient, hessian = muller_brown(SADDLE)
    mode = np.linalg.eigh(hessian)[1][:, 0]
    mode *= np.sign(mode[1])  # towards the first minimum

    def slope(_: float, q: np.ndarray) -> np.ndarray:
        down = -muller_brown(q)[1]
        return down / np.linalg.norm(down)

    exact = solve_ivp(slope, (0, 0.8), SADDLE + 1e-4 * mode, method="Radau", rtol=1e-10, atol=1e-12, dense_output=True)
    dense = exact.sol(np.linspace(0, 0.8, 20001)).T
    errors = []
    for step in (0.08, 0.04):
        search = downhill(
            landscape, Reached(SADDLE, value, gradient, 0), mode, step=step, force=1e-6, steps=100, what="it"
        )
        found, _ = drive(SURFACE, search, "")
        along = found.points[found.lengths < 0.6 * np.sqrt(landscape.masses[0])]
        errors.append(max(np.linalg.norm(dense - one, axis=1).min() for one in along))
    assert errors[1] < 2e-3 and errors[0] / errors[1] > 2.5


def test_forces_on_a_band_are_those_of_ase():
    rng = np.random.default_rng(0)
    points = np.linspace(FIRST, LAST, 7) + rng.normal(scale=0.05, size=(7, 2))
    landscape = Landscape(at(0, 0), FREE)
    values, _ = drive(SURFACE, evaluated(landscape, points), "")
    top = 1 + int(np.argmax(values.energies[1:-1]))
    for climbing in (None, top):
        images = [landscape.structure(point) for point in points]
        for image in images:
            image.calc = PotentialCalculator(SURFACE)
        theirs = NEB(images, k=0.7, climb=climbing is not None, method="improvedtangent").get_forces()
        mine, _ = band_forces(points, values.energies, values.gradients[1:-1], 0.7, climbing)
        np.testing.assert_allclose(mine, theirs.reshape(5, 2, 3)[:, 1, :2], atol=1e-12)


def test_many_bands_in_one_batch_are_those_found_alone_and_symmetry_holds(eam, vacancies):
    settings = Settings(images=5, force=2e-4)
    both = transitions(eam, vacancies, settings=settings)
    alone = transition(eam, *vacancies[1], settings=settings)
    assert alone.barrier == pytest.approx(both[1].barrier, abs=1e-9)
    np.testing.assert_allclose(alone.band.points, both[1].band.points, atol=1e-9)
    assert both[0].barrier == pytest.approx(both[1].barrier, abs=1e-6)
    assert both[0].barrier == pytest.approx(both[0].backward_barrier, abs=1e-6)
    assert both[0].rate().prefactor == pytest.approx(both[1].rate(backward=True).prefactor, rel=1e-3)
    assert len(both[0].first.angular) == 3 * 31 - 3 and both[0].saddle.order == 1


def test_lanczos_finds_the_order_that_the_hessian_has(eam, vacancies):
    options = {"images": 5, "force": 2e-4}
    whole = transition(eam, *vacancies[0], settings=Settings(**options))
    quick = transition(eam, *vacancies[0], settings=Settings(**options, frequencies=False))
    assert (quick.first.order, quick.saddle.order) == (whole.first.order, whole.saddle.order) == (0, 1)
    assert quick.barrier == pytest.approx(whole.barrier, abs=1e-6)
    with pytest.raises(InputError, match="without frequencies; search it with frequencies=True"):
        quick.rate()
    landscape, point = whole.landscape, whole.landscape.point(whole.saddle.atoms)
    exact = np.linalg.eigvalsh(eam.hessian(whole.saddle.atoms))
    found, _ = drive(eam, softest_modes(landscape, point, np.ones(93) + np.arange(93), tolerance=1e-4, most=90), "")
    assert found.curvatures[0] == pytest.approx(exact[0], rel=1e-3)


def test_differences_give_the_analytic_hessian(eam):
    """Of atoms without symmetry, some held; tables have kinks in their second derivative, hence the tolerance."""
    atoms = bulk("Cu", cubic=True, a=3.6)
    atoms.rattle(0.1, seed=2)
    landscape = Landscape(atoms, np.array([True, True, False, True]))

    class Bare(Wrapped):
        def __init__(self, inside: Potential) -> None:
            super().__init__(inside)
            self.capabilities = type(inside.capabilities)(stress=True)

    point = landscape.point(atoms)
    (exact,), _ = hessians(eam, [landscape], [point])
    (found,), cost = hessians(Bare(eam), [landscape], [point])
    assert exact.matrix.shape == (9, 9) and exact.error == 0 and cost.structures == 36
    np.testing.assert_allclose(found.matrix, exact.matrix, atol=2e-4 * np.abs(exact.matrix).max())
    assert np.abs(found.matrix - exact.matrix).max() < 3 * found.error


def test_a_free_molecule_has_neither_translations_nor_rotations_among_its_modes(emt):
    water = molecule("H2O")
    landscape = Landscape(water)
    relaxed = relax(emt, [water], force=1e-5).structures[0]
    (found,), _ = hessians(emt, [landscape], [landscape.point(relaxed)])
    modes = vibrations(landscape, landscape.point(relaxed), found.matrix)
    assert len(modes.angular) == 3 and (modes.angular > 0).all()
    roots = np.sqrt(landscape.masses)
    every = np.linalg.eigvalsh(found.matrix / np.outer(roots, roots))
    np.testing.assert_allclose(every[6:] / every[6:].max(), modes.angular**2 / modes.angular.max() ** 2, rtol=1e-4)


def test_searches_of_different_lengths_end_in_their_order():
    landscape = Landscape(at(0, 0), FREE)

    def walk(steps: int):
        for _ in range(steps):
            yield from evaluated(landscape, np.zeros((1, 2)))
        return steps

    batches: list[int] = []
    found, cost = drive(SURFACE, together([walk(n) for n in (3, 0, 5, 1)]), "", lambda *told: batches.append(told[1]))
    assert found == [3, 0, 5, 1] and cost.structures == 9 and cost.batches == len(batches) == 5


def test_an_interrupted_search_goes_on_bit_for_bit(tmp_path):
    class Counted(Wrapped):
        left, calls = 10**9, 0

        def evaluate(self, structures, **asked):
            self.calls += 1
            if self.calls > self.left:
                raise KeyboardInterrupt
            return self.bare.evaluate(structures, **asked)

    def search(potential):
        return transition(potential, at(-0.9, 1.1), at(0.2, 0.7), free=FREE, settings=TIGHT)

    whole, cut, rest = Counted(SURFACE), Counted(SURFACE), Counted(SURFACE)
    exact, cut.left = search(whole), 40
    with pytest.raises(KeyboardInterrupt):
        search(ResumablePotential(cut, tmp_path))
    found = search(ResumablePotential(rest, tmp_path))
    assert rest.calls + 40 == len(list(tmp_path.glob("*.npz"))) <= whole.calls
    assert found.barrier == exact.barrier and np.array_equal(found.path.energies, exact.path.energies)


def test_a_minimum_between_the_ends_is_told():
    with pytest.raises(NotConverged, match="does not lead down to the last end.*there is a minimum between the ends"):
        transition(SURFACE, at(*FIRST), at(*LAST), free=FREE, settings=TIGHT)


def test_a_summit_is_no_saddle_and_a_saddle_no_end():
    egg = PlanePotential(lambda q: (float(np.cos(q).sum()), -np.sin(q), -np.diag(np.cos(q))), "egg box")
    with pytest.raises(NotConverged, match="no saddle of first order: 2 of its modes are unstable"):
        saddle_near(egg, at(0, 0), free=FREE)
    with pytest.raises(InputError, match="The first end is no minimum: 1 of its modes is unstable"):
        transition(egg, at(0, np.pi), at(np.pi, np.pi), free=FREE)
    wall = PlanePotential(lambda q: (float(q @ q), 2 * q, 2 * np.eye(2)), "bowl")
    with pytest.raises(NotConverged, match="climbed 30 eV without reaching a saddle"):
        saddle_near(wall, at(0.1, 0), free=FREE)


@pytest.mark.parametrize(
    ("first", "last", "settings", "message"),
    [
        (at(*FIRST), at(*FIRST), {}, "The ends are the same structure: no atom moves by more than 0 Å"),
        (at(*FIRST), at(*(FIRST + 0.06)), {}, "The ends, relaxed, are the same structure"),
        (at(*FIRST), at(*NEXT)[:1], {}, "The ends are of different atoms, H2 and H;"),
        (Atoms("HLi"), Atoms("LiH"), {}, "HLi and HLi in another order; give the same atoms in the same order"),
        (at(*FIRST), Atoms("H2", at(*NEXT).positions, cell=np.eye(3)), {}, "different cells or periodicity"),
        (
            at(*FIRST),
            Atoms("H2", at(*NEXT).positions + [0, 0, 0.1]),
            {},
            "differ by 0.1 Å in a coordinate that is held",
        ),
        (at(-0.6, 1.4), at(*NEXT), {"relax_ends": False}, "The first end is no minimum: forces above 0.001 eV/Å"),
    ],
)
def test_bad_ends_are_refused(first, last, settings, message):
    with pytest.raises(InputError, match=message):
        transition(SURFACE, first, last, free=FREE, settings=Settings(**settings))


def test_bad_settings_are_refused():
    with pytest.raises(InputError, match="2 images do not show a barrier; use 3 or more"):
        Settings(images=2)
    with pytest.raises(InputError, match="must all be positive"):
        Settings(force=0.0)
    with pytest.raises(InputError, match="No coordinate may move"):
        Landscape(at(0, 0), np.zeros(2, dtype=bool))
    with pytest.raises(InputError, match=r"A mode of 3 numbers does not move what is free of 2 atoms; give \(N, 3\)"):
        saddle_near(SURFACE, at(0, 0), free=FREE, mode=np.ones(3))


def test_what_moves_is_left_as_it_is(vacancies, eam):
    before = [one.positions.copy() for one in vacancies[0]]
    transition(eam, *vacancies[0], settings=Settings(images=3))
    assert all(np.array_equal(one.positions, was) for one, was in zip(vacancies[0], before, strict=True))


def test_the_valley_that_stands_for_closed_forms_has_the_derivatives_that_it_says():
    valley, q, h = TurnedValley(), np.array([0.3, -0.2]), 1e-5
    _, gradient, hessian = valley(q)
    for k in range(2):
        step = h * np.eye(2)[k]
        up, down = valley(q + step), valley(q - step)
        assert (up[0] - down[0]) / (2 * h) == pytest.approx(gradient[k], abs=1e-9)
        np.testing.assert_allclose((up[1] - down[1]) / (2 * h), hessian[k], atol=1e-8)
