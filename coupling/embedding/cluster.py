"""A cluster cut out of a structure, its cut bonds closed by link atoms, and the way back for forces."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray, Structure
from coupling.embedding.neighbours import IntArray, Pairs, bonds, distances_to, full_cell
from coupling.errors import InputError

HYDROGEN = 1


@dataclass(frozen=True)
class Atoms:
    """A plain `Structure`."""

    numbers: NDArray[np.int64]
    positions: FloatArray
    cell: FloatArray
    pbc: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True)
class Termination:
    """How the surface of a cluster is made.

    Attributes:
        radii: Covalent radius by atomic number, Å.
        links: Whether cut bonds are closed by hydrogen: for covalent matter. Metals stay bare.
        lengths: Å, length of the bond of hydrogen to an element, where it is not the sum of radii.
        tolerance: A bond is shorter than this times the sum of its radii.
    """

    radii: Mapping[int, float]
    links: bool = False
    lengths: Mapping[int, float] = field(default_factory=dict)
    tolerance: float = 1.25

    def radii_of(self, numbers: IntArray) -> FloatArray:
        """(N,) radii of atoms, Å."""
        missing = sorted(set(np.asarray(numbers).tolist()) - set(self.radii))
        if missing:
            raise InputError(f"No covalent radius is known of atomic number {missing[0]}; give one in `radii`.")
        return np.array([self.radii[int(number)] for number in numbers])

    def ratios(self, inner: IntArray, outer: IntArray) -> FloatArray:
        """(L,) where on the bond from inner to outer the hydrogen sits: a constant of the elements."""
        a, b = self.radii_of(inner), self.radii_of(outer)
        length = [self.lengths.get(int(z), r + self.radii[HYDROGEN]) for z, r in zip(inner, a, strict=True)]
        return np.array(length) / (a + b)


@dataclass(frozen=True)
class Cluster:
    """Which atoms a cluster has and where they and its link atoms are; fixed while atoms move.

    A link atom is at (1 - g) r_inner + g r_outer with constant g, so that forces go back exactly.

    Attributes:
        atoms: (n,) indices.
        place: (n, 3) whole cells by which each atom stands away from `reference`.
        reference: (N, 3) positions when it was cut, Å.
        inner: (L,) atoms of the cluster that have a link.
        outer: (L,) atoms that the link stands for.
        outer_place: (L, 3) as `place`, for the outer atoms.
        ratio: (L,) g.
        pbc: (3,) directions in which the cluster spans the cell and stays periodic.
    """

    atoms: IntArray
    place: FloatArray
    reference: FloatArray
    inner: IntArray
    outer: IntArray
    outer_place: FloatArray
    ratio: FloatArray
    pbc: NDArray[np.bool_]

    @property
    def links(self) -> int:
        """How many link atoms there are."""
        return len(self.ratio)

    def located(self, structure: Structure, atoms: IntArray, place: FloatArray) -> FloatArray:
        """(k, 3) positions in the cluster's frame, Å, wherever the atoms were wrapped to since."""
        cell = full_cell(structure)
        positions = np.array(structure.positions, dtype=float)[atoms]
        moved = (positions - self.reference[atoms]) @ np.linalg.inv(cell)
        wrapped = np.where(np.array(structure.pbc, dtype=bool), np.round(moved), 0.0)
        return positions + (place - wrapped) @ cell

    def cut(self, structure: Structure) -> Atoms:
        """The cluster as it is now: its atoms, then its link atoms.

        A cluster that is periodic nowhere has no cell.
        """
        numbers = np.array(structure.numbers)[self.atoms]
        positions = self.located(structure, self.atoms, self.place)
        if self.links:
            rows = {int(atom): k for k, atom in enumerate(self.atoms)}
            inner = positions[[rows[int(atom)] for atom in self.inner]]
            outer = self.located(structure, self.outer, self.outer_place)
            g = self.ratio[:, None]
            positions = np.vstack([positions, (1 - g) * inner + g * outer])
            numbers = np.concatenate([numbers, np.full(self.links, HYDROGEN)])
        cell = np.zeros((3, 3))
        if self.pbc.any():
            given = np.array(structure.cell, dtype=float)
            cell = given if np.linalg.matrix_rank(given) == 3 else full_cell(structure)
        return Atoms(numbers, positions, cell, self.pbc.copy())

    def pulled_back(self, forces: FloatArray, size: int) -> FloatArray:
        """(N, 3) forces on the structure's atoms from (n + L, 3) forces on the cluster's: the transposed Jacobian."""
        full = np.zeros((size, 3))
        full[self.atoms] = forces[: len(self.atoms)]
        on_links = forces[len(self.atoms) :]
        np.add.at(full, self.inner, (1 - self.ratio)[:, None] * on_links)
        np.add.at(full, self.outer, self.ratio[:, None] * on_links)
        return full


