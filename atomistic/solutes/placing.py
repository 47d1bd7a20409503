"""Solute atoms put on sites: of a structure, of a periodic cell with two boundaries, of one boundary between free ends."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from atomistic.decohesion.bicrystal import Bicrystal
from atomistic.decohesion.hetero import HeteroInterface
from atomistic.solutes.sites import SAME_SITE, SiteKind, Sites, Symmetry, find_sites, symmetry
from atomistic.solutes.voids import Shape
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError

_LOOSE = 0.2  # Å: by how much the two boundaries of a cell may differ as they are filled alike
_REGULAR = Shape()


def solute_number(solute: str, potential: Potential | None = None) -> int:
    """The atomic number of a solute.

    Args:
        solute: The element's symbol.
        potential: What it must know; None is anything.

    Raises:
        InputError: there is no such element, or the potential lacks it.
    """
    number = int(atomic_numbers.get(solute, 0))
    if not number:
        raise InputError(f"The solute {solute!r} is no element; give its symbol, such as H.")
    if potential is not None and number not in potential.elements:
        known = ", ".join(chemical_symbols[k] for k in sorted(potential.elements))
        raise InputError(f"Potential {potential.name!r} lacks the solute {solute}; it knows {known}. Take another one.")
    return number


def require_foreign(solute: str, host: "str | Sequence[str] | None") -> None:
    """Refuse a solute that is its host's own element.

    Args:
        solute: The element's symbol.
        host: The host's symbols, or its formula; None is not known.

    Raises:
        InputError: the host is of this element alone.
    """
    if host is not None and (host == solute or set(host) == {solute}):
        raise InputError(f"{solute} is the host's own element and no solute in it; give another element.")


def with_solute(atoms: Atoms, solute: str, sites: Sites, chosen: "Sequence[int] | NDArray[np.int64]") -> Atoms:
    """A structure with a solute atom on each chosen site.

    Atoms keep their numbers: interstitial atoms come after all others, in the order of the choice, and substitutional
    ones take the place of the atom that they replace.

    Args:
        atoms: Of which the sites are, or repeats of it.
        solute: The element's symbol.
        sites: From `find_sites`.
        chosen: Numbers of sites, each once.

    Raises:
        InputError: there is no such site or element, or a site is to hold more than one atom.
    """
    number, rows = solute_number(solute), np.asarray(chosen, dtype=np.int64).reshape(-1)
    wrong = rows[(rows < 0) | (rows >= len(sites))]
    if len(wrong):
        raise InputError(f"There is no site {wrong[0]}; there are {len(sites)}, numbered from 0.")
    if len(np.unique(rows)) < len(rows):
        twice = int(np.flatnonzero(np.bincount(rows) > 1)[0])
        raise InputError(f"Site {twice} is to hold two atoms, a coverage over one; choose each site once.")
    filled = atoms.copy()
    if sites.kind == "substitutional":
        filled.numbers[sites.atoms[rows]] = number
        return filled
    return filled + Atoms([number] * len(rows), sites.positions[rows], cell=atoms.cell, pbc=atoms.pbc)


def boundary_plane(cell: Bicrystal) -> float:
    """Height of the lower boundary: between the facing planes of the grains, Å."""
    heights = cell.atoms.positions[:, 2]
    return float(0.5 * (heights[cell.faces[0][1]].mean() + heights[cell.faces[1][0]].mean()))


def boundary_sites(cell: Bicrystal, kind: SiteKind, within: float = 5.0, *, shape: Shape = _REGULAR) -> Sites:
    """The sites of a periodic cell that lie within a distance in Å of its lower boundary.

    Raises:
        InputError: there is no such kind, or no site is that near.
    """
    plane = boundary_plane(cell)
    found = find_sites(cell.atoms, kind, shape=shape).between(plane - within, plane + within, cell.atoms.cell.array)
    if not len(found):
        raise InputError(f"No {kind} site lies within {within:g} Å of the boundary; give more.")
    return found


def fill_cell(
    cell: Bicrystal, solute: str, sites: Sites, chosen: Sequence[int], *, upper: Sequence[bool] | None = None
) -> Bicrystal:
    """A periodic cell with the same solute atoms at both of its boundaries.

    The second boundary is the first one's image, by inversion or by a mirror; each chosen site is filled there and here.
    The grains keep their faces and lattice repeats, which are the host's.

    Args:
        cell: The cell, in equilibrium without solute.
        solute: The element's symbol.
        sites: From `boundary_sites` or `find_sites` of its atoms.
        chosen: Numbers of sites at one boundary.
        upper: With which grain each interstitial atom goes as they part, and its image with the same; None: the lower one
            below the middle of the gap, the upper one above it.

    Raises:
        InputError: a site is filled twice (both it and its image were chosen), or no symmetry relates the boundaries.
    """
    rows = np.asarray(chosen, dtype=np.int64).reshape(-1)
    here = with_solute(cell.atoms, solute, sites, rows)  # refuses a wrong choice
    images = _image_sites(cell, sites, rows)
    if sites.kind == "substitutional":
        if np.intersect1d(images, sites.atoms[rows]).size:
            raise InputError(
                "A site and its image at the other boundary are both chosen; choose sites at one boundary."
            )
        here.numbers[images.astype(np.int64)] = solute_number(solute)
        return replace(cell, atoms=here)
    _refuse_shared(sites.positions[rows], images, cell.atoms.cell.array)
    own = _above(cell, sites.positions[rows]) if upper is None else np.asarray(upper, dtype=bool)
    if len(own) != len(rows):
        raise InputError(f"There are {len(own)} grains for {len(rows)} solute atoms; say of each with which it goes.")
    goes_up = np.tile(own, 2)
    places = _beside(cell, np.vstack([sites.positions[rows], images]), goes_up)
    number, added = solute_number(solute), len(cell.atoms) + np.arange(2 * len(rows))
    atoms = cell.atoms + Atoms([number] * len(places), places, cell=cell.atoms.cell, pbc=True)
    bodies = np.append(cell.bodies[0], added[~goes_up]), np.append(cell.bodies[1], added[goes_up])
    return replace(cell, atoms=atoms, bodies=bodies)


def fill_interface(
    interface: HeteroInterface, solute: str, sites: Sites, chosen: Sequence[int], *, upper: Sequence[bool] | None = None
) -> HeteroInterface:
    """One boundary between grains with free ends, with solute atoms on its sites; see `fill_cell`."""
    rows = np.asarray(chosen, dtype=np.int64).reshape(-1)
    atoms = with_solute(interface.atoms, solute, sites, rows)
    if sites.kind == "substitutional":
        return replace(interface, atoms=atoms)
    heights = interface.atoms.positions[:, 2]
    middle = 0.5 * (heights[~interface.upper].max() + heights[interface.upper].min())
    own = sites.positions[rows, 2] > middle if upper is None else np.asarray(upper, dtype=bool)
    return replace(interface, atoms=atoms, upper=np.append(interface.upper, own))


def _above(cell: Bicrystal, positions: FloatArray) -> NDArray[np.bool_]:
    """(n,) whether positions belong to the upper grain: above the lower boundary, or below the one through the cell's top."""
    heights = cell.atoms.positions[:, 2]
    bottom = boundary_plane(cell)
    top = 0.5 * (heights[cell.faces[1][1]].mean() + heights[cell.faces[0][0]].mean() + cell.atoms.cell[2, 2])
    return np.mod(positions[:, 2] - bottom, cell.atoms.cell[2, 2]) < top - bottom


