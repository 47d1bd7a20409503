"""The ledger of lattice sites: atoms count them with 1 − β, the continuum with β; every site once."""

from itertools import product
from math import factorial

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.ledger import Ledger, Term

IntArray = NDArray[np.int64]


def element_fractions(vertices: IntArray, simplices: IntArray, sites: IntArray, beta: FloatArray) -> FloatArray:
    """The part of each element that the continuum counts.

    A unit cell that is meshed to the last site shares its volume equally among its corners, so that each
    element in it counts their mean β: a site's volume is then counted β times in all. Coarser elements
    lie where β is 1.

    Args:
        vertices: (n, d) lattice coordinates of the mesh.
        simplices: (m, d + 1) elements.
        sites: (s, d) sites with a β, lattice coordinates; everywhere else β = 1.
        beta: (s,) in [0, 1].

    Returns:
        (m,) in [0, 1].
    """
    corners = vertices[simplices]
    d = vertices.shape[1]
    offsets = np.array(list(product((0, 1), repeat=d)))
    finest = (np.ptp(corners, axis=1) <= 1).all(axis=1)
    lookup = _Lookup(sites, beta)
    fractions = lookup(corners.reshape(-1, d)).reshape(len(corners), -1).mean(axis=1)
    cells = corners[finest].min(axis=1)
    fractions[finest] = lookup((cells[:, None] + offsets).reshape(-1, d)).reshape(len(cells), -1).mean(axis=1)
    return fractions


def handshake_ledger(
    vertices: IntArray,
    simplices: IntArray,
    sites: IntArray,
    beta: FloatArray,
    owners: tuple[str, str] = ("atoms", "FE"),
) -> Ledger:
    """The ledger of a blended energy: one site for each atom that counts, and one for all the rest.

    The continuum's weights are what the mesh integrates around each site, not 1 minus the atoms'.

    Args:
        vertices: (n, d) lattice coordinates of the mesh.
        simplices: (m, d + 1) elements.
        sites: (s, d) sites with a β below 1.
        beta: (s,) theirs.
        owners: Names of the atomistic and the continuum model.

    Raises:
        DoubleCounted: a site is counted more than once.
        Uncounted: a site is counted less than once: the mesh is too coarse where β < 1, or ends there.
    """
    d = vertices.shape[1]
    fractions = element_fractions(vertices, simplices, sites, beta)
    corners = vertices[simplices]
    volumes = np.abs(np.linalg.det((corners[:, 1:] - corners[:, :1]).astype(float))) / factorial(d)
    finest = (np.ptp(corners, axis=1) <= 1).all(axis=1)
    cells, where = np.unique(corners[finest].min(axis=1), axis=0, return_inverse=True)
    filled = np.bincount(where.ravel(), volumes[finest], len(cells))
    around = np.zeros(len(sites))
    full = _Lookup(cells, filled, outside=0.0)
    for offset in product((0, 1), repeat=d):
        around += full(sites - np.array(offset)) / 2**d
    rest = volumes.sum() - (filled.sum() if len(cells) else 0.0)
    coarse = (volumes * fractions)[~finest].sum() / rest if rest > 0 else 1.0
    continuum = np.append(np.minimum(beta * around + (beta == 1) * (1 - around), 1.0), coarse)
    atoms = np.append(1.0 - beta, 0.0)
    names = [f"site {tuple(site.tolist())}" for site in sites] + ["coarser elements"]
    return Ledger([Term(owners[0], "1 - blending", 1, atoms), Term(owners[1], "blending", 1, continuum)], names)


class _Lookup:
    """A number at each of some sites, and another one everywhere else."""

    def __init__(self, sites: IntArray, values: FloatArray, outside: float = 1.0) -> None:
        self.low, self.span = sites.min(axis=0), np.ptp(sites, axis=0) + 1
        self.strides = np.concatenate([[1], np.cumprod(self.span)[:-1]])
        keys = (sites - self.low) @ self.strides
        order = np.argsort(keys)
        self.keys, self.values, self.outside = keys[order], values[order], outside

    def __call__(self, sites: IntArray) -> FloatArray:
        local = sites - self.low
        inside = ((local >= 0) & (local < self.span)).all(axis=1)
        wanted = local[inside] @ self.strides
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found = np.full(len(sites), self.outside)
        found[inside] = np.where(self.keys[place] == wanted, self.values[place], self.outside)
        return found
