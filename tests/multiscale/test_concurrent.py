"""Concurrent coupling: site energies, Cauchy-Born law, patch tests, gradients, and the methods' errors."""

from dataclasses import replace

import numpy as np
import pytest

from atomistic import load_potential
from atomistic.cauchy_born import cauchy_born_law, linear_law, polynomial_law, tangent
from atomistic.locality import force_locality
from atomistic.potentials.crystal_laws import CellLaw
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.site_energies import energy_range, weighted_sites
from coupling.errors import InputError, NotConverged
from coupling.units import EV_A3
from multiscale.concurrent.adapt import adapted, disagreement, moved_region
from multiscale.concurrent.compare import Case, without_reference
from multiscale.concurrent.defects import dislocation_dipole, point_defect
from multiscale.concurrent.lattice import columns, solid
from multiscale.concurrent.methods import discretise, method_kinds
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import ALL, BlendingRegion
from multiscale.concurrent.solution import difference, ghost_force, solve
from tests.atomistic.conftest import write_eam_alloy

STRAIN = np.eye(3) + 0.01 * np.random.default_rng(0).normal(size=(3, 3))


@pytest.fixture(scope="module")
def eam(tmp_path_factory):
    return load_potential(str(write_eam_alloy(tmp_path_factory.mktemp("eam") / "Cu_model.eam.alloy")))


@pytest.fixture(scope="module")
def crystal(eam):
    return equilibrium(eam, "Cu", "fcc", tolerance=100.0)


@pytest.fixture(scope="module", params=[2, 3])
def lattice(request, crystal):
    return columns(crystal, [1, -1, 0], [1, 1, 0]) if request.param == 2 else solid(crystal)


def strained(eam, lattice):
    cells, level, centre = ((2, 2), 4, (1, 3)) if lattice.dimension == 2 else ((2, 2, 2), 2, (1, 3))
    return Problem(eam, lattice, cells, level, np.zeros(centre), deformation=STRAIN)


def region_of(lattice):
    return BlendingRegion(2.0, 3.0) if lattice.dimension == 2 else BlendingRegion(0.6, 1.2, buffer=0.5)


def test_weighted_sites_match_the_potential_and_differentiate(eam, crystal):
    atoms = crystal.repeat((3, 2, 2))
    atoms.rattle(0.05, seed=1)
    rng = np.random.default_rng(2)
    energy, forces, sites = weighted_sites(eam, atoms, np.ones(len(atoms))).evaluate(atoms.positions)
    found = eam.evaluate([atoms])
    assert energy == pytest.approx(found.energies[0], abs=1e-11) == sites.sum()
    np.testing.assert_allclose(forces, found.forces[0], atol=1e-12)
    weights, move = rng.random(len(atoms)) * (rng.random(len(atoms)) > 0.3), rng.normal(size=atoms.positions.shape)
    blend = weighted_sites(eam, atoms, weights)
    ahead, behind = (blend.evaluate(atoms.positions + h * move)[0] for h in (1e-4, -1e-4))
    assert (ahead - behind) / 2e-4 == pytest.approx(-(blend.evaluate(atoms.positions)[1] * move).sum(), abs=1e-6)
    assert energy_range(eam) == eam.cutoff
    with pytest.raises(InputError, match="bqcf"):
        weighted_sites(load_potential("emt"), atoms, weights)


def test_closed_form_is_the_one_cell_evaluation(eam, crystal):
    law = cauchy_born_law(eam, crystal)
    gradients = np.eye(3) + 0.04 * np.random.default_rng(3).normal(size=(8, 3, 3))
    for mine, other in zip(law.evaluate(gradients), CellLaw(eam, crystal).evaluate(gradients), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-12)
    c = tangent(law, np.eye(3)) * EV_A3
    c11, c12, c44 = elastic_constants(eam, crystal).cubic
    np.testing.assert_allclose(
        [c[0, 0, 0, 0], c[0, 0, 1, 1], c[0, 1, 0, 1], c[0, 1, 1, 0]], [c11, c12, c44, c44], rtol=2e-3
    )
    with pytest.raises(InputError, match="compressed"):
        law.evaluate(0.4 * np.eye(3)[None])
    with pytest.raises(InputError, match="one atom"):
        cauchy_born_law(eam, crystal.repeat((2, 1, 1)))


