"""Checks of a mesh before it is computed on: finite, upright cells that fit together without overlap.

Positions in the messages are in the file's unit; cells are counted from 1 within their body.
"""

import numpy as np

from continuum.fenics import basix, dolfinx
from continuum.mesh.file import FileMesh, check_owned
from continuum.mesh.joints import check_hanging, check_joints
from continuum.mesh.readers.reading import CELLS, IntArray, MeshError
from continuum.mesh.topology import Topology, matched, place
from coupling.contracts import FloatArray

_DEGENERATE = 1e-12  # least Jacobian over the cell's extent to the power of the dimension
_CHUNK = 20_000


class InvertedElement(MeshError):
    """A cell is turned inside out: its Jacobian changes sign, or it lies over its neighbours."""


class DegenerateElement(MeshError):
    """A cell has no area or volume."""


class OverlappingBodies(MeshError):
    """A cell is in two bodies, or cells lie over one another."""


class StrayFacets(MeshError):
    """Some facets of a group belong to no cell."""


class BadNode(MeshError):
    """A node has no finite coordinates."""


def jacobians(mesh: FileMesh, nodes: IntArray, at: FloatArray | None = None) -> FloatArray:
    """(n, points) determinants of the cells' maps at reference points; by default at the map's own nodes."""
    shape, order, _dimension = CELLS[mesh.cell]
    element = basix.create_element(
        basix.ElementFamily.P, basix.CellType[shape], order, basix.LagrangeVariant.equispaced
    )
    if at is None:
        affine = order == 1 and shape in ("triangle", "tetrahedron")
        at = element.points[:1] if affine else element.points
    slopes = element.tabulate(1, at)[1:, :, :, 0]
    permutation = dolfinx.cpp.io.perm_vtk(dolfinx.mesh.to_type(shape), nodes.shape[1])
    found = [np.empty((0, len(at)))]
    for start in range(0, len(nodes), _CHUNK):
        x = mesh.points[nodes[start : start + _CHUNK][:, permutation]]
        found.append(np.linalg.det(np.einsum("dqa,cai->cqid", slopes, x)))
    return np.concatenate(found)


def check_mesh(mesh: FileMesh) -> None:
    """Check the nodes and cells of a mesh.

    Raises:
        MeshError: of the class that names the fault; the message says where it is.
    """
    topology = Topology.of(mesh)
    _check_nodes(topology)
    _check_owners(topology)
    signs = _signs(topology)
    _check_overlap(topology)
    _check_turned(topology, signs)
    _check_facets(topology)
    check_joints(topology)
    check_hanging(topology)


def _check_nodes(topology: Topology) -> None:
    bad = np.flatnonzero(~np.isfinite(topology.mesh.points[topology.nodes]).all(axis=(1, 2)))
    if len(bad):
        row = topology.nodes[bad[0]]
        node = int(row[~np.isfinite(topology.mesh.points[row]).all(axis=1)][0])
        raise BadNode(
            f"Node {node + 1} of the mesh file has the coordinates {place(topology.mesh.points[node])}; "
            f"write the mesh again ({len(bad)} cells are affected)."
        )


def _check_owners(topology: Topology) -> None:
    mesh = topology.mesh
    check_owned(mesh)
    cells = matched(np.sort(topology.corners, axis=1))
    order = np.argsort(cells, kind="stable")
    twice = np.flatnonzero(cells[order[1:]] == cells[order[:-1]])
    if len(twice):
        first, second = order[twice[0]], order[twice[0] + 1]
        names = [list(mesh.cells)[topology.owner[c]] for c in (first, second)]
        where = f"the bodies {names[0]!r} and {names[1]!r}" if names[0] != names[1] else f"body {names[0]!r} twice"
        raise OverlappingBodies(
            f"{len(twice)} cells are in {where}, the first centred at {place(mesh.points[topology.corners[first]].mean(axis=0))}; "
            "put each cell into one body, or name other bodies."
        )


