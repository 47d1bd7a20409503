"""Sites of solute atoms and their energies: known voids of known lattices, symmetry, LAMMPS, and no boundary at all."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.cell import Cell

from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.hetero import hetero_interface
from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from atomistic.grain_boundary import by_sigma, grain_boundary, stacked
from atomistic.grain_boundary.search import candidates, sharpened
from atomistic.potentials import load_potential
from atomistic.properties.bulk import equilibrium
from atomistic.solutes import (
    Place,
    Relaxing,
    boundary_place,
    boundary_sites,
    bulk_solution,
    fill_cell,
    fill_interface,
    find_sites,
    lattice_gas,
    molecule,
    pair_energies,
    segregation,
    spectrum,
    surface_place,
    with_solute,
)
from atomistic.solutes.lattice_gas import tiled
from atomistic.solutes.spectrum import heights, repeats, replaced_energy
from atomistic.solutes.voids import Shape
from benchmarks.chemistry_segregation import lammps_static_energy
from benchmarks.wheel import wheel_file
from coupling.errors import InputError

ALLOY = "NiAlH_jea.eam.alloy"
SMALL = Relaxing(separation=6.0)


@pytest.fixture(scope="module")
def alloy():
    return load_potential(str(wheel_file(ALLOY)))


@pytest.fixture(scope="module")
def nickel(alloy):
    return equilibrium(alloy, "Ni", "fcc", tolerance=1e2)


@pytest.fixture(scope="module")
def hydrogen(alloy, nickel):
    return bulk_solution(alloy, nickel, "H", "interstitial")


@pytest.fixture(scope="module")
def boundary(alloy, nickel):
    cube = conventional_cell(nickel)
    return grain_boundary(alloy, stacked(nickel, cube, by_sigma(nickel, cube, 5, (0, 0, 1), (2, 1, 0)), 9.0), step=1.2)


@pytest.fixture(scope="module")
def gathered(alloy, boundary, hydrogen):
    return segregation(alloy, boundary_place(boundary.cell, 3.5), hydrogen, relaxing=SMALL)


@pytest.mark.parametrize(
    ("crystal", "expected"),
    [
        (bulk("Ni", "fcc", a=3.52, cubic=True), {"octahedral": (4, 0.5), "tetrahedral": (8, np.sqrt(3) / 4)}),
        (bulk("Ni", "fcc", a=3.52) * 3, {"octahedral": (27, 0.5), "tetrahedral": (54, np.sqrt(3) / 4)}),
        (bulk("Fe", "bcc", a=2.86, cubic=True), {"octahedral": (6, 0.5), "tetrahedral": (12, np.sqrt(5) / 4)}),
        (bulk("Fe", "bcc", a=2.86), {"octahedral": (3, 0.5), "tetrahedral": (6, np.sqrt(5) / 4)}),
        (
            bulk("Mg", "hcp", a=3.2, c=3.2 * np.sqrt(8 / 3)),
            {"octahedral": (2, np.sqrt(0.5)), "tetrahedral": (4, np.sqrt(3 / 8))},
        ),
        (bulk("Si", "diamond", a=5.43), {"tetrahedral": (2, np.sqrt(3) / 4), "octahedral": (4, np.sqrt(11) / 8)}),
    ],
    ids=["fcc", "fcc cells", "bcc", "bcc primitive", "hcp", "diamond"],
)
def test_the_voids_of_known_lattices(crystal, expected):
    """Each name is one class of sites, as many as there are in the lattice, as wide as geometry says (in lattice parameters)."""
    turned = crystal.copy()
    turned.rotate(25.0, (1, 2, 3), rotate_cell=True)
    turned.positions += (0.3, -0.7, 1.1)
    turned.wrap()
    a = np.linalg.norm(crystal.cell[0]) if len(crystal) == 2 and crystal.numbers[0] == 12 else None
    for atoms in (crystal, turned):
        found = find_sites(atoms, "interstitial")
        assert set(found.names) == set(expected) and len(found.multiplicities) == len(expected)
        for name, (count, radius) in expected.items():
            ones = found.called(name)
            length = a or {28: 3.52, 26: 2.86, 14: 5.43}[int(crystal.numbers[0])]
            assert len(ones) == count and ones.multiplicities.tolist() == [count]
            np.testing.assert_allclose(ones.radii, radius * length, atol=1e-3)


def test_substitutional_sites_are_atoms_by_their_symmetry():
    salt = bulk("MgO", "rocksalt", a=4.2, cubic=True)
    found = find_sites(salt, "substitutional")
    assert found.multiplicities.tolist() == [4, 4] and set(found.names) == {"Mg", "O"}
    assert len(find_sites(salt, "substitutional", element="O")) == 4
    slab = bulk("Ni", "fcc", a=3.52, cubic=True) * (1, 1, 3)
    slab.center(vacuum=6.0, axis=2)
    assert find_sites(slab, "substitutional").multiplicities.tolist() == [4, 4, 4]


def test_a_surface_has_hollows(alloy, nickel):
    """On fcc (111) the two threefold hollows, each on both sides; over (100) the fourfold one above an atom below."""
    place = surface_place(alloy, nickel, (1, 1, 1), conventional=conventional_cell(nickel))
    found = place.sites("interstitial")
    hollow = found.called("3-fold hollow")
    assert len(hollow.multiplicities) == 2 and hollow.positions[:, 2].min() > place.plane
    flat = surface_place(alloy, nickel, (0, 0, 1), conventional=conventional_cell(nickel))
    top = flat.sites("interstitial")
    assert len(top.called("5-fold").multiplicities) == 1


def test_hydrogen_in_nickel_is_what_lammps_says(alloy, nickel, hydrogen):
    """The octahedral and the tetrahedral site of relaxed cells, by LAMMPS's own energies of them."""
    assert hydrogen.names == ("octahedral", "tetrahedral") and hydrogen.multiplicities.tolist() == [1, 2]
    path = wheel_file(ALLOY)
    theirs = [lammps_static_energy(path, one) for one in (hydrogen.host, *hydrogen.structures)]
    np.testing.assert_allclose(np.array(theirs[1:]) - theirs[0], hydrogen.energies, atol=1e-6)