def test_polynomial_law_is_objective_and_states_its_error(eam, crystal):
    law = cauchy_born_law(eam, crystal)
    cubic, quartic = (polynomial_law(law, strain=0.01, degree=n, samples=400) for n in (3, 4))
    assert quartic.energy_error < 0.5 * cubic.energy_error < 1e-4
    gradients = np.eye(3) + 0.003 * np.random.default_rng(4).normal(size=(20, 3, 3))
    exact, found = law.evaluate(gradients), quartic.evaluate(gradients)
    assert np.abs(found[0] - exact[0]).max() * law.volume <= quartic.energy_error
    assert np.abs(found[1] - exact[1]).max() <= quartic.stress_error
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    np.testing.assert_allclose(quartic.evaluate(turn @ gradients)[0], found[0], atol=1e-13)
    with pytest.raises(InputError, match="samples"):
        polynomial_law(law, degree=4, samples=10)


def test_patch_test_and_counting(eam, lattice):
    problem, region = strained(eam, lattice), region_of(lattice)
    for name in method_kinds():
        method = discretise(name, problem, region)
        np.testing.assert_allclose(method.ledger().count, 1.0, atol=1e-12)
        force = ghost_force(method)
        assert force > 1e-3 if name == "bqce" else force < 1e-8


def test_forces_are_the_energy_s_gradient(eam, lattice):
    problem, region, rng = strained(eam, lattice), region_of(lattice), np.random.default_rng(6)
    for name in method_kinds():
        method = discretise(name, problem, region)
        free = method.free[:, None]
        u, move = (rng.normal(size=(len(free), 3)) * free for _ in range(2))
        if not method.conservative:
            with pytest.raises(InputError, match="no energy"):
                method.energy(u)
            continue
        energy, forces = method.evaluate(0.02 * u)
        rest = [abs(method.energy(0.02 * u + h * move) - energy + h * (forces * move).sum()) for h in (1e-3, 5e-4)]
        assert np.log2(rest[0] / rest[1]) == pytest.approx(2.0, abs=0.05)


@pytest.fixture(scope="module")
def vacancy(eam, crystal):
    lattice = columns(crystal, [1, -1, 0], [1, 1, 0])
    problem = Problem(eam, lattice, (2, 2), 4, np.zeros((1, 3)), voids=[[0, 0]])
    return problem, solve(discretise("atomistic", problem, BlendingRegion(100.0, 0.0)), tolerance=1e-7)


def test_corrected_and_force_methods_beat_the_uncorrected_and_the_clamped(vacancy):
    problem, exact = vacancy
    error = {}
    for name in ("atomistic", "bqce", "bqcf", "bgfc"):
        region = BlendingRegion(8.0, 0.0) if name == "atomistic" else BlendingRegion(3.0, 4.0)
        found = solve(discretise(name, problem, region), tolerance=1e-7)
        assert found.force <= 1e-7
        assert found.unknowns < exact.unknowns
        error[name] = difference(found, exact).relative_strain
    assert max(error["bqcf"], error["bgfc"]) < 0.5 * min(error["bqce"], error["atomistic"])
    assert error["bgfc"] < 0.03


def test_a_flexible_boundary_beats_a_clamped_one_of_the_same_core(vacancy):
    problem, exact = vacancy
    clamped, flexible = (
        difference(solve(discretise(name, problem, BlendingRegion(5.0, 0.0)), tolerance=1e-7), exact).relative_strain
        for name in ("atomistic", "flexible")
    )
    assert flexible < 0.25 * clamped


def test_linear_law_is_the_expansion_of_the_law(eam, crystal):
    law = cauchy_born_law(eam, crystal)
    state, move = STRAIN, np.random.default_rng(7).normal(size=(3, 3))
    linear, gradients = linear_law(law, state), np.array([state + h * move for h in (4e-3, 2e-3)])
    (energy, stress), (found, pull) = law.evaluate(gradients), linear.evaluate(gradients)
    assert np.log2(np.abs(energy - found)[0] / np.abs(energy - found)[1]) == pytest.approx(3.0, abs=0.2)
    apart = np.linalg.norm(stress - pull, axis=(1, 2))
    assert np.log2(apart[0] / apart[1]) == pytest.approx(2.0, abs=0.1)


