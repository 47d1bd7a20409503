"""Relaxed paths of one crystal on another: nothing depends on the layers, on the order, on the cell."""

from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

from atomistic.decohesion.bicrystal import bicrystal
from atomistic.decohesion.bulk_path import bulk_branch
from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.hetero import close, continued_registry, hetero_interface
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.relaxed_grid import RelaxedSampler
from atomistic.decohesion.relaxed_path import relaxed_path
from atomistic.decohesion.slab import cleavage_slab
from atomistic.potentials import load_potential
from coupling.errors import InputError
from coupling.interface.excess import excess, slab_totals

GAPS = np.array([-0.1, 0.0, 0.06, 0.12, 1.0, 1.2, 1.4, 1.7, 2.0, 2.5, 3.2, 4.2])
"""Short of the traction at which copper itself would part: the interface is the stronger of the two."""


@pytest.fixture(scope="module")
def potential():
    return load_potential("emt")


@pytest.fixture(scope="module")
def lattices(potential):
    def strain_free(symbol, low, high):
        return brentq(
            lambda a: np.trace(potential.evaluate([bulk(symbol, "fcc", a=a)]).stresses[0]), low, high, xtol=1e-12
        )

    return {"Cu": strain_free("Cu", 3.4, 3.8), "Ni": strain_free("Ni", 3.3, 3.7)}


def interface(potential, lattices, upper, lower, layers, strained="upper"):
    slabs = [
        cleavage_slab(bulk(s, "fcc", a=lattices[s]), (1, 1, 1), n, conventional=lattices[s] * np.eye(3))
        for s, n in zip((upper, lower), layers, strict=True)
    ]
    match = match_lattices(*slabs, strain=strained)
    stacked = hetero_interface(*slabs, match, strain=strained)
    return close(potential, stacked, grid=3, shift=continued_registry(slabs[1], stacked) if upper == lower else None)


def law(potential, cell):
    branch = relaxed_path(potential, cell, GAPS, tolerance=2e-5)
    assert not branch.beyond_strength
    return branch, excess(branch, *(bulk_branch(potential, unit, branch.traction) for _, unit in cell.crystals))


@pytest.fixture(scope="module")
def six(potential, lattices):
    return law(potential, bicrystal(potential, interface(potential, lattices, "Cu", "Ni", (6, 6))))


def same_law(first, second, atol):
    """Energies of two excesses at equal opening, over the largest; the traction follows."""
    rising = [np.argsort(e.opening) for e in (first, second)]
    energy = CubicSpline(second.opening[rising[1]], second.energy[rising[1]])(first.opening)
    np.testing.assert_allclose(first.energy, energy, atol=atol * first.energy.max())
    np.testing.assert_allclose(first.traction, second.traction, atol=10 * atol * first.traction.max())


def test_the_closed_cell_is_free_and_its_two_interfaces_are_equal(potential, lattices):
    cell = bicrystal(potential, interface(potential, lattices, "Cu", "Ni", (6, 7)), tolerance=1e-7)
    found = potential.evaluate([cell.atoms, cell.opened(0.4)])
    assert abs(found.stresses[0][2, 2]) < 1e-5 and np.abs(found.forces[0]).max() < 1e-4
    assert abs(found.forces[1][cell.bodies[1], 2].sum()) < 1e-4 * cell.area


@pytest.mark.parametrize("layers", [(8, 6), (6, 7)])
def test_the_law_of_a_on_b_does_not_depend_on_the_layers_but_the_naive_law_does(six, potential, lattices, layers):
    branch, thicker = law(potential, bicrystal(potential, interface(potential, lattices, "Cu", "Ni", layers)))
    same_law(six[1], thicker, 1e-3)
    np.testing.assert_allclose(thicker.opening, six[1].opening, atol=5e-3)
    assert np.abs(slab_totals(branch)[0] - slab_totals(six[0])[0]).max() > 0.02
    np.testing.assert_allclose(branch.traction, branch.traction_by_forces, atol=1e-3 * branch.traction.max())


def test_a_on_b_is_b_on_a(six, potential, lattices):
    turned = law(potential, bicrystal(potential, interface(potential, lattices, "Ni", "Cu", (6, 6), strained="lower")))
    same_law(six[1], turned[1], 1e-4)
    np.testing.assert_allclose(turned[1].opening, six[1].opening, atol=1e-3)


def test_traction_is_the_derivative_of_the_energy_and_forgetting_a_bulk_breaks_it(six):
    branch, made = six
    opening, energy = made.opening[4:], made.energy[4:]
    work = CubicSpline(opening, made.traction[4:]).antiderivative()
    np.testing.assert_allclose(energy - energy[0], work(opening) - work(opening[0]), atol=0.01 * energy[-1])
    with pytest.raises(InputError, match="as many bulk references, not 1"):
        excess(branch, *[None])


def test_a_on_a_is_the_cleavage_law(potential, lattices):
    cell = bicrystal(potential, interface(potential, lattices, "Cu", "Cu", (6, 6)))
    slab = cleavage_slab(bulk("Cu", "fcc", a=lattices["Cu"]), (1, 1, 1), 9, conventional=lattices["Cu"] * np.eye(3))
    on_itself, cleaved = law(potential, cell)[1], law(potential, slab)[1]
    same_law(on_itself, cleaved, 1e-3)
    np.testing.assert_allclose(on_itself.opening, cleaved.opening, atol=5e-3)


@pytest.mark.parametrize("layers", [(7, 6), (6, 7)])
def test_under_a_traction_vector_the_law_of_a_on_b_does_not_depend_on_the_layers_either(potential, lattices, layers):
    jumps, found = np.array([[0.9, 0.3, 0.2], [1.4, -0.5, 0.3], [2.0, 0.0, 0.8]]), []
    for counts in ((6, 6), layers):
        made = interface(potential, lattices, "Cu", "Ni", counts)
        series = Series(potential, bicrystal(potential, made), tolerance=1e-5)
        sampler = RelaxedSampler(series, made.shifts)
        samples = sampler(jumps)
        assert np.isfinite(samples.energy).all()
        state = sampler.state(jumps[0])
        steps = [series.cell.bodies[1][0], series.cell.bodies[0][0]]
        moved = (state.slab.positions - series.closed.slab.positions)[steps]
        assert np.linalg.norm((moved[0] - moved[1])[:2]) == pytest.approx(
            np.hypot(*jumps[0, 1:]), abs=0.05
        )  # at one interface
        found.append(samples)
    peak = 0.12  # eV/Å³
    np.testing.assert_allclose(found[0].traction, found[1].traction, atol=1e-3 * peak)
    np.testing.assert_allclose(found[0].energy, found[1].energy, atol=1e-4 * found[0].energy.max())


def test_interfaces_that_are_mirror_images_have_no_common_slip(potential, lattices):
    cell = bicrystal(potential, interface(potential, lattices, "Cu", "Ni", (6, 6)))
    assert cell.inverted
    with pytest.raises(InputError, match="a slip at one is the opposite slip at the other"):
        RelaxedSampler(Series(potential, replace(cell, inverted=False)), np.eye(2, 3))


def test_crystals_without_symmetry_are_refused(potential, lattices):
    made = interface(potential, lattices, "Cu", "Ni", (6, 6))
    made.atoms.positions[made.upper.nonzero()[0][1]] += [0.1, 0.2, 0.3]
    with pytest.raises(InputError, match="neither an inversion centre nor a mirror plane"):
        bicrystal(potential, made)