def test_larger_cells_change_the_energy_of_solution_little(alloy, nickel, hydrogen):
    larger = bulk_solution(alloy, nickel, "H", "interstitial", relaxing=Relaxing(separation=20.0))
    assert len(larger.host) > 1.9 * len(hydrogen.host)
    assert abs(larger.energies - hydrogen.energies).max() < 0.002
    assert 0.1 < larger.energies[0] - molecule(alloy, "H").energy < 0.3  # endothermic, as hydrogen in nickel is


def test_the_bulk_is_larger_than_asked_for_and_says_what_its_size_leaves():
    """A larger atom's images repel each other as 1/N: taking the error off two cells gives one energy of silver in copper."""
    potential = load_potential("emt")
    copper = equilibrium(potential, "Cu", "fcc")
    own, larger = (
        bulk_solution(potential, copper, "Ag", "substitutional", relaxing=Relaxing(separation=apart, force=1e-3))
        for apart in (5.0, 18.5)
    )
    assert len(own.host) == 8**3 and len(larger.host) == 9**3
    assert 0.001 < larger.cell_error < own.cell_error < 0.005
    assert own.energies[0] - own.cell_error == pytest.approx(larger.energies[0] - larger.cell_error, abs=2e-4)


def test_images_in_a_skew_cell_are_the_separation_apart():
    angle = np.radians(33.0)
    cell = Cell.fromcellpar([4.5, 4.5, 4.5, 33, 33, 33])
    atoms = Atoms("Cu", cell=cell, pbc=True)
    tall = 4.5 * np.sqrt(1 - 3 * np.cos(angle) ** 2 + 2 * np.cos(angle) ** 3) / np.sin(angle)
    np.testing.assert_allclose(heights(atoms), tall, rtol=1e-12)
    large = (atoms * repeats(atoms, 8.0)).cell.array
    steps = np.array([[i, j, k] for i in (-2, -1, 0, 1, 2) for j in (-2, -1, 0, 1, 2) for k in (-2, -1, 0, 1, 2)])
    lengths = np.linalg.norm(steps[np.any(steps != 0, axis=1)] @ large, axis=1)
    assert lengths.min() >= 8.0
    by_lengths = np.ceil(8.0 / 4.5) * cell.array  # repeated by the lengths of its vectors, images are nearer
    assert np.linalg.norm(by_lengths[0] - by_lengths[1]) < 8.0


def test_where_there_is_no_boundary_nothing_segregates(alloy, nickel):
    cube = conventional_cell(nickel)
    none = stacked(nickel, cube, by_sigma(nickel, cube, 1, (0, 0, 1), (1, 0, 0)), 6.0)
    cell = sharpened(alloy, none, candidates(alloy, none, step=2.0)[:1])[0].cell
    same = replace(SMALL, force=1e-3)
    for kind, solute in (("interstitial", "H"), ("substitutional", "Al")):
        sites = boundary_sites(cell, kind, 2.5)
        each = replaced_energy(alloy, nickel)
        found = spectrum(alloy, cell.atoms, solute, sites, replaced=each, relaxing=same)
        own = spectrum(alloy, cell.atoms, solute, find_sites(cell.atoms, kind), replaced=each, relaxing=same)
        assert len(own.energies) == (2 if kind == "interstitial" else 1)
        np.testing.assert_allclose(found.energies, own.energies, atol=1e-4)
        large = bulk_solution(alloy, nickel, solute, kind, relaxing=same)
        assert abs(found.energies[0] - large.energies[0]) < 0.06  # images of a small cell


