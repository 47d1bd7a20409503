"""Whether the ring of a J-integral lies where it must: around the process zone, within the specimen.

A body's part of the domain integral is ∫_∂ q (P·n · u,e − W e·n) dS over its boundary, q the ring's weight. It is the
interfaces' −∫ q T·δ,e ds alone where q vanishes on all that is not along e, and on every edge of a load or a support.
That is the energy release rate where q = 1 over all of ∫ T·dδ.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continuum.fenics import MPI, PETSc, dolfinx
from continuum.solver.counting import facets_of
from continuum.solver.problem import CohesiveProblem
from continuum.solver.unknowns import boundary_facets
from coupling.contracts import FloatArray
from coupling.findings import Finding
from coupling.units import length_text

IntArray = NDArray[np.integer]
MISSED = 0.01
"""Part of the energy release that may be given up outside of a ring's inner circle."""
_ALONG = 0.01  # sine of the angle up to which a boundary is along the crack


@dataclass(frozen=True)
class Ring:
    """A ring around the tip of a crack with its process zone.

    Attributes:
        tip: (dim,) its centre, m; (2,) in space: a cylinder.
        direction: (dim,) of growth, a unit vector.
        inner: Radius, m: the weight is 1 inside.
        outer: Radius, m: the weight is 0 outside.
    """

    tip: FloatArray
    direction: FloatArray
    inner: float
    outer: float

    def distance(self, points: FloatArray) -> FloatArray:
        """(n,) distance of points (n, dim or more) from the tip, m."""
        return np.linalg.norm(points[:, : len(self.tip)] - self.tip, axis=1)

    def weight(self, points: FloatArray) -> FloatArray:
        """(n,) q at points (n, dim or more): 1 inside, 0 outside, falling between."""
        return np.clip((self.outer - self.distance(points)) / (self.outer - self.inner), 0.0, 1.0)


def check_ring(problem: CohesiveProblem, x: "PETSc.Vec", ring: Ring, missed: float = MISSED) -> Finding | None:
    """What is wrong with a ring, and the radii that would do. Collective.

    Args:
        problem: The problem.
        x: An equilibrium state.
        ring: The ring.
        missed: See `MISSED`.
    """
    problem.update(x)
    room, obstacle = _room(problem, ring)
    share, needed = _outside(problem, x, ring, missed)
    change = _radii(needed, room)
    place = f"tip at ({', '.join(f'{value:.4g}' for value in ring.tip)}) m"
    name = f"The J-integral's ring of {length_text(ring.inner, 3)} to {length_text(ring.outer, 3)}"
    if ring.outer > room * (1 + 1e-9):
        return Finding(
            f"{name} reaches {obstacle}, {length_text(room, 3)} from the tip",
            place,
            float(1 - room / ring.outer),
            change,
            True,
        )
    if share > missed:
        what = f"{name} lies in the process zone: {share:.2g} of the energy is released outside"
        return Finding(what, place, share, change, True)
    return None


def _radii(needed: float, room: float) -> str:
    """The radii that would do, in words."""
    if needed >= room:
        return (
            f"no ring fits at this tip: the process zone needs {length_text(needed, 3)}, and there is room for "
            f"{length_text(room, 3)}; stop the "
            "loading earlier, or take G_c from the energy balance"
        )
    most = f" and outer of {length_text(room, 3)} or less" if np.isfinite(room) else ""
    return f"at this tip a ring with inner of {length_text(needed, 3)} or more{most} would do"


def _room(problem: CohesiveProblem, ring: Ring) -> tuple[float, str]:
    """Distance from the tip to the nearest boundary where the weight must vanish, m, and what that is."""
    found = [(np.inf, "")]
    fixed, loaded = (_everywhere(problem, numbers) for numbers in (problem.fixed, _loaded(problem)))
    for name in problem.mesh.bodies:
        facets, nodes, points = _boundary(problem, name)
        numbers = problem.unknowns.numbers[name][nodes]
        away = ring.distance(points.reshape(-1, points.shape[-1])).reshape(nodes.shape)
        held = np.isin(numbers, fixed)
        cases = {
            f"a boundary of body {name!r} that is not along the crack": ~_along(points, ring)
            & ~_bonded(problem, name, facets),
            f"the edge of a support of body {name!r}": (held.any(axis=1) != held.all(axis=1)).any(axis=1),
            f"a loaded boundary of body {name!r}": np.isin(numbers, loaded).any(axis=(1, 2)),
        }
        found += [(float(away[where].min(initial=np.inf)), what) for what, where in cases.items()]
    return min(problem.comm.allgather(min(found)))


def _everywhere(problem: CohesiveProblem, numbers: IntArray) -> IntArray:
    return np.concatenate(problem.comm.allgather(numbers))


def _loaded(problem: CohesiveProblem) -> IntArray:
    """This rank's degrees of freedom on which tractions act."""
    return problem.load_vector.getOwnershipRange()[0] + np.flatnonzero(problem.load_vector.array_r)