def _beside(cell: Bicrystal, places: FloatArray, upper: NDArray[np.bool_]) -> FloatArray:
    """Positions (n, 3) moved by cells along the third vector so that each lies at the grain with which it goes, not beyond."""
    moved, vector = places.copy(), cell.atoms.cell.array[2]
    for body, own in zip(cell.bodies, (~upper, upper), strict=True):
        heights = cell.atoms.positions[body, 2]
        off = places[own, 2] - 0.5 * (heights.min() + heights.max())
        moved[own] -= np.outer(np.round(off / vector[2]), vector)
    return moved


def _image_sites(cell: Bicrystal, sites: Sites, rows: NDArray[np.int64]) -> np.ndarray:
    """Positions (n, 3) of interstitial sites, or atoms (n,) of substitutional ones, at the other boundary."""
    rotation = -np.eye(3, dtype=np.int64) if cell.inverted else np.diag([1, 1, -1])
    for tolerance in (SAME_SITE / 20, _LOOSE):
        found = symmetry(cell.atoms, tolerance)
        same = np.flatnonzero((found.rotations == rotation).all(axis=(1, 2)))
        if len(same):
            operation = Symmetry(found.rotations[same[:1]], found.translations[same[:1]])
            vectors = cell.atoms.cell.array
            images = np.array([operation.images(one, vectors)[0] for one in sites.positions[rows]]).reshape(-1, 3)
            return images if sites.kind == "interstitial" else _atoms_at(cell.atoms, images)
    raise InputError("No symmetry takes one boundary of the cell to the other, so that they cannot be filled alike.")


def _atoms_at(atoms: Atoms, positions: FloatArray) -> NDArray[np.int64]:
    offsets = (positions[:, None] - atoms.positions[None]) @ np.linalg.inv(atoms.cell.array)
    return np.linalg.norm((offsets - np.round(offsets)) @ atoms.cell.array, axis=-1).argmin(axis=1)


def _refuse_shared(first: FloatArray, second: FloatArray, cell: FloatArray) -> None:
    offsets = (first[:, None] - second[None]) @ np.linalg.inv(cell)
    if np.any(np.linalg.norm((offsets - np.round(offsets)) @ cell, axis=-1) < SAME_SITE):
        raise InputError("A site and its image at the other boundary are both chosen; choose sites at one boundary.")
