"""From atomistic samples to a cohesive law: the Gibbs excess at equal traction.

An interface's own law is what is left of a slab when the bulk that finite elements carry is taken
away at the same traction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from coupling.contracts import FloatArray, GapOwner
from coupling.errors import InputError
from coupling.interface.branches import LeftOut, Switch, parted
from coupling.interface.steps import Filling, drawn, joint
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import ANGSTROM, EV_A2, EV_A3

_SHUT = 2e-3
"""Å: excess opening that the convergence of slab and bulk leaves undetermined."""
_SOFT = 0.05
"""Share of the peak below which a law does not begin rigidly."""
LEFT_OVER = 0.01
"""Share of the work that may be done at zero excess opening of an initially rigid law: rounding, interpolation."""


@dataclass(frozen=True)
class SlabBranch:
    """A slab in equilibrium at uniform traction; atomistic units.

    Gaps, lengths and tractions are normal components (n,) along an opening path, or vectors (n, 3): normal,
    tangential 1, 2.

    Attributes:
        gap: Of the facing planes beyond the closed spacing, Å, among them 0 once; rising along an opening path.
        length: The cell's third vector, Å.
        energy: (n,) eV.
        traction: By virial, eV/Å³.
        traction_by_forces: By the forces on one half, eV/Å³.
        area: Area of the interface, Å².
        repeats: Lattice repeats of each crystal in the cell: its atoms over those of a repeat.
        interfaces: Equal interfaces that open in the cell.
        left_out: Gaps at which no state was found, and why.
        switches: Where the law of the path goes over from one branch of equilibria to another.
        localisation: Å over which the layers beside the gap differ from the bulk at the same traction, the largest along
            the path; None where they do not, or where it was not asked for.
        tolerance: Largest force on any atom that was allowed, eV/Å.
    """

    gap: FloatArray
    length: FloatArray
    energy: FloatArray
    traction: FloatArray
    traction_by_forces: FloatArray
    area: float
    repeats: tuple[float, ...]
    interfaces: int = 1
    left_out: tuple[LeftOut, ...] = ()
    switches: tuple[Switch, ...] = ()
    localisation: float | None = None
    tolerance: float = 0.0

    @property
    def beyond_strength(self) -> tuple[float, ...]:
        """Gaps left out, Å, because at the traction that they ask for a crystal itself would part."""
        return tuple(one.gap for one in self.left_out if one.parts)

    @property
    def without_equilibrium(self) -> np.ndarray:
        """(n − 1,) whether an interval of the path has a gap inside at which a crystal would part first."""
        return parted(self.gap, self.beyond_strength)

    @property
    def switched(self) -> np.ndarray:
        """(n − 1,) whether the law goes over to another branch in an interval of the path."""
        normal = self.traction if self.traction.ndim == 1 else self.traction[:, 0]
        ends = np.column_stack([normal[:-1], normal[1:]])
        known = np.array([(one.before, one.after) for one in self.switches]).reshape(-1, 2)
        return np.asarray(np.any(np.all(np.isclose(ends[:, None], known, rtol=1e-9, atol=0.0), axis=2), axis=1))

    @property
    def closed(self) -> int:
        """Index of the closed interface."""
        found = np.flatnonzero(np.all(self.gap.reshape(len(self.gap), -1) == 0.0, axis=1))
        if len(found) != 1:
            raise InputError("The opening path must contain the closed interface (gap 0) once.")
        return int(found[0])


@dataclass(frozen=True)
class BulkBranch:
    """One lattice repeat of a bulk crystal at the tractions of a slab, in-plane cell as in the slab.

    Attributes:
        traction: eV/Å³, the slab's, components as there.
        height: The repeat's third cell vector, components as there, Å.
        energy: (n,) energy of the repeat in the slab's in-plane cell, eV.
        spacing: Its spacing between the planes that part in the slab, components as there, Å.
    """

    traction: FloatArray
    height: FloatArray
    energy: FloatArray
    spacing: FloatArray


@dataclass(frozen=True)
class Excess:
    """What an interface has beyond the bulk at equal traction; atomistic units.

    Attributes:
        opening: (n,) excess opening, or (n, 3) excess jump: normal, tangential 1, 2; Å.
        energy: (n,) excess energy per area, eV/Å².
        traction: As the opening, eV/Å³.
        gap: Who owns the layer spacing across the interface.
        energy_std: (n,) standard deviations, eV/Å²; None when unknown.
        traction_std: (n,) standard deviations, eV/Å³; None when unknown.
    """

    opening: FloatArray
    energy: FloatArray
    traction: FloatArray
    gap: GapOwner
    energy_std: FloatArray | None = None
    traction_std: FloatArray | None = None

    def law(self, left_over: float = LEFT_OVER) -> TabulatedLaw | InitiallyRigid:
        """The law of an excess opening (n,), in SI units; initially rigid when the bulk has the gap.

        Where interpolation would pull faces together that resist opening it is the mean traction of the energies.

        Args:
            left_over: Share of the work that may be done at zero excess opening of an initially rigid law.

        Raises:
            InputError: the excess is no law of the opening alone (see the two laws).
        """
        whole = self._undrawn()
        if self.gap == "in bulk":
            return whole._initially_rigid(left_over)
        return TabulatedLaw(
            whole.opening * ANGSTROM,
            whole.energy * EV_A2,
            whole.traction * EV_A3,
            gap=self.gap,
            energy_std=None if whole.energy_std is None else whole.energy_std * EV_A2,
            traction_std=None if whole.traction_std is None else whole.traction_std * EV_A3,
        )

    def filled(self, k: int, filling: Filling, width: float) -> "Excess":
        """With samples in the k-th interval, which is then of a width in Å; what follows is moved by what that changes."""
        moved = self.opening[k] + width - self.opening[k + 1]
        first, last = slice(None, k + 1), slice(k + 1, None)

        def joined(before: FloatArray, middle: FloatArray, after: FloatArray) -> FloatArray:
            return np.concatenate([before[first], middle, after[last]])

        def spread(std: FloatArray | None) -> FloatArray | None:
            return None if std is None else joined(std, np.full(len(filling.opening), max(std[k : k + 2])), std)

        return replace(
            self,
            opening=joined(self.opening, self.opening[k] + filling.opening, self.opening + moved),
            energy=joined(self.energy, self.energy[k] + filling.work, self.energy),
            traction=joined(self.traction, filling.traction, self.traction),
            energy_std=spread(self.energy_std),
            traction_std=spread(self.traction_std),
        )

    def joined(self, k: int) -> "Excess":
        """With what joins two branches in the k-th interval: a step, its work kept."""
        width, work = (float(values[k + 1] - values[k]) for values in (self.opening, self.energy))
        return self.filled(k, joint(width, work, self.traction[k : k + 2]), width) if width > 0.0 else self

    def _undrawn(self) -> "Excess":
        """Without tractions that interpolation makes negative, along the openings that rise for good."""
        falls = np.flatnonzero(np.diff(self.opening) <= 0)
        start = int(falls[-1]) + 1 if len(falls) else 0
        made, rest = self, slice(start, None)
        if len(self.opening) - start > 1:
            for k in np.flatnonzero(drawn(self.opening[rest], self.energy[rest], self.traction[rest]))[::-1]:
                made = made.joined(start + int(k))
        return made

    def _initially_rigid(self, left_over: float) -> TabulatedLaw | InitiallyRigid:
        """From where the excess opening leaves zero for good; before, all stretching is the bulk's."""
        shut = np.flatnonzero((self.opening[:-1] <= _SHUT) | (np.diff(self.opening) <= 0))
        start = int(shut[-1]) if len(shut) else 0
        reached = float(np.clip(-self.opening[start] / (self.opening[start + 1] - self.opening[start]), 0.0, 1.0))

        def at_begin(values: FloatArray) -> float:
            return float((1 - reached) * values[start] + reached * values[start + 1])

        begin, left = at_begin(self.traction), at_begin(self.energy)
        if begin < _SOFT * self.traction.max():  # an interface softer than the bulk opens from the first
            rising = slice(int(np.argmin(np.abs(self.opening))), None)
            return TabulatedLaw(
                self.opening[rising] * ANGSTROM, self.energy[rising] * EV_A2, self.traction[rising] * EV_A3, gap="in bulk",
                energy_std=_scaled(self.energy_std, rising, EV_A2), traction_std=_scaled(self.traction_std, rising, EV_A3),
            )  # fmt: skip
        if abs(left) > left_over * self.energy[-1]:
            raise InputError(
                f"At zero excess opening {left / self.energy[-1]:.2g} of the work is already done, so the gap cannot be "
                "the bulk's; use gap: in law."
            )
        rest = slice(start + 1, None)
        return InitiallyRigid(
            np.append(0.0, self.opening[rest]) * ANGSTROM,
            np.append(0.0, self.energy[rest] - left) * EV_A2,
            np.append(begin, self.traction[rest]) * EV_A3,
            energy_std=None if self.energy_std is None else np.append(0.0, self.energy_std[rest]) * EV_A2,
            traction_std=None
            if self.traction_std is None
            else np.append(at_begin(self.traction_std), self.traction_std[rest]) * EV_A3,
        )