def _boundary(problem: CohesiveProblem, name: str) -> tuple[IntArray, IntArray, FloatArray]:
    """A body's facets on its boundary, interfaces included: numbers (n,); nodes (n, k), corners first; points (n, k, dim)."""
    space, dim = problem.bulk.spaces[name], problem.mesh.dimension
    topology = space.mesh.topology
    topology.create_connectivity(dim - 1, dim)
    topology.create_connectivity(dim, dim - 1)
    facets = dolfinx.mesh.exterior_facet_indices(topology)
    to_cell, to_facets = topology.connectivity(dim - 1, dim), topology.connectivity(dim, dim - 1)
    layout = space.dofmap.dof_layout
    nodes = np.empty((len(facets), len(layout.entity_closure_dofs(dim - 1, 0))), dtype=np.int64)
    for row, facet in zip(nodes, facets, strict=True):
        cell = to_cell.links(facet)[0]
        place = int(np.flatnonzero(to_facets.links(cell) == facet)[0])
        row[:] = space.dofmap.cell_dofs(cell)[layout.entity_closure_dofs(dim - 1, place)]
    return facets, nodes, space.tabulate_dof_coordinates()[nodes][..., :dim]


def _along(points: FloatArray, ring: Ring) -> NDArray[np.bool_]:
    """(n,) whether facets lie along the crack's growth."""
    if not len(points):
        return np.zeros(0, dtype=bool)
    first = points[:, 1] - points[:, 0]
    if points.shape[-1] == 2:
        normal = first[:, ::-1] * [1.0, -1.0]
    else:
        normal = np.cross(first, points[:, 2] - points[:, 0])
    along = np.zeros(points.shape[-1])
    along[: len(ring.direction)] = ring.direction
    return np.abs(normal @ along) <= _ALONG * np.linalg.norm(normal, axis=1) * np.linalg.norm(along)


def _bonded(problem: CohesiveProblem, name: str, facets: IntArray) -> NDArray[np.bool_]:
    """(n,) whether facets join a body to one of the same stiffness: what crosses them is nearly the same on both sides."""
    materials, joined = problem.bulk.materials, np.zeros(len(facets), dtype=bool)
    for bond in problem.bonds:
        sides = [bond.plus, bond.minus]
        if name in sides and None not in sides:
            one, other = (materials[side].stiffness_voigt for side in sides if side is not None)
            if np.allclose(one, other, rtol=1e-9):
                joined |= np.isin(facets, boundary_facets(problem.mesh, name, facets_of(problem.mesh, bond)))
    return joined


def _outside(problem: CohesiveProblem, x: "PETSc.Vec", ring: Ring, missed: float) -> tuple[float, float]:
    """Part of ∫ T·dδ along the interfaces that a ring's weight misses, and the inner radius that would miss what is allowed.

    In space: whether a point between its peak traction and its final opening lies outside, and the radius that holds all.
    """
    if problem.mesh.dimension == 3:
        return _front(problem, ring)
    profiles = problem.profiles(x)
    parts = [_released(profile, ring) for profile in profiles.values()]
    released, weights, away = (np.concatenate(part) for part in zip(*parts, strict=True))
    total, order = released.sum(), np.argsort(away)[::-1]
    if not len(released) or total <= 0:
        answer = (1.0, np.inf)
    else:
        beyond = np.cumsum(released[order]) / total
        needed = away[order][beyond > missed]
        answer = (float(((1 - weights) * released).sum() / total), float(needed.max(initial=0.0)))
    found: tuple[float, float] = problem.comm.bcast(answer)
    return found


def _released(
    profile: tuple[FloatArray, FloatArray, FloatArray], ring: Ring
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """T·dδ between the points of an interface, sorted along the growth; q and the distance from the tip there."""
    points, jump, traction = profile
    order = np.argsort(points @ ring.direction)
    points, jump, traction = points[order], jump[order], traction[order]
    middle = 0.5 * (points[1:] + points[:-1])
    energy = np.sum(0.5 * (traction[1:] + traction[:-1]) * (jump[:-1] - jump[1:]), axis=1)
    return energy, ring.weight(middle), ring.distance(middle)


def _front(problem: CohesiveProblem, ring: Ring) -> tuple[float, float]:
    farthest = 0.0
    for interface in problem.interfaces:
        law, opened = interface.bond.law, interface.opened(interface.flat_jump(problem.displacements))
        inside = (opened >= law.opening_at_peak / law.final_opening) & (opened < 1)
        points = interface.kinematics.points.reshape(-1, problem.mesh.dimension)[inside]
        farthest = max(farthest, float(ring.distance(points).max(initial=0.0)))
    needed = problem.comm.allreduce(farthest, MPI.MAX)
    return float(needed > ring.inner), needed
