"""What a law counted: which bulk was taken away, on either side, in which state.

`law.gap` says who owns the closed spacing across the interface; everything else that a ledger asks is here.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from coupling.contracts import FloatArray, GapOwner
from coupling.errors import InputError, unknown_choice
from coupling.laws.solute import Solute

TakenAway = Literal["bulk", "nothing", "as stated", "not known"]
"""The bulk on both sides at equal traction; nothing (a naive law); a stated convention; or it is not known."""
_ORTHONORMAL = 1e-6


@dataclass(frozen=True)
class BulkSide:
    """The bulk taken away on one side of an interface (of a naive law: the bulk that was not).

    Attributes:
        material: For the reader: "Ni fcc, 7net-0".
        fingerprint: Of what determines its energies; "" is unknown.
        stiffness_voigt: (6, 6) Pa in the interface's frame: x tangential 1, y tangential 2, z the normal;
            order xx yy zz yz xz xy, engineering shear.
        spacing: Closed layer spacing along the normal, m.
        layers: Layer spacings of this crystal; with the gap in the bulk its half of the closed spacing is among them.
        strain: (3,) in-plane strain xx, yy, xy (tensor) of this side against its own equilibrium, same frame.
        energy_at_peak: What these layers hold at the law's peak traction, as taken away, J/m²; 0 where they are held
            rigid.
        formula: Empirical formula of the crystal; "" is not known.
        axes: (3, 3), rows are tangential 1, tangential 2 and the normal in the crystal's Cartesian axes; None: not known.

    Raises:
        InputError: a value that no crystal has.
    """

    material: str
    fingerprint: str
    stiffness_voigt: FloatArray
    spacing: float
    layers: float
    strain: FloatArray
    energy_at_peak: float
    formula: str = ""
    axes: FloatArray | None = None

    def __post_init__(self) -> None:
        for name in ("material", "fingerprint", "formula"):
            _check_line(name, getattr(self, name))
        whose = self.material or "a side"
        for name, shape in (("stiffness_voigt", (6, 6)), ("strain", (3,))):
            value = np.array(getattr(self, name), dtype=float)
            if value.shape != shape or not np.isfinite(value).all():
                raise InputError(f"{name} of {whose} must be {shape} finite numbers, not of shape {value.shape}.")
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        if self.axes is not None:
            axes = np.array(self.axes, dtype=float)
            if axes.shape != (3, 3) or not np.allclose(axes @ axes.T, np.eye(3), atol=_ORTHONORMAL):
                raise InputError(f"axes of {whose} must be three orthonormal rows of three numbers, or left out.")
            axes.setflags(write=False)
            object.__setattr__(self, "axes", axes)
        if not (np.isfinite(self.spacing) and self.spacing > 0):
            raise InputError(f"The closed spacing of {whose} is {self.spacing} m; it must be positive.")
        for name in ("layers", "energy_at_peak"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise InputError(f"{name} = {getattr(self, name)} of {whose} must be finite and not negative.")
        if not np.diag(self.stiffness_voigt).min() > 0:
            raise InputError(f"stiffness_voigt of {whose} must have a positive diagonal, in Pa.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BulkSide):
            return NotImplemented
        return self._plain == other._plain

    def __hash__(self) -> int:
        return hash(self._plain)

    @property
    def _plain(self) -> tuple[object, ...]:
        arrays = (tuple(self.stiffness_voigt.ravel().tolist()), tuple(self.strain.tolist()))
        axes = None if self.axes is None else tuple(self.axes.ravel().tolist())
        named = (self.material, self.fingerprint, self.formula)
        return (*named, *arrays, axes, self.spacing, self.layers, self.energy_at_peak)

    def elastic_energy(self, traction: float) -> float:
        """What these layers hold at a normal traction in Pa, linear and with the in-plane cell held: n d T²/(2 C33),
        J/m²."""
        return self.layers * self.spacing * traction**2 / (2.0 * float(self.stiffness_voigt[2, 2]))

    def energy_under(self, traction: FloatArray) -> FloatArray:
        """(n,) what these layers hold under tractions (n, 3) normal, tangential 1, 2 in Pa, linear, in-plane cell
        held: J/m²."""
        order = [2, 4, 3]  # zz, xz, yz
        compliance = np.linalg.inv(self.stiffness_voigt[np.ix_(order, order)])
        return np.asarray(0.5 * self.layers * self.spacing * np.einsum("ni,ij,nj->n", traction, compliance, traction))


@dataclass(frozen=True)
class Count:
    """What a law counted.

    Attributes:
        taken_away: See `TakenAway`.
        plus: The bulk on the side that the normal points into; None where it is not known.
        minus: The bulk on the other side.
        held_rigid: The path moved rigid halves: the layers stretched in neither slab nor reference.
        temperature: K; None: a static law.
        equilibrium_until: Normal opening up to which the law is an equilibrium, m; None: all of it.
        equilibrium_traction: Highest normal traction in equilibrium, Pa; None: the law's peak.
        beyond: What fails there, and what stands for the law beyond, in words; "" where all of it is an equilibrium.
        statement: In words, e.g. the convention of a closed form.
        planes: Closed spacings that the interface stands for: 1, or the N planes of a coarse law.
        solute: What it holds of a solute, and whether it owns the solute's reservoir; None: no solute.

    Raises:
        InputError: a value that is not offered.
    """

    taken_away: TakenAway
    plus: BulkSide | None = None
    minus: BulkSide | None = None
    held_rigid: bool = False
    temperature: float | None = None
    equilibrium_until: float | None = None
    statement: str = ""
    planes: int = 1
    equilibrium_traction: float | None = None
    beyond: str = ""
    solute: Solute | None = None

    def __post_init__(self) -> None:
        if self.taken_away not in get_args(TakenAway):
            raise unknown_choice("answer to what was taken away", self.taken_away, get_args(TakenAway))
        _check_line("statement", self.statement)
        _check_line("beyond", self.beyond)
        if not isinstance(self.held_rigid, bool):
            raise InputError(f"held_rigid = {self.held_rigid!r} of a count must be true or false.")
        whole = not isinstance(self.planes, bool) and np.isfinite(self.planes) and self.planes == int(self.planes)
        if not whole or self.planes < 1:
            raise InputError(f"planes = {self.planes} of a count must be a whole number of at least 1.")
        object.__setattr__(self, "planes", int(self.planes))
        for name, unit in (("temperature", "K"), ("equilibrium_until", "m"), ("equilibrium_traction", "Pa")):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value >= 0):
                raise InputError(f"{name} = {value} {unit} of a count must be finite and not negative, or left out.")

    @property
    def sides(self) -> tuple[BulkSide | None, BulkSide | None]:
        """Plus and minus."""
        return self.plus, self.minus

    @property
    def atomistic(self) -> bool:
        """Whether the law is known to come from a slab of atoms, with the bulk taken away or not."""
        return self.taken_away in ("bulk", "nothing")

    @property
    def naive(self) -> bool:
        """Whether the law holds bulk that stretched: a slab's elongation from which nothing was taken away."""
        return self.taken_away == "nothing" and not self.held_rigid

    @property
    def spacing(self) -> float | None:
        """The closed spacing across the interface, m: half of either side's, times the planes; None where not known."""
        known = [side.spacing for side in self.sides if side is not None]
        return self.planes * sum(known) / len(known) if known else None

    def in_words(self, gap: GapOwner) -> list[str]:
        """Short lines for a file's comments: what was taken away, and who owns the closed spacing."""
        lines = [_TAKEN[self.taken_away] + (f": {self.statement}" if self.statement else "")]
        for name, side in zip(("plus", "minus"), self.sides, strict=True):
            if side is not None:
                strain = ", ".join(f"{e:.4g}" for e in side.strain)
                strained = f", strained by {strain} (xx yy xy)" if np.any(side.strain) else ""
                lines.append(
                    f"bulk on the {name} side: {side.material or 'not named'}, {side.layers:.6g} layers of "
                    f"{side.spacing:.6g} m, C33 {side.stiffness_voigt[2, 2]:.6g} Pa, {side.energy_at_peak:.6g} J/m^2 at the "
                    f"peak{strained}"
                )
            if side is not None and side.axes is not None:
                first, _, normal = (", ".join(f"{v:.4f}" for v in row) for row in side.axes)
                lines.append(f"its tangential 1 lies along ({first}) and the normal along ({normal}) of that crystal")
        if self.held_rigid:
            lines.append("the halves were moved rigidly: the layers stretched in neither slab nor reference")
        what = "the closed spacing" if self.planes == 1 else f"the closed spacing of {self.planes} planes"
        thick = "" if self.spacing is None else f" ({self.spacing:.6g} m)"
        lines.append(f"{what}{thick} belongs to the {gap.removeprefix('in ')}")
        if self.temperature is not None:
            lines.append(f"temperature {self.temperature:.6g} K")
        if self.equilibrium_until is not None:
            lines.append(f"NOT AN EQUILIBRIUM beyond an opening of {self.equilibrium_until:.6g} m{self._highest}")
        if self.beyond:
            lines.append(self.beyond)
        if self.solute is not None:
            lines.append(self.solute.in_words)
        return lines

    @property
    def _highest(self) -> str:
        known = self.equilibrium_traction
        return "" if known is None else f" and a traction of {known:.6g} Pa"

    def in_series(
        self, planes: int, old_peak: float, new_peak: float, gap_moved: float, until: float | None
    ) -> "Count":
        """The count of N such planes in series.

        Args:
            planes: N.
            old_peak: Peak traction of the plane, Pa.
            new_peak: Peak traction of the chain, Pa.
            gap_moved: Closed spacings that go over to the bulk (1), come back from it (−1), or stay (0).
            until: Opening of the chain up to which it is an equilibrium, m.
        """
        sides = [None if side is None else _lowered(side, old_peak, new_peak, gap_moved / 2) for side in self.sides]
        return replace(self, plus=sides[0], minus=sides[1], planes=planes * self.planes, equilibrium_until=until)


