"""A crack under K: its elastic field, Griffith's load, and atoms and continuum coupled around it."""

import numpy as np
import pytest

from atomistic import load_potential
from atomistic.dislocation.stroh import Stroh
from atomistic.properties.bulk import equilibrium
from atomistic.properties.surface import surface_energies
from coupling.errors import InputError
from coupling.units import EV_A2
from multiscale.concurrent import memory
from multiscale.concurrent.compare import Case, compare, followed, without_reference
from multiscale.concurrent.defects import crack, point_defect
from multiscale.concurrent.far_field import griffith_intensity
from multiscale.concurrent.measures import opening, tip_advance
from multiscale.concurrent.memory import BYTES_PER_ATOM, atoms_memory
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import ALL, BlendingRegion
from multiscale.concurrent.solution import ghost_force, solve
from tests.atomistic.conftest import write_eam_alloy

SHEAR, POISSON = 1.3, 0.28
RANDOM = np.random.default_rng(0).normal(size=(6, 6))


def isotropic():
    lame = 2 * SHEAR * POISSON / (1 - 2 * POISSON)
    stiffness = np.diag([2 * SHEAR] * 3 + [SHEAR] * 3)
    stiffness[:3, :3] += lame
    return stiffness


@pytest.mark.parametrize("stiffness", [isotropic(), isotropic() + 0.2 * RANDOM @ RANDOM.T])
def test_the_field_has_the_stress_intensity_free_faces_and_irwin_s_release_rate(stiffness):
    medium, k, h = Stroh(stiffness), np.array([0.3, 1.0, -0.2]), 1e-12
    ahead = np.array([[2.0, 0.0], [5.0, 0.0]])
    stress, faces = (
        np.einsum("ijkl,nkl->nij", medium.full, medium.crack_distortion(points, k))
        for points in (ahead, np.array([[-2.0, h], [-5.0, -h]]))
    )
    np.testing.assert_allclose(stress[:, :, 1] * np.sqrt(2 * np.pi * ahead[:, :1]), np.tile(k, (2, 1)), atol=1e-7)
    np.testing.assert_allclose(faces[:, :, 1], 0, atol=1e-7)
    points, step = np.array([[1.0, 2.0], [-2.0, 0.5], [-1.0, -3.0]]), 1e-5
    numeric = [
        (medium.crack_displacement(points + step * e, k) - medium.crack_displacement(points - step * e, k)) / (2 * step)
        for e in np.eye(2)
    ]
    np.testing.assert_allclose(medium.crack_distortion(points, k)[:, :, :2], np.stack(numeric, axis=-1), atol=1e-7)
    # closing a length a again: ∫ σ(x) · jump(a − x) dx / 2a, with σ = k/√(2πx), jump = j √r, and ∫ √((a−x)/x) dx = πa/2
    j = np.subtract(*(medium.crack_displacement(np.array([[-1.0, y]]), k)[0] for y in (h, -h)))
    assert medium.release_rate(k) == pytest.approx(k @ j / np.sqrt(2 * np.pi) * np.pi / 4, rel=1e-6)


def test_griffith_s_load_of_an_isotropic_solid():
    """K² (1 − ν) / 2μ = 2γ."""
    assert griffith_intensity(Stroh(isotropic()), 0.07) == pytest.approx(
        np.sqrt(4 * 0.07 * SHEAR / (1 - POISSON)), rel=1e-6
    )


@pytest.fixture(scope="module")
def copper(tmp_path_factory):
    potential = load_potential(str(write_eam_alloy(tmp_path_factory.mktemp("eam") / "Cu_model.eam.alloy")))
    crystal = equilibrium(potential, "Cu", "fcc", tolerance=100.0)
    cube = 2 * np.abs(crystal.cell.array).max() * np.eye(3)
    surface = surface_energies(potential, crystal, [(0, 1, 0)], conventional=cube)[0].relaxed.value / EV_A2
    return potential, crystal, surface


def loaded(copper, load, level=4, **changes):
    potential, crystal, surface = copper
    given = {"line": [1, 0, 0], "plane": [0, 1, 0], "surface_energy": surface} | changes
    return crack(potential, crystal, (2, 2), level, load=load, **given)


def test_below_griffith_s_load_the_crack_heals_at_it_it_stays_and_above_it_grows(copper):
    problems = [loaded(copper, load, level=3) for load in (0.8, 1.0, 1.25)]
    path, _ = followed(problems, Case("atomistic", ALL), tolerance=1e-3)
    healed, stays, grown = map(tip_advance, path)
    repeat = problems[0].lattice.rows[0]
    assert healed < -repeat
    assert abs(stays) < repeat
    assert grown > 1.5 * repeat
    x, gap = opening(path[1])
    elastic = np.subtract(
        *(problems[1].predictor.displacement(problems[1].predictor.tip + np.array([[x[0], y]])) for y in (1e-9, -1e-9))
    )
    assert gap[0] == pytest.approx(elastic[0, 1], rel=0.05)


