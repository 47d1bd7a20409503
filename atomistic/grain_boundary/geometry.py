"""What a grain boundary is before its atoms: two orientations of one crystal and the plane between them."""

from dataclasses import dataclass
from math import degrees, gcd
from typing import Literal, NamedTuple

import numpy as np
from ase import Atoms

from atomistic.decohesion.plane_lattice import plane_basis
from atomistic.grain_boundary.rotations import CoincidenceRotation, coincidence_rotations
from atomistic.symmetry import proper_rotations
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

Indices = tuple[int, int, int]
BoundaryKind = Literal["tilt", "twist", "mixed"]
KINDS = ("tilt", "twist", "mixed")
_PARALLEL = 1e-6
_WHOLE = 1e-4  # error of a whole number
_LARGEST_INDEX = 1000


class GrainCut(NamedTuple):
    """A grain at the boundary, in the conventional cell of its own crystal.

    Attributes:
        plane: (hkl), the normal pointing from the lower grain to the upper.
        x: (3,) Cartesian direction in the plane that is parallel to the other grain's.
    """

    plane: Indices
    x: FloatArray

    def direction(self, conventional: FloatArray) -> Indices:
        """x as whole indices [uvw] of a conventional cell (3, 3), Å.

        Raises:
            InputError: it has none.
        """
        along = self.x @ np.linalg.inv(conventional)
        along = along / np.abs(along).max()
        for scale in range(1, _LARGEST_INDEX):
            whole = np.round(scale * along)
            if np.abs(scale * along - whole).max() < _WHOLE:
                u, v, w = (int(index) for index in whole)
                return u, v, w
        raise InputError(f"The direction {self.x} has no whole indices in its crystal; give another x.")


@dataclass(frozen=True)
class BoundaryGeometry:
    """Two grains of a crystal and the plane between them.

    Attributes:
        lower: The lower grain.
        upper: The upper one.
        axis: (3,) Cartesian unit vector in the lower crystal about which the upper one is turned by the least angle.
        angle: That angle, degrees: the disorientation.
        kind: "tilt", "twist" or "mixed", by the axis.
        symmetric: Whether the plane is one of the same kind in both grains.
        sigma: Σ; None where no coincidence was asked for.
    """

    lower: GrainCut
    upper: GrainCut
    axis: FloatArray
    angle: float
    kind: BoundaryKind
    symmetric: bool
    sigma: int | None = None

    @property
    def label(self) -> str:
        """Such as "Σ5 (2 1 0)" or "(1 1 1)|(1 0 0)"."""
        planes = [f"({' '.join(map(str, cut.plane))})" for cut in (self.lower, self.upper)]
        return f"Σ{self.sigma} {planes[0]}" if self.sigma is not None else "|".join(planes)


def by_sigma(
    crystal: Atoms, conventional: FloatArray, sigma: int, axis: Indices, plane: Indices, *,
    kind: BoundaryKind | None = None, angle: float | None = None,
) -> BoundaryGeometry:  # fmt: skip
    """The boundary of a coincidence rotation in a plane of the lower grain.

    Of the rotations with this Σ about the axis the one is taken that gives the plane the lowest indices in the upper grain:
    (210) of Σ5 [001] is the symmetric tilt boundary and not the asymmetric one with (11 2 0). Of a tilt boundary x is normal to
    the axis, which is then z in a mesh whose y is the normal: the plane of a mesh in plane strain is a mirror plane of both.

    Args:
        crystal: The crystal's cell.
        conventional: (3, 3) Å, that the indices refer to.
        sigma: Σ.
        axis: [uvw].
        plane: (hkl) in the lower grain.
        kind: What it must be; None is any.
        angle: Degrees, where several rotations have this Σ.

    Raises:
        InputError: there is no such rotation, or the plane is not of the kind.
    """
    if not any(plane):
        raise InputError("The boundary plane (0, 0, 0) is none; give for example (2, 1, 0).")
    _check_kind(kind, axis, plane, conventional)
    rotations = coincidence_rotations(conventional, axis, sigma, angle)
    seen = [_seen_from(one, conventional, plane) for one in rotations]
    chosen = min(range(len(seen)), key=lambda k: (np.dot(seen[k], seen[k]), k))
    rotation, basis = rotations[chosen], plane_basis(crystal.cell.array, conventional, plane)
    tilt = np.dot(axis, plane) == 0
    along = np.cross(_normal(plane, conventional), np.array(axis) @ conventional) if tilt else basis[0]
    x = along / np.linalg.norm(along)
    lower, upper = GrainCut(plane, x), GrainCut(seen[chosen], rotation.matrix.T @ x)
    return _geometry(crystal, conventional, lower, upper, sigma, kind_of(axis, plane, conventional))