def _scaled(std: FloatArray | None, chosen: slice, unit: float) -> FloatArray | None:
    return None if std is None else std[chosen] * unit


def taken_away(
    repeats: Sequence[float], interfaces: int, heights: FloatArray, spacings: FloatArray, gap: GapOwner
) -> FloatArray:
    """(crystals,) lattice repeats of each crystal that are taken away for one interface.

    With the gap in the bulk they are all that the cell has. With the gap in the law the closed spacing is left out
    of the elements: of one crystal a repeat's share of that thickness, of two half of it from either. A share,
    and not the spacing's own stretching, because the elements know of no planes inside a repeat.

    Args:
        repeats: In the cell, of each crystal.
        interfaces: Equal ones, in the cell.
        heights: (crystals,) of a closed repeat along the normal, Å.
        spacings: (crystals,) of the planes that part, in each closed crystal, Å.
        gap: Who owns the layer spacing across the interface.
    """
    whole = np.array(repeats, dtype=float) / interfaces
    return whole if gap == "in bulk" else whole - np.asarray(spacings) / np.asarray(heights) / len(repeats)


def excess(slab: SlabBranch, *bulks: BulkBranch, gap: GapOwner = "in law") -> Excess:
    """Take the bulk away from the slab at equal traction (Enrique & Van der Ven 2017).

    For each of m equal interfaces δ = Δl/m − Σ ν Δh and ψ = (ΔE/m − Σ ν ΔE_bulk)/A, the sums over the crystals,
    Δ from the closed interface, ν the repeats that are `taken_away`. Components or vectors alike.

    Args:
        slab: The slab.
        *bulks: One branch for each of the slab's crystals, in the order of its `repeats`.
        gap: Who owns the layer spacing across the interface.

    Raises:
        InputError: the bulks are not those of the slab, or not evaluated at its tractions.
    """
    if len(bulks) != len(slab.repeats):
        raise InputError(f"A slab of {len(slab.repeats)} crystals needs as many bulk references, not {len(bulks)}.")
    if not all(np.array_equal(bulk.traction, slab.traction) for bulk in bulks):
        raise InputError("The bulk must be evaluated at the slab's own tractions, so that they act in series.")
    heights, spacings = (
        np.array([_normal(v)[slab.closed] for v in values])
        for values in zip(*((b.height, b.spacing) for b in bulks), strict=True)
    )
    opening, energy = slab_totals(slab)
    for layers, bulk in zip(taken_away(slab.repeats, slab.interfaces, heights, spacings, gap), bulks, strict=True):
        opening = opening - layers * _change(bulk.height, slab.closed)
        energy = energy - layers * _change(bulk.energy, slab.closed) / slab.area
    return Excess(opening, energy, slab.traction, gap)


def _normal(values: FloatArray) -> FloatArray:
    return values if values.ndim == 1 else values[:, 0]


def slab_totals(slab: SlabBranch) -> tuple[FloatArray, FloatArray]:
    """Total change of length (Å, components as the length's) and energy per area (eV/Å²) of an interface, bulk not removed."""
    each = slab.interfaces
    return _change(slab.length, slab.closed) / each, _change(slab.energy, slab.closed) / (slab.area * each)


def _change(values: FloatArray, closed: int) -> FloatArray:
    return values - values[closed]
