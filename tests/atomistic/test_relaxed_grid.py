"""Relaxed mixed-mode laws: the grid, what it leaves out and bridges, and the law that it makes."""

import numpy as np
import pytest

from atomistic.decohesion.bridging import bridged
from atomistic.decohesion.bulk_path import bulk_branch
from atomistic.decohesion.finite_temperature import path_vibrations
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.mixed_path import RigidSampler, mixed_law, refined_grid
from atomistic.decohesion.relaxed_grid import RelaxedSampler
from atomistic.decohesion.relaxed_path import relaxed_branches
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.decohesion.slip_symmetry import slip_symmetries
from atomistic.decohesion.spacing import spacing_response
from atomistic.properties.bulk import equilibrium
from coupling.errors import NotConverged
from coupling.interface.excess import excess
from coupling.units import ANGSTROM, EV_A2, EV_A3

OPENINGS = np.array([0.0, 0.35, 0.7, 1.1, 1.6, 2.3, 3.3, 5.0])
SLIPS = 4


@pytest.fixture(scope="module")
def slab(emt):
    crystal = equilibrium(emt, "Cu", "fcc", tolerance=1e3)
    return cleavage_slab(crystal, (1, 1, 1), 4, conventional=conventional_cell(crystal))


@pytest.fixture(scope="module")
def sampler(emt, slab):
    return RelaxedSampler(Series(emt, slab, tolerance=1e-5), slab.atoms.cell.array[:2])


@pytest.fixture(scope="module")
def grid(slab, sampler):
    period = slab.atoms.cell.array[:2, :2]
    symmetries = slip_symmetries(slab.atoms, period)
    found, history = refined_grid(sampler, OPENINGS, period, symmetries=symmetries, divisions=SLIPS, tolerance=0.9)
    assert len(history) == 1 and history[0].evaluations == found.energy.size
    return found


def test_only_faces_in_touch_ask_for_more_than_the_bulk_bears(grid):
    assert 0 < len(grid.bridged) < 0.25 * grid.energy.size
    assert grid.bridged[:, 0].max() < 0.7
    assert np.abs(grid.bridged).max(axis=1).min() > 0.3  # never the closed interface


def test_the_law_gives_back_equilibria_between_its_slips(grid, sampler):
    law = mixed_law(grid)
    jumps = np.array([[0.9, 0.31, 0.17], [1.1, -0.6, 0.8], [1.4, 0.9, 0.2]])
    exact = sampler(jumps)
    value = law.evaluate(jumps * ANGSTROM)
    np.testing.assert_allclose(value.energy, exact.energy * EV_A2, atol=0.01 * law.work_of_separation)
    np.testing.assert_allclose(value.traction, exact.traction * EV_A3, atol=0.03 * law.peak_traction)
    at_nodes = np.column_stack([np.full(2, 1.1), np.array([[0.25, 0.5], [0.75, 0.0]]) @ grid.period])
    np.testing.assert_allclose(
        law.evaluate(at_nodes * ANGSTROM).traction, sampler(at_nodes).traction * EV_A3, atol=1e-4 * law.peak_traction
    )


def test_without_slip_it_is_the_opening_law(emt, slab, sampler):
    branch, bulks = relaxed_branches(emt, slab, np.array([0.0, 0.2, 0.55, 1.1, 1.9]), tolerance=1e-5)
    made = excess(branch, *bulks)
    samples = sampler(np.column_stack([made.opening, np.zeros((5, 2))]))
    np.testing.assert_allclose(samples.energy, made.energy, atol=1e-4 * made.energy.max())
    np.testing.assert_allclose(samples.traction[:, 0], made.traction, atol=5e-4 * made.traction.max())


def test_surfaces_relax_and_the_grid_has_the_crystal_s_threefold_axis(grid, emt, slab):
    rigid = RigidSampler(emt, slab)(np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]))
    assert grid.energy[-1, 0, 0] < np.diff(rigid.energy)[0]
    np.testing.assert_allclose(grid.energy[-1], grid.energy[-1, 0, 0], atol=1e-6)
    number = np.arange(SLIPS)
    turned = grid.energy[
        :, -number[None, :] % SLIPS, (number[:, None] - number[None, :]) % SLIPS
    ]  # a third of a turn of a1, a2
    np.testing.assert_allclose(turned[2:], grid.energy[2:], atol=2e-5 * grid.energy.max())
    inverted = grid.energy[:, -number[:, None] % SLIPS, -number[None, :] % SLIPS]
    assert np.abs(inverted - grid.energy)[2].max() > 2e-4 * grid.energy.max()


