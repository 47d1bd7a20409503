"""Voids between atoms: centres of empty spheres in the bulk, and hollows of surfaces."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from coupling.contracts import FloatArray
from coupling.errors import InputError

_JITTER = 1e-5  # Å: by which atoms are moved so that no five lie on one sphere
_EMPTY = 1e-2  # Å: by how much an atom may reach into a sphere that counts as empty
_TOUCHING = 1.08  # of the radius: atoms that a void's sphere touches
_SHELLS = 12  # atoms among which the widest gap of distances is looked for
_BESIDE = 0.4  # of a mean unit vector: beyond it all neighbours lie on one side
_OPPOSITE = -0.9  # cosine between neighbours that face each other
_FLAT = 1e-2  # of a bond cubed: volume below which four atoms lie in a plane and enclose nothing


@dataclass(frozen=True)
class Shape:
    """Which voids are sites; lengths in bonds, the median distance of nearest neighbours.

    Attributes:
        smallest: Least radius; above the 0.5 of the middle of a bond, below the 0.577 of the octahedral site of bcc.
        largest: Radius beyond which a void is open space, at whose walls the hollows are.
        ball: Radius of the ball that sinks into the hollows of a surface.
        apart: Distance below which two voids are one.
    """

    smallest: float = 0.56
    largest: float = 1.05
    ball: float = 0.72
    apart: float = 0.2


class Images(NamedTuple):
    """Atoms of a cell and their images around it.

    Attributes:
        positions: (n, 3) Å.
        owners: (n,) the atom of the cell of which each is an image.
    """

    positions: FloatArray
    owners: NDArray[np.int64]


class Surroundings(NamedTuple):
    """What lies around positions.

    Attributes:
        names: (m,) such as "octahedral".
        radii: (m,) distance of the nearest atom, Å.
    """

    names: list[str]
    radii: FloatArray


def images_around(atoms: Atoms, margin: float) -> Images:
    """The atoms of a cell with all images up to a margin in Å around it."""
    cell, inverse = atoms.cell.array, np.linalg.inv(atoms.cell.array)
    reach = margin * np.linalg.norm(inverse, axis=0)  # in fractions of each vector
    inside = np.mod(atoms.positions @ inverse, 1.0)
    spans = [np.arange(-int(np.ceil(r)), int(np.ceil(r)) + 1) for r in reach]
    grid = np.stack(np.meshgrid(*spans, indexing="ij"), axis=-1).reshape(-1, 3)
    everywhere = (inside[None] + grid[:, None]).reshape(-1, 3)
    kept = np.all((everywhere > -reach - 1e-9) & (everywhere < 1 + reach + 1e-9), axis=1)
    return Images(everywhere[kept] @ cell, np.tile(np.arange(len(atoms)), len(grid))[kept])


def bond_length(atoms: Atoms) -> float:
    """Median distance of nearest neighbours, Å.

    Raises:
        InputError: atoms are farther apart than any bond.
    """
    nearest = cKDTree(images_around(atoms, 6.0).positions).query(atoms.positions, k=2)[0][:, 1]
    if not np.isfinite(nearest).all():
        raise InputError(f"{atoms.get_chemical_formula()} has an atom without a neighbour within 6 Å.")
    return float(np.median(nearest))


def void_centres(atoms: Atoms, shape: Shape) -> FloatArray:
    """(m, 3) centres of the voids in a cell, Å: closed ones, middles of pairs of atoms, and hollows of surfaces."""
    bond = bond_length(atoms)
    moved = atoms.copy()
    moved.positions += np.random.default_rng(0).uniform(-_JITTER, _JITTER, atoms.positions.shape)
    points = images_around(moved, (2 * shape.largest + 0.5) * bond).positions
    tree, mesh = cKDTree(points), Delaunay(points)
    centres, radii, volumes = _circumspheres(points[mesh.simplices])
    closed = (radii >= shape.smallest * bond) & (radii <= shape.largest * bond) & (volumes > _FLAT * bond**3)
    found = [
        centres[closed],
        _middles(points, mesh.simplices, tree, shape.smallest * bond, shape.largest * bond),
        _hollows(points, mesh, radii <= shape.largest * bond, tree, shape.ball * bond),
    ]
    return _merged(np.vstack(found), atoms.cell.array, shape.apart * bond)


def surroundings(atoms: Atoms, positions: FloatArray) -> Surroundings:
    """Names and radii of positions (m, 3), Å."""
    points = images_around(atoms, 8.0).positions
    distances, nearest = cKDTree(points).query(positions, k=_SHELLS)
    names = []
    for position, far, members in zip(positions, distances, nearest, strict=True):
        touching = int(np.sum(far < _TOUCHING * far[0]))
        known = far[np.isfinite(far)]
        count = touching if touching > 2 else int(np.argmax(known[2:] / known[1:-1])) + 2
        names.append(_name(points[members[:count]] - position))
    return Surroundings(names, distances[:, 0])


def _name(neighbours: FloatArray) -> str:
    units, count = neighbours / np.linalg.norm(neighbours, axis=1)[:, None], len(neighbours)
    if np.linalg.norm(units.mean(axis=0)) > _BESIDE:
        return f"{count}-fold hollow"
    if count == 4:
        return "tetrahedral"
    if count == 6:
        return "octahedral" if np.all((units @ units.T).min(axis=1) < _OPPOSITE) else "prismatic"
    return f"{count}-fold"


def _circumspheres(corners: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(n, 3) centres and (n,) radii of the spheres through the corners (n, 4, 3) of tetrahedra, and their volumes (n,)."""
    edges = corners[:, 1:] - corners[:, :1]
    volumes = np.abs(np.linalg.det(edges)) / 6
    edges[volumes < 1e-12] = np.eye(3) * 1e9  # a sphere of infinite size
    offsets = np.linalg.solve(edges, 0.5 * (edges**2).sum(axis=-1)[..., None])[..., 0]
    return corners[:, 0] + offsets, np.linalg.norm(offsets, axis=1), volumes


