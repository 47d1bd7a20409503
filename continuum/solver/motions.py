"""Rigid motions of pieces of bodies, and how they are named: along an axis, about a point, one piece or several together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray

_ALIKE = 1e-6  # of a unit vector: how far one may lie from a space that it is in
_NAMED = 4  # pieces up to which each is named


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


def described(pieces: list[Piece], groups: NDArray[np.int64], modes: int, null: FloatArray) -> list[str]:
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
                name = _called([pieces[number] for number in members], centre)
                found.append(f"{name}{' together' if len(members) > 1 else ''} can {' and '.join(words)}")
        if found:
            return found
    moved = np.flatnonzero(np.linalg.norm(null.reshape(len(pieces), -1), axis=1) > _ALIKE)
    return [" and ".join(pieces[number].name for number in moved) + " can move against each other"]


def _called(pieces: list[Piece], centre: FloatArray) -> str:
    """What the user calls some pieces; of more than a few only how many they are, and where."""
    if len(pieces) <= _NAMED:
        return " and ".join(piece.name for piece in pieces)
    bodies = " and ".join(repr(name) for name in dict.fromkeys(piece.body for piece in pieces))
    at = ", ".join(f"{value:.4g}" for value in centre)
    return f"{len(pieces)} pieces of {bodies} around ({at}) m"


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
