"""Whether supports and laws hold the bodies: the rigid motions that nothing resists, named.

A rigid motion r of the bodies costs nothing exactly when it moves no prescribed degree of freedom and
T ⟦r⟧ = 0 at every point of the interfaces, T their tangent at rest. The bodies' own stiffness does not
see it, and a solver that meets it divides by what rounding left.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from continuum.cohesive.history import History, respond
from continuum.cohesive.interface import Interface
from continuum.fenics import MPI, dolfinx
from continuum.solver.problem import CohesiveProblem
from coupling.contracts import FloatArray
from coupling.errors import InputError

_HELD = 1e-10  # of the stiffest rigid motion's square: a motion below is free
_ALIKE = 1e-6  # of a unit vector: how far one may lie from a space that it is in
_FELT = 1e-12  # of an interface's stiffest direction: a softer one transmits nothing


@dataclass(frozen=True)
class Piece:
    """Cells of one body that hang together.

    Attributes:
        body: The body.
        whole: Whether it is all of the body.
        centre: (dim,) m.
        size: Its extent, m.
    """

    body: str
    whole: bool
    centre: FloatArray
    size: float

    @property
    def name(self) -> str:
        """What the user calls it."""
        at = ", ".join(f"{value:.4g}" for value in self.centre)
        return f"the body {self.body!r}" if self.whole else f"the piece of body {self.body!r} around ({at}) m"

    def motions(self, points: FloatArray, axisymmetric: bool) -> FloatArray:
        """(n, dim, modes) its rigid motions at points (n, dim): along each axis, then about each, in parts of its size.

        A solid of revolution has one, along its axis.
        """
        count, dim = points.shape
        if axisymmetric:
            return np.broadcast_to(np.array([[0.0], [1.0]]), (count, 2, 1))
        turns = [(0, 1)] if dim == 2 else [(1, 2), (2, 0), (0, 1)]
        modes = np.zeros((count, dim, dim + len(turns)))
        modes[:, :, :dim] = np.eye(dim)
        arm = (points - self.centre) / self.size
        for number, (i, j) in enumerate(turns, dim):
            modes[:, i, number], modes[:, j, number] = -arm[:, j], arm[:, i]
        return modes


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


def free_motions(problem: CohesiveProblem) -> tuple[str, ...]:
    """Rigid motions of the undeformed bodies that neither supports, nor loads, nor laws resist, in words. Collective."""
    pieces, labels = _pieces(problem)
    modes = pieces[0].motions(np.zeros((1, problem.mesh.dimension)), _turned(problem)).shape[2]
    gram, joined = np.zeros((len(pieces), modes, len(pieces), modes)), np.eye(len(pieces), dtype=np.int8)
    _add_prescribed(problem, pieces, labels, gram)
    for interface in problem.interfaces:
        _add_interface(problem, interface, pieces, labels, gram, joined)
    gram, joined = problem.comm.allreduce(gram), np.max(problem.comm.allgather(joined), axis=0)
    values, vectors = np.linalg.eigh(gram.reshape(len(pieces) * modes, -1))
    null = vectors[:, values <= _HELD * max(values[-1], 1.0)]
    groups = _grouped(*np.nonzero(joined), len(pieces))
    return tuple(problem.comm.bcast(_described(pieces, groups, modes, null) if null.shape[1] else []))


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
        order = np.lexsort((low + high).T[::-1])  # by place: the numbers hang on the ranks
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
    gram: FloatArray, joined: NDArray[np.int8],
) -> None:  # fmt: skip
    """T ⟦r⟧ at the interface's points, each row of T over its largest entry."""
    bond, kin, comm = interface.bond, interface.kinematics, problem.comm
    jump = interface.flat_jump(None)
    tangent = respond(bond, jump, History.new(jump)).tangent
    if bond.viscosity:  # resists every rate, and the duration is not known here
        tangent = tangent + np.eye(3) * (comm.allreduce(float(np.abs(tangent).max(initial=0.0)), MPI.MAX) or 1.0)
    rows = np.max(comm.allgather(np.abs(tangent).max(axis=(0, 2), initial=0.0)), axis=0)
    area = comm.allreduce(float(interface.weights.sum()))
    if not rows.any():
        return
    scale = np.where(rows > _FELT * rows.max(), rows, np.inf)
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


