"""Sites for solute atoms in a periodic structure, and which of them are equal by its symmetry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import spglib
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from atomistic.solutes.voids import Shape, images_around, surroundings, void_centres
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

SiteKind = Literal["interstitial", "substitutional"]
SITE_KINDS = ("interstitial", "substitutional")
SAME_SITE = 0.4
"""Å: a solute atom that is this near to a site is on it."""
_SYMMETRY = 0.02  # Å: by how much equivalent atoms may be apart
_REGULAR = Shape()


@dataclass(frozen=True)
class Sites:
    """Sites, one a row.

    Attributes:
        kind: "interstitial" or "substitutional".
        positions: (m, 3) Å.
        classes: (m,) numbers of the classes of sites that the structure's symmetry takes onto each other, from 0.
        names: (m,) what each is called: "octahedral", "tetrahedral", "prismatic", "5-fold", "3-fold hollow", …; of a
            substitutional site the element that it replaces.
        radii: (m,) distance of the nearest atom, Å.
        atoms: (m,) the atom that a substitutional site replaces; -1 at an interstitial one.
    """

    kind: str
    positions: FloatArray
    classes: NDArray[np.int64]
    names: tuple[str, ...]
    radii: FloatArray
    atoms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def representatives(self) -> NDArray[np.int64]:
        """(k,) the first site of each class."""
        return np.unique(self.classes, return_index=True)[1].astype(np.int64)

    @property
    def multiplicities(self) -> NDArray[np.int64]:
        """(k,) sites of each class."""
        return np.unique(self.classes, return_counts=True)[1].astype(np.int64)

    def select(self, which: "np.ndarray | Sequence[int]") -> "Sites":
        """Some of them, by a mask (m,) or by numbers; classes are counted anew."""
        rows = np.arange(len(self))[np.asarray(which)]
        _, first, back = np.unique(self.classes[rows], return_index=True, return_inverse=True)
        order = np.argsort(np.argsort(first))
        return Sites(
            self.kind, self.positions[rows], order[back].astype(np.int64), tuple(self.names[k] for k in rows),
            self.radii[rows], self.atoms[rows],
        )  # fmt: skip

    def called(self, name: str) -> "Sites":
        """Those with a name.

        Raises:
            InputError: there are none.
        """
        if name not in self.names:
            raise unknown_choice(f"{self.kind} site", name, sorted(set(self.names)))
        return self.select(np.array([one == name for one in self.names]))

    def between(self, bottom: float, top: float, cell: FloatArray) -> "Sites":
        """Those whose heights lie between two, or do so one cell (3, 3) higher or lower, Å."""
        height = float(cell[2, 2])
        above = np.mod(self.positions[:, 2] - bottom, height)
        return self.select(above <= top - bottom)


class Symmetry(NamedTuple):
    """Operations of a structure.

    Attributes:
        rotations: (g, 3, 3) of fractional coordinates, columns.
        translations: (g, 3).
    """

    rotations: NDArray[np.int64]
    translations: FloatArray

    def images(self, position: FloatArray, cell: FloatArray) -> FloatArray:
        """(g, 3) all positions, in the cell, onto which a position (3,) is taken, Å."""
        inside = self.rotations @ np.linalg.solve(cell.T, position) + self.translations
        return np.asarray(np.mod(inside, 1.0) @ cell)


def symmetry(atoms: Atoms, tolerance: float = _SYMMETRY) -> Symmetry:
    """The operations that take a structure onto itself; the identity alone where there are no others.

    Args:
        atoms: Periodic in three directions.
        tolerance: By how much equivalent atoms may be apart, Å.
    """
    found = spglib.get_symmetry((atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers), symprec=tolerance)
    if found is None:
        return Symmetry(np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)))
    return Symmetry(found["rotations"].astype(np.int64), np.asarray(found["translations"]))


def find_sites(
    atoms: Atoms, kind: str, *, shape: Shape = _REGULAR, element: str | None = None, tolerance: float = _SYMMETRY
) -> Sites:
    """All sites in the cell of a structure: a crystal, an interface, a slab with vacuum.

    Interstitial: the centres of the empty spheres that the atoms enclose (vertices of the Voronoi tessellation), the middles
    of its faces where the sphere between two atoms is empty (the octahedral site of bcc), and on surfaces the hollows into
    which a ball sinks. Substitutional: the atoms.

    Args:
        atoms: A structure that is periodic in three directions.
        kind: "interstitial" or "substitutional".
        shape: Which voids count.
        element: Which element a substitutional atom replaces; None is any.
        tolerance: By how much atoms that are equal by symmetry may be apart, Å.

    Raises:
        InputError: there is no such kind or element, the cell is not periodic, or there is no site.
    """
    if kind not in SITE_KINDS:
        raise unknown_choice("kind of site", kind, SITE_KINDS)
    if not atoms.pbc.all() or abs(np.linalg.det(atoms.cell.array)) < 1e-6:
        raise InputError(
            "Sites are looked for in a cell that is periodic in three directions; give a slab a cell with vacuum."
        )
    if kind == "substitutional":
        return _substitutional(atoms, element, tolerance)
    positions = void_centres(atoms, shape)
    if not len(positions):
        raise InputError(
            f"{atoms.get_chemical_formula()} has no void of at least {shape.smallest:g} bonds; give a smaller one."
        )
    return interstices(atoms, positions, equal_classes(symmetry(atoms, tolerance), positions, atoms.cell.array))


def interstices(atoms: Atoms, positions: FloatArray, classes: NDArray[np.int64]) -> Sites:
    """Interstitial sites at positions (m, 3) in Å, of known classes (m,); the widest class comes first."""
    found = surroundings(atoms, positions)
    widths = np.round(np.bincount(classes, found.radii) / np.bincount(classes), 3)
    order = np.lexsort((*np.round(positions, 3).T, classes, -widths[classes]))
    none = np.full(len(positions), -1, dtype=np.int64)
    names = tuple(found.names)
    return Sites("interstitial", positions, classes, names, found.radii, none).select(order)


def _substitutional(atoms: Atoms, element: str | None, tolerance: float) -> Sites:
    symbols = atoms.get_chemical_symbols()
    if element is not None and element not in symbols:
        raise unknown_choice("element to replace", element, sorted(set(symbols)))
    members = np.array([k for k, one in enumerate(symbols) if element in (None, one)], dtype=np.int64)
    positions = atoms.positions[members]
    reach = cKDTree(images_around(atoms, 8.0).positions)
    radii = reach.query(positions, k=2)[0][:, 1]
    classes = equal_classes(symmetry(atoms, tolerance), positions, atoms.cell.array)
    return Sites("substitutional", positions, classes, tuple(symbols[k] for k in members), radii, members)


def equal_classes(operations: Symmetry, positions: FloatArray, cell: FloatArray) -> NDArray[np.int64]:
    """(m,) classes of positions (m, 3) in Å that the operations take onto each other, numbered as they first occur."""
    classes = np.full(len(positions), -1, dtype=np.int64)
    owners, tree = _periodic_tree(positions, cell)
    for k in range(len(positions)):
        if classes[k] < 0:
            distances, nearest = tree.query(operations.images(positions[k], cell))
            reached = owners[nearest[distances < SAME_SITE]]
            free = reached[classes[reached] < 0]
            classes[free] = classes[k] = classes.max() + 1
    return classes


def _periodic_tree(positions: FloatArray, cell: FloatArray) -> tuple[NDArray[np.int64], cKDTree]:
    """A tree of positions and their images next to the cell, and whose image each is."""
    grid = np.array([[i, j, k] for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)])
    inside = np.mod(positions @ np.linalg.inv(cell), 1.0)
    everywhere = ((inside[None] + grid[:, None]) @ cell).reshape(-1, 3)
    return np.tile(np.arange(len(positions)), len(grid)), cKDTree(everywhere)
