"""Whether supports and laws hold the bodies: the rigid motions that nothing resists, named.

A rigid motion r of the bodies costs nothing exactly when it moves no prescribed degree of freedom and
T ⟦r⟧ = 0 at every point of the interfaces, T their tangent at rest. The bodies' own stiffness does not
see it, and a solver that meets it divides by what rounding left.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from continuum.cohesive.history import History, respond
from continuum.cohesive.interface import Interface
from continuum.fenics import MPI, PETSc, dolfinx
from continuum.solver.motions import Piece, described
from continuum.solver.problem import CohesiveProblem
from coupling.contracts import FloatArray
from coupling.errors import InputError

_HELD = 1e-10  # of the stiffest rigid motion's square: a motion below is free
_FELT = 1e-12  # of an interface's stiffest direction: a softer one transmits nothing


def check_held(problem: CohesiveProblem) -> None:
    """Refuse a specimen of which a part can move freely. Collective.

    Raises:
        InputError: it names the bodies and their free motions.
    """
    free = free_motions(problem)
    if free:
        raise InputError(
            f"Nothing holds the specimen: {'; '.join(free)}, and the equations have no single solution. Give supports "
            "that hold this, or laws whose faces resist it."
        )


def free_motions(problem: CohesiveProblem, x: "PETSc.Vec | None" = None) -> tuple[str, ...]:
    """Rigid motions that neither supports, nor loads, nor laws resist, in words. Collective.

    Args:
        problem: The specimen.
        x: The state whose interfaces are looked at, with the history that they have; None: they never saw a load.
    """
    if x is not None:
        problem.update(x)
    pieces, labels = _pieces(problem)
    modes = pieces[0].motions(np.zeros((1, problem.mesh.dimension)), _turned(problem)).shape[2]
    gram, joined = np.zeros((len(pieces), modes, len(pieces), modes)), np.eye(len(pieces), dtype=np.int8)
    _add_prescribed(problem, pieces, labels, gram)
    for interface in problem.interfaces:
        _add_interface(problem, interface, pieces, labels, gram, joined, at_rest=x is None)
    gram, joined = problem.comm.allreduce(gram), np.max(problem.comm.allgather(joined), axis=0)
    gram = gram.reshape(len(pieces) * modes, -1)
    if _stands(gram):
        return ()
    values, vectors = np.linalg.eigh(gram)
    null = vectors[:, values <= _HELD * max(values[-1], 1.0)]
    groups = _grouped(*np.nonzero(joined), len(pieces))
    return tuple(problem.comm.bcast(described(pieces, groups, modes, null) if null.shape[1] else []))


def _stands(gram: FloatArray) -> bool:
    """Whether no motion is free, which a factorisation tells of hundreds of grains much sooner than their eigenvalues."""
    largest = max(float(np.abs(gram).sum(axis=1).max()), 1.0)  # no less than the largest eigenvalue
    try:
        np.linalg.cholesky(gram - _HELD * largest * np.eye(len(gram)))
    except np.linalg.LinAlgError:
        return False
    return True


def _turned(problem: CohesiveProblem) -> bool:
    return problem.kind == "axisymmetric"


def _pieces(problem: CohesiveProblem) -> tuple[list[Piece], dict[str, NDArray[np.int64]]]:
    """The pieces of all bodies, and by body the piece of each local degree of freedom's node."""
    comm, dim, pieces, labels = problem.comm, problem.mesh.dimension, list[Piece](), {}
    for name, space in problem.bulk.spaces.items():
        own = _connected(space)
        points, owned = space.tabulate_dof_coordinates()[:, :dim], space.dofmap.index_map.size_local
        number = comm.allreduce(int(own.max(initial=-1)), MPI.MAX) + 1
        low, high = np.full((number, dim), np.inf), np.full((number, dim), -np.inf)
        np.minimum.at(low, own[:owned], points[:owned])
        np.maximum.at(high, own[:owned], points[:owned])
        low, high = np.min(comm.allgather(low), axis=0), np.max(comm.allgather(high), axis=0)
        order = np.lexsort((low + high).T[::-1])  # by place: the numbers depend on the ranks
        low, high, own = low[order], high[order], np.argsort(order)[own]
        labels[name] = own + len(pieces)
        sizes = np.linalg.norm(high - low, axis=1)
        pieces += [Piece(name, number == 1, c, float(s)) for c, s in zip((low + high) / 2, sizes, strict=True)]
    return pieces, labels


def _connected(space: "dolfinx.fem.FunctionSpace") -> NDArray[np.int64]:
    """(nodes,) number of the piece to which each local node of a body belongs, the same on all ranks."""
    comm, index = space.mesh.comm, space.dofmap.index_map
    cells = space.dofmap.list
    size = index.size_local + index.num_ghosts
    first, other = np.repeat(cells[:, 0], cells.shape[1]), cells.ravel()
    own = _grouped(first, other, size)
    counts = comm.allgather(int(own.max(initial=-1)) + 1)
    own = own + sum(counts[: comm.rank])
    begin, end = index.local_range
    links = []
    for numbers, theirs in comm.allgather((index.ghosts, own[index.size_local :])):  # the owner knows both numbers
        mine = (numbers >= begin) & (numbers < end)
        links.append(np.column_stack([own[numbers[mine] - begin], theirs[mine]]))
    pairs = np.concatenate(comm.allgather(np.concatenate(links)))
    total = sum(counts)
    merged = _grouped(pairs[:, 0], pairs[:, 1], total)
    used = np.unique(merged)  # nodes without cells on this rank make no piece of their own: their owner's does
    return np.searchsorted(used, merged[own])