def by_planes(
    crystal: Atoms, conventional: FloatArray, lower: tuple[Indices, Indices], upper: tuple[Indices, Indices]
) -> BoundaryGeometry:
    """The boundary of two orientations, each by the plane (hkl) that it turns to the other and a direction [uvw] in it.

    The planes lie on each other, and so do the directions.

    Raises:
        InputError: a direction does not lie in its plane.
    """
    cuts = []
    for which, (plane, x) in (("lower", lower), ("upper", upper)):
        if not any(plane) or not any(x) or np.dot(plane, x):
            raise InputError(
                f"Of the {which} grain the direction x = {list(x)} does not lie in the plane {tuple(plane)}: h u + k v + l w must "
                "be 0."
            )
        along = np.array(x, dtype=float) @ conventional
        cuts.append(GrainCut(plane, along / np.linalg.norm(along)))
    return _geometry(crystal, conventional, cuts[0], cuts[1], None, None)


def kind_of(axis: Indices, plane: Indices, conventional: FloatArray) -> BoundaryKind:
    """Tilt where the plane contains the axis, twist where it is normal to it, else mixed."""
    return _kind(np.array(axis) @ conventional, _normal(plane, conventional))


def axes(cut: GrainCut, conventional: FloatArray) -> FloatArray:
    """(3, 3) rows are x, y and the normal of a grain at the boundary, in its crystal."""
    normal = _normal(cut.plane, conventional)
    return np.array([cut.x, np.cross(normal, cut.x), normal])


def _geometry(
    crystal: Atoms, conventional: FloatArray, lower: GrainCut, upper: GrainCut, sigma: int | None, kind: BoundaryKind | None
) -> BoundaryGeometry:  # fmt: skip
    """With the disorientation, the least turn among those that the crystal's symmetry makes equal."""
    symmetries = proper_rotations(crystal)
    rotation = axes(lower, conventional).T @ axes(upper, conventional)
    equal = rotation @ symmetries
    least = equal[int(np.argmax(np.round(np.trace(equal, axis1=1, axis2=2), 9)))]
    axis, angle = _axis_angle(least)
    family = _normal(upper.plane, conventional) @ symmetries
    symmetric = bool(np.any(np.abs(np.abs(family @ _normal(lower.plane, conventional)) - 1) < _PARALLEL))
    found = kind or _kind(axis, _normal(lower.plane, conventional))
    return BoundaryGeometry(lower, upper, axis, angle, found, symmetric, sigma)


def _kind(axis: FloatArray, normal: FloatArray) -> BoundaryKind:
    across = abs(normal @ axis) / np.linalg.norm(axis)
    return "tilt" if across < _PARALLEL else "twist" if across > 1 - _PARALLEL else "mixed"


def _axis_angle(rotation: FloatArray) -> tuple[FloatArray, float]:
    """Unit axis and angle in degrees, 0 to 180, of a rotation; the axis of none is z."""
    twice = np.array(
        [rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]]
    )
    angle = np.arctan2(np.linalg.norm(twice), np.trace(rotation) - 1)
    if angle < _PARALLEL:
        return np.array([0.0, 0.0, 1.0]), 0.0
    if np.linalg.norm(twice) < _PARALLEL:  # half a turn: R = 2 a aᵀ − 1
        columns = rotation + np.eye(3)
        twice = columns[:, int(np.argmax(np.diag(columns)))]
    return twice / np.linalg.norm(twice), degrees(angle)


def _normal(plane: Indices, conventional: FloatArray) -> FloatArray:
    normal = np.linalg.solve(conventional, np.array(plane, dtype=float))
    return np.asarray(normal / np.linalg.norm(normal))


def _seen_from(rotation: CoincidenceRotation, conventional: FloatArray, plane: Indices) -> Indices:
    """The plane in the turned grain: whole, since the rotation times its denominator is."""
    normal = np.linalg.solve(conventional, np.array(plane, dtype=float))
    indices = conventional @ (rotation.matrix.T @ normal) * rotation.denominator
    whole = np.round(indices).astype(int)
    if np.abs(indices - whole).max() > _WHOLE * max(np.abs(indices).max(), 1.0):
        raise InputError(
            f"The plane {tuple(plane)} has no whole indices in the other grain; give the boundary by two planes."
        )
    h, k, l = (int(index) // gcd(*whole.tolist()) for index in whole)  # noqa: E741
    return h, k, l


def _check_kind(kind: BoundaryKind | None, axis: Indices, plane: Indices, conventional: FloatArray) -> None:
    """Raise `InputError` where the plane is not of the kind that is demanded."""
    if kind is None:
        return
    if kind not in KINDS:
        raise unknown_choice("kind of boundary", kind, KINDS)
    found = kind_of(axis, plane, conventional)
    if found != kind:
        ways = {
            "tilt": "give a plane that contains the axis, h u + k v + l w = 0",
            "twist": "give the plane normal to the axis",
            "mixed": "give a plane that is oblique to the axis",
        }
        raise InputError(
            f"The plane {tuple(plane)} with the axis {list(axis)} makes a {found} boundary, and kind is {kind!r}; {ways[kind]}, or "
            "leave kind out."
        )