def test_its_path_without_slip_and_its_vibrations_are_those_of_the_opening(emt, slab, grid, sampler):
    branch, (bulk,) = sampler.opening_path(grid.opening)
    made = excess(branch, bulk)
    found = np.isin(np.round(grid.opening, 6), np.round(made.opening, 6))
    assert found.sum() == len(made.opening) >= 6
    np.testing.assert_allclose(made.energy, grid.energy[found, 0, 0], atol=1e-8)
    states = [sampler.state(np.array([d, 0.0, 0.0])) for d in (0.0, 1.1)]
    options = {"in_plane": 1, "statistics": "classical"}
    own = path_vibrations(emt, slab, [s.slab for s in states], [[s.bulks[0] for s in states]], 300.0, **options)
    few = type(grid)(np.array([0.0, 1.1]), grid.period, grid.energy[[0, 3]], grid.traction[[0, 3]])
    whole = sampler.vibrations(few, 300.0, **options).excess.reshape(2, SLIPS, SLIPS)
    np.testing.assert_allclose(whole[:, 0, 0], own.excess, rtol=1e-9)
    assert np.isnan(whole[0]).any() and np.isfinite(whole[1]).all()
    assert np.ptp(whole[1]) < 0.3 * abs(whole[1] - whole[0, 0, 0]).max()  # half open, slip matters little


def test_the_closed_spacing_answers_as_the_bulk(emt, slab, sampler):
    response = spacing_response(sampler.series, 8)
    assert response.thickness == pytest.approx(slab.spacing, rel=1e-9) and response.free_energy is None
    some = slice(4, None, 3)
    own = bulk_branch(emt, slab, response.traction[some])
    np.testing.assert_allclose(response.stretch[some], own.height - slab.spacing, atol=1e-4)
    np.testing.assert_allclose(
        response.shear_compliance,
        response.shear_compliance[0, 0] * np.eye(2),
        atol=1e-3 * response.shear_compliance[0, 0],
    )
    sheared = bulk_branch(emt, slab, np.array([[0.0, 2e-3, 0.0]]))
    assert sheared.height[0, 1] - slab.repeat_unit().atoms.cell[2, 0] == pytest.approx(
        2e-3 * response.shear_compliance[0, 0], rel=0.01
    )


def test_what_is_missing_lies_between_its_neighbours_and_its_traction_follows():
    """A difference to rigid halves that is linear in the opening is harmonic: it comes back exactly, and its slope."""
    openings, period = np.array([0.0, 0.1, 0.3, 0.6, 1.0]), np.array([[2.0, 0.0], [-1.0, 1.7]])
    random = np.random.default_rng(0)
    rigid = random.normal(size=(5, 6, 6, 4))
    change = 0.3 * openings[:, None, None] + np.zeros((5, 6, 6))
    relaxed = rigid + np.stack([change, np.full_like(change, 0.3), 0 * change, 0 * change], axis=-1)
    holed = relaxed.copy()
    for hole in ((1, 2, 3), (2, 2, 3), (3, 0, 5), (3, 0, 0), (3, 5, 5)):
        holed[hole] = np.nan
    filled, missing = bridged(holed, rigid, openings, period)
    assert missing.sum() == 5
    np.testing.assert_allclose(filled, relaxed, atol=1e-12)
    steep = relaxed.copy()
    steep[..., 0] = rigid[..., 0] + random.uniform(1, 2, (5, 6, 6))
    steep[0, 1:, 1:] = np.nan  # at the end of the openings, too
    change = (bridged(steep, rigid, openings, period)[0] - rigid)[..., 0]
    assert change.min() >= 1 and change.max() <= 2
    relaxed[:, 1:] = np.nan
    with pytest.raises(NotConverged, match="150 of 180 jumps have no relaxed equilibrium"):
        bridged(relaxed, rigid, openings, period)
