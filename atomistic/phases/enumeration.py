"""All orderings of elements on a lattice in small cells, each once (Hart and Forcade, Phys. Rev. B 77 (2008) 224115)."""

from collections.abc import Iterator, Sequence
from itertools import permutations, product

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.phases.candidates import Phase, at_guessed_volume
from coupling.errors import InputError, unknown_choice

IntArray = NDArray[np.int64]
LATTICES = {
    "fcc": np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
    "bcc": np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]),
    "sc": np.eye(3, dtype=np.int64),
}
"""Primitive lattice vectors, in halves of a cubic cell (sc: whole ones)."""
MOST_COLOURINGS = 20_000
"""Of one cell: beyond it the enumeration takes minutes, and the relaxations hours."""


def derivative_structures(lattice: str, elements: Sequence[str], most_atoms: int) -> list[Phase]:
    """All orderings with up to so many atoms in the primitive cell, no two alike; the pure elements among them.

    Args:
        lattice: "fcc", "bcc" or "sc".
        elements: Chemical symbols.
        most_atoms: In the primitive cell.

    Raises:
        InputError: there is no such lattice, or there are too many orderings.
    """
    if lattice not in LATTICES:
        raise unknown_choice("lattice", lattice, LATTICES)
    if most_atoms < 1 or len(elements) ** most_atoms > MOST_COLOURINGS:
        raise InputError(
            f"{len(elements)} elements in cells of {most_atoms} atoms make {len(elements)}^{most_atoms} orderings of each cell; "
            f"{MOST_COLOURINGS} are the most, so give fewer atoms."
        )
    basis = LATTICES[lattice]
    phases: list[Phase] = []
    for size in range(1, most_atoms + 1):
        for cell, colouring in orderings(basis, len(elements), size):
            atoms = Atoms([elements[colour] for colour in colouring], sites(cell) @ basis, cell=cell @ basis, pbc=True)
            label = f"{lattice} {atoms.get_chemical_formula(empirical=True)}"
            number = sum(phase.name.rpartition(" ")[0] == label for phase in phases) + 1
            phases.append(Phase(f"{label} {number}", at_guessed_volume(atoms)))
    return phases


def orderings(basis: IntArray, colours: int, size: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Cells (3, 3) in lattice vectors and colourings (size,) of their sites, one of each symmetry class.

    Args:
        basis: (3, 3) rows are the lattice vectors.
        colours: How many kinds of atoms.
        size: Sites of the primitive cell.
    """
    turns = _rotations(basis)
    all_of_them = np.array(list(product(range(colours), repeat=size)))
    weights = colours ** np.arange(size)
    for cell in _cells(size):
        images = [hermite(cell @ turn) for turn in turns]
        if min(image.tolist() for image in images) != cell.tolist():
            continue
        kept = [turn for turn, image in zip(turns, images, strict=True) if np.array_equal(image, cell)]
        places, codes = sites(cell), all_of_them @ weights
        shifted = np.array([_index(places + shift, cell) for shift in places])
        periodic = np.any([(all_of_them[:, moved] @ weights) == codes for moved in shifted[1:]], axis=0)
        least = codes.copy()
        for turn in kept:
            for moved in shifted[:, _index(places @ turn, cell)]:
                np.minimum(least, all_of_them[:, moved] @ weights, out=least)
        for colouring in all_of_them[(least == codes) & ~np.broadcast_to(periodic, codes.shape)]:
            yield cell, colouring


def sites(cell: IntArray) -> IntArray:
    """(size, 3) lattice points within a cell in Hermite normal form."""
    return np.array(list(product(*(range(side) for side in np.diag(cell)))))


def hermite(rows: IntArray) -> IntArray:
    """The lower triangular basis of the lattice that three rows span, reduced: one for each lattice."""
    m = [[int(x) for x in row] for row in rows]
    for column in (2, 1, 0):
        above = m[: column + 1]
        while sum(row[column] != 0 for row in above) > 1:
            above.sort(key=lambda row: (row[column] == 0, abs(row[column])))
            for row in above[1:]:
                times = row[column] // above[0][column]
                row[:] = [x - times * y for x, y in zip(row, above[0], strict=True)]
        above.sort(key=lambda row: row[column] != 0)
        m[: column + 1] = above
        if m[column][column] < 0:
            m[column] = [-x for x in m[column]]
    for lower, column in ((1, 0), (2, 1), (2, 0)):
        times = m[lower][column] // m[column][column]
        m[lower] = [x - times * y for x, y in zip(m[lower], m[column], strict=True)]
    return np.array(m)


def _cells(size: int) -> Iterator[IntArray]:
    """All lattices of an index, in Hermite normal form."""
    for a, c in product(range(1, size + 1), repeat=2):
        f, rest = divmod(size, a * c)
        if f == 0 or rest:
            continue
        for b, d, e in product(range(a), range(a), range(c)):
            yield np.array([[a, 0, 0], [b, c, 0], [d, e, f]])


def _rotations(basis: IntArray) -> list[IntArray]:
    """The 48 operations of the cube, in lattice vectors."""
    inverse = np.linalg.inv(basis)
    turns = [
        np.eye(3)[list(order)] * np.array(signs)[:, None]
        for order in permutations(range(3))
        for signs in product((1, -1), repeat=3)
    ]
    return [np.round(basis @ turn @ inverse).astype(np.int64) for turn in turns]


def _index(points: IntArray, cell: IntArray) -> IntArray:
    """(n,) numbers of the sites of a cell that lattice points (n, 3) are equivalent to."""
    points = points.copy()
    for row in (2, 1, 0):
        points -= (points[:, row] // cell[row, row])[:, None] * cell[row]
    return np.asarray((points[:, 0] * cell[1, 1] + points[:, 1]) * cell[2, 2] + points[:, 2])
