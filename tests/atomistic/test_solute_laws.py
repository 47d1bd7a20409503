"""Laws with solute from atoms: carbon between copper planes, by effective medium theory."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from atomistic import load_potential
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.layered import facing
from atomistic.decohesion.rigid_path import default_openings
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.grain_boundary import by_sigma, grain_boundary, stacked
from atomistic.properties.bulk import equilibrium
from atomistic.relax import relax
from atomistic.solutes.filled import arranged, filled_cell, gap_sites, wider
from atomistic.solutes.opening import faces_chosen, opened_rigidly, opened_with_solute
from coupling.errors import InputError
from coupling.interface.excess import excess
from coupling.interface.rigid_path import consistency, rigid_law
from coupling.units import EV_A2

OPENINGS = default_openings(6.0, 30)


@cache
def copper():
    potential = load_potential("emt")
    return potential, equilibrium(potential, "Cu", "fcc", tolerance=1e2)


def slab(layers, repeats=(1, 1)):
    crystal = copper()[1]
    return wider(cleavage_slab(crystal, (1, 1, 1), layers, conventional=conventional_cell(crystal)), repeats)


@cache
def filled(layers, amount, repeats=(1, 1)):
    potential, host = copper()[0], slab(layers, repeats)
    sites = gap_sites(host).called("octahedral")
    return filled_cell(potential, host, "C", sites, arranged(potential, host, "C", sites, amount))


@cache
def relaxed(layers, amount):
    path = opened_with_solute(copper()[0], filled(layers, amount), OPENINGS)
    slab, bulks = path.records()
    return path, excess(slab, *bulks).law()


def test_a_wider_slab_is_the_same_crystal():
    potential, narrow, wide = copper()[0], slab(6), slab(6, (2, 2))
    energies = potential.evaluate([narrow.atoms, wide.atoms, wide.repeat_unit().atoms, wide.opened(3.0)]).energies
    assert energies[1] == pytest.approx(4 * energies[0], abs=1e-9)
    assert energies[2] * wide.repeats == pytest.approx(energies[1], abs=1e-9)
    assert energies[3] == pytest.approx(4 * potential.evaluate([narrow.opened(3.0)]).energies[0], abs=1e-9)
    assert wide.area == pytest.approx(4 * narrow.area)


def test_a_filled_cell_is_at_rest_with_no_traction():
    cell = filled(6, 1)
    found = copper()[0].evaluate([cell.atoms])
    assert np.abs(found.forces[0]).max() < 2e-5
    assert np.abs(cell.tractions([cell.atoms], found)).max() < 1e-5
    assert cell.spacing > slab(6).spacing + 0.05 and cell.crystals == ((6, cell.crystals[0][1]),)


def test_no_solute_is_the_host():
    law, bare = relaxed(6, 0)[1], Series(copper()[0], slab(6))
    assert bare.closed.energy == pytest.approx(relaxed(6, 0)[0].series.closed.energy, abs=1e-7)
    assert law.work_of_separation > 1.5


def test_a_relaxed_law_with_solute_does_not_depend_on_the_slab():
    thin, thick = (relaxed(layers, 1)[1] for layers in (6, 9))
    opening = np.linspace(0.0, thin.final_opening, 200)
    assert np.ptp([law.normal(opening)[1] for law in (thin, thick)], axis=0).max() < 0.005 * thin.peak_traction
    assert thin.work_of_separation == pytest.approx(thick.work_of_separation, rel=1e-5)


def test_energies_and_tractions_of_the_relaxed_path_are_one_law():
    path, law = relaxed(6, 1)
    middle = 0.5 * (path.opening[1:] + path.opening[:-1])
    mean = np.diff([path.series.excess_energy(one) for one in path.states]) / np.diff(path.opening)
    inside = middle > 0
    error = law.normal(middle * 1e-10)[1] / 160.2176634e9 - mean
    assert np.abs(error[inside]).max() < 0.03 * path.traction.max()


def test_rice_and_wang_at_the_ends():
    """W(1) − W(0) is what the parted faces bind less than the closed plane, from another slab that is relaxed by itself."""
    potential, energies = copper()[0], []
    for amount in (0, 1):
        cell = filled(8, amount)
        slabs = []
        for way in faces_chosen(cell):
            atoms = cell.opened(14.0)
            atoms.positions[cell.interstitial, 2] += np.where(way, cell.outward * 14.0, 0.0)
            slabs.append(atoms)
        parted = relax(potential, slabs, force=2e-5, steps=2000).energies.min()
        energies.append(parted - potential.evaluate([cell.atoms]).energies[0])
    difference = (energies[1] - energies[0]) / filled(8, 1).area * EV_A2
    works = [relaxed(6, amount)[1].work_of_separation for amount in (0, 1)]
    assert works[1] - works[0] == pytest.approx(difference, abs=1e-6 * works[0])
    assert abs(difference) > 0.05


def test_solute_goes_with_either_face_at_equal_energy():
    """The slab has an inversion centre, so that both faces hold one atom alike."""
    cell = filled(6, 1)
    ways = faces_chosen(cell)
    assert [way.tolist() for way in ways] == [[False], [True]]
    atoms = [cell.opened(8.0) for _ in ways]
    atoms[1].positions[cell.interstitial, 2] += cell.outward * 8.0
    energies = relax(copper()[0], atoms, force=1e-4, steps=1000).energies
    assert energies[0] == pytest.approx(energies[1], abs=1e-5)


def test_rigid_halves_with_solute_are_one_law():
    samples, structures = opened_rigidly(copper()[0], filled(6, 1), default_openings(6.0, 60))
    assert consistency(samples) < 0.01 and len(structures) == len(samples.opening)
    assert rigid_law(samples).work_of_separation > relaxed(6, 1)[1].work_of_separation


def test_more_atoms_than_sites_and_a_solute_that_is_unknown_are_refused():
    potential, host = copper()[0], slab(6)
    sites = gap_sites(host).called("octahedral")
    with pytest.raises(InputError, match="2 solute atoms on 1 sites is a coverage over one"):
        arranged(potential, host, "C", sites, 2)
    with pytest.raises(InputError, match="lacks the solute Fe"):
        filled_cell(potential, host, "Fe", sites, [0])
    with pytest.raises(InputError, match="repeats"):
        wider(host, (0, 1))


@cache
def twin():
    potential, crystal = copper()
    conventional = conventional_cell(crystal)
    geometry = by_sigma(crystal, conventional, 3, (1, 1, 0), (1, -1, 1))
    return grain_boundary(potential, stacked(crystal, conventional, geometry, 9.0)).cell


def test_both_boundaries_of_a_cell_are_filled_alike_and_come_to_rest():
    potential, cell = copper()[0], twin()
    sites = gap_sites(cell).called("octahedral")
    full = filled_cell(potential, cell, "C", sites, arranged(potential, cell, "C", sites, 1))
    found = potential.evaluate([full.atoms])
    assert len(full.interstitial) == 2 and full.amount == 1 and full.crystals == cell.crystals
    assert sorted(np.concatenate(full.bodies)) == list(range(len(full.atoms)))
    assert np.abs(found.forces[0]).max() < 2e-5
    assert np.abs(full.tractions([full.atoms], found)).max() < 1e-5
    assert sorted(full.outward) == [-1.0, 1.0]  # the two atoms are images of each other


def test_two_boundaries_whose_gaps_differ_come_to_rest_against_each_other():
    """Of Ni Σ5 (210) the gaps differ by 1e-4 Å; both held as they are, no state is without forces."""
    potential, cell = copper()[0], twin()
    atoms = cell.atoms.copy()
    atoms.positions[cell.bodies[1], 2] += 2e-4
    series = Series(potential, replace(cell, atoms=atoms), 2e-5)
    assert np.abs(potential.evaluate([series.closed.slab]).forces[0]).max() <= 2e-5
    assert np.ptp(facing(series.cell, series.cell.atoms)[:, 2]) < 1e-6


def test_a_state_below_the_closed_interface_is_none_of_its_opening():
    path = relaxed(6, 0)[0]
    state = next(one for one in path.states if one.gap[0] > 0.2)
    below = replace(state, energy=state.energy - 1.1 * path.series.excess_energy(state) * path.series.cell.area)
    assert path.series.parts(state) and not path.series.parts(below)