def _signs(topology: Topology) -> FloatArray:
    """The sign of each cell's Jacobian, once it is one and not zero."""
    mesh = topology.mesh
    found = jacobians(mesh, topology.nodes)
    at = mesh.points[topology.corners]
    extent = np.ptp(at, axis=1).max(axis=1) ** mesh.dimension
    lowest, highest = found.min(axis=1), found.max(axis=1)
    flat = np.flatnonzero(np.maximum(highest, -lowest) <= _DEGENERATE * extent)
    if len(flat):
        raise DegenerateElement(
            f"The {topology.called(flat[0])} has no {'area' if mesh.dimension == 2 else 'volume'} "
            f"({len(flat)} such cells); remove it, or mesh again."
        )
    folded = np.flatnonzero((lowest <= _DEGENERATE * extent) & (highest >= -_DEGENERATE * extent))
    if len(folded):
        raise InvertedElement(
            f"The {topology.called(folded[0])} is folded: its Jacobian is not of one sign ({len(folded)} such cells); "
            "check the order of its nodes, or mesh again."
        )
    return np.sign(highest)


def _check_overlap(topology: Topology) -> None:
    crowded = np.flatnonzero(topology.counts > 2)
    if len(crowded):
        facet = topology.facets[crowded[0]]
        raise OverlappingBodies(
            f"{topology.counts[crowded[0]]} cells share the facet at {place(topology.mesh.points[facet].mean(axis=0))}, where "
            "only two can meet; cells lie over one another: mesh again."
        )


def _check_turned(topology: Topology, signs: FloatArray) -> None:
    """No cell lies over its neighbours; none is numbered against all of them."""
    cells = topology.cell_of(topology.pairs)
    over = (_sense(topology.facets)[topology.pairs] * signs[cells]).sum(axis=1) != 0
    if over.any():
        times = np.bincount(cells[over].ravel(), minlength=len(signs))
        # Of two cells one over the other the turned one has the sign that is rarer.
        _refuse_turned(topology, signs, np.flatnonzero(times == times.max()), "lies over its neighbours")
    within = cells[topology.owner[cells[:, 0]] == topology.owner[cells[:, 1]]]
    against = within[signs[within].sum(axis=1) == 0]
    neighbours, opposite = (np.bincount(pairs.ravel(), minlength=len(signs)) for pairs in (within, against))
    alone = np.flatnonzero((opposite > 0) & (opposite == neighbours))
    if len(alone):
        _refuse_turned(topology, signs, alone, "is numbered the other way round than all its neighbours")


def _check_facets(topology: Topology) -> None:
    """Groups of facets are on the cells."""
    width, mesh = topology.facets.shape[1], topology.mesh
    named = [nodes[:, :width] for nodes in mesh.facets.values()]
    numbers = matched(np.sort(np.vstack([topology.facets, *named]), axis=1))
    known = np.zeros(numbers.max() + 1, dtype=bool)
    known[numbers[: len(topology.facets)]] = True
    ends = len(topology.facets) + np.cumsum([0, *map(len, named)])
    for name, nodes, start, end in zip(mesh.facets, named, ends[:-1], ends[1:], strict=True):
        stray = np.flatnonzero(~known[numbers[start:end]])
        if len(stray):
            raise StrayFacets(
                f"{len(stray)} facets of the group {name!r} belong to no cell, the first at "
                f"{place(mesh.points[nodes[stray[0]]].mean(axis=0))}; take the group from the bodies' own mesh."
            )


def _sense(facets: IntArray) -> IntArray:
    """Which way round the corners of facets stand: ±1, opposite for the two cells that share one."""
    if facets.shape[1] == 2:
        return np.where(facets[:, 0] < facets[:, 1], 1, -1)
    rows, start, width = np.arange(len(facets)), np.argmin(facets, axis=1), facets.shape[1]
    return np.where(facets[rows, (start + 1) % width] < facets[rows, (start - 1) % width], 1, -1)


def _refuse_turned(topology: Topology, signs: FloatArray, suspects: IntArray, meaning: str) -> None:
    worst = int(suspects[np.argmin(signs[suspects] * np.sign(signs.sum() or 1))])
    sign = "negative" if signs[worst] < 0 else "positive"
    raise InvertedElement(
        f"The {topology.called(worst)} {meaning}: its Jacobian is {sign} where theirs is not; correct its nodes, or mesh again."
    )