_TAKEN: dict[TakenAway, str] = {
    "bulk": "counted: the bulk on both sides was taken away at equal traction",
    "nothing": "counted: nothing was taken away, the law holds all of its slab",
    "as stated": "counted as stated",
    "not known": "counted: it is not known what was taken away",
}


def _lowered(side: BulkSide, old_peak: float, new_peak: float, more: float) -> BulkSide:
    """The side with other layers, at a lower peak.

    Its energy over the linear one is 1 + a T to leading order, so that what is beyond linear falls with T.
    """
    linear, changed = side.elastic_energy(old_peak), replace(side, layers=max(side.layers + more, 0.0))
    if side.energy_at_peak == 0.0 or linear == 0.0:
        return changed
    beyond = (side.energy_at_peak / linear - 1.0) * new_peak / old_peak
    return replace(changed, energy_at_peak=changed.elastic_energy(new_peak) * (1.0 + beyond))


def _check_line(name: str, text: str) -> None:
    if not isinstance(text, str) or not text.isprintable():
        raise InputError(f"{name} = {text!r} of a count must be one line of text.")


NOT_KNOWN = Count("not known")
"""The count of a law of which nobody said what it counted."""


def as_stated(text: str) -> Count:
    """The count of a law whose convention is stated in words."""
    return Count("as stated", statement=text)


OWN_OPENING = as_stated("work, peak and stiffness refer to the interface's own opening; elastic bodies carry the bulk")
"""The convention of the closed forms of the literature."""
