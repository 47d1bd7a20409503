"""Kept lists of neighbours: whole in any cell, whole after any move, and the same as fresh ones to the last bit."""

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111

from atomistic.potentials.compiled import library
from atomistic.potentials.compiled.pair_list import SKIN, KeptLists, PairList
from atomistic.potentials.neighbours import effective_cell, neighbour_pairs

CUTOFF = 4.4
CELL = np.array([[3.1, 0.2, 0.0], [0.4, 3.6, 0.3], [-0.3, 0.1, 4.2]])


def fresh(atoms: Atoms, cutoff: float = CUTOFF, counted: np.ndarray | None = None) -> PairList:
    pairs = PairList(library(), cutoff, counted)
    pairs.update(*of(atoms))
    return pairs


def of(atoms: Atoms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return atoms.positions.copy(), effective_cell(atoms.cell.array, atoms.pbc), atoms.pbc


def within(pairs: PairList, atoms: Atoms, cutoff: float = CUTOFF) -> list[tuple[float, ...]]:
    """Pairs within a cutoff in the order of the list: both atoms and the vector as it is computed."""
    first = np.repeat(np.arange(len(atoms)), np.diff(pairs.begin))
    second, image = pairs.pairs[: len(pairs)].T
    vectors = atoms.positions[second] - atoms.positions[first] + pairs.shifts[image]
    near = np.einsum("pc,pc->p", vectors, vectors) < cutoff**2
    return [(int(i), int(j), *v) for i, j, v in zip(first[near], second[near], vectors[near], strict=True)]


def both_ways(found: list[tuple[float, ...]]) -> np.ndarray:
    turned = [(j, i, *(-np.array(vector))) for i, j, *vector in found]
    return np.array(sorted(tuple(np.round(row, 7) + 0.0) for row in found + turned))


def expected(atoms: Atoms, cutoff: float = CUTOFF) -> np.ndarray:
    i, j, vectors = neighbour_pairs(atoms, cutoff)
    return np.array(sorted((a, b, *(np.round(v, 7) + 0.0)) for a, b, v in zip(i, j, vectors, strict=True)))


@pytest.mark.parametrize("pbc", list(itertools.product([True, False], repeat=3)))
@pytest.mark.parametrize("zero_rows", [True, False])
@pytest.mark.parametrize("count", [1, 6])
def test_each_pair_once_in_any_cell(pbc, zero_rows, count):
    cell = CELL.copy()
    if zero_rows:
        cell[~np.array(pbc)] = 0
    atoms = Atoms(f"Cu{count}", np.random.default_rng(5).uniform(-40, 50, size=(count, 3)), cell=cell, pbc=pbc)
    found = within(fresh(atoms), atoms)
    assert len(found) == len(expected(atoms)) / 2
    np.testing.assert_allclose(both_ways(found), expected(atoms), atol=2e-7)


@pytest.mark.parametrize("seed", range(6))
def test_each_pair_once_in_large_skew_cells_in_several_bins(seed):
    rng = np.random.default_rng(seed)
    atoms = bulk("Cu") * (6, 7, 9) if seed % 2 else fcc111("Cu", (5, 5, 6), vacuum=30.0)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.normal(scale=0.25, size=(3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(scale=0.3, size=atoms.positions.shape)
    atoms.pbc = rng.random(3) < 0.6
    atoms = atoms[rng.permutation(len(atoms))]
    found = within(fresh(atoms), atoms)
    np.testing.assert_allclose(both_ways(found), expected(atoms), atol=2e-7)
    assert [row[:2] for row in found] == sorted(row[:2] for row in found)


def test_far_apart_atoms_need_no_bins_between():
    atoms = Atoms("Cu3", [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [1e7, -1e7, 1e7]])
    assert [row[:2] for row in within(fresh(atoms), atoms)] == [(0, 1)]


def test_atoms_far_out_of_their_cell_each_in_an_image_of_its_own():
    atoms, rng = bulk("Cu", cubic=True) * 5, np.random.default_rng(1)
    moved = atoms.copy()
    moved.positions += rng.integers(-900, 900, size=(len(atoms), 3)) @ atoms.cell.array
    pairs = fresh(moved)
    assert len(pairs.images) > 4000  # more than there is room for at first
    assert len(within(pairs, moved)) == len(expected(atoms)) / 2


def test_a_list_that_outgrows_its_room_is_whole():
    atoms = bulk("Cu")
    pairs = fresh(atoms, 14.0)
    assert len(pairs) > 2 * 60  # the room that is made at first
    assert len(within(pairs, atoms, 14.0)) == len(expected(atoms, 14.0)) / 2


def test_only_pairs_with_an_atom_that_counts():
    atoms = bulk("Cu", cubic=True) * 3
    counted = np.arange(len(atoms)) % 7 == 0
    everything = within(fresh(atoms), atoms)
    assert within(fresh(atoms, counted=counted), atoms) == [
        row for row in everything if counted[row[0]] or counted[row[1]]
    ]


def test_a_list_is_kept_while_its_skin_lasts_and_renewed_after():
    atoms = bulk("Cu", cubic=True) * 3
    pairs = fresh(atoms)
    for step, renewals in ((0.49 * SKIN, 1), (0.51 * SKIN, 2)):
        moved = atoms.copy()
        moved.positions[17] += [0.0, step, 0.0]
        pairs.update(*of(moved))
        assert pairs.renewals == renewals


@pytest.mark.parametrize("strain", ["none", "cell"])
def test_after_many_moves_a_kept_list_is_a_fresh_one_to_the_last_bit(strain):
    """Atoms drift through the boundary, and the cell changes where it does."""
    rng, atoms = np.random.default_rng(3), bulk("Cu", cubic=True) * (3, 3, 4)
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.normal(scale=0.05, size=(3, 3))), scale_atoms=True)
    kept, crossed, cell = fresh(atoms), 0, atoms.cell.array.copy()
    drift = rng.normal(scale=0.03, size=(len(atoms), 3))
    for _ in range(60):
        atoms.positions += drift + rng.normal(scale=0.01, size=drift.shape)
        if strain == "cell":
            atoms.set_cell(
                atoms.cell.array @ (np.eye(3) + rng.normal(scale=0.002, size=(3, 3))), scale_atoms=bool(rng.integers(2))
            )
        kept.update(*of(atoms))
        assert within(kept, atoms) == within(fresh(atoms), atoms)
        crossed += int((np.floor(atoms.get_scaled_positions(wrap=False)) != 0).any(axis=1).sum())
    assert 3 < kept.renewals < 50 and crossed > 100
    assert (np.abs(atoms.cell.array - cell).max() > 0.05) == (strain == "cell")


def test_a_strained_cell_keeps_its_list_only_while_no_pair_can_have_come_within_reach():
    atoms = bulk("Cu", cubic=True) * 3
    pairs = fresh(atoms)
    for compression, renewals in ((0.9, 1), (0.87, 2)):  # (cutoff + skin) 0.87 is less than the cutoff, and 0.9 is not
        squeezed = atoms.copy()
        squeezed.set_cell(atoms.cell.array * compression, scale_atoms=True)
        pairs.update(*of(squeezed))
        assert pairs.renewals == renewals
        np.testing.assert_allclose(both_ways(within(pairs, squeezed)), expected(squeezed), atol=2e-7)


def test_wrapped_positions_are_noticed():
    atoms = bulk("Cu", cubic=True) * 3
    atoms.positions -= 0.05
    pairs = fresh(atoms)
    atoms.wrap()
    pairs.update(*of(atoms))
    np.testing.assert_allclose(both_ways(within(pairs, atoms)), expected(atoms), atol=2e-7)


def asked(kept: KeptLists, structures: list[Atoms]) -> list[PairList]:
    return [pairs for _, pairs in kept.of(structures)]


def test_each_structure_of_a_batch_finds_its_own_list_again_though_others_leave():
    rng = np.random.default_rng(2)
    structures = [bulk("Cu", cubic=True) * 2 for _ in range(9)] + [bulk("Cu") * 3]
    for atoms in structures:
        atoms.positions += rng.normal(scale=0.4, size=atoms.positions.shape)
    kept = KeptLists(library(), CUTOFF)
    first = asked(kept, structures)
    for atoms in structures:
        atoms.positions += rng.normal(scale=0.01, size=atoms.positions.shape)
    assert [a is b for a, b in zip(first, asked(kept, structures), strict=True)] == [True] * 10
    fewer = structures[2:]
    again = asked(kept, fewer)
    for pairs, atoms in zip(again, fewer, strict=True):
        np.testing.assert_allclose(both_ways(within(pairs, atoms)), expected(atoms), atol=2e-7)
    assert [a is b for a, b in zip(again, asked(kept, fewer), strict=True)] == [True] * 8


def test_the_tries_of_new_structures_grow_as_their_number(monkeypatch):
    tries, holds, rng = [], PairList.holds, np.random.default_rng(4)
    monkeypatch.setattr(PairList, "holds", lambda *given: tries.append(0) or holds(*given))
    kept = KeptLists(library(), CUTOFF)
    for _ in range(2):
        structures = [Atoms("Cu2", rng.uniform(0, 9, (2, 3)), cell=9 * np.eye(3), pbc=True) for _ in range(50)]
        tries.clear()
        asked(kept, structures)
    assert len(tries) < 5 * 50  # not 50 for each


def test_memory_is_bounded():
    kept, sizes = KeptLists(library(), CUTOFF, most=60_000), {}
    for size in (2, 3, 4, 3, 7, 2):
        atoms = bulk("Cu", cubic=True) * size
        (last,) = asked(kept, [atoms])
        np.testing.assert_allclose(both_ways(within(last, atoms)), expected(atoms), atol=2e-7)
        sizes[size] = last.bytes
        assert sum(one.bytes for one in kept.lists) <= 60_000
        assert (last in kept.lists) == (last.bytes <= 60_000)
    assert sizes[2] + sizes[3] + sizes[4] > 60_000 > sizes[4] and sizes[7] > 60_000
