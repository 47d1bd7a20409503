"""Pictures of a core: differential displacements (Vitek) and the Nye tensor (Hartley and Mishin)."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.dislocation.cylinder import Cylinder
from atomistic.potentials.neighbours import neighbour_pairs
from coupling.contracts import FloatArray
from coupling.errors import InputError

IntArray = NDArray[np.int64]

_SHELL = 1.2
"""Distance within which an atom counts as a neighbour, over that of nearest neighbours."""
_ANGLE = np.cos(np.radians(27.0))
"""A neighbour further than this from every direction of the perfect crystal has no partner there."""
_DEGENERATE = 0.5


@dataclass(frozen=True)
class DifferentialDisplacements:
    """Arrows between neighbouring columns.

    Attributes:
        points: (m, 2, 2) the two columns' x and y in the perfect crystal, relative to the line, Å.
        values: (m,) displacement of the second along the Burgers vector less that of the first,
            brought to within half a Burgers vector, in Burgers vectors.
    """

    points: FloatArray
    values: FloatArray


def differential_displacements(cylinder: Cylinder, atoms: Atoms) -> DifferentialDisplacements:
    """The map of Vitek, Perrin and Bowen, Phil. Mag. 21 (1970) 1049, of the free atoms."""
    first, second = _columns(cylinder)
    b = cylinder.crystal.burgers
    along = (atoms.positions - cylinder.perfect.positions) @ b / (b @ b)
    change = along[second] - along[first]
    points = cylinder.points
    return DifferentialDisplacements(np.stack([points[first], points[second]], axis=1), change - np.round(change))


def _columns(cylinder: Cylinder) -> tuple[IntArray, IntArray]:
    """Pairs of neighbouring free atoms in different columns, once each."""
    first, second = neighbour_pairs(cylinder.perfect, _SHELL * cylinder.crystal.nearest)[:2]
    apart = np.linalg.norm(cylinder.points[first] - cylinder.points[second], axis=1) > 0.1
    kept = (first < second) & apart & cylinder.free[first] & cylinder.free[second]
    pairs = np.unique(np.stack([first[kept], second[kept]], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def polarity(cylinder: Cylinder, atoms: Atoms) -> float:
    """How far a bcc screw has spread on three of its six arms: 0 compact, 1 fully degenerate.

    |d_AB - d_BC| + |d_CD - d_DE| + |d_EF - d_FA| over b round the six columns of the core, A, C and E
    those of the inner triangle (Duesbery and Vitek, Acta Mater. 46 (1998) 1481).

    Raises:
        InputError: the dislocation is not a bcc screw.
    """
    crystal = cylinder.crystal
    if (crystal.system.structure, crystal.system.name) != ("bcc", "screw"):
        raise InputError(
            f"Polarity is defined for the bcc screw alone, not for {crystal.system.structure} {crystal.system.name}."
        )
    points, b = cylinder.points, crystal.burgers[2]
    distance = np.linalg.norm(points, axis=1)
    six = np.argsort(distance, kind="stable")[:6]
    six = six[np.argsort(np.arctan2(points[six, 1], points[six, 0]))]
    inner = set(np.argsort(distance[six])[:3].tolist())
    if 0 not in inner:
        six = np.roll(six, -1)
    u = (atoms.positions - cylinder.perfect.positions)[six, 2] / b
    d = np.roll(u, -1) - u
    d -= np.round(d)
    return float(abs(d[0] - d[1]) + abs(d[2] - d[3]) + abs(d[4] - d[5]))


def is_compact(cylinder: Cylinder, atoms: Atoms) -> bool:
    """Whether a bcc screw's core is compact and not degenerate."""
    return polarity(cylinder, atoms) < _DEGENERATE


def nye_tensor(cylinder: Cylinder, atoms: Atoms) -> FloatArray:
    """Nye tensor (N, 3, 3) of every atom, 1/Å; NaN in the shell.

    α_jk = -ε_jim ∂G_mk/∂x_i, G the lattice correspondence of each atom's neighbours (Hartley and
    Mishin, Acta Mater. 53 (2005) 1313). Its row z integrates over the plane to the Burgers vector.
    """
    first, second, vectors = neighbour_pairs(atoms, _SHELL * cylinder.crystal.nearest)
    ideal = _partners(cylinder, first, vectors)
    known = ~np.isnan(ideal[:, 0])
    correspondence = _least_squares(first[known], vectors[known], ideal[known], len(atoms))
    change = correspondence[second] - correspondence[first]
    gradient = _least_squares(first, vectors, change.reshape(len(first), 9), len(atoms)).reshape(-1, 3, 3, 3)
    nye = np.empty((len(atoms), 3, 3))
    for j in range(3):
        i, m = (j + 1) % 3, (j + 2) % 3
        nye[:, j] = gradient[:, m, i] - gradient[:, i, m]
    nye[~cylinder.free] = np.nan
    return nye


def nye_position(cylinder: Cylinder, atoms: Atoms, within: float = 10.0) -> FloatArray:
    """Centre (2,) of the Nye tensor's component along the Burgers vector, relative to the line, Å."""
    b = cylinder.crystal.burgers
    density = np.nan_to_num(nye_tensor(cylinder, atoms)[:, 2]) @ b / (b @ b)
    near = np.linalg.norm(cylinder.points, axis=1) < min(within, cylinder.radius)
    weight = np.where(near, density, 0.0)
    return weight @ cylinder.points / weight.sum()


def _partners(cylinder: Cylinder, first: IntArray, vectors: FloatArray) -> FloatArray:
    """The perfect crystal's vector (P, 3) nearest in direction to each deformed one; NaN where none is near."""
    crystal, partners = cylinder.crystal, np.full_like(vectors, np.nan)
    cell = Atoms(crystal.numbers, crystal.sites, cell=crystal.lattice, pbc=True)
    site, _, perfect = neighbour_pairs(cell, _SHELL * crystal.nearest)
    length = np.linalg.norm(vectors, axis=1)[:, None]
    for kind in range(len(crystal.sites)):
        own = perfect[site == kind]
        chosen = np.flatnonzero(cylinder.sites[first] == kind)
        cosine = (vectors[chosen] / length[chosen]) @ (own / np.linalg.norm(own, axis=1)[:, None]).T
        best = cosine.argmax(1)
        partners[chosen] = np.where((cosine.max(1) > _ANGLE)[:, None], own[best], np.nan)
    return partners


def _least_squares(first: IntArray, vectors: FloatArray, values: FloatArray, atoms: int) -> FloatArray:
    """For each atom the (3, k) matrix X that makes vectors @ X closest to values (P, k)."""
    normal, right = np.zeros((atoms, 3, 3)), np.zeros((atoms, 3, values.shape[1]))
    np.add.at(normal, first, vectors[:, :, None] * vectors[:, None, :])
    np.add.at(right, first, vectors[:, :, None] * values[:, None, :])
    poor = np.linalg.cond(normal) > 1e8
    normal[poor], right[poor] = np.eye(3), 0.0
    return np.linalg.solve(normal, right)