def test_coupled_methods_find_the_crack_of_all_atoms(copper):
    problem, region = loaded(copper, 1.0), BlendingRegion(4.0, 3.0, buffer=0.5)
    atoms, rows = compare(
        problem,
        [Case("bgfc", region), Case("bqcf", region), Case("atomistic", BlendingRegion(7.5, 0.0))],
        tolerance=1e-3,
    )
    corrected, forces, clamped = rows
    assert corrected.difference.strain < 0.25 * clamped.difference.strain
    assert forces.difference.strain < 0.08 * clamped.difference.strain
    assert max(corrected.difference.displacement, forces.difference.displacement) < 0.01
    assert corrected.unknowns_fraction < 0.75 and corrected.energy_error is None
    assert tip_advance(corrected.solution) == pytest.approx(tip_advance(atoms[-1]), abs=0.1)
    assert max(row.ghost_force for row in rows) < 1e-8
    np.testing.assert_allclose(corrected.solution.method.ledger().count, 1.0, atol=1e-12)


REGION = BlendingRegion(4.0, 3.0, buffer=0.5)


def test_no_more_atoms_are_made_in_a_larger_box(copper, monkeypatch):
    """A box of 4 million sites: the list of all of them is never asked for, and the atoms are those of a small one."""
    small, large = (loaded(copper, 1.0, level, atomistic_faces=15.0) for level in (5, 10))
    monkeypatch.setattr(Problem, "sites", property(lambda problem: pytest.fail("all sites of the box were listed")))
    (one,), (other,) = (without_reference(p, [Case("bqcf", REGION)], tolerance=1e-2) for p in (small, large))
    mine, its = one.solution.method, other.solution.method
    assert large.atoms == 2047**2 and atoms_memory(large) == BYTES_PER_ATOM * large.atoms > 24 * 2**30
    assert its.atoms == mine.atoms < 900
    sites = len(large.cuts)  # two a lattice unit of the faces
    assert len(its.mesh.sites) < 10 * sites < 0.01 * large.atoms
    assert tip_advance(other.solution) == pytest.approx(tip_advance(one.solution), abs=0.1)
    np.testing.assert_allclose(its.ledger().count, 1.0, atol=1e-12)


def test_faces_that_are_the_continuum_s_change_the_crack_little(copper):
    atomistic, cut = (
        without_reference(loaded(copper, 1.0, 5, atomistic_faces=length), [Case("bqcf", REGION)], tolerance=1e-4)[0]
        for length in (None, 15.0)
    )
    assert cut.solution.method.atoms < 0.7 * atomistic.solution.method.atoms
    assert cut.ghost_force < 1e-8
    assert tip_advance(cut.solution) == pytest.approx(tip_advance(atomistic.solution), abs=0.02)
    corners = (mesh := cut.solution.method.mesh).sites[mesh.simplices]
    severed = cut.solution.method._severed()
    assert np.ptp(corners[severed], axis=1).max() == 1
    with pytest.raises(InputError, match="from 0"):
        loaded(copper, 1.0, atomistic_faces=-1.0)


def test_all_atoms_that_do_not_fit_are_refused_with_the_way_out(copper, monkeypatch):
    problem = loaded(copper, 1.0, level=3)
    monkeypatch.setattr(memory, "available_memory", lambda device: 0.99 * atoms_memory(problem))
    with pytest.raises(InputError, match=r"All 225 atoms .* `reference: none`"):
        compare(problem, [Case("bqcf", REGION)])


def test_a_region_that_follows_the_tip_lets_the_crack_grow_as_far_as_all_atoms_do(copper):
    problems = [loaded(copper, load, 4, atomistic_faces=15.0) for load in (1.0, 1.3)]
    region = BlendingRegion(2.5, 2.0, buffer=0.5)
    cases = Case("atomistic", ALL), Case("bqcf", region), Case("bqcf", region, adaptions=3)
    whole, fixed, following = (followed(problems, case, tolerance=1e-3)[0][-1] for case in cases)
    repeat = problems[0].lattice.rows[0]
    assert tip_advance(fixed) < tip_advance(whole) - repeat
    assert tip_advance(following) == pytest.approx(tip_advance(whole), abs=0.15 * repeat)
    apart = following.method.problem.centres[0, 0] - problems[0].predictor.tip[0]
    assert apart == pytest.approx(tip_advance(following), abs=repeat)
    assert following.method.region == region and following.method.atoms < 0.8 * whole.method.atoms


def test_cracks_that_make_no_sense_are_refused(copper):
    potential, crystal, _ = copper
    with pytest.raises(InputError, match="does not lie in the crack's plane"):
        loaded(copper, 1.0, plane=[1, 1, 0])
    with pytest.raises(InputError, match="positive"):
        loaded(copper, -1.0)
    with pytest.raises(InputError, match="no free surfaces"):
        discretise("cauchy_born", loaded(copper, 1.0), BlendingRegion(4.0, 3.0))
    with pytest.raises(InputError, match="faces of the box"):
        discretise("bgfc", loaded(copper, 1.0, level=3), BlendingRegion(6.0, 3.0))
    whole = point_defect(potential, crystal, (2, 2), 3, line=[1, 0, 0])
    with pytest.raises(InputError, match="with a crack"):
        opening(solve(discretise("atomistic", whole, BlendingRegion(2.0, 0.0)), tolerance=1e-2))
    assert ghost_force(discretise("bgfc", loaded(copper, 1.0), BlendingRegion(4.0, 3.0))) < 1e-8
