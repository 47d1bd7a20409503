"""Coincidence of two lattices: the smallest in-plane cell that both have within a strain."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import Literal

import numpy as np

from atomistic.decohesion.slab import CleavageSlab
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

_SLACK = 1e-9  # relative: a cell at a limit is within it
_EQUAL = 1e-6  # strains and turns (rad) closer than this are equal


@dataclass(frozen=True)
class Coincidence:
    """A common in-plane cell of two lattices.

    Attributes:
        upper: (2, 2) integer combination of the upper crystal's plane vectors.
        lower: (2, 2) the same of the lower crystal's.
        strain: (3,) in-plane strain xx, yy, xy (tensor) of the crystal that is strained, in its own axes.
        area: Area of the common cell, Å².
        strained: Which of the two is strained.
        turn: Angle by which the strained crystal's x axis is turned against the other's, rad.
    """

    upper: np.ndarray
    lower: np.ndarray
    strain: FloatArray
    area: float
    strained: Literal["upper", "lower"] = "upper"
    turn: float = 0.0


@dataclass(frozen=True)
class _Mappings:
    """Ways to lay k cells of the strained lattice on cells of the fixed one.

    Attributes:
        strained: (k, 2, 2) integer cells of the strained lattice.
        fixed: (k, 2, 2) the cells of the fixed lattice that they are laid on.
        gradients: (k, 2, 2) deformation gradients, positive determinants.
    """

    strained: np.ndarray
    fixed: np.ndarray
    gradients: FloatArray

    @property
    def turns(self) -> FloatArray:
        """(k,) angle of the rotation in F = R U, rad."""
        f = self.gradients
        return np.arctan2(f[:, 1, 0] - f[:, 0, 1], f[:, 0, 0] + f[:, 1, 1])

    @property
    def principal_strains(self) -> FloatArray:
        """(k, 2) eigenvalues of U - 1, the larger first."""
        f = self.gradients
        mean = 0.5 * np.hypot(f[:, 0, 0] + f[:, 1, 1], f[:, 1, 0] - f[:, 0, 1])
        half = 0.5 * np.hypot(f[:, 0, 0] - f[:, 1, 1], f[:, 1, 0] + f[:, 0, 1])
        return np.column_stack([mean + half, mean - half]) - 1

    def kept(self, chosen: np.ndarray) -> "_Mappings":
        return _Mappings(self.strained[chosen], self.fixed[chosen], self.gradients[chosen])


def match_lattices(
    upper: CleavageSlab,
    lower: CleavageSlab,
    *,
    largest_area: float = 150.0,
    strain: Literal["upper", "lower"] = "upper",
    largest_strain: float = 0.05,
    aligned: bool = False,
) -> Coincidence:
    """The smallest common in-plane cell within a strain limit, of equal areas the one of least strain.

    The search is complete. All superlattices of the strained crystal are tried, each by one reduced basis, after Zur and
    McGill, J. Appl. Phys. 55 (1984) 378; but where they compare it with one reduced basis of the other crystal, here it is laid
    on every pair of that crystal's lattice vectors that the strain allows. Only rotations about the normal are, no mirrors.

    The least strain is that of the least largest principal strain. Of several orientations of equal strain, such as
    twins, that with the least turn of the crystals' x axes is taken, and of two turned by opposite angles that in which the
    crystal that is strained turns counter-clockwise.

    Args:
        upper: The upper crystal, cut along its plane.
        lower: The lower crystal.
        largest_area: Largest common cell, Å²; it is a cell of the crystal that is not strained.
        strain: Which of the two is strained to fit the other.
        largest_strain: Largest principal strain, in tension and in compression.
        aligned: Whether the x axes of the two are one line, as in a given boundary: the strained crystal may turn by no more
            than `largest_strain`, rad, against the other.

    Raises:
        InputError: there is no such cell, and the message says what to widen; a limit makes no sense.
    """
    if strain not in ("upper", "lower"):
        raise unknown_choice("crystal to be strained", strain, ("upper", "lower"))
    if not 0 <= largest_strain < 1:
        raise InputError(
            f"A largest strain of {largest_strain:g} cannot be searched; give one from 0 to under 1, such as 0.05."
        )
    if not 0 < largest_area < np.inf:
        raise InputError(f"A largest area of {largest_area:g} Å² cannot be searched; give a positive one, such as 150.")
    planes = [slab.atoms.cell.array[:2, :2] for slab in (upper, lower)]
    strained, fixed = planes if strain == "upper" else planes[::-1]
    unit = abs(np.linalg.det(fixed))
    for multiple in range(1, floor(largest_area / unit * (1 + _SLACK)) + 1):
        found = _mappings(strained, fixed, multiple, largest_strain)
        if aligned:
            found = found.kept(np.abs(found.turns) <= largest_strain + _SLACK)
        if len(found.gradients):
            return _coincidence(_best(found), multiple * unit, strain)
    turned = " and turns" if aligned else ""
    raise InputError(
        f"The two planes have no common cell up to {largest_area:g} Å² with strains{turned} up to {largest_strain:g}; "
        "allow a larger area or a larger strain."
    )


def _coincidence(found: _Mappings, area: float, strain: Literal["upper", "lower"]) -> Coincidence:
    """The first of the mappings."""
    (c, s), gradient = (np.cos(found.turns[0]), np.sin(found.turns[0])), found.gradients[0]
    stretch = np.array([[c, s], [-s, c]]) @ gradient - np.eye(2)
    cells = (found.strained[0], found.fixed[0])
    upper, lower = cells if strain == "upper" else cells[::-1]
    strains = np.array([stretch[0, 0], stretch[1, 1], stretch[0, 1], found.turns[0]])
    strains[np.abs(strains) < _SLACK] = 0.0  # rounding of a lattice that fits
    return Coincidence(upper, lower, strains[:3], float(area), strain, float(strains[3]))


def _best(found: _Mappings) -> _Mappings:
    """Those of least strain and, among them, of least turn."""
    measures: tuple[Callable[[_Mappings], FloatArray], ...] = (
        lambda m: np.abs(m.principal_strains).max(axis=1),
        lambda m: np.linalg.norm(m.principal_strains, axis=1),
        lambda m: np.abs(m.turns),
        lambda m: -m.turns,
    )
    for measure in measures:
        values = measure(found)
        found = found.kept(values <= values.min() + _EQUAL)
    return found


def _mappings(strained: FloatArray, fixed: FloatArray, multiple: int, largest_strain: float) -> _Mappings:
    """All superlattices of the strained lattice on all cells of `multiple` unit cells of the fixed one, within the strain."""
    ratio = multiple * abs(np.linalg.det(fixed) / np.linalg.det(strained))
    fewest = ceil(ratio / (1 + largest_strain) ** 2 * (1 - _SLACK))
    most = floor(ratio / (1 - largest_strain) ** 2 * (1 + _SLACK))
    cells = [
        reduced_basis(c, strained @ strained.T) for n in range(max(fewest, 1), most + 1) for c in _superlattices(n)
    ]
    empty = np.empty((0, 2, 2), dtype=int)
    found = [(empty, empty, np.empty((0, 2, 2)))]
    reach = largest_strain + _SLACK
    lengths = np.array([np.linalg.norm(cell @ strained, axis=1) for cell in cells]).reshape(-1, 2)
    vectors, norms = _vectors(fixed, (1 + reach) * lengths.max(initial=0.0))
    for cell, length in zip(cells, lengths, strict=True):
        first, second = (
            vectors[slice(*np.searchsorted(norms, [(1 - reach) * one, (1 + reach) * one]))] for one in length
        )
        determinants = np.outer(first[:, 0], second[:, 1]) - np.outer(first[:, 1], second[:, 0])
        i, j = np.nonzero(determinants == multiple)
        onto = np.stack([first[i], second[j]], axis=1)
        gradients = np.linalg.solve(cell @ strained, onto @ fixed).transpose(0, 2, 1)
        found.append((np.broadcast_to(cell, onto.shape), onto, gradients))
    made = _Mappings(*(np.concatenate(part) for part in zip(*found, strict=True)))
    return made.kept(np.abs(made.principal_strains).max(axis=1) <= reach)


def _superlattices(multiple: int) -> Iterator[np.ndarray]:
    """One integer basis of each superlattice of so many cells, in Hermite normal form."""
    for i in range(1, multiple + 1):
        if multiple % i == 0:
            yield from (np.array([[i, j], [0, multiple // i]]) for j in range(multiple // i))


def reduced_basis(cell: np.ndarray, metric: FloatArray) -> np.ndarray:
    """The same superlattice by its shortest vectors (Lagrange and Gauss), as right-handed as before.

    Args:
        cell: (2, 2) integer basis.
        metric: (2, 2) scalar products of the vectors that the integers combine, Å².
    """
    a, b = cell
    while True:
        if a @ metric @ a > (b @ metric @ b) * (1 + _SLACK):
            a, b = b, -a
        along = (a @ metric @ b) / (a @ metric @ a)
        if abs(along) <= 0.5 + _SLACK:
            return np.array([a, b])
        b = b - round(along) * a


def _vectors(plane: FloatArray, radius: float) -> tuple[np.ndarray, FloatArray]:
    """(n, 2) integer combinations of the plane vectors within a radius, by rising length, and their (n,) lengths."""
    unit = abs(np.linalg.det(plane))
    (most_a, most_b) = (floor(radius * np.linalg.norm(other) / unit) for other in plane[::-1])
    grid = np.mgrid[-most_a : most_a + 1, -most_b : most_b + 1].reshape(2, -1).T
    norms = np.linalg.norm(grid @ plane, axis=1)
    order = np.argsort(norms, kind="stable")
    order = order[: np.searchsorted(norms[order], radius, side="right")]
    return grid[order], norms[order]
