"""Surfaces of an Abaqus input file as facets, and ties of two surfaces: the nodes that lie on each other become one."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.spatial import cKDTree

from continuum.mesh.readers.abaqus_mesh import AbaqusMesh, Numbering
from continuum.mesh.readers.abaqus_model import AbaqusSurface, AbaqusTie, Members, Model
from continuum.mesh.readers.cell_facets import facets_a_cell
from continuum.mesh.readers.reading import IntArray, MeshError

_TIED = 1e-3  # distance over the shortest edge of two tied surfaces below which their nodes become one


def places(
    model: Model,
    mesh: AbaqusMesh,
    numberings: Mapping[str, Numbering],
    key: str,
    members: Sequence[Members],
    what: str,
) -> IntArray:
    """The nodes, or elements, in the whole mesh of members named in the scope `key`.

    Raises:
        MeshError: a number that is not defined.
    """
    parts = [np.empty(0, dtype=np.int64)]
    for of in members:
        found, missing = numberings[of.scope or key].members(of)
        if len(missing):
            kind = "node" if numberings is mesh.nodes else "element"
            raise MeshError(
                f"{model.root.file}, line {of.line}: the {what} names the {kind} {missing[0]}, which is not defined; "
                "add it, or take it out of the set."
            )
        parts.append(found)
    return np.unique(np.concatenate(parts))


def surface_nodes(model: Model, mesh: AbaqusMesh, key: str, surface: AbaqusSurface) -> IntArray:
    """The nodes of a surface of nodes."""
    members = [of for face in surface.faces for of in face.members]
    return places(model, mesh, mesh.nodes, key, members, f"surface {surface.name!r}")


def surface_rows(model: Model, mesh: AbaqusMesh, key: str, surface: AbaqusSurface) -> IntArray | str:
    """The facets of a surface of elements, each by its first cell's, or why it has none."""
    each = facets_a_cell(mesh.kind)
    found = [np.empty(0, dtype=np.int64)]
    for face in surface.faces:
        elements = places(model, mesh, mesh.elements, key, face.members, f"surface {surface.name!r}")
        cells = mesh.rows[0][elements]
        if (cells < 0).any():
            return f"names elements that are no cells of bodies (line {face.line})"
        if not face.face:  # the faces at the model's outside
            every = (cells[:, None] * each + np.arange(each)).ravel()
            found.append(every[mesh.outside[every]])
        elif int(face.face[1:]) > each:
            return f"names the face {face.face} (line {face.line}), and a {mesh.kind} has S1 to S{each}"
        else:
            found.append(cells * each + int(face.face[1:]) - 1)
    rows = np.unique(mesh.cells.first[np.concatenate(found)])
    return rows if len(rows) else "has no faces"


def tied(model: Model, mesh: AbaqusMesh) -> AbaqusMesh:
    """The mesh with the nodes of tied surfaces made one where they lie at the same places.

    Raises:
        MeshError: a tie that names a surface which is not defined.
    """
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for key, scope in model.scopes():
        for tie in scope.ties.values():
            for one, other in _tied_surfaces(model, key, tie):
                nodes, edges = zip(*(_reach(model, mesh, *of) for of in (one, other)), strict=True)
                if len(nodes[0]) and len(nodes[1]) and np.isfinite(min(edges)):
                    distance, nearest = cKDTree(mesh.points[nodes[1]]).query(mesh.points[nodes[0]])
                    near = distance < _TIED * min(edges)
                    pairs.append(np.stack([nodes[0][near], nodes[1][nearest[near]]], axis=1))
    joined = np.concatenate(pairs)
    return mesh.joined(joined) if len(joined) else mesh


def tie_rows(model: Model, mesh: AbaqusMesh, key: str, tie: AbaqusTie) -> IntArray:
    """The facets that tied surfaces share, in the mesh whose tied nodes are one."""
    found = [np.empty(0, dtype=np.int64)]
    for sides in _tied_surfaces(model, key, tie):
        rows = [
            of for of in (surface_rows(model, mesh, *side) for side in sides if not side[1].of_nodes)
            if not isinstance(of, str)
        ]  # fmt: skip
        if rows:
            shared = np.intersect1d(rows[0], rows[-1])
            found.append(shared[mesh.cells.counts[shared] == 2])
    return np.unique(np.concatenate(found))


type _Side = tuple[str, AbaqusSurface]


def _tied_surfaces(model: Model, key: str, tie: AbaqusTie) -> Iterator[tuple[_Side, _Side]]:
    """The two surfaces of each line of a tie, with their scopes."""
    for one, other in tie.pairs:
        yield _surface(model, key, tie, one), _surface(model, key, tie, other)


def _surface(model: Model, key: str, tie: AbaqusTie, name: str) -> _Side:
    scopes = dict(model.scopes())
    owner, dot, rest = name.partition(".")
    if dot and owner.upper() in model.instances:
        key, name = owner.upper(), rest
    surfaces = scopes[key].surfaces
    if name.upper() not in surfaces:
        known = ", ".join(of.name for of in list(surfaces.values())[:12]) or "(none)"
        raise MeshError(
            f"{model.root.file}, line {tie.line}: the tie {tie.name!r} names the surface {name!r}, which is not defined; "
            f"valid: {known}."
        )
    return key, surfaces[name.upper()]


def _reach(model: Model, mesh: AbaqusMesh, key: str, surface: AbaqusSurface) -> tuple[IntArray, float]:
    """The nodes of a surface, none of one that is refused, and its shortest edge; infinity without facets."""
    if surface.refused:
        return np.empty(0, dtype=np.int64), np.inf
    if surface.of_nodes:
        return surface_nodes(model, mesh, key, surface), np.inf
    rows = surface_rows(model, mesh, key, surface)
    if isinstance(rows, str):
        return np.empty(0, dtype=np.int64), np.inf
    nodes = mesh.cells.nodes[rows]
    corners = mesh.points[nodes[:, : mesh.cells.corners]]
    return np.unique(nodes), float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).min())
