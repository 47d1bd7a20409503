"""How many J/m² stand at an interface at the law's peak: layers, closed spacing, misfit, column of the bodies."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray
from coupling.specimen.records import SIDES, BodyRecord, InterfaceRecord, SideName

STRAINED = 1e-6
"""In-plane strain above which a side was strained to match."""
_CARRIED = 0.05
"""Largest difference between stress-free strain and misfit over the misfit, at which a body carries it."""


@dataclass(frozen=True)
class Joint:
    """An interface with the bodies on its sides.

    Attributes:
        interface: The interface.
        bodies: All bodies by name.
    """

    interface: InterfaceRecord
    bodies: Mapping[str, BodyRecord]

    def body(self, which: SideName) -> BodyRecord | None:
        """The body on a side; None: the rigid foundation."""
        name = self.interface.body(which)
        return None if name is None else self.bodies[name]

    def elastic(self, which: SideName) -> bool:
        """Whether finite elements deform on this side."""
        body = self.body(which)
        return body is not None and not body.rigid

    def modulus(self, which: SideName) -> float | None:
        """C33 of the body along the normal, Pa; its mean over all directions where the interface is curved."""
        body = self.body(which)
        if body is None or body.stiffness_voigt is None:
            return None
        turned = self.interface.stiffness_of(body)
        return float(turned[2, 2]) if turned is not None else mean_modulus(body.stiffness_voigt)

    def taken_modulus(self, which: SideName) -> float | None:
        """C33 of the bulk in the count, Pa; that of the body, or of the other side, where it is not known."""
        for place in (which, *(one for one in SIDES if one != which)):
            side = self.interface.side(place)
            found = self.modulus(place) if side is None else float(side.stiffness_voigt[2, 2])
            if found is not None:
                return found
        return None

    def held(self, thickness: float, modulus: float) -> float:
        """T²/2C33 over a thickness at the peak traction, J/m²."""
        return thickness * self.interface.peak_traction**2 / (2.0 * modulus)

    def half_spacing(self, which: SideName) -> float | None:
        """This side's half of the closed spacing, m; as the other side's where it is not known."""
        side, count = self.interface.side(which), self.interface.count
        whole = count.spacing if side is None else count.planes * side.spacing
        return None if whole is None else whole / 2.0

    def spacing_energy(self, which: SideName) -> float | None:
        """What this side's half of the closed spacing holds, J/m²."""
        half, modulus = self.half_spacing(which), self.taken_modulus(which)
        return None if half is None or modulus is None else self.held(half, modulus)

    def layers_energy(self, which: SideName) -> float | None:
        """What the count's layers of this side hold, linear, J/m²."""
        side = self.interface.side(which)
        return None if side is None else side.elastic_energy(self.interface.peak_traction)

    def column_energy(self) -> float | None:
        """What the elastic bodies hold in a column across the interface, J/m²; None where a stiffness is not known."""
        total = 0.0
        for which in SIDES:
            body, modulus = self.body(which), self.modulus(which)
            if body is None or body.rigid:
                continue
            if modulus is None or self.interface.name not in body.extent:
                return None
            total += self.held(body.extent[self.interface.name], modulus)
        return total

    def strained(self, which: SideName) -> bool:
        """Whether this side was strained to match, its body can carry that, and both have a frame to be compared in."""
        side = self.interface.side(which)
        flat = self.interface.rotation is not None
        return side is not None and flat and self.elastic(which) and bool(np.abs(side.strain).max() > STRAINED)

    def carries_misfit(self, which: SideName) -> bool:
        """Whether the body's stress-free strain is the misfit, with the opposite sign, or that and an isotropic one.

        The isotropic strain (of heat) shows along the normal, where the misfit has none.
        """
        side, body = self.interface.side(which), self.body(which)
        own = None if body is None else self.interface.strain_of(body)
        if side is None or own is None:
            return False
        in_plane = np.array([own[0, 0], own[1, 1], own[0, 1]])
        missing = [side.strain + in_plane, side.strain + in_plane - own[2, 2] * np.array([1.0, 1.0, 0.0])]
        return bool(min(np.abs(one).max() for one in missing) <= _CARRIED * np.abs(side.strain).max())

    def misfit_energy(self, which: SideName) -> float | None:
        """½ ε:C:ε of the side's strain over the body's extent, the normal free to relax, J/m²."""
        side, body = self.interface.side(which), self.body(which)
        if side is None or body is None or self.interface.name not in body.extent:
            return None
        stiffness = self.interface.stiffness_of(body)
        plane = in_plane_stiffness(side.stiffness_voigt if stiffness is None else stiffness)
        strain = side.strain * [1.0, 1.0, 2.0]
        return float(0.5 * strain @ plane @ strain * body.extent[self.interface.name])


def mean_modulus(stiffness_voigt: FloatArray) -> float:
    """The mean of C33 over all directions, Pa: (3 Σ C_ii + 2 Σ C_ij + 4 Σ C_kk)/15, i < j ≤ 3 < k."""
    c = stiffness_voigt
    return float((3 * np.trace(c[:3, :3]) + 2 * (c[0, 1] + c[0, 2] + c[1, 2]) + 4 * np.trace(c[3:, 3:])) / 15.0)


def in_plane_stiffness(stiffness_voigt: FloatArray) -> FloatArray:
    """(3, 3) Pa of xx, yy, xy (engineering) at σ_zz = σ_yz = σ_xz = 0."""
    inside = np.ix_([0, 1, 5], [0, 1, 5])
    return np.asarray(np.linalg.inv(np.linalg.inv(stiffness_voigt)[inside]))