def test_newton_krylov_finds_the_same_equilibrium(vacancy):
    problem, _ = vacancy
    for name in ("bgfc", "bqcf"):
        method = discretise(name, problem, BlendingRegion(3.0, 3.0))
        one, other = (solve(method, tolerance=1e-8, solver=solver) for solver in ("lbfgs", "newton_krylov"))
        assert max(one.force, other.force) <= 1e-8
        np.testing.assert_allclose(one.displacement, other.displacement, atol=1e-7)
    with pytest.raises(NotConverged, match="lbfgs"):
        solve(method, tolerance=1e-9, evaluations=4, solver="newton_krylov")
    with pytest.raises(InputError, match="newton_krylov"):
        solve(method, solver="newton")


def test_a_larger_region_is_more_exact_in_strain_and_energy(vacancy):
    problem, exact = vacancy
    found = [solve(discretise("bgfc", problem, BlendingRegion(r, r)), tolerance=1e-7) for r in (2.0, 4.0)]
    strain = [difference(s, exact).strain for s in found]
    energy = [abs(s.energy - exact.energy) for s in found]
    assert strain[1] < 0.4 * strain[0]
    assert energy[1] < energy[0]


@pytest.fixture(scope="module")
def wide(eam, crystal):
    problem = Problem(eam, columns(crystal, [1, -1, 0], [1, 1, 0]), (2, 2), 4, np.zeros((1, 3)), voids=[[0, 0]])
    return problem, solve(discretise("atomistic", problem, ALL), tolerance=1e-5)


@pytest.mark.parametrize("name", ["bqcf", "bgfc"])
def test_the_region_grows_where_atoms_and_continuum_disagree(wide, name):
    problem, exact = wide
    found = adapted(name, problem, BlendingRegion(2.0, 1.5), steps=1)
    errors = [difference(one, exact).relative_strain for one in found]
    assert found[1].method.region.core > 1.3 * found[0].method.region.core
    assert errors[1] < 0.5 * errors[0]
    assert found[1].unknowns < exact.unknowns


def test_the_region_moves_to_the_defect(wide):
    problem, exact = wide
    lattice = problem.lattice
    astray = replace(problem, centres=np.array([[7 * lattice.spacing, 0.0]]))
    found = adapted("bgfc", astray, BlendingRegion(2.5, 2.0), steps=2)
    errors = [difference(one, exact).relative_strain for one in found]
    assert np.linalg.norm(found[-1].method.problem.centres) < 1.5 * lattice.spacing
    assert errors[0] > 0.9 and errors[-1] < 0.1
    indicator = disagreement(found[-1])
    apart, away = indicator.values, lattice.distance(indicator.sites, np.zeros((1, 2))) / lattice.spacing
    assert apart[away > 10].max() < 0.05 * apart[away < 3].max()
    with pytest.raises(InputError, match="above 0, below 1"):
        adapted("bgfc", problem, BlendingRegion(2.0, 2.0), fraction=1.0)
    with pytest.raises(InputError, match="faces of the box"):
        adapted("bgfc", problem, BlendingRegion(2.0, 2.0), fraction=0.01)


@pytest.mark.parametrize("solid_body", [False, True])
def test_no_more_is_made_of_a_larger_box_and_the_defect_s_energy_stays(eam, crystal, solid_body, monkeypatch):
    """4 and 16 million sites: the atoms are those of the small box, the vertices grow with the logarithm of its width."""
    monkeypatch.setattr(Problem, "sites", property(lambda problem: pytest.fail("all sites of the box were listed")))
    cells, line = ((2, 2, 2), None) if solid_body else ((2, 2), [1, -1, 0])
    region, levels = (BlendingRegion(1.5, 1.0, 0.5), (4, 7)) if solid_body else (BlendingRegion(3.0, 3.0), (4, 10))
    problems = [point_defect(eam, crystal, cells, level, line=line) for level in levels]
    (small,), (large,) = (without_reference(p, [Case("bgfc", region)], tolerance=1e-3) for p in problems)
    assert problems[1].atoms == np.prod(2 * problems[1].half - 1) - 1 > 4e6
    assert large.solution.method.atoms == small.solution.method.atoms
    assert len(large.solution.method.mesh.sites) < 2 * len(small.solution.method.mesh.sites)
    assert large.solution.energy == pytest.approx(small.solution.energy, abs=5e-3)