def test_a_boundary_holds_hydrogen_and_its_far_sites_do_not(alloy, boundary, hydrogen, gathered):
    assert gathered.energies[0] < -0.25 and gathered.energies[0] == gathered.energies.min()
    assert np.all(np.diff(gathered.energies) >= 0)
    deep = boundary_sites(boundary.cell, "interstitial", 14.0)
    far = deep.select(np.abs(deep.positions[:, 2] - boundary.cell.atoms.positions[:, 2].max() / 4) < 1.5)
    found = spectrum(alloy, boundary.cell.atoms, "H", far.called("octahedral"), relaxing=SMALL)
    own = bulk_solution(alloy, boundary.stacking.interface.crystals[0][1].atoms, "H", "interstitial", relaxing=SMALL)
    assert abs(found.energies[0] - own.energies[0]) < 0.03


def test_sites_that_symmetry_makes_equal_have_equal_energies(alloy, boundary, gathered):
    """The best site and its image at the other boundary."""
    sites = gathered.spectrum.sites
    ones = np.flatnonzero(sites.classes == 0)
    assert len(ones) == 2
    starts = [with_solute(boundary.cell.atoms, "H", sites, [int(k)]) for k in ones]
    first, second = alloy.evaluate(starts).energies
    assert first == pytest.approx(second, abs=2e-4)


def test_both_boundaries_are_filled_alike(alloy, boundary, gathered):
    cell = boundary.cell
    sites = boundary_sites(cell, "interstitial", 3.0)
    filled = fill_cell(cell, "H", sites, [0, 1], upper=[True, False])
    assert len(filled.atoms) == len(cell.atoms) + 4
    assert [len(f) - len(c) for f, c in zip(filled.bodies, cell.bodies, strict=True)] == [2, 2]
    forces = alloy.evaluate([filled.atoms]).forces[0][-4:]
    np.testing.assert_allclose(forces[:2], -forces[2:], atol=0.02)
    opened = filled.opened(12.0)
    apart = opened.get_all_distances(mic=True)
    upper, lower = filled.bodies[1], filled.bodies[0]
    assert apart[np.ix_(upper, lower)].min() > 10.0
    swapped = fill_cell(cell, "Al", boundary_sites(cell, "substitutional", 2.0), [0])
    assert (swapped.atoms.numbers == 13).sum() == 2 and len(swapped.atoms) == len(cell.atoms)
    single = fill_interface(boundary.interface, "H", sites, [0])
    assert len(single.upper) == len(single.atoms) == len(boundary.interface.atoms) + 1


def test_two_atoms_far_apart_do_not_interact_and_equal_pairs_are_one(alloy, nickel, hydrogen):
    pairs = pair_energies(alloy, nickel, hydrogen, 5.2, classes=[0])
    a = conventional_cell(nickel)[0, 0]
    np.testing.assert_allclose(pairs.distances, a * np.sqrt([0.5, 1.0, 1.5, 2.0]), atol=1e-6)
    assert abs(pairs.energies[0]) > 5 * abs(pairs.energies[-1]) and abs(pairs.energies[-1]) < 0.01
    close = pair_energies(alloy, nickel, hydrogen, 1.6)
    assert {tuple(one) for one in close.classes.tolist()} == {(0, 1)}
    blocked = pair_energies(alloy, nickel, hydrogen, 1.6, closest=1.6)
    assert np.isinf(blocked.energies).all()


def test_substitutional_pairs_are_the_shells_of_the_lattice(alloy, nickel):
    """Aluminium in nickel: twelve nearest neighbours that repel each other (Ni3Al has none), six beyond them."""
    single = bulk_solution(alloy, nickel, "Al", "substitutional")
    a = conventional_cell(nickel)[0, 0]
    pairs = pair_energies(alloy, nickel, single, 1.05 * a)
    np.testing.assert_allclose(pairs.distances, a * np.sqrt([0.5, 1.0]), atol=1e-6)
    assert all((one.numbers == 13).sum() == 2 for one in pairs.structures)
    assert pairs.energies[0] > 0.1 > abs(pairs.energies[1])
    gas = lattice_gas(nickel, single.sites, single.energies, pairs, (3, 3, 3))
    for energy, count in zip(pairs.energies, (12, 6), strict=True):
        assert np.all(np.sum(np.abs(gas.pair - energy) < 1e-9, axis=1) == count)


