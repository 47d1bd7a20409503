"""Two grains stacked to a periodic cell with two equal boundaries, shifted against each other and thinned at the boundary."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, lcm
from typing import Literal, NamedTuple

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.decohesion.bicrystal import Bicrystal, inversion_centre
from atomistic.decohesion.coincidence import match_lattices, reduced_basis
from atomistic.decohesion.hetero import HeteroInterface, hetero_interface
from atomistic.decohesion.layered import closed_gap, middle
from atomistic.decohesion.slab import CleavageSlab, cleavage_slab
from atomistic.grain_boundary.geometry import BoundaryGeometry
from coupling.contracts import FloatArray
from coupling.errors import InputError

_EXACT = 1e-5  # strain of an exact coincidence: rounding of the lattice
_FACE = 0.6  # of the shortest bond: how deep the atoms lie whose mean is a face
_SAME_SITE = 0.02  # Å
_SLACK = 1e-6


@dataclass(frozen=True)
class Coincide:
    """How two grains are brought to coincide where they do not by themselves.

    Attributes:
        strained: The grain that is strained.
        largest_strain: Largest principal strain, and turn in rad.
        largest_area: Largest common cell, Å².
    """

    strained: Literal["upper", "lower"] = "upper"
    largest_strain: float = 0.03
    largest_area: float = 150.0


class Variant(NamedTuple):
    """How the upper grain lies on the lower one before it relaxes.

    Attributes:
        shift: (2,) along x, y, Å, from where the atoms of both grains' lowest planes begin.
        removed: Atoms taken out of the upper grain at each boundary, those that come too close.
        opening: Beyond the mean layer spacing, Å.
    """

    shift: tuple[float, float]
    removed: int = 0
    opening: float = 0.0


class StackedCell(NamedTuple):
    """A periodic cell of two grains.

    Attributes:
        cell: With its two boundaries.
        inverted: (N,) for each atom that onto which the inversion that makes the boundaries equal takes it.
    """

    cell: Bicrystal
    inverted: NDArray[np.int64]


@dataclass(frozen=True)
class Stacking:
    """The grains, matched, before they are shifted.

    Attributes:
        interface: The upper grain on the lower one.
        slabs: The lower and the upper grain as they were cut.
        bond: The shortest distance of two atoms of the crystal, Å.
    """

    interface: HeteroInterface
    slabs: tuple[CleavageSlab, CleavageSlab]
    bond: float

    @cached_property
    def centres(self) -> tuple[FloatArray, FloatArray]:
        """(2,) in-plane inversion centres of the lower and of the upper grain, Å."""
        atoms, upper = self.interface.atoms, self.interface.upper
        found = inversion_centre(atoms[~upper]), inversion_centre(atoms[upper])
        if found[0] is None or found[1] is None:
            raise InputError(
                "The crystal has no inversion centre in the middle of a grain cut along this plane, so that the two boundaries of "
                "a periodic cell would differ; take another crystal or plane."
            )
        return found[0], found[1]

    @cached_property
    def displacements(self) -> FloatArray:
        """(2, 2) in-plane vectors by which a shift of the upper grain changes nothing, Å: those of either lattice, and sums."""
        match, cell = self.interface.coincidence, self.interface.atoms.cell.array[:2, :2]
        parts = [(np.linalg.inv(m), abs(round(np.linalg.det(m)))) for m in (match.lower, match.upper)]
        whole = lcm(*(count for _, count in parts))
        rows = np.vstack([np.round(inverse * whole) for inverse, _ in parts]).astype(int)
        return reduced_basis(_row_basis(rows), cell @ cell.T) / whole @ cell

    def variants(self, step: float, overlap: float) -> list[Variant]:
        """Shifts on a grid no coarser than a step in Å, each with every number of atoms removed.

        Atoms of the upper grain are removed one after another, the one nearest to the lower grain first, as long as it is
        nearer than `overlap` bonds while the grains are as dense as the crystal; at most one layer of a bond's depth.
        """
        cell = self.displacements
        counts = [max(1, ceil(float(np.linalg.norm(v)) / step - _SLACK)) for v in cell]
        grid = [np.array([i / counts[0], j / counts[1]]) @ cell for i in range(counts[0]) for j in range(counts[1])]
        single = len(set(self.interface.atoms.numbers.tolist())) == 1
        found = []
        for x, y in grid:
            most = len(self._close(np.array([x, y]), overlap * self.bond)) if single else 0
            found += [Variant((float(x), float(y)), removed) for removed in range(most + 1)]
        return found

    def _close(self, shift: FloatArray, distance: float) -> np.ndarray:
        """Atoms of the upper grain at the lower boundary that are closer to the lower grain than a distance, closest first.

        Each is left out of account once a closer one is that near to the same atom of the lower grain.
        """
        atoms, upper = self.interface.atoms, np.flatnonzero(self.interface.upper)
        lower = np.flatnonzero(~self.interface.upper)
        heights = atoms.positions[:, 2]
        above = upper[heights[upper] < heights[upper].min() + distance]
        below = lower[heights[lower] > heights[lower].max() - distance]
        offsets = atoms.positions[above][:, None] + [*shift, 0.0] - atoms.positions[below][None]
        plane = atoms.cell.array[:2, :2]
        images = np.array([[i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)]) @ plane
        flat = offsets[..., :2] - np.floor(offsets[..., :2] @ np.linalg.inv(plane) + 0.5) @ plane
        near = np.linalg.norm(flat[:, :, None] + images, axis=-1).min(axis=-1)
        distances = np.hypot(near, offsets[..., 2])
        chosen: list[int] = []
        taken: set[int] = set()
        for a, b in zip(*np.unravel_index(np.argsort(distances, axis=None), distances.shape), strict=True):
            if distances[a, b] >= distance:
                break
            if above[a] not in chosen and int(b) not in taken:
                chosen.append(int(above[a]))
                taken.add(int(b))
        return np.array(chosen, dtype=int)

    def cell(self, variant: Variant) -> StackedCell:
        """The periodic cell of a variant, not relaxed: both boundaries are images of each other by inversion."""
        atoms, upper = self.interface.atoms.copy(), self.interface.upper
        shift, (lower_centre, upper_centre) = np.array(variant.shift), self.centres
        gone = self._close(shift, np.inf)[: variant.removed] if variant.removed else np.zeros(0, dtype=int)
        atoms.positions[upper] += [*shift, variant.opening]
        vectors = atoms.cell.array.copy()
        height = np.ptp(atoms.positions[:, 2]) + self.interface.gap + variant.opening
        vectors[2] = (*(2 * (upper_centre + shift - lower_centre)), height)
        atoms.set_cell(vectors, scale_atoms=False)
        kept = np.setdiff1d(np.arange(len(atoms)), np.append(gone, self._partners[gone]))
        atoms, upper = atoms[kept], upper[kept]
        bodies = np.flatnonzero(~upper), np.flatnonzero(upper)
        faces = face_atoms(atoms, bodies[0], self.bond), face_atoms(atoms, bodies[1], self.bond)
        crystals = [
            (len(body) / len(unit.atoms), unit) for body, (_, unit) in zip(bodies, self.interface.crystals, strict=True)
        ]
        made = Bicrystal(atoms, self.interface.area, 0.0, bodies, faces, (crystals[0], crystals[1]))
        return StackedCell(
            replace(made, spacing=closed_gap(made, atoms)), np.searchsorted(kept, self._partners[kept]).astype(np.int64)
        )

    @cached_property
    def _partners(self) -> NDArray[np.int64]:
        """(N,) for each atom that onto which inversion at the centre of its grain takes it."""
        atoms, partners = self.interface.atoms, np.empty(len(self.interface.atoms), dtype=np.int64)
        plane = atoms.cell.array[:2, :2]
        for centre, body in zip(self.centres, (~self.interface.upper, self.interface.upper), strict=True):
            members, positions = np.flatnonzero(body), atoms.positions[body]
            levels = positions[:, 2]
            turned = np.append(2 * centre, levels.min() + levels.max()) - positions
            offsets = positions[None] - turned[:, None]
            flat = offsets[..., :2] - np.round(offsets[..., :2] @ np.linalg.inv(plane)) @ plane
            distances = np.hypot(np.linalg.norm(flat, axis=-1), offsets[..., 2])
            partners[members] = members[np.argmin(distances, axis=1)]
        return partners


def stacked(
    crystal: Atoms,
    conventional: FloatArray,
    geometry: BoundaryGeometry,
    thickness: float,
    coincide: Coincide | None = None,
) -> Stacking:
    """Cut both grains and match them.

    Args:
        crystal: The crystal at its equilibrium.
        conventional: (3, 3) Å, that the indices refer to.
        geometry: Of the boundary.
        thickness: Of each grain at least, Å.
        coincide: How far two grains may be strained to match; None: a boundary with a Σ, which matches exactly.

    Raises:
        InputError: they have no common cell within the limits.
    """
    from ase.neighborlist import neighbor_list

    slabs = []
    for cut in (geometry.lower, geometry.upper):
        one = cleavage_slab(crystal, cut.plane, 2, conventional=conventional, x=cut.x)
        planes = max(4, ceil(thickness * one.planes / one.atoms.cell[2, 2]))
        slabs.append(cleavage_slab(crystal, cut.plane, planes, conventional=conventional, x=cut.x))
    lower, upper = slabs
    if coincide is None:
        limits = Coincide("upper", _EXACT, (geometry.sigma or 1) * lower.area * (1 + _EXACT))
    else:
        limits = coincide
    match = match_lattices(
        upper,
        lower,
        strain=limits.strained,
        largest_strain=limits.largest_strain,
        largest_area=limits.largest_area,
        aligned=True,
    )
    bond = float(neighbor_list("d", crystal, 6.0).min())
    return Stacking(hetero_interface(upper, lower, match), (lower, upper), bond)


def thickened(cell: Bicrystal, repeats: tuple[int, int]) -> Bicrystal:
    """The same boundaries with more lattice repeats in the middle of the lower and of the upper grain.

    Args:
        cell: Its middle is bulk.
        repeats: How many more, of either grain.
    """
    positions, numbers, bodies, faces = [], [], [], []
    shift, count = np.zeros(3), 0
    for body, face, more, (_, unit) in zip(cell.bodies, cell.faces, repeats, cell.crystals, strict=True):
        own, vector = cell.atoms.positions[body], unit.atoms.cell.array[2]
        below = own[:, 2] < middle(own[:, 2])
        last = np.argsort(np.where(below, own[:, 2], -np.inf))[-len(unit.atoms) :]
        positions += [
            own + shift + np.outer(~below, more * vector),
            *(own[last] + shift + j * vector for j in range(1, more + 1)),
        ]
        numbers += [cell.atoms.numbers[body], *[cell.atoms.numbers[body][last]] * more]
        bodies.append(np.arange(count, count + len(body) + more * len(last)))
        bottom, top = (count + np.searchsorted(body, one) for one in face)
        faces.append((bottom, top))
        shift, count = shift + more * vector, count + len(bodies[-1])
    vectors = cell.atoms.cell.array.copy()
    vectors[2] += shift
    atoms = Atoms(np.concatenate(numbers), np.vstack(positions), cell=vectors, pbc=True)
    crystals = [(n + more, unit) for more, (n, unit) in zip(repeats, cell.crystals, strict=True)]
    return Bicrystal(
        atoms,
        cell.area,
        cell.spacing,
        (bodies[0], bodies[1]),
        (faces[0], faces[1]),
        (crystals[0], crystals[1]),
        cell.inverted,
    )


def face_atoms(atoms: Atoms, body: np.ndarray, bond: float) -> tuple[np.ndarray, np.ndarray]:
    """Atoms at the lower and at the upper end of a body, whose mean is a face, as deep as a part of a bond in Å."""
    levels, reach = atoms.positions[body, 2], _FACE * bond + _SAME_SITE
    return body[levels < levels.min() + reach], body[levels > levels.max() - reach]


def _row_basis(rows: np.ndarray) -> np.ndarray:
    """(2, 2) basis of what the integer rows (n, 2) span (Hermite)."""
    first = rows[np.any(rows, axis=1)]
    while np.count_nonzero(first[:, 0]) > 1:
        order = np.flatnonzero(first[:, 0])
        pivot = order[int(np.argmin(np.abs(first[order, 0])))]
        for k in order:
            if k != pivot:
                first[k] -= (first[k, 0] // first[pivot, 0]) * first[pivot]
    lead = first[np.flatnonzero(first[:, 0])[0]]
    second = int(np.gcd.reduce(first[first[:, 0] == 0][:, 1]))
    return np.array([[lead[0], lead[1] % second], [0, second]])
