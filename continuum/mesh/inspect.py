"""Inspection of a mesh: bodies, interfaces, boundaries, sizes, and whether they resolve a law's process zone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from continuum.fenics import basix
from continuum.mesh.checks import check_mesh, jacobians
from continuum.mesh.file import FileMesh, read_file
from continuum.mesh.joints import coincident
from continuum.mesh.readers.reading import CELLS, IntArray
from continuum.mesh.topology import Topology, matched
from coupling.contracts import CohesiveLaw, FloatArray
from coupling.errors import InputError
from coupling.interface.coarse_graining import chain

if TYPE_CHECKING:
    from coupling.laws.law import Law

RESOLVING = 5
"""Elements along the process zone below which it is not resolved."""
_POOR = 0.1
_LARGEST_CHAIN = 10**9
_NEIGHBOURS: dict[str, list[tuple[int, ...]]] = {  # corners joined by an edge to each corner
    "triangle": [(1, 2), (2, 0), (0, 1)],
    "quadrilateral": [(1, 3), (2, 0), (3, 1), (0, 2)],
    "tetrahedron": [(1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2)],
    "hexahedron": [(1, 3, 4), (2, 0, 5), (3, 1, 6), (0, 2, 7), (7, 5, 0), (4, 6, 1), (5, 7, 2), (6, 4, 3)],
}
_IDEAL = {"triangle": np.sqrt(3) / 2, "tetrahedron": np.sqrt(0.5), "quadrilateral": 1.0, "hexahedron": 1.0}


@dataclass(frozen=True)
class BodyFacts:
    """One body: number of cells, area or volume, shortest and longest edge (file's unit), worst quality.

    The quality is the least scaled Jacobian of a cell's corners over that of the regular cell: 1 is
    best, 0 flat (Knupp, Finite Elem. Anal. Des. 39 (2003) 217).
    """

    name: str
    cells: int
    volume: float
    smallest: float
    largest: float
    quality: float


@dataclass(frozen=True)
class FacetFacts:
    """Some facets: where they are, their number, length or area, and the longest edges of the finest and coarsest.

    Lengths and areas are those of the straight facets through the corners.
    """

    name: str
    place: str
    facets: int
    area: float
    sizes: FloatArray

    @property
    def finest(self) -> float:
        """Longest edge of the smallest facet, in the file's unit."""
        return float(self.sizes.min())

    @property
    def coarsest(self) -> float:
        """Longest edge of the largest facet, in the file's unit."""
        return float(self.sizes.max())


@dataclass(frozen=True)
class Inspection:
    """A mesh that passed all checks.

    Attributes:
        mesh: As in the file.
        bodies: Facts of each body.
        interfaces: Of the facets that each two bodies share, named "plus-minus".
        groups: Of the named groups of facets.
        warnings: What the user should look at.
    """

    mesh: FileMesh
    bodies: tuple[BodyFacts, ...]
    interfaces: tuple[FacetFacts, ...]
    groups: tuple[FacetFacts, ...]
    warnings: tuple[str, ...]

    def lines(self, unit: str = "") -> Iterator[str]:
        """The inspection in words, with the unit of the file's coordinates if it is known."""
        tail, power = f" {unit}" if unit else "", self.mesh.dimension

        def sizes(low: float, high: float) -> str:
            return f"{low:.4g} to {high:.4g}{tail}"

        def measure(value: float, power: int) -> str:
            return f"{value:.6g}" + (f"{tail}^{power}" if unit and power > 1 else tail)

        yield f"dimension {power}, {len(self.mesh.points)} nodes, cells: {self.mesh.cell}"
        for body in self.bodies:
            yield (
                f"body {body.name}: {body.cells} cells, {'area' if power == 2 else 'volume'} {measure(body.volume, power)}, "
                f"edges {sizes(body.smallest, body.largest)}, worst quality {body.quality:.2f}"
            )
        for what, facts in (("interface", self.interfaces), ("group", self.groups)):
            for item in facts:
                yield (
                    f"{what} {item.name}: {item.facets} facets {item.place}, {'length' if power == 2 else 'area'} "
                    f"{measure(item.area, power - 1)}, elements {sizes(item.finest, item.coarsest)}"
                )
        yield from (f"note: {text}" for text in self.mesh.notes)
        yield from (f"no group: {text}" for name, text in self.mesh.refused.items() if name not in self.mesh.cells)
        yield from (f"WARNING: {text}" for text in self.warnings)


def inspect_mesh(path: str | Path, bodies: list[str] | None = None) -> Inspection:
    """Read, check and measure a mesh file.

    Args:
        path: Any file that `continuum.mesh.specimen_mesh.read_mesh` reads.
        bodies: Groups that are the bodies; None: all groups of cells.

    Raises:
        InputError: the mesh cannot be read or does not pass a check.
    """
    mesh = read_file(Path(path), bodies)
    check_mesh(mesh)
    topology = Topology.of(mesh)
    mesh = mesh.without_unused_nodes()
    found = tuple(_body(mesh, name, nodes) for name, nodes in mesh.cells.items())
    interfaces = tuple(_interfaces(topology))
    groups = tuple(_group(topology, name) for name in topology.mesh.facets)
    return Inspection(mesh, found, interfaces, groups, tuple(_warnings(topology, found, interfaces, groups)))


def _body(mesh: FileMesh, name: str, nodes: IntArray) -> BodyFacts:
    shape, order, dimension = CELLS[mesh.cell]
    rule, weights = basix.make_quadrature(basix.CellType[shape], 2 * order * dimension)
    volume = float((np.abs(jacobians(mesh, nodes, rule)) @ weights).sum())
    corners = mesh.points[nodes[:, : len(_NEIGHBOURS[shape])]]
    edges = corners[:, _NEIGHBOURS[shape]] - corners[:, :, None]
    length = np.linalg.norm(edges, axis=-1)
    quality = np.abs(np.linalg.det(edges)) / length.prod(axis=-1) / _IDEAL[shape]
    return BodyFacts(name, len(nodes), volume, float(length.min()), float(length.max()), float(quality.min()))


def _interfaces(topology: Topology) -> Iterator[FacetFacts]:
    owners = np.sort(topology.owner[topology.cell_of(topology.pairs)], axis=1)
    names = list(topology.mesh.cells)
    for first, second in np.unique(owners[owners[:, 0] != owners[:, 1]], axis=0):
        chosen = topology.pairs[(owners == (first, second)).all(axis=1), 0]
        name = f"{names[first]}-{names[second]}"
        yield _facts(topology, name, f"between {names[first]} and {names[second]}", topology.facets[chosen])


def _group(topology: Topology, name: str) -> FacetFacts:
    facets = topology.mesh.facets[name][:, : topology.facets.shape[1]]
    numbers = matched(np.sort(np.vstack([topology.facets, facets]), axis=1))
    on, names = np.isin(numbers[: len(topology.facets)], numbers[len(topology.facets) :]), list(topology.mesh.cells)
    cells = topology.cell_of(np.flatnonzero(on))
    sides: dict[int, set[int]] = {}
    for number, cell in zip(numbers[: len(topology.facets)][on], cells, strict=True):
        sides.setdefault(int(number), set()).add(int(topology.owner[cell]))
    single = np.bincount(numbers[: len(topology.facets)][on])
    inside = any(len(owners) == 1 and single[number] == 2 for number, owners in sides.items())
    places = sorted({" and ".join(names[i] for i in sorted(owners)) for owners in sides.values()})
    words = "between" if all(len(owners) == 2 for owners in sides.values()) else "in" if inside else "on"
    return _facts(topology, name, f"{words} {', '.join(places)}", facets)


def _facts(topology: Topology, name: str, place: str, facets: IntArray) -> FacetFacts:
    at = topology.mesh.points[facets]
    sides = np.linalg.norm(at - np.roll(at, 1, axis=1), axis=2)
    if facets.shape[1] == 2:
        area = sides[:, 0]
    else:
        fans = [np.cross(at[:, i] - at[:, 0], at[:, i + 1] - at[:, 0]) for i in range(1, facets.shape[1] - 1)]
        area = 0.5 * np.linalg.norm(fans, axis=2).sum(axis=0)
    return FacetFacts(name, place, len(facets), float(area.sum()), sides.max(axis=1))


def _warnings(
    topology: Topology, bodies: Sequence[BodyFacts], interfaces: Sequence[FacetFacts], groups: Sequence[FacetFacts]
) -> Iterator[str]:
    for body in bodies:
        if body.quality < _POOR:
            yield f"the worst cell of body {body.name} has a quality of {body.quality:.2g}; mesh it again with better shapes."
        if len(bodies) > 1 and not any(
            body.name in item.place.removeprefix("between ").split(" and ") for item in interfaces
        ):
            yield f"body {body.name} shares no facet with another body."
    nodes, _ = coincident(topology)
    if len(nodes):
        yield (
            f"{len(nodes)} nodes lie at the places of others, as on the faces of a crack; where the faces are to be bonded, "
            "merge them."
        )
    for item in groups:
        if item.place.startswith("in "):
            yield f"group {item.name} has facets inside body {item.place.removeprefix('in ')}, which no law can open."
    if not groups:
        yield "there is no group of facets, so that nothing can be held or loaded; name the boundaries."


@dataclass(frozen=True)
class ZoneFacts:
    """A law's process zone against the elements of an interface.

    Attributes:
        length: Irwin's length E'W/σ², m.
        elements: Along it where the interface's elements are finest.
        share: Fraction of the interface's elements that resolve it.
        planes: Smallest N for which the zone of `coarsen(law, N)` is resolved there; None: it is, with N = 1.
    """

    length: float
    elements: float
    share: float
    planes: int | None


def process_zone(
    law: "Law", modulus: float, facts: FacetFacts, unit: float, plane_stiffness: float | None = None
) -> ZoneFacts:
    """Compare a law's process zone with the elements along an interface.

    Args:
        law: The law.
        modulus: E' (plane strain: E/(1 − ν²)), Pa.
        facts: The interface.
        unit: Metres per unit of the mesh.
        plane_stiffness: Of a closed plane, Pa/m, for a law whose gap is in the bulk.

    Raises:
        InputError: a modulus that is not positive, or a law that cannot be coarsened.
    """
    if not (np.isfinite(modulus) and modulus > 0):
        raise InputError(f"The modulus {modulus} Pa must be positive.")
    needed = RESOLVING * facts.finest * unit
    length = zone_length(law, modulus)
    share = float(np.mean(length >= RESOLVING * facts.sizes * unit * (1 - 1e-12)))
    planes = None if length >= needed * (1 - 1e-12) else _planes(law, modulus, needed, plane_stiffness)
    return ZoneFacts(length, length / (facts.finest * unit), share, planes)


def zone_length(law: "Law", modulus: float) -> float:
    """Irwin's length E'W/σ² of a law's process zone, m (Irwin 1960; Hillerborg, Cem. Concr. Res. 6 (1976) 773)."""
    return modulus * law.work_of_separation / cast("CohesiveLaw", law).peak_traction ** 2


def _planes(law: "Law", modulus: float, needed: float, plane_stiffness: float | None) -> int:
    """The smallest N whose zone is at least this long; the zone grows as N."""

    def resolves(planes: int) -> bool:
        return zone_length(chain(law, planes, plane_stiffness), modulus) >= needed * (1 - 1e-12)

    low, high = 1, max(2, int(needed / zone_length(law, modulus)))
    while not resolves(high):
        low, high = high, 2 * high
        if high > _LARGEST_CHAIN:
            raise InputError(
                "No coarse law of fewer than 1e9 planes resolves its process zone on this mesh; refine it."
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if resolves(middle) else (middle, high)
    return high