def _middles(
    points: FloatArray, simplices: NDArray[np.int32], tree: cKDTree, smallest: float, largest: float
) -> FloatArray:
    """(n, 3) middles of two atoms between which a sphere is empty."""
    pairs = np.vstack([simplices[:, [i, j]] for i in range(4) for j in range(i)])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    ends = points[pairs]
    radii = 0.5 * np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    wide = (radii >= smallest) & (radii <= largest)
    middles = ends[wide].mean(axis=1)
    return np.asarray(middles[tree.query(middles)[0] > radii[wide] - _EMPTY])


def _hollows(points: FloatArray, mesh: Delaunay, small: NDArray[np.bool_], tree: cKDTree, ball: float) -> FloatArray:
    """(n, 3) where a ball lies on three atoms that divide a small tetrahedron from open space."""
    beyond = (mesh.neighbors < 0) | ~small[mesh.neighbors]
    cells, corners = np.nonzero(beyond & small[:, None])
    if not len(cells):
        return np.zeros((0, 3))
    rest = np.array([[j for j in range(4) if j != k] for k in range(4)])
    faces = points[np.take_along_axis(mesh.simplices[cells], rest[corners], axis=1)]
    feet, normals = _circumcircles(faces)
    inward = points[mesh.simplices[cells, corners]] - feet
    normals *= -np.sign((inward * normals).sum(axis=1))[:, None]
    widths = np.linalg.norm(feet - faces[:, 0], axis=1)
    balls = np.maximum(ball, widths)
    places = feet + np.sqrt(balls**2 - widths**2)[:, None] * normals
    return np.asarray(places[tree.query(places)[0] > balls - _EMPTY])


def _circumcircles(faces: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(n, 3) centres of the circles through the corners (n, 3, 3) of triangles, and their unit normals (n, 3)."""
    a, b = faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0]
    normals = np.cross(a, b)
    squared = (normals**2).sum(axis=1)[:, None]
    part = (a**2).sum(axis=1)[:, None] * np.cross(b, normals) + (b**2).sum(axis=1)[:, None] * np.cross(normals, a)
    return faces[:, 0] + part / (2 * squared), normals / np.sqrt(squared)


def _merged(centres: FloatArray, cell: FloatArray, apart: float) -> FloatArray:
    """(m, 3) means of the centres that are nearer than a distance to each other, those in the cell once."""
    inside = centres @ np.linalg.inv(cell)
    reach = apart * np.linalg.norm(np.linalg.inv(cell), axis=0) * 3
    near = centres[np.all((inside > -reach) & (inside < 1 + reach), axis=1)]
    if not len(near):
        return near
    means = group_means(near[np.lexsort(np.round(near, 3).T)], apart)
    scaled = means @ np.linalg.inv(cell)
    edge = np.abs(scaled - np.round(scaled)) < 1e-4
    scaled[edge] = np.round(scaled[edge])
    kept = np.all((scaled > -1e-6) & (scaled < 1 - 1e-6), axis=1)
    return np.asarray(scaled[kept] @ cell) + 0.0  # no negative zeros


def group_means(points: FloatArray, apart: float) -> FloatArray:
    """(m, 3) means of the groups that points (n, 3) form which are linked by steps below a distance."""
    pairs = cKDTree(points).query_pairs(apart, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    count, groups = connected_components(links, directed=False)
    sums = np.zeros((count, 3))
    np.add.at(sums, groups, points)
    return np.asarray(sums / np.bincount(groups)[:, None])