def checked_indices(indices: IntArray, size: int, name: str) -> IntArray:
    """Sorted indices of a region.

    Raises:
        InputError: there are none, one is named twice, or one does not exist.
    """
    found = np.asarray(indices)
    if found.size == 0:
        raise InputError(f"Region {name!r} has no atoms; give it at least one atom or a larger radius.")
    if found.dtype.kind not in "iu" or found.ndim != 1:
        raise InputError(f"The indices of region {name!r} must be a list of whole numbers.")
    if found.min() < 0 or found.max() >= size:
        wrong = int(found[(found < 0) | (found >= size)][0])
        raise InputError(f"Region {name!r} names atom {wrong}; the structure has atoms 0 to {size - 1}.")
    if len(set(found.tolist())) != len(found):
        raise InputError(f"Region {name!r} names an atom twice.")
    return np.sort(found).astype(np.int64)


def grown(structure: Structure, core: IntArray, buffer: float) -> IntArray:
    """The core and all atoms within `buffer` Å of it.

    Raises:
        InputError: the buffer is negative or not finite.
    """
    if not 0 <= buffer < np.inf:
        raise InputError(f"A buffer of {buffer} Å is not a distance; give zero or more.")
    return np.flatnonzero(distances_to(structure, core, buffer) <= buffer) if buffer else core


def carve(structure: Structure, atoms: IntArray, termination: Termination) -> Cluster:
    """Cut a cluster out of a structure.

    With links the cluster first takes in the atoms that have two or more bonds to it (two hydrogens
    would collide there) and those that are bonded to nothing else. A cluster of all atoms keeps the
    cell and the periodicity, and so does one that spans the cell, along the directions it spans.

    Args:
        structure: The whole.
        atoms: (n,) sorted indices.
        termination: What the cut leaves.
    """
    size = len(structure.numbers)
    radii = termination.radii_of(np.array(structure.numbers))
    pairs = bonds(structure, radii, termination.tolerance)
    inside = np.zeros(size, dtype=bool)
    inside[atoms] = True
    if termination.links:
        _close(inside, pairs)
    atoms = np.flatnonzero(inside)
    cell, pbc = full_cell(structure), np.array(structure.pbc, dtype=bool)
    reference = np.array(structure.positions, dtype=float)
    if inside.all():
        none = np.zeros(0, dtype=np.int64)
        return Cluster(atoms, np.zeros((size, 3)), reference, none, none, np.zeros((0, 3)), np.zeros(0), pbc)
    place, spans = _unwrapped(structure, atoms, pairs, reference @ np.linalg.inv(cell), cell)
    cut = (
        pairs.take(inside[pairs.i] & ~inside[pairs.j])
        if termination.links
        else pairs.take(np.zeros(len(pairs.i), bool))
    )
    numbers = np.array(structure.numbers)
    ratio = termination.ratios(numbers[cut.i], numbers[cut.j])
    return Cluster(atoms, place[atoms], reference, cut.i, cut.j, place[cut.i] + cut.shift, ratio, spans & pbc)


def _close(inside: NDArray[np.bool_], pairs: Pairs) -> None:
    """Take in what cannot be cut off well, until nothing changes."""
    while True:
        held = np.bincount(pairs.i[inside[pairs.j]], minlength=len(inside))
        bonded = np.bincount(pairs.i, minlength=len(inside))
        joins = ~inside & ((held >= 2) | ((held > 0) & (held == bonded)))
        if not joins.any():
            return
        inside |= joins


def _unwrapped(
    structure: Structure, atoms: IntArray, pairs: Pairs, fractional: FloatArray, cell: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """(N, 3) whole cells to add so that bonded atoms are side by side; and the directions that are spanned."""
    size, members = len(fractional), set(atoms.tolist())
    place, placed = np.zeros((size, 3)), np.zeros(size, dtype=bool)
    spans = np.zeros(3, dtype=bool)
    order = np.argsort(pairs.i, kind="stable")
    starts = np.searchsorted(pairs.i[order], np.arange(size + 1))
    for seed in atoms.tolist():
        if placed[seed]:
            continue
        place[seed] = _nearest_place(seed, atoms[placed[atoms]], place, fractional, cell, np.array(structure.pbc, bool))
        placed[seed] = True
        queue = deque([seed])
        while queue:
            here = queue.popleft()
            for row in order[starts[here] : starts[here + 1]]:
                there, to = int(pairs.j[row]), place[here] + pairs.shift[row]
                if there not in members:
                    continue
                if placed[there]:
                    spans |= to != place[there]
                else:
                    place[there], placed[there] = to, True
                    queue.append(there)
    return place, spans


def _nearest_place(
    atom: int, others: IntArray, place: FloatArray, fractional: FloatArray, cell: FloatArray, pbc: NDArray[np.bool_]
) -> FloatArray:
    """Where a separate piece of the cluster starts: at the image nearest to what stands already."""
    if len(others) == 0:
        return np.zeros(3)
    between = (fractional[others] + place[others]).mean(axis=0) - fractional[atom]
    nearest = np.where(pbc, np.round(between), 0.0)
    steps = np.stack(np.meshgrid(*(([-1, 0, 1] if p else [0]) for p in pbc), indexing="ij"), axis=-1).reshape(-1, 3)
    return min((nearest + step for step in steps), key=lambda trial: float(np.linalg.norm((trial - between) @ cell)))
