"""A polycrystal: a rectangle or a box of grains, a Voronoi tessellation with a seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from continuum.specimens.dimensions import check_lengths
from continuum.specimens.drawing import Groups, write_drawing
from continuum.specimens.grid import Element
from continuum.specimens.tessellation import Tessellation, voronoi
from coupling.errors import InputError

_SIDES = (("left", "right"), ("bottom", "top"), ("back", "front"))
_PLANE = 1e-9  # of a face's extent: how far its corners may lie from its plane


@dataclass(frozen=True)
class Polycrystal:
    """Dimensions, in the unit that the mesh file is to have; its lowest corner is the origin.

    Attributes:
        width: Along x.
        height: Along y.
        grains: Number of grains.
        size: Element size.
        seed: Of the random places of the grains.
        thickness: Along z; None: a plane specimen of columnar grains.
        lloyd: Lloyd's steps, which make the grains alike and their edges long; 0: a plain Poisson-Voronoi tessellation.
        shortest: Edges of grains shorter than that many elements are collapsed.
        element: "triangle" or "quadrilateral"; with a thickness "tetrahedron".
        order: Order of the elements, 1 or 2.
    """

    width: float
    height: float
    grains: int
    size: float
    seed: int
    thickness: float | None = None
    lloyd: int = 2
    shortest: float = 0.5
    element: Element = "triangle"
    order: int = 1

    def write(self, path: str | Path) -> None:
        """Mesh the grains and write a Gmsh file, its sizes in the same unit.

        Physical groups: bodies `grain_1` to `grain_N`; boundaries `left`, `right` (x = 0 and width), `bottom`, `top` and, in
        3D, `back`, `front`. Neighbouring grains share their nodes.

        Raises:
            InputError: fewer than two grains, a length that is not positive, an element that is not offered, grains smaller
                than the elements.
        """
        solid = self.thickness is not None
        check_lengths(self, "width", "height", "size", *(["thickness"] if solid else []))
        if self.grains < 2:
            raise InputError(
                f"A polycrystal of {self.grains} grain{'s' * (self.grains != 1)} has no boundary; give grains: 2 or more."
            )
        for name in ("seed", "lloyd", "shortest"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise InputError(f"{name} = {getattr(self, name)} of a Polycrystal must not be negative.")
        element = "tetrahedron" if solid and self.element == "triangle" else self.element
        write_drawing(path, self._draw, element=element, order=self.order, dimension=2 + solid)

    @property
    def tessellation(self) -> Tessellation:
        """The grains as polygons or polyhedra."""
        box = (self.width, self.height, *([] if self.thickness is None else [self.thickness]))
        return voronoi(box, self.grains, self.seed, lloyd=self.lloyd, shortest=self.shortest * self.size)

    def _draw(self, model: Any) -> Groups:
        grains, geo, dimension = self.tessellation, model.geo, 2 + (self.thickness is not None)
        drawing = _Drawing(geo, grains)
        faces = [drawing.face(face) for face in range(len(grains.faces))]
        groups: dict[str, tuple[int, list[int]]] = {}
        for number in range(self.grains):
            groups[f"grain_{number + 1}"] = (dimension, [drawing.grain(number, faces)])
        for face, parts in enumerate(faces):
            if (side := grains.side(face)) is not None:
                name = _SIDES[side[0]][side[1]]
                groups.setdefault(name, (dimension - 1, []))[1].extend(parts)
        geo.synchronize()
        even = model.mesh.field.add("MathEval")
        model.mesh.field.setString(even, "F", repr(float(self.size)))
        model.mesh.field.setAsBackgroundMesh(even)
        return groups


class _Drawing:
    """The entities of Gmsh: points, lines and, of a solid, polygons, each once."""

    def __init__(self, geo: Any, grains: Tessellation) -> None:
        self.geo, self.grains = geo, grains
        self.points = [geo.addPoint(*np.pad(place, (0, 3 - len(place)))) for place in grains.vertices]
        self.lines: dict[tuple[int, int], int] = {}

    def line(self, first: int, second: int) -> int:
        """The line between two points of Gmsh; negative if it was drawn the other way."""
        if (second, first) in self.lines:
            return -self.lines[second, first]
        if (first, second) not in self.lines:
            self.lines[first, second] = self.geo.addLine(first, second)
        return self.lines[first, second]

    def face(self, number: int) -> list[int]:
        """A face: in 2D its line; in 3D its plane, or triangles about its middle where collapsed edges bent it."""
        corners = self.grains.faces[number]
        points = [self.points[corner] for corner in corners]
        if len(corners) == 2:
            return [self.line(*points)]
        places = self.grains.vertices[list(corners)]
        middle = places.mean(axis=0)
        extents = np.linalg.svd(places - middle, compute_uv=False)
        if len(corners) == 3 or extents[2] < _PLANE * extents[0]:
            return [self._polygon(points)]
        apex = self.geo.addPoint(*middle)
        return [self._polygon([apex, a, b]) for a, b in pairwise([*points, points[0]])]

    def _polygon(self, points: list[int]) -> int:
        loop = [self.line(a, b) for a, b in pairwise([*points, points[0]])]
        return int(self.geo.addPlaneSurface([self.geo.addCurveLoop(loop)]))

    def grain(self, number: int, parts: Sequence[Sequence[int]]) -> int:
        """A grain within what was drawn of each face."""
        its = self.grains.grains[number]
        if self.grains.vertices.shape[1] == 2:
            return self._polygon([self.points[corner] for corner in _around([self.grains.faces[face] for face in its])])
        return int(self.geo.addVolume([self.geo.addSurfaceLoop([part for face in its for part in parts[face]])]))


def _around(edges: Sequence[tuple[int, ...]]) -> list[int]:
    """The corners of a polygon of edges, one after the other."""
    left = [set(edge) for edge in edges]
    corners = list(edges[0])
    left.remove(set(edges[0]))
    while len(corners) < len(edges):
        edge = next(one for one in left if corners[-1] in one)
        left.remove(edge)
        corners += edge - {corners[-1]}
    return corners
