"""Slab and bulk in series under traction vectors: identities, thickness, period, derivatives, elastic constants."""

import numpy as np
import pytest

from atomistic.decohesion.bulk_path import bulk_branch
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.law_states import law_states
from atomistic.decohesion.relaxed_path import relaxed_branches, relaxed_path
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from coupling.elasticity import rotate_stiffness
from coupling.interface.excess import excess, taken_away
from coupling.units import EV_A3

JUMPS = np.array([[0.25, 0.15, 0.1], [0.05, 0.0, 0.5], [0.9, 0.4, -0.6], [1.6, 1.1, 0.3]])
"""Normal, tangential 1, 2, Å; from next to closed to half open."""


@pytest.fixture(scope="module")
def crystal(emt):
    return equilibrium(emt, "Cu", "fcc", tolerance=1e3)


def cut(crystal, planes, miller=(1, 1, 1)):
    return cleavage_slab(crystal, miller, planes, conventional=conventional_cell(crystal))


def at_jumps(series, jumps):
    """Solved states at excess jumps, from layers strained as the rigid tractions ask."""
    jumps = np.asarray(jumps, dtype=float)
    unknowns, errors = series.solve(series.at_jump, jumps, series.guesses(series.rigid_tractions(jumps)), what="jumps")
    assert (errors <= series.tolerance).all(), errors
    return series.states(series.at_jump, jumps, unknowns)


@pytest.fixture(scope="module")
def thin(emt, crystal):
    series = Series(emt, cut(crystal, 4), tolerance=2e-6)
    return series, at_jumps(series, JUMPS)


def test_the_jump_of_a_state_is_the_one_asked_for_and_the_record_s(emt, thin):
    """δ = Δc − ν Δb of the record, written out, against what the solver was given."""
    series, states = thin
    for state, asked in zip(states, JUMPS, strict=True):
        np.testing.assert_allclose(series.jump(state), asked, atol=1e-12)
        moved = state.slab.cell.array[2] - series.closed.slab.cell.array[2]
        bulk = state.bulks[0].cell.array[2] - series.closed.bulks[0].cell.array[2]
        np.testing.assert_allclose((moved - 3 * bulk)[[2, 0, 1]], asked, atol=1e-9)
    gaps = np.vstack([np.zeros(3), [state.gap for state in states]])
    slab, bulks = relaxed_branches(emt, series.cell, gaps, tolerance=2e-6)
    made = excess(slab, *bulks)
    np.testing.assert_allclose(made.opening[1:], JUMPS, atol=2e-4)  # a soft state turns 2e-6 eV/Å into that
    along = [s.traction @ (delta - asked) for s, delta, asked in zip(states, made.opening[1:], JUMPS, strict=True)]
    np.testing.assert_allclose(made.energy[1:] - along, [series.excess_energy(s) for s in states], atol=1e-8)
    np.testing.assert_allclose(slab.traction, slab.traction_by_forces, atol=0.02 * slab.traction.max())


def test_all_three_tractions_are_derivatives_of_the_excess_energy(thin):
    series, states = thin
    step = 0.005
    moved = at_jumps(series, [j + s * step * e for j in JUMPS for e in np.eye(3) for s in (1, -1)])
    energies = np.array([series.excess_energy(state) for state in moved]).reshape(len(JUMPS), 3, 2)
    slopes = (energies[..., 0] - energies[..., 1]) / (2 * step)
    tractions = np.array([state.traction for state in states])
    np.testing.assert_allclose(tractions, slopes, atol=5e-4 * tractions.max())


def test_the_bulk_has_the_traction_of_the_slab_and_no_atom_a_force(emt, thin):
    series, states = thin
    for state in states:
        own = bulk_branch(emt, series.units[0], state.traction[None], tolerance=1e-8)
        vector = state.bulks[0].cell.array[2][[2, 0, 1]]
        np.testing.assert_allclose(own.height[0], vector, atol=1e-4)
        assert np.abs(emt.evaluate([state.slab]).forces[0]).max() < 2e-6


def test_the_slab_s_thickness_does_not_matter(emt, crystal, thin):
    _, states = thin
    series = Series(emt, cut(crystal, 7), tolerance=2e-6)
    thick = at_jumps(series, JUMPS)
    peak = max(state.traction[0] for state in states)
    for first, second in zip(states, thick, strict=True):
        np.testing.assert_allclose(first.traction, second.traction, atol=5e-3 * peak)
    whole = [s.slab.cell.array[2] - series.closed.slab.cell.array[2] for s in thick]  # what the subtraction takes away
    assert np.abs(np.array(whole)[:, [2, 0, 1]] - JUMPS).max() > 0.1


