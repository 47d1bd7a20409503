"""Thermally activated separation: the barrier that a law itself has at a traction, and the rate at which its sites break.

At a traction T below the peak the enthalpy ψ − Tδ has a minimum δ_c (closed) and, where the law softens, a maximum δ_o:

    ΔG(T) = a { [ψ(δ_o) − T δ_o] − [ψ(δ_c) − T δ_c] },      ΔG(0) = a W,  ΔG(peak) = 0,  dΔG/dT = −a (δ_o − δ_c)

a is the area that passes over the barrier as one. Where damage has grown to the separation κ, the closed branch is the
line to the origin, ψ − Tδ = D(κ) − ½ T δ_c, with D(κ) = ψ(κ) − ½ κ T(κ) the energy lost to it: D/W is the part of the sites
that is broken. They break at the rate of Tobolsky & Eyring (J. Chem. Phys. 11 (1943) 125), forwards less backwards:

    k = ν exp(−ΔG/kT) [1 − exp(−A/kT)],      A = a (λ² W − W_r),      λ = δ/κ

λ² W is what the elastic energy gives for the area that breaks, W_r the reversible work: what separation costs at
equilibrium, in the environment in which the faces part. For A ≤ 0 nothing breaks, as Rice (J. Mech. Phys. Solids 26 (1978)
61) demands of a crack. So the work of an infinitely slow separation is W_r, and that of an infinitely fast one is W.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

from coupling.contracts import CohesiveLaw, FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN, EV

_NODES = 4001
_RISING = 1e-9
"""By how much of the work of separation the energy lost to damage may fall between two openings: rounding."""


class Secant(NamedTuple):
    """A damaged interface that unloads to the origin, by the largest separation κ; normal opening alone.

    Attributes:
        stiffness: (n,) S(κ) = T(κ)/κ, Pa/m.
        slope: (n,) S'(κ), Pa/m².
        lost: (n,) D(κ), J/m²; D' = −½ κ² S'.
    """

    stiffness: FloatArray
    slope: FloatArray
    lost: FloatArray


def secant(law: CohesiveLaw, largest: FloatArray) -> Secant:
    """The damaged interface at largest separations κ (n,), positive, m."""
    value = law.evaluate(largest[:, None] * np.array([1.0, 0.0, 0.0]))
    stiffness = value.traction[:, 0] / largest
    slope = (value.tangent[:, 0, 0] - stiffness) / largest
    return Secant(stiffness, slope, value.energy - 0.5 * largest * value.traction[:, 0])


class BarrierValue(NamedTuple):
    """ΔG and its derivatives at n points.

    Attributes:
        energy: (n,) J.
        by_separation: (n,) J/m.
        by_largest: (n,) J/m.
    """

    energy: FloatArray
    by_separation: FloatArray
    by_largest: FloatArray


class SiteBarrier(Protocol):
    """What holds one site of a law together."""

    @property
    def law(self) -> CohesiveLaw:
        """The law."""
        ...

    @property
    def at_rest(self) -> float:
        """ΔG of the whole interface without traction, J: what breaking a site costs."""
        ...

    def evaluate(self, separation: FloatArray, largest: FloatArray, damaged: Secant) -> BarrierValue:
        """ΔG at separations (n,) up to the largest ones (n,) so far, m, with the `secant` there."""
        ...


@dataclass(frozen=True)
class LawBarrier:
    """The barrier from the law's own path.

    Attributes:
        law: The law.
        area: a, the area that opens as one, m²; it is a property of the event and no cohesive law knows it.

    Raises:
        InputError: the area is not positive, or the law regains on opening what damage took.
    """

    law: CohesiveLaw
    area: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.area) and self.area > 0):
            raise InputError(
                f"The activation area {self.area} m^2 must be positive: the area of interface that passes over the barrier as one, "
                "such as the area of a surface atom times the atoms of a critical nucleus."
            )
        check_damage(self.law)

    @property
    def at_rest(self) -> float:
        """a W, J."""
        return self.area * self.law.work_of_separation

    def evaluate(self, separation: FloatArray, largest: FloatArray, damaged: Secant) -> BarrierValue:
        """See the module; ∂ΔG/∂m = a S (m − δ_o), ∂ΔG/∂κ = a S' [½ (κ² + m²) − m δ_o]."""
        stiffness, slope, lost = damaged
        traction = np.minimum(separation * stiffness, self._peak)
        beyond, open_at = self._enthalpy(traction), -self._enthalpy(traction, 1)
        energy = self.area * (beyond - lost + 0.5 * separation**2 * stiffness)
        by_separation = self.area * stiffness * (separation - open_at)
        by_largest = self.area * slope * (0.5 * (largest**2 + separation**2) - separation * open_at)
        return BarrierValue(energy, by_separation, by_largest)

    @property
    def _peak(self) -> float:
        return float(self._enthalpy.x[-1])

    @cached_property
    def _enthalpy(self) -> CubicHermiteSpline:
        """ψ(δ_o) − T δ_o over T; its slope is −δ_o, the outermost opening that bears T."""
        first, last = self.law.opening_at_peak, self.law.final_opening
        opening = first + (last - first) * np.linspace(0.0, 1.0, _NODES) ** 2
        value = self.law.evaluate(opening[:, None] * np.array([1.0, 0.0, 0.0]))
        traction = value.traction[:, 0]
        later = np.append(np.maximum.accumulate(traction[:0:-1])[::-1], -np.inf)
        kept = (traction > later * (1 + 1e-12)) & (traction > 0)
        t, at, energy = traction[kept][::-1], opening[kept][::-1], value.energy[kept][::-1]
        t, at = np.append(0.0, t), np.append(max(last, at[0]), at)
        whole = np.append(self.law.work_of_separation, energy - t[1:] * at[1:])
        return CubicHermiteSpline(t, whole, -at)


