"""A law from atoms with what it was made of, seen from turned axes, and as the whole slab."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from atomistic.frames import Frames
from coupling.elasticity import rotate_stiffness
from coupling.interface.excess import Excess, slab_totals
from coupling.interface.rigid_path import PathSamples
from coupling.interface.stretches import InterpolatedStretch
from coupling.laws.coverage import CoverageLaw
from coupling.laws.law import Law
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.mixed_in_bulk import MixedInBulk
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import ANGSTROM, EV_A3
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.grain_boundary import BoundaryRecord
from multiscale.stages.law_atoms import LawAtoms

if TYPE_CHECKING:
    from atomistic.trust.bars import Bar

_STRAIGHT = 1e-9
"""rad: axes that differ by less are one."""


@dataclass(frozen=True)
class OfSolute:
    """What a law with solute was made of.

    Attributes:
        law: Of opening and coverage.
        consistency: Of the path at each coverage: energies against tractions in tension, over the peak.
        dissolved_energy: Of one solute atom in the bulk, on the potential's scale, eV.
        names: What its sites are called.
        spacings: Of the closed facing planes at each coverage, m.
        cell_error: By which the dissolved energy is too large for the size of its cell, eV.
        stretches: At each coverage, openings without a state, across which its law is interpolated.
    """

    law: CoverageLaw
    consistency: tuple[float, ...]
    dissolved_energy: float
    names: str
    spacings: tuple[float, ...]
    cell_error: float = 0.0
    stretches: tuple[tuple[InterpolatedStretch, ...], ...] = ()


@dataclass(frozen=True)
class DerivedLaw:
    """A law from atoms, and what it was made of.

    Attributes:
        law: The law, with its count.
        atoms: The samples.
        crystals: By place, "plane", or "upper" and "lower", or "grain_boundary".
        samples: The path as of a static opening, eV and Å.
        law_consistency: Energies against tractions in tension, over the peak.
        static: The excess without temperature, of a relaxed path.
        dropped: Share of the work that is done at zero excess opening, which an initially rigid law leaves out.
        route_difference: Virial against the forces on one half, over the peak, of a relaxed path.
        sampled_crystals: The crystals with each sample of the potential, whose laws are the law's members.
        bars: Of its work and peak, from labelled paths; withheld ones say why.
        cautions: Warnings of the pre-check of its crystals.
        boundary: The grain boundary, where it is one's.
        solute: What a law with solute was made of; its samples are those of the nearest coverage.
    """

    law: Law
    atoms: LawAtoms
    crystals: dict[str, CrystalRecord]
    samples: PathSamples
    law_consistency: float
    static: Excess | None = None
    dropped: float = 0.0
    route_difference: float | None = None
    sampled_crystals: tuple[dict[str, CrystalRecord], ...] = ()
    bars: "tuple[Bar, ...]" = ()
    cautions: tuple[str, ...] = ()
    boundary: BoundaryRecord | None = None
    solute: OfSolute | None = None

    @property
    def frames(self) -> tuple[Frames, ...]:
        """The structures of the samples."""
        return () if self.atoms.frames is None else (self.atoms.frames,)


def turned(derived: DerivedLaw, angle: float) -> DerivedLaw:
    """The same, seen from axes turned about the normal, by an angle in rad from its first tangent to the new one."""
    if abs(angle) < _STRAIGHT:
        return derived
    turn = _about_normal(angle)
    sides = tuple(
        replace(side, axes=turn @ side.axes, strain=_turned_strain(side.strain, turn)) for side in derived.atoms.sides
    )
    return replace(derived, law=turned_law(derived.law, angle), atoms=replace(derived.atoms, sides=sides))


def turned_law(law: Law, angle: float) -> Law:
    """A law with its count, seen from axes turned about the normal by an angle in rad."""
    if abs(angle) < _STRAIGHT:
        return law
    turn, count = _about_normal(angle), law.count
    bulk = [
        None if side is None else replace(
            side, stiffness_voigt=rotate_stiffness(side.stiffness_voigt, turn), strain=_turned_strain(side.strain, turn),
            axes=None if side.axes is None else turn @ side.axes,
        )
        for side in count.sides
    ]  # fmt: skip
    seen = _turned_law(law, turn[:2, :2]).counted(replace(count, plus=bulk[0], minus=bulk[1]))
    return seen.with_members([turned_law(one, angle) for one in law.members])


def _about_normal(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), np.sin(angle), 0.0], [-np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])


def _turned_law(law: Law, turn: np.ndarray) -> Law:
    """Slips in turned axes; of a small-slip expansion the coupling of the two slips is left out, as in the law itself."""
    if isinstance(law, MixedModeLaw):
        shear = None if law.shear_traction is None else law.shear_traction @ turn.T
        changes = {"lattice": law.lattice @ turn.T, "shear_traction": shear}
        if isinstance(law, MixedInBulk):
            changes["shear_compliance"] = turn @ law.shear_compliance @ turn.T
        return _rebuilt(law, **changes)
    if isinstance(law, TabulatedLaw):
        return _rebuilt(law, tangential_stiffness=law.tangential_stiffness @ (turn**2).T)
    return law


def _rebuilt[L: (TabulatedLaw, MixedModeLaw)](law: L, **changes: object) -> L:
    """The law with some of its arguments changed."""
    own = {name: getattr(law, name) for name in law.units}
    return type(law)(**(own | changes), gap=law.gap).counted(law.count)


def _turned_strain(strain: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """A strain xx, yy, xy (tensor) in axes turned about z."""
    tensor = turn[:2, :2] @ np.array([[strain[0], strain[2]], [strain[2], strain[1]]]) @ turn[:2, :2].T
    return np.array([tensor[0, 0], tensor[1, 1], tensor[0, 1]])


def naive_columns(derived: DerivedLaw) -> tuple[np.ndarray, np.ndarray]:
    """Elongation in m and traction in Pa of the whole slab, the bulk not taken away."""
    elongation, _ = slab_totals(derived.atoms.slab)
    return elongation * ANGSTROM, derived.atoms.slab.traction * EV_A3