def test_every_pair_at_a_boundary_is_known_again(alloy, boundary, gathered):
    """Sites whose symmetry holds to a hundredth of an Å only: each pair within reach finds its interaction, from either end."""
    reach, atoms, found = 2.6, boundary.cell.atoms, gathered.spectrum
    pairs = pair_energies(alloy, atoms, found, reach, classes=[0, 1, 2, 3, 4, 5], relaxing=Relaxing(2.0, force=0.05))
    kept = np.flatnonzero(found.sites.classes < 6)
    gas = lattice_gas(atoms, found.sites, found.energies, pairs, (3, 2, 1), kept)
    host, sites = atoms * (3, 2, 1), tiled(found.sites.select(kept), atoms, (3, 2, 1))
    offsets = (sites.positions[:, None] - sites.positions[None]) @ np.linalg.inv(host.cell.array)
    apart = np.linalg.norm((offsets - np.round(offsets)) @ host.cell.array, axis=-1) + 9 * np.eye(len(sites))
    assert np.array_equal(gas.pair != 0, apart < reach) and (apart < reach).sum() > 6 * len(sites)


def test_a_pair_of_different_crystals_has_sites_too(alloy, nickel):
    """Aluminium on nickel with vacuum outside: sites between them, beside and above; solute goes with either crystal."""
    aluminium = equilibrium(alloy, "Al", "fcc", tolerance=1e2)
    slabs = [cleavage_slab(one, (0, 0, 1), 4, conventional=conventional_cell(one)) for one in (aluminium, nickel)]
    joined = hetero_interface(*slabs, match_lattices(*slabs, largest_strain=0.16, largest_area=20.0))
    place = Place(
        "interface", joined.atoms, float(joined.atoms.positions[~joined.upper][:, 2].max() + joined.gap / 2), 2.0, 1
    )
    sites = place.sites("interstitial")
    assert len(sites) and np.abs(sites.positions[:, 2] - place.plane).max() <= 2.0
    assert set(place.sites("substitutional").names) == {"Al", "Ni"}
    filled = fill_interface(joined, "H", sites, [0, len(sites) - 1], upper=[True, False])
    assert filled.upper[-2:].tolist() == [True, False]
    parted = filled.opened(9.0)
    assert np.ptp(parted.positions[-2:, 2]) > 7.0


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda p, c, b: bulk_solution(p, c, "Cu", "interstitial"), "lacks the solute Cu; it knows H, Al, Ni"),
        (lambda p, c, b: bulk_solution(p, c, "Xx", "interstitial"), "'Xx' is no element"),
        (lambda p, c, b: bulk_solution(p, c, "Ni", "substitutional"), "Ni is the host's own element"),
        (lambda p, c, b: find_sites(c, "intersticial"), "Unknown kind of site 'intersticial'"),
        (lambda p, c, b: find_sites(c, "interstitial").called("cubic"), "'cubic'.*octahedral.*tetrahedral"),
        (lambda p, c, b: find_sites(c, "substitutional", element="Al"), "element to replace 'Al'.*Ni"),
        (lambda p, c, b: find_sites(Atoms("Ni4", np.eye(4)[:, :3] * 3), "interstitial"), "periodic in three directions"),
        (lambda p, c, b: find_sites(c, "interstitial", shape=Shape(smallest=0.9)), "no void of at least 0.9 bonds"),
        (lambda p, c, b: with_solute(c, "H", find_sites(c, "interstitial"), [0, 0]), "coverage over one"),
        (lambda p, c, b: with_solute(c, "H", find_sites(c, "interstitial"), [7]), "no site 7; there are 3"),
        (lambda p, c, b: b.chemical_potential(0.0, 300.0), "concentration of 0 solute.*above 0"),
        (lambda p, c, b: b.chemical_potential(-1e-3, 300.0), "concentration of -0.001"),
        (lambda p, c, b: b.chemical_potential(3.0, 300.0), "below 3 .a coverage"),
        (lambda p, c, b: b.chemical_potential(1e-3, 0.0), "above 0 K, not 0 K"),
        (lambda p, c, b: replaced_energy(p, bulk("NiAl", "cesiumchloride", a=2.9)), "several elements"),
        (lambda p, c, b: pair_energies(p, c, b, 0.0), "reach of 0 Å"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence(work, words, alloy, nickel, hydrogen):
    with pytest.raises(InputError, match=words):
        work(alloy, nickel, hydrogen)


def test_a_chosen_site_and_its_image_are_refused(boundary, gathered):
    sites = gathered.spectrum.sites
    with pytest.raises(InputError, match="image at the other boundary"):
        fill_cell(boundary.cell, "H", sites, np.flatnonzero(sites.classes == 0).tolist())