def test_the_indicator_is_local(wide, eam, crystal, monkeypatch):
    """In a box of 4 million sites, from what is near alone, it gives the region that it gives in a small box."""
    problem, _ = wide
    small = solve(discretise("bgfc", problem, BlendingRegion(2.0, 1.5)), tolerance=1e-5)
    monkeypatch.setattr(Problem, "sites", property(lambda problem: pytest.fail("all sites of the box were listed")))
    large = solve(discretise("bgfc", replace(problem, level=10), BlendingRegion(2.0, 1.5)), tolerance=1e-5)
    assert len(disagreement(large).sites) == len(disagreement(small).sites) < 400
    (_, mine), (_, its) = moved_region(small), moved_region(large)
    assert its.core == pytest.approx(mine.core, rel=1e-9) and its.core > 2.0


def test_unfinished_solutions_and_impossible_problems_are_refused(vacancy, eam):
    problem, _ = vacancy
    with pytest.raises(NotConverged, match="enlarge"):
        solve(discretise("bgfc", problem, BlendingRegion(2.0, 2.0)), tolerance=1e-9, evaluations=4)
    with pytest.raises(InputError, match="bqce"):
        discretise("bqc", problem, BlendingRegion(2.0, 2.0))
    with pytest.raises(InputError, match="faces"):
        discretise("bgfc", problem, BlendingRegion(20.0, 20.0))
    with pytest.raises(InputError, match="outside the box"):
        Problem(eam, problem.lattice, (2, 2), 2, np.zeros((1, 3)), voids=[[9, 0]])
    with pytest.raises(InputError, match="positive core"):
        BlendingRegion(0.0, 1.0)
    with pytest.raises(InputError, match="lattice vector"):
        columns(problem.lattice.crystal(), [1.0, 0.1234, 0.0])


def test_locality_of_forces_ends_with_the_potential(eam, crystal):
    cell = crystal.repeat(14)
    found = force_locality(eam, cell, threshold=1e-13)
    assert eam.cutoff < found.radius <= found.receptive_field == 2 * eam.cutoff
    assert found.changes[found.distances > found.receptive_field].max() < 1e-13
    assert found.changes[1] > 1e-2
    with pytest.raises(NotConverged, match="larger supercell"):
        force_locality(eam, crystal.repeat(5), threshold=1e-6)
    with pytest.raises(InputError, match="periodic"):
        force_locality(eam, cell, displacement=0.0)


def test_dipole_slips_by_its_burgers_vector_between_the_lines(eam, crystal):
    burgers = crystal.cell.array[2]
    problem = dislocation_dipole(eam, crystal, (2, 2), 5, line=[1, -1, 0], burgers=burgers, separation=30.0)
    left, right = problem.predictor.lines
    assert right[0] - left[0] == pytest.approx(30.0) and left[1] == right[1]
    x = np.array([left[0] - 20.0, left[0] + 9.0, right[0] - 9.0, right[0] + 20.0])
    above, below = (
        problem.predictor.displacement(np.stack([x, 0 * x + left[1] + h, 0 * x], axis=1)) for h in (1e-9, -1e-9)
    )
    jump = [0.0, np.linalg.norm(burgers), np.linalg.norm(burgers), 0.0]
    np.testing.assert_allclose((above - below)[:, 0], jump, atol=1e-6)
    points, h = np.array([[3.0, 8.0, 0.0], [-25.0, -6.0, 0.0]]), 1e-5
    numeric = [
        (problem.predictor.displacement(points + h * e) - problem.predictor.displacement(points - h * e)) / (2 * h)
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(problem.predictor.distortion(points), np.stack(numeric, axis=-1), atol=1e-8)
    with pytest.raises(InputError, match="across the line"):
        dislocation_dipole(eam, crystal, (2, 2), 5, line=[1, 1, 0], burgers=burgers, separation=30.0)
