"""Embedding without backends: neighbours, clusters, link atoms, the ledger, selection, point charges."""

import numpy as np
import pytest

from coupling.embedding.charges import COULOMB, PointCharges, coulomb
from coupling.embedding.cluster import Atoms, Termination, carve, checked_indices, grown
from coupling.embedding.neighbours import bonds, distances_to, neighbours
from coupling.embedding.selection import Hysteresis, groups
from coupling.embedding.terms import Region, clusters_of, subtractive_terms
from coupling.errors import DoubleCounted, InputError
from coupling.ledger import Ledger

RADII = {1: 0.31, 6: 0.76, 14: 1.11, 29: 1.32}
COVALENT = Termination(RADII, links=True, lengths={14: 1.48})
METAL = Termination(RADII)


def crystal(repeats=(2, 2, 2), rattle=0.05, pbc=True, seed=0):
    """Diamond silicon, unwrapped and rattled."""
    fcc = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    basis = np.vstack([fcc, fcc + 0.25]) * 5.43
    grid = np.array([[x, y, z] for x in range(repeats[0]) for y in range(repeats[1]) for z in range(repeats[2])])
    positions = (basis[None] + 5.43 * grid[:, None]).reshape(-1, 3)
    positions += np.random.default_rng(seed).normal(scale=rattle, size=positions.shape)
    return Atoms(np.full(len(positions), 14), positions, 5.43 * np.diag(repeats), np.full(3, pbc))


def moved(atoms, positions):
    return Atoms(atoms.numbers, positions, atoms.cell, atoms.pbc)


@pytest.mark.parametrize("pbc", [(True, True, True), (True, False, True), (False, False, False)])
@pytest.mark.parametrize("cutoff", [2.7, 9.0])
def test_neighbours_agree_with_an_independent_code(pbc, cutoff):
    from matscipy.neighbours import neighbour_list

    rng = np.random.default_rng(1)
    cell = np.array([[6.0, 0, 0], [2.5, 5, 0], [1, -2, 7]])
    atoms = Atoms(np.full(9, 14), rng.uniform(-9, 9, (9, 3)), cell, np.array(pbc))
    found = neighbours(atoms, cutoff)
    i, j, vectors = neighbour_list("ijD", pbc=pbc, cell=cell, positions=atoms.positions, cutoff=cutoff)

    def rows(i, j, v):
        return sorted((int(a), int(b), *np.round(c, 8).tolist()) for a, b, c in zip(i, j, v, strict=True))

    assert np.allclose(rows(found.i, found.j, found.vectors), rows(i, j, vectors))
    np.testing.assert_allclose(
        atoms.positions[found.j] + found.shift @ cell - atoms.positions[found.i], found.vectors, atol=1e-12
    )


def test_link_atoms_are_on_their_bonds_and_forces_go_back_by_the_transposed_jacobian():
    atoms = crystal()
    cluster = carve(atoms, np.array([0]), COVALENT)
    assert cluster.links == 4
    cut = cluster.cut(atoms)
    links = cut.positions[1:]
    ratio = 1.48 / (2 * 1.11)
    vectors = [pair for pair in bonds(atoms, np.full(64, 1.11), 1.25, np.array([0])).vectors]
    expected = sorted((cut.positions[0] + ratio * v).round(9).tolist() for v in vectors)
    np.testing.assert_allclose(sorted(links.round(9).tolist()), expected, atol=1e-9)
    pulls = np.random.default_rng(2).normal(size=cut.positions.shape)
    analytic = cluster.pulled_back(pulls, 64)
    numeric = np.zeros((64, 3))
    for atom in {0, *cluster.outer.tolist()}:
        for axis in range(3):
            step = np.zeros((64, 3))
            step[atom, axis] = 1e-4
            up, down = (cluster.cut(moved(atoms, atoms.positions + s * step)).positions for s in (1, -1))
            numeric[atom, axis] = np.vdot(pulls, up - down) / 2e-4
    np.testing.assert_allclose(analytic, numeric, atol=1e-9)
    np.testing.assert_allclose(analytic.sum(axis=0), pulls.sum(axis=0), atol=1e-12)


def test_a_cluster_across_the_border_of_the_cell_is_whole_and_stays_so_when_atoms_are_wrapped():
    atoms = crystal((3, 3, 3))
    core = grown(atoms, np.array([0]), 2.6)
    cluster = carve(atoms, core, COVALENT)
    cut = cluster.cut(atoms)
    assert not cut.pbc.any()
    assert not cut.cell.any()
    assert np.ptp(cut.positions, axis=0).max() < 8
    wrapped = moved(atoms, atoms.positions % (3 * 5.43))
    np.testing.assert_allclose(cluster.cut(wrapped).positions, cut.positions, atol=1e-10)
    fresh = carve(wrapped, core, COVALENT).cut(wrapped)
    shift = fresh.positions[0] - cut.positions[0]
    assert sorted(np.round(fresh.positions - shift, 6).tolist()) == sorted(np.round(cut.positions, 6).tolist())


def test_no_link_stands_where_two_hydrogens_would_collide():
    cluster = carve(crystal((3, 3, 3)), grown(crystal((3, 3, 3)), np.array([0]), 4.2), COVALENT)
    assert len(set(cluster.outer.tolist())) == cluster.links


