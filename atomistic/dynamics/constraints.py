"""What is held while atoms move: fixed atoms, sums of coordinates, the centre of mass, and grips under constant traction.

All are linear in the coordinates, so that a velocity is made to fit by one projection in the metric of the masses, and
a position then fits without iteration. Random velocities that are projected have the exact distribution.

Of ring polymers the beads of fixed atoms stand still, and all else is held of the centroids.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import EV_A3

Mask = NDArray[np.bool_]
_DEPENDENT = 1e-10


@dataclass(frozen=True)
class Grips:
    """Two groups of atoms that move as rigid plates, without turning, under a constant traction.

    Attributes:
        lower: (N,) True for the atoms of one.
        upper: (N,) True for those of the other.
        traction: (3,) on the upper one, Pa, positive z in tension; the opposite acts on the lower one. The area is that of the
            first two cell vectors.
    """

    lower: Mask
    upper: Mask
    traction: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Held:
    """Constraints on the motion.

    Attributes:
        fixed: (N,) True where an atom stands still.
        combinations: (m, N, 3) coefficients of sums over coordinates that keep their values, such as `plane_distance`; or
            (R, m, N, 3), those of each replica or ring polymer.
        grips: Two rigid plates, or none.
        centre: The centre of mass stands still. At constant energy and under `NoseHoover` this is right wherever
            the potential does not tie atoms to places, since the total momentum is then conserved anyway.
    """

    fixed: Mask | None = None
    combinations: FloatArray | None = None
    grips: Grips | None = None
    centre: bool = False

    @property
    def nothing(self) -> bool:
        """Whether all atoms are free."""
        return self.fixed is None and self.combinations is None and self.grips is None and not self.centre


FREE = Held()
"""All atoms are free."""


def plane_distance(lower: Mask, upper: Mask, direction: int = 2) -> FloatArray:
    """The combination "mean height of the upper atoms less that of the lower ones": the gap of two planes.

    Args:
        lower: (N,) True for the atoms of one plane.
        upper: (N,) True for those of the other.
        direction: 0, 1 or 2 for x, y or z.

    Returns:
        (1, N, 3) for `Held.combinations`.
    """
    lower, upper = _group(lower, "lower", np.shape(lower)), _group(upper, "upper", np.shape(lower))
    if np.any(lower & upper):
        raise InputError("An atom is marked as lower and as upper; the two planes of a gap share none.")
    made = np.zeros((1, len(lower), 3))
    made[0, :, direction] = upper / upper.sum() - lower / lower.sum()
    return made


class Freedom:
    """The motions that constraints leave.

    Attributes:
        count: Degrees of freedom of a replica, or of a ring polymer.
    """

    def __init__(self, held: Held, masses: FloatArray, beads: int = 1) -> None:
        """`beads` replicas, one after the other, are a ring polymer."""
        atoms, self._beads = len(masses), beads
        fixed = np.zeros(atoms, bool) if held.fixed is None else _group(held.fixed, "fixed", (atoms,), empty=True)
        self._free = held.nothing
        self._masses = np.asarray(masses, dtype=float)[:, None]
        self._moving = ~fixed[:, None]
        self._plates: list[Mask] = []
        self.load = np.zeros((atoms, 3))
        """(N, 3) forces on the grips per area, eV/Å³."""
        if held.grips is not None:
            self._grip(held.grips, fixed)
        self._rows = np.zeros((0, 1, atoms, 3))
        self._rows = self._independent(_rows(held, self._masses))
        gripped = sum(int(plate.sum()) for plate in self._plates)
        self.count = 3 * (atoms - int(fixed.sum()) - gripped + len(self._plates)) - len(self._rows)
        if self.count <= 0:
            raise InputError(
                f"The constraints hold all {3 * atoms} coordinates, so that nothing moves; free some atoms, or take fewer "
                "combinations."
            )
        self.count += 3 * (beads - 1) * (atoms - int(fixed.sum()))

    @property
    def replicas(self) -> int:
        """Of how many replicas or ring polymers the combinations are; 1 where they are those of each."""
        return int(self._rows.shape[1])

    def allowed(self, velocities: FloatArray) -> FloatArray:
        """Velocities (R, N, 3) without what the constraints forbid, in the metric of the masses."""
        if self._free:
            return velocities
        if self._beads == 1:
            return self._projected(velocities)
        rings = velocities.reshape(-1, self._beads, *velocities.shape[1:])
        centroids = rings.mean(axis=1, keepdims=True)
        made = (rings - centroids) * self._moving + self._projected(centroids[:, 0])[:, None]
        return np.asarray(made.reshape(velocities.shape))

    def _projected(self, velocities: FloatArray) -> FloatArray:
        made = velocities * self._moving
        for plate in self._plates:
            weights = self._masses[plate] / self._masses[plate].sum()
            made[:, plate] = np.sum(weights * made[:, plate], axis=1, keepdims=True)
        for row in self._rows:
            made = made - row * np.sum(self._masses * row * made, axis=(1, 2), keepdims=True)
        return made

    def _grip(self, grips: Grips, fixed: Mask) -> None:
        self._plates = [_group(getattr(grips, name), name, fixed.shape) for name in ("lower", "upper")]
        lower, upper = self._plates
        if np.any(lower & upper) or np.any((lower | upper) & fixed):
            raise InputError("An atom is in two of lower grip, upper grip and fixed atoms; put each into one at most.")
        traction = np.asarray(grips.traction, dtype=float)
        if traction.shape != (3,) or not np.isfinite(traction).all():
            raise InputError(f"A traction of {grips.traction} is not three numbers in Pa; give x, y and z.")
        shares = upper / upper.sum() - lower / lower.sum()
        self.load = shares[:, None] * traction / EV_A3

    def _independent(self, rows: FloatArray) -> FloatArray:
        """Directions (m, R, N, 3) of the combinations (R, m, N, 3), orthonormal in the masses' metric."""
        found = [self._directions(one) for one in rows]
        counts = {len(one) for one in found}
        if len(counts) > 1:
            raise InputError(
                f"The combinations leave replicas {min(counts)} to {max(counts)} directions that are held; give each replica as "
                "many that are independent."
            )
        return np.array(found).swapaxes(0, 1)

    def _directions(self, rows: FloatArray) -> FloatArray:
        """Directions (m, N, 3) of the combinations of one among the motions left so far."""
        if len(rows) == 0:
            return rows
        weights = self._projected(rows / self._masses)
        sizes, turned = np.linalg.eigh(np.einsum("kai,ai,lai->kl", weights, self._masses * np.ones(3), weights))
        kept = sizes > _DEPENDENT * max(sizes.max(), 1e-300)
        return np.asarray(np.tensordot((turned[:, kept] / np.sqrt(sizes[kept])).T, weights, axes=1))


def _rows(held: Held, masses: FloatArray) -> FloatArray:
    """(R, m, N, 3)"""
    rows = np.zeros((1, 0, len(masses), 3))
    if held.combinations is not None:
        given = np.asarray(held.combinations, dtype=float)
        rows = given[None] if given.ndim == 3 else given
        if rows.ndim != 4 or rows.shape[2:] != (len(masses), 3) or len(rows) == 0:
            raise InputError(f"Combinations of shape {given.shape} do not fit {len(masses)} atoms; give (m, N, 3).")
    if held.centre:
        centre = masses[None] * np.eye(3)[:, None, :] / masses.mean()
        rows = np.concatenate([rows, np.broadcast_to(centre, (len(rows), *centre.shape))], axis=1)
    return rows


def _group(mask: Mask, name: str, shape: tuple[int, ...], *, empty: bool = False) -> Mask:
    mask = np.asarray(mask, dtype=bool)
    if mask.shape != shape or mask.ndim != 1 or not (empty or mask.any()):
        raise InputError(
            f"The mask {name!r} has shape {mask.shape} and marks {mask.sum()} atoms; give one truth value for each of the "
            f"{shape[0]} atoms, and mark at least one."
        )
    return mask