def _grouped(first: NDArray[np.integer], other: NDArray[np.integer], size: int) -> NDArray[np.int64]:
    """(size,) number of the group of each; pairs of one and the other are of one group."""
    links = coo_array((np.ones(len(first), dtype=np.int8), (first, other)), shape=(size, size))
    return connected_components(links, directed=False)[1].astype(np.int64)


def _add_prescribed(
    problem: CohesiveProblem, pieces: list[Piece], labels: dict[str, NDArray[np.int64]], gram: FloatArray
) -> None:
    dim = problem.mesh.dimension
    for name, space in problem.bulk.spaces.items():
        owned = space.dofmap.index_map.size_local
        nodes, components = np.nonzero(np.isin(problem.unknowns.numbers[name][:owned], problem.fixed))
        points = space.tabulate_dof_coordinates()[nodes, :dim]
        for piece in np.unique(labels[name][nodes]):
            on = labels[name][nodes] == piece
            rows = pieces[piece].motions(points[on], _turned(problem))[np.arange(on.sum()), components[on]]
            gram[piece, :, piece] += rows.T @ rows


def _add_interface(
    problem: CohesiveProblem, interface: Interface, pieces: list[Piece], labels: dict[str, NDArray[np.int64]],
    gram: FloatArray, joined: NDArray[np.int8], *, at_rest: bool,
) -> None:  # fmt: skip
    """T ⟦r⟧ at the interface's points, each row of T over its largest entry."""
    bond, kin, comm = interface.bond, interface.kinematics, problem.comm
    jump = interface.flat_jump(None)
    tangent = respond(bond, jump, History.new(jump)).tangent
    if bond.viscosity:  # resists every rate, and the duration is not known here
        tangent = tangent + np.eye(3) * (comm.allreduce(float(np.abs(tangent).max(initial=0.0)), MPI.MAX) or 1.0)
    rows = stiffest = _rows(comm, tangent)
    if not at_rest and not bond.viscosity:
        tangent = respond(bond, interface.flat_jump(problem.displacements), interface.history).tangent
        rows = _rows(comm, tangent)
    area = comm.allreduce(float(interface.weights.sum()))
    felt_at_all = rows > _FELT * stiffest.max()
    if not felt_at_all.any():
        return
    scale = np.where(felt_at_all, rows, np.inf)
    frame = kin.frame.reshape(-1, *kin.frame.shape[2:])
    felt = np.einsum("nij,njd->nid", tangent / scale[:, None], frame)
    felt *= np.sqrt(interface.weights.ravel() / area)[:, None, None]
    points, per_facet = kin.points.reshape(-1, kin.points.shape[-1]), kin.points.shape[1]
    plus = np.repeat(labels[bond.plus][kin.plus.dofs[:, 0]], per_facet)
    minus = (
        -np.ones_like(plus) if bond.minus is None else np.repeat(labels[bond.minus][kin.minus.dofs[:, 0]], per_facet)
    )
    for first, second in np.unique(np.column_stack([plus, minus]), axis=0):
        on = (plus == first) & (minus == second)
        sides = [(first, 1.0)] if second < 0 else [(first, 1.0), (second, -1.0)]
        parts = {
            piece: sign * np.einsum("nid,ndm->nim", felt[on], pieces[piece].motions(points[on], _turned(problem)))
            for piece, sign in sides
        }
        for one, its in parts.items():
            for other, others in parts.items():
                gram[one, :, other] += np.einsum("nim,nik->mk", its, others)
                joined[one, other] = 1


def _rows(comm: "MPI.Comm", tangent: FloatArray) -> FloatArray:
    """(3,) the largest entry of each row of tangents (n, 3, 3) on all ranks."""
    return np.asarray(np.max(comm.allgather(np.abs(tangent).max(axis=(0, 2), initial=0.0)), axis=0))


def broken(problem: CohesiveProblem, x: "PETSc.Vec") -> tuple[str, ...]:
    """Names of the interfaces that have opened at every point by all that their laws hold. Collective.

    Of grains each boundary between two of them counts by itself.
    """
    problem.update(x)
    least: dict[str, float] = {}
    for interface in problem.interfaces:
        opened = interface.opened(interface.flat_jump(problem.displacements)).reshape(interface.weights.shape)
        for name, each in zip(_parts(problem, interface), opened.min(axis=1, initial=np.inf).tolist(), strict=True):
            least[name] = min(each, least.get(name, np.inf))
    found: dict[str, float] = {}
    for own in problem.comm.allgather(least):
        for name, each in own.items():
            found[name] = min(each, found.get(name, np.inf))
    return tuple(sorted(name for name, opened in found.items() if opened >= 1.0))


def _parts(problem: CohesiveProblem, interface: Interface) -> list[str]:
    """The interface's name for each of its facets on this rank; between grains with their numbers."""
    bond, facets = interface.bond, interface.kinematics.facets
    if bond.plus != bond.minus:
        return [bond.name] * len(facets)
    known, pairs = problem.mesh.grain_boundaries(bond.plus)
    return [f"{bond.name} {one}|{other}" for one, other in pairs[np.searchsorted(known, facets)].tolist()]