def test_the_crystal_s_period_in_slip(thin):
    series, states = thin
    period = series.cell.atoms.cell.array[:2, :2]
    far = at_jumps(series, JUMPS + np.append(0.0, 2 * period[0] - period[1]))
    for first, second in zip(states, far, strict=True):
        assert series.excess_energy(second) == pytest.approx(series.excess_energy(first), abs=1e-8)
        np.testing.assert_allclose(second.traction, first.traction, atol=1e-6)


@pytest.mark.parametrize("miller", [(1, 1, 1), (2, 1, 0)])
def test_a_bulk_under_small_tractions_has_the_crystal_s_elastic_constants(emt, crystal, miller):
    """Third cell vector free, in-plane cell held: strains zz, yz, xz answer with the inverse of their block of C."""
    slab = cut(crystal, 4, miller)
    stiffness = rotate_stiffness(elastic_constants(emt, crystal).stiffness_voigt, slab.axes)
    block = stiffness[np.ix_([2, 4, 3], [2, 4, 3])] / EV_A3  # zz, xz, yz: normal, tangential 1, 2
    size = 1e-4
    tractions = size * np.vstack([np.eye(3), -np.eye(3)])
    branch = bulk_branch(emt, slab, tractions, tolerance=1e-10)
    compliance = (branch.height[:3] - branch.height[3:]).T / (2 * size) / slab.repeat_unit().atoms.cell[2, 2]
    np.testing.assert_allclose(compliance, np.linalg.inv(block), atol=2e-3 * np.linalg.inv(block).max())
    work = (
        0.5
        * np.einsum("ni,ij,nj->n", tractions, np.linalg.inv(block), tractions)
        * slab.repeat_unit().atoms.get_volume()
    )
    np.testing.assert_allclose(branch.energy - emt.evaluate([slab.repeat_unit().atoms]).energies, work, rtol=0.02)


@pytest.mark.parametrize("miller", [(1, 1, 1), (2, 1, 0)])
def test_an_opening_without_excess_slip_is_the_jump_along_the_normal(emt, crystal, miller):
    """The opening path and the prescribed jump are one law, also where opening alone asks for a shear traction."""
    slab = cut(crystal, 6, miller)
    opened = relaxed_branches(emt, slab, np.array([0.0, 0.15, 0.7, 1.4, 2.2]), tolerance=1e-6)
    made = excess(opened[0], *opened[1])
    series = Series(emt, slab, tolerance=1e-6)
    states = at_jumps(series, np.column_stack([made.opening, np.zeros((5, 2))]))
    peak = made.traction.max()
    np.testing.assert_allclose([s.traction[0] for s in states], made.traction, atol=1e-4 * peak)
    np.testing.assert_allclose([series.excess_energy(s) for s in states], made.energy, atol=1e-4 * made.energy.max())
    sheared = max(np.abs(s.traction[1:]).max() for s in states) / peak
    assert (sheared > 1e-3) == (miller == (2, 1, 0))


def test_the_closed_spacing_is_a_share_of_the_repeats():
    """Two crystals of 6 and 4 repeats at two interfaces: half of each spacing is left to the law."""
    heights, spacings = np.array([4.0, 2.0]), np.array([3.0, 2.0])
    np.testing.assert_allclose(taken_away((6, 4), 2, heights, spacings, "in law"), [3 - 0.5 * 0.75, 2 - 0.5])
    np.testing.assert_allclose(taken_away((6, 4), 2, heights, spacings, "in bulk"), [3, 2])
    np.testing.assert_allclose(taken_away((8,), 1, heights[:1], spacings[:1], "in law"), [7.25])


def test_gap_vectors_give_vectors(emt, crystal):
    slab = cut(crystal, 4)
    branch = relaxed_path(emt, slab, np.array([[0.0, 0, 0], [0.2, 0.3, -0.1]]))
    assert branch.gap.shape == branch.length.shape == branch.traction.shape == branch.traction_by_forces.shape == (2, 3)
    assert branch.closed == 0


def test_the_states_of_a_law_resolve_its_peak(thin):
    """Coarse gaps: those added lie beside the peak until its neighbours are near; the openings rise, the given gaps stay."""
    series, _ = thin
    coarse = np.array([0.0, 0.4, 0.9, 1.6, 2.5, 4.0])
    path = law_states(series, coarse)
    gaps, states, traction = path.gaps, path.states, path.traction
    peak = int(np.argmax(traction))
    assert set(coarse) <= set(gaps) and not path.left_out and not path.switches and len(gaps) > len(coarse) + 2
    assert np.all(np.diff(path.opening) > 0)
    assert min(traction[peak - 1], traction[peak + 1]) > 0.98 * traction[peak]
    np.testing.assert_allclose([state.gap[0] for state in states], gaps, atol=1e-9)