@dataclass(frozen=True)
class BarrierTable:
    """A barrier from elsewhere, such as saddles of atoms at some tractions, between which it is interpolated monotonically.

    Once damage has grown beyond the peak, the sites that are left bear the table's traction times δ/κ.

    Attributes:
        law: The law.
        tractions: (n,) rising from 0 to the law's peak, Pa.
        energies: (n,) falling to 0, J.

    Raises:
        InputError: the table does not fit the law.
    """

    law: CohesiveLaw
    tractions: FloatArray
    energies: FloatArray

    def __post_init__(self) -> None:
        t, e = (np.asarray(column, dtype=float) for column in (self.tractions, self.energies))
        if len(t) < 2 or t.shape != e.shape or np.any(np.diff(t) <= 0) or np.any(np.diff(e) >= 0) or t[0] != 0:
            raise InputError(
                "A table of barriers needs two or more tractions that rise from 0, and as many energies that fall."
            )
        peak = self.law.peak_traction
        if abs(t[-1] / peak - 1) > 0.05 or abs(e[-1]) > 1e-3 * e[0]:
            raise InputError(
                f"A table of barriers must end with 0 at the law's peak traction, {peak / 1e9:.4g} GPa, not with "
                f"{e[-1] / EV:.4g} eV at {t[-1] / 1e9:.4g} GPa."
            )
        check_damage(self.law)

    @property
    def at_rest(self) -> float:
        """The first of the energies, J."""
        return float(self.energies[0])

    def evaluate(self, separation: FloatArray, largest: FloatArray, damaged: Secant) -> BarrierValue:
        """The table at the traction that the whole sites bear."""
        stiffness, slope, _ = damaged
        past = largest > self.law.opening_at_peak
        peak = float(self.tractions[-1])
        scale = np.where(past, peak / largest, stiffness)
        change = np.where(past, -peak / largest**2, slope)
        traction = np.minimum(separation * scale, peak)
        by_traction = self._table(traction, 1)
        return BarrierValue(self._table(traction), by_traction * scale, by_traction * separation * change)

    @cached_property
    def _table(self) -> PchipInterpolator:
        return PchipInterpolator(self.tractions, self.energies)


class SiteRate(NamedTuple):
    """The rate at which a site breaks and its derivatives, at n points.

    Attributes:
        rate: (n,) k, 1/s.
        by_separation: (n,) 1/(s m).
        by_largest: (n,) 1/(s m).
    """

    rate: FloatArray
    by_separation: FloatArray
    by_largest: FloatArray


@dataclass(frozen=True)
class Activation:
    """How sites of a cohesive law break by thermal fluctuations.

    Attributes:
        barrier: What holds a site.
        temperature: K.
        attempt_frequency: ν, 1/s; Vineyard's prefactor of the event, or one that is stated.
        reversible_work: W_r, J/m², at most the law's work; 0: faces that have parted never bond again.

    Raises:
        InputError: a value is outside of its range.
    """

    barrier: SiteBarrier
    temperature: float
    attempt_frequency: float
    reversible_work: float = 0.0

    def __post_init__(self) -> None:
        for name, unit in (("temperature", "K"), ("attempt_frequency", "1/s")):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"The {name} {value} {unit} of an activated interface must be positive.")
        work = self.barrier.law.work_of_separation
        if not 0 <= self.reversible_work <= work:
            raise InputError(
                f"The reversible work {self.reversible_work:g} J/m^2 must be between 0 and the law's work of separation, {work:.4g} J/m^2."
            )

    @property
    def law(self) -> CohesiveLaw:
        """The law."""
        return self.barrier.law

    @property
    def thermal(self) -> float:
        """kT, J."""
        return BOLTZMANN * self.temperature

    @property
    def least_share(self) -> float:
        """W_r over the law's work: λ² below which nothing breaks."""
        return self.reversible_work / self.law.work_of_separation

    def evaluate(self, separation: FloatArray, largest: FloatArray, damaged: Secant | None = None) -> SiteRate:
        """k at separations (n,) up to the largest ones (n,) so far, m; with the `secant` there, if it is known."""
        damaged = secant(self.law, largest) if damaged is None else damaged
        found = self.barrier.evaluate(separation, largest, damaged)
        hop = self.attempt_frequency * np.exp(-np.maximum(found.energy, 0.0) / self.thermal)
        ratio = separation / largest
        whole = self.barrier.at_rest / self.thermal
        forward = -np.expm1(-np.maximum(whole * (ratio**2 - self.least_share), 0.0))
        steeper = np.where(forward > 0, (1.0 - forward) * whole * 2.0 * ratio / largest, 0.0)
        slopes = (np.where(found.energy > 0, one, 0.0) for one in (found.by_separation, found.by_largest))
        by_separation, by_largest = (-hop * forward * one / self.thermal for one in slopes)
        return SiteRate(hop * forward, by_separation + hop * steeper, by_largest - hop * steeper * ratio)


def check_damage(law: CohesiveLaw) -> None:
    """Raise `InputError` unless the energy that damage takes never falls with the opening, so that it counts broken sites."""
    opening = np.linspace(0.0, law.final_opening, _NODES)[1:]
    lost = secant(law, opening).lost
    if np.any(np.diff(lost) < -_RISING * law.work_of_separation):
        at = float(opening[int(np.argmin(np.diff(lost)))])
        raise InputError(
            f"This law stiffens as it opens, at {at:.4g} m, so that unloading to the origin would give energy back and damage counts no "
            "broken sites; an activated interface needs a law whose traction over opening falls."
        )