def test_all_atoms_are_the_periodic_structure_itself():
    atoms = crystal()
    cluster = carve(atoms, np.arange(64), COVALENT)
    cut = cluster.cut(atoms)
    assert cluster.links == 0
    np.testing.assert_array_equal(cut.pbc, atoms.pbc)
    np.testing.assert_allclose(cut.cell, atoms.cell)
    np.testing.assert_allclose(cut.positions, atoms.positions, atol=1e-12)


def test_a_cluster_that_spans_the_cell_stays_periodic_along_that_direction():
    atoms = crystal((4, 4, 2))
    axis = distances_to(moved(atoms, atoms.positions * [1, 1, 0]), np.array([0]), 3.0) < 3.0
    cluster = carve(atoms, np.flatnonzero(axis), METAL)
    np.testing.assert_array_equal(cluster.pbc, [False, False, True])


def test_dropping_the_subtraction_counts_twice():
    atoms = crystal()
    regions = [Region("a", np.array([0]))]
    terms = subtractive_terms(64, regions, clusters_of(atoms, regions, COVALENT))
    names = [f"atom {k}" for k in range(64)]
    Ledger(terms, names)
    with pytest.raises(DoubleCounted, match="atom 0"):
        Ledger(terms[:2], names)


def test_disjoint_regions_have_terms_of_their_own_and_overlapping_ones_are_refused():
    atoms = crystal((3, 3, 3))
    far = int(np.argmax(distances_to(atoms, np.array([0]), 20.0)))
    regions = [Region("a", np.array([0]), 2.6), Region("b", np.array([far]), 2.6)]
    clusters = clusters_of(atoms, regions, METAL)
    terms = subtractive_terms(len(atoms), regions, clusters)
    assert [(t.owner, t.counting_number) for t in terms] == [("ML", 1), ("QM", 1), ("ML", -1), ("QM", 1), ("ML", -1)]
    with pytest.raises(DoubleCounted, match=r"QM\(a\).*QM\(b\)"):
        clusters_of(atoms, [Region("a", np.array([0]), 2.6), Region("b", np.array([4]), 2.6)], METAL)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([], "has no atoms"),
        ([64], "names atom 64"),
        ([-1], "names atom -1"),
        ([1, 1], "twice"),
        ([0.5], "whole numbers"),
    ],
)
def test_regions_that_name_no_atoms_are_refused(indices, message):
    with pytest.raises(InputError, match=message):
        checked_indices(np.array(indices), 64, "a")


def test_buffers_names_and_radii_that_mean_nothing_are_refused():
    atoms = crystal()
    with pytest.raises(InputError, match="not a distance"):
        grown(atoms, np.array([0]), -1.0)
    with pytest.raises(InputError, match="different names"):
        clusters_of(atoms, [Region("a", np.array([0])), Region("a", np.array([9]))], METAL)
    with pytest.raises(InputError, match="atomic number 14"):
        carve(atoms, np.array([0]), Termination({1: 0.31}))


def test_an_atom_on_the_border_does_not_flicker():
    path = 3.0 + 0.3 * np.sin(np.arange(40))
    sharp, kept = Hysteresis(3.0, 3.0), Hysteresis(3.0, 3.5)
    for distance in path:
        for selection in (sharp, kept):
            selection.update(np.array([0.0, distance]))
    assert sharp.switches > 10
    assert kept.switches <= 1
    assert len(kept.update(np.array([0.0, 3.6]))) == 1
    with pytest.raises(InputError, match="leave must be at least enter"):
        Hysteresis(3.0, 2.0)


def test_groups_are_apart_by_the_nearest_image():
    atoms = Atoms(
        np.full(4, 29), np.array([[0.5, 0, 0], [19.5, 0, 0], [8, 0, 0], [9, 0, 0]]), 20 * np.eye(3), np.full(3, True)
    )
    found = groups(atoms, np.arange(4), 3.0)
    assert sorted(sorted(group.tolist()) for group in found) == [[0, 1], [2, 3]]
    assert groups(atoms, np.zeros(0, int), 3.0) == []


def test_point_charges_leave_out_the_cluster_and_what_a_link_stands_for():
    atoms = crystal((2, 2, 2), pbc=False)
    inside = np.argmin(np.linalg.norm(atoms.positions - atoms.positions.mean(axis=0), axis=1))
    cluster = carve(atoms, np.array([inside]), COVALENT)
    own, outside, charges, places = PointCharges({14: 0.1}).around(atoms, cluster)
    assert own.tolist() == [0.1]
    assert set(outside.tolist()) == set(range(64)) - {inside, *cluster.outer.tolist()}
    np.testing.assert_array_equal(places, atoms.positions[outside])
    energy, on_own, on_others = coulomb(own, atoms.positions[[inside]], charges, places)
    assert energy == pytest.approx(
        COULOMB * 0.01 * (1 / np.linalg.norm(places - atoms.positions[inside], axis=1)).sum()
    )
    np.testing.assert_allclose(on_own.sum(axis=0) + on_others.sum(axis=0), 0, atol=1e-12)
    assert COULOMB == pytest.approx(14.399645, abs=1e-6)
    with pytest.raises(InputError, match="without periodicity"):
        PointCharges({14: 0.1}).around(crystal(), carve(crystal(), np.array([0]), COVALENT))