def _described(pieces: list[Piece], groups: NDArray[np.int64], modes: int, null: FloatArray) -> list[str]:
    """Free motions of single pieces; without any, those of pieces that laws join; at last whatever is left."""
    singles = [([number], np.arange(len(pieces)) == number) for number in range(len(pieces))]
    together = [(list(np.flatnonzero(groups == group)), groups == group) for group in np.unique(groups)]
    for sets in (singles, together):
        found = []
        for members, mask in sets:
            centre = np.mean([pieces[number].centre for number in members], axis=0)
            size = max(pieces[number].size for number in members)
            words = _words(centre, size, _common(pieces, mask, modes, centre, size), null)
            if words:
                name = " and ".join(pieces[number].name for number in members)
                found.append(f"{name}{' together' if len(members) > 1 else ''} can {' and '.join(words)}")
        if found:
            return found
    moved = np.flatnonzero(np.linalg.norm(null.reshape(len(pieces), -1), axis=1) > _ALIKE)
    return [" and ".join(pieces[number].name for number in moved) + " can move against each other"]


def _common(pieces: list[Piece], mask: NDArray[np.bool_], modes: int, centre: FloatArray, size: float) -> FloatArray:
    """(pieces × modes, modes) the rigid motions about a centre of the chosen pieces as one, in their own motions."""
    dim, basis = len(centre), np.zeros((len(pieces), modes, modes))
    for number in np.flatnonzero(mask):
        basis[number] = np.eye(modes)
        if modes > 1:
            frame = Piece("", True, centre, size)
            basis[number, :dim] = frame.motions(pieces[number].centre[None], False)[0]
            basis[number, dim:, dim:] *= pieces[number].size / size
    return basis.reshape(-1, modes)


def _words(centre: FloatArray, size: float, basis: FloatArray, null: FloatArray) -> list[str]:
    """What of the motions (n, modes) of a set of pieces lies in the null space (n, k)."""
    orthonormal, upper = np.linalg.qr(basis)
    left, cosines, _ = np.linalg.svd(orthonormal.T @ null)
    inside = np.linalg.solve(upper, left[:, : len(cosines)][:, cosines > 1 - _ALIKE])
    if not inside.shape[1]:
        return []
    space, modes, dim = np.linalg.qr(inside)[0], len(inside), len(centre)
    axes = "y" if modes == 1 else "xyz"[:dim]
    within = [np.linalg.norm(space @ space[axis] - np.eye(modes)[axis]) < np.sqrt(_ALIKE) for axis in range(len(axes))]
    free = [name for name, lies in zip(axes, within, strict=True) if lies]
    words = [f"move along {_listed(free)}"] if free else []
    space = space.copy()
    space[np.flatnonzero(within)] = 0.0
    rest, sizes, _ = np.linalg.svd(space, full_matrices=False)
    rest = rest[:, sizes > 0.5]
    if rest.shape[1] == modes - dim > 1:
        return [*words, "turn about any axis"]
    return words + [_turn(motion, centre, size) for motion in rest.T]


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _turn(motion: FloatArray, centre: FloatArray, size: float) -> str:
    """A motion that is not along an axis."""
    dim = len(centre)
    along, about = motion[:dim], motion[dim:]
    if np.linalg.norm(about) < _ALIKE:
        return f"move along {_direction(along)}"
    if dim == 2:
        pivot = centre + size / about[0] * np.array([-along[1], along[0]])
        return f"turn about ({pivot[0]:.4g}, {pivot[1]:.4g}) m"
    return f"turn about {_direction(about)}"


def _direction(vector: FloatArray) -> str:
    """A direction: an axis's name, or its components."""
    unit = vector / np.linalg.norm(vector)
    axis = int(np.argmax(np.abs(unit)))
    if abs(unit[axis]) > 1 - _ALIKE:
        return "xyz"[axis]
    return f"({', '.join(f'{value:.3g}' for value in np.where(np.abs(unit) < _ALIKE, 0.0, unit))})"
