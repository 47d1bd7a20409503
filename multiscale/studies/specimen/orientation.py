"""How the crystals of a law lie in those of the bodies: indices of directions, and the turn from the law's axes to the mesh's."""

from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError

ALONG = 1e-3
"""rad: directions and angles that differ by less are one."""
_LARGEST_INDEX = 12


@dataclass(frozen=True)
class CrystalSide:
    """A side of an interface, in the crystal's Cartesian axes.

    Attributes:
        body: The body of the mesh on that side.
        wanted: (3, 3) rows tangential 1, tangential 2 and normal of the mesh's interface, as the body's grain says.
        own: (3, 3) the same of the law.
        rotations: (k, 3, 3) the crystal's own: what they turn onto each other is equivalent.
    """

    body: str
    wanted: FloatArray
    own: FloatArray
    rotations: FloatArray

    def turns(self) -> list[float]:
        """Angles, rad, about the normal from the law's axes to the mesh's, over all equivalent ones; [] if none fits."""
        found = []
        for rotation in self.rotations:
            same = self.own @ rotation.T
            if self.wanted[2] @ same[2] >= np.cos(ALONG):
                found.append(float(np.arctan2(self.wanted[0] @ same[1], self.wanted[0] @ same[0])))
        return found


def turn(name: str, sides: list[CrystalSide]) -> float:
    """The least angle, rad, that turns the law's axes onto the mesh's on every side; 0 where no grain says anything.

    Raises:
        InputError: the interface is not the plane of the law in a body, or the two sides ask for different angles.
    """
    if not sides:
        return 0.0
    for side in sides:
        if not side.turns():
            raise not_parallel(name, side)
    first, *others = (side.turns() for side in sides)
    both = [angle for angle in first if all(_among(angle, other) for other in others)]
    if not both:
        asked = " and ".join(
            f"{np.degrees(min(side.turns(), key=abs)):.4g}° by bodies.{side.body}.grain" for side in sides
        )
        raise InputError(
            f"interfaces.{name}: the law joins its two crystals in one way, and the grains of the bodies in another (its axes "
            f"would be turned by {asked}); leave one of the grains out, and it follows from the law."
        )
    return min(both, key=abs)


def not_parallel(name: str, side: CrystalSide) -> InputError:
    """What is wrong where no equivalent of the law's plane is the interface."""
    return InputError(
        f"interfaces.{name}: the plane of the law is normal to {np.round(side.own[2], 3).tolist()} in the crystal of {side.body!r}, "
        f"and the interface, by bodies.{side.body}.grain, to {np.round(side.wanted[2], 3).tolist()}; they must be parallel, or "
        "equivalent in the crystal."
    )


def equivalent(first: FloatArray, second: FloatArray, rotations: FloatArray) -> bool:
    """Whether two grains (3, 3), rows the mesh's axes in the crystal, are one lattice."""
    return bool(min(np.abs(first - second @ rotation.T).max() for rotation in rotations) < ALONG)


def indices(name: str, body: str, direction: FloatArray, conventional: FloatArray, plane: bool) -> tuple[int, int, int]:
    """Small integers of a Cartesian crystal direction: (hkl) of the plane normal to it, or [uvw].

    Raises:
        InputError: it has none.
    """
    basis = conventional.T if not plane else np.linalg.inv(conventional)
    values = np.linalg.solve(basis, direction)
    values = values / np.abs(values).max()
    for factor in range(1, _LARGEST_INDEX + 1):
        whole = np.round(values * factor)
        back = basis @ whole
        if np.linalg.norm(np.cross(back / np.linalg.norm(back), direction)) < ALONG:
            first, second, third = (int(v) for v in whole)
            return first, second, third
    what = "normal to the interface" if plane else "along its first tangent"
    raise InputError(
        f"interfaces.{name}: the direction {what} has no indices up to {_LARGEST_INDEX} in the crystal of {body!r}; turn the grain, "
        "or give plane, or upper and lower."
    )


def _among(angle: float, others: list[float]) -> bool:
    """Whether an angle is one of others, up to whole turns."""
    return any(abs(np.exp(1j * angle) - np.exp(1j * other)) < ALONG for other in others)
