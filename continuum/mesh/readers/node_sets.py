"""Sets of nodes as groups of facets, where they are the nodes of facets."""

import numpy as np

from continuum.mesh.readers.cell_facets import CellFacets
from continuum.mesh.readers.reading import IntArray, NodeSet
from coupling.contracts import FloatArray


def facets_of_nodes(
    facets: CellFacets, bodies: dict[str, IntArray], sets: dict[str, NodeSet], points: FloatArray
) -> tuple[dict[str, IntArray], dict[str, str]]:
    """The facets of which sets of nodes are the nodes.

    A set counts as the outer facets all of whose nodes are in it, if each of its nodes is on one of them; else
    as these and the facets between two bodies, if each of its nodes is on one of them.

    Args:
        facets: Of all cells.
        bodies: Rows of cells, by name.
        sets: Of nodes, by name.
        points: (n, dim) coordinates, for messages.

    Returns:
        Facets by name of the set, and for the other sets why they are none.
    """
    if not sets:
        return {}, {}
    outer = facets.counts == 1
    usable = outer | _between(facets, bodies)
    found: dict[str, IntArray] = {}
    refused: dict[str, str] = {}
    for name, given in sets.items():
        inside = np.zeros(len(points), dtype=bool)
        inside[given.nodes] = True
        all_in = inside[facets.nodes].all(axis=1)
        for eligible in (outer, usable):
            chosen = np.flatnonzero(all_in & eligible)
            lone = np.setdiff1d(given.nodes, facets.nodes[chosen])
            if not len(lone):
                break
        if len(given.nodes) and not len(lone):
            found[name] = np.unique(facets.first[chosen])
        else:
            refused[name] = _reason(name, given, points[lone[0]] if len(lone) else None)
    return found, refused


def _between(facets: CellFacets, bodies: dict[str, IntArray]) -> IntArray:
    """Which facets lie between two cells of different bodies."""
    owner = np.zeros(len(facets.cells), dtype=np.int64)
    for number, rows in enumerate(bodies.values(), 1):
        owner[rows] = number
    own = owner[facets.cell_of(np.arange(len(facets.first)))]
    low, high = own.copy(), own.copy()
    np.minimum.at(low, facets.first, own)
    np.maximum.at(high, facets.first, own)
    return (facets.counts == 2) & (low[facets.first] != high[facets.first])


def _reason(name: str, given: NodeSet, lone: FloatArray | None) -> str:
    where = f" ({given.place})" if given.place else ""
    if lone is None:
        return f"The node set {name!r}{where} is empty; name a surface or elements of facets."
    at = ", ".join(f"{x:.6g}" for x in lone)
    return (
        f"The node set {name!r}{where} is not a group of facets: its node at ({at}) is on no outer facet, and on none between "
        "two bodies, whose nodes are all in the set; name a surface or elements of facets instead."
    )
