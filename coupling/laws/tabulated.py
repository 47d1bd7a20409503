"""A cohesive law interpolated from samples: the traction is the analytic derivative of the energy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.law import FELT, Law, check_gap

OPEN_TOLERANCE = 1e-3
"""Largest |traction| over the peak that counts as zero at the closed and at the open end."""


class TabulatedLaw(Law):
    """ψ(δn, δt) = ψ_n(δn) + ½ Σ_a k_a(δn) δ_a², from samples along the normal opening.

    ψ_n is the quintic Hermite interpolant through the sampled energies and tractions, so that ψ and
    T are met exactly at the samples and ∫T dδ is the work of separation to rounding. k_a is the
    tangential stiffness (monotone cubic), a small-slip expansion: exact as δt → 0.

    Below the first sample (compression) the traction goes on linearly with the stiffness there;
    beyond the last one the energy is constant and the traction zero.

    Args:
        opening: (n,) normal openings in m, rising, through 0.
        energy: (n,) ψ_n, J/m²; shifted so that ψ_n(0) = 0.
        traction: (n,) dψ_n/dδ, Pa; None takes the derivative of the C² spline through the energies.
        tangential_stiffness: (n, 2) k_a, Pa/m; None is a law without shear resistance.
        gap: Who owns the layer spacing across the interface.
        energy_std: (n,) standard deviations of the energies beyond the closed interface, J/m²; None is unknown.
        traction_std: (n,) standard deviations of the tractions, Pa; None is unknown.

    Raises:
        InputError: the samples do not make a law; the message says which sample and why.
    """

    work_of_separation: float
    peak_traction: float
    opening_at_peak: float
    final_opening: float

    kind: ClassVar[str] = "tabulated"
    sampled: ClassVar = True
    units: ClassVar = {
        "opening": "m",
        "energy": "J/m^2",
        "traction": "Pa",
        "tangential_stiffness": "Pa/m",
        "energy_std": "J/m^2",
        "traction_std": "Pa",
    }

    def __init__(
        self,
        opening: FloatArray,
        energy: FloatArray,
        traction: FloatArray | None = None,
        tangential_stiffness: FloatArray | None = None,
        gap: GapOwner = "in law",
        energy_std: FloatArray | None = None,
        traction_std: FloatArray | None = None,
    ) -> None:
        check_gap(gap)
        self.gap: GapOwner = gap
        samples = _checked(opening, energy, traction, tangential_stiffness)
        self.opening, self.energy, self.traction = samples.opening, samples.energy, samples.traction
        self.tangential_stiffness = samples.tangential_stiffness
        normal = quintic(self.opening, self.energy, self.traction, ends=True)
        shear = scipy.interpolate.PchipInterpolator(self.opening, self.tangential_stiffness, axis=0)
        self._stiffness = normal.derivative(2)
        self._normal = _together([normal, normal.derivative(), self._stiffness])
        self._all = _together([self._normal, shear, shear.derivative(), shear.derivative(2)])
        self._contact = float(self._stiffness(self.opening[0]))
        self.work_of_separation = float(self.energy[-1])
        self.opening_at_peak, self.peak_traction = self._peak()
        felt = np.flatnonzero(np.abs(self.traction) > FELT * self.peak_traction)
        self.final_opening = float(self.opening[felt[-1] + 1])
        self.energy_std = checked_std("energy_std", energy_std, self.opening)
        self.traction_std = checked_std("traction_std", traction_std, self.opening)

    def _peak(self) -> tuple[float, float]:
        roots = self._stiffness.roots(discontinuity=False, extrapolate=False)
        candidates = np.concatenate([self.opening, roots[np.isfinite(roots)]])
        tractions = self._normal(candidates)[:, 1]
        best = int(np.argmax(tractions))
        return float(candidates[best]), float(tractions[best])

    @property
    def work_of_separation_std(self) -> float | None:
        """Standard deviation of the work of separation, J/m²; None when unknown."""
        return None if self.energy_std is None else float(self.energy_std[-1])

    @property
    def peak_traction_std(self) -> float | None:
        """Standard deviation of the peak traction, Pa, linear between the samples; None when unknown."""
        if self.traction_std is None:
            return None
        return float(np.interp(self.opening_at_peak, self.opening, self.traction_std))

    @property
    def initial_stiffness(self) -> float:
        """dT/dδ at zero opening, Pa/m."""
        return float(self._stiffness(0.0))

    def normal(self, opening: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ_n (J/m²), T (Pa) and dT/dδ (Pa/m) at normal openings of any shape, in m."""
        opening = np.asarray(opening, dtype=float)
        return self._beyond(opening, self._normal(np.clip(opening, self.opening[0], self.opening[-1])))

    def _beyond(self, opening: FloatArray, found: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ_n, T and dT/dδ, also outside of the samples, from those (..., 3) at the nearest opening inside."""
        below = np.minimum(opening - self.opening[0], 0.0)
        parted = opening > self.opening[-1]
        energy = found[..., 0] + below * (float(self.traction[0]) + 0.5 * self._contact * below)
        traction = np.where(parted, 0.0, found[..., 1] + self._contact * below)
        return energy, traction, np.where(parted, 0.0, found[..., 2])

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3): normal, tangential 1, 2; SI."""
        jump = np.asarray(jump, dtype=float)
        opening, slip = jump[:, 0], jump[:, 1:]
        inside = np.clip(opening, self.opening[0], self.opening[-1])
        found = self._all(inside)
        energy, normal_traction, normal_stiffness = self._beyond(opening, found[:, :3])
        within = (inside == opening)[:, None]
        shear = found[:, 3:5]
        slope = np.where(within, found[:, 5:7], 0.0)
        curvature = np.where(within, found[:, 7:], 0.0)
        traction, tangent = np.zeros_like(jump), np.zeros((len(jump), 3, 3))
        traction[:, 0] = normal_traction + 0.5 * np.sum(slope * slip**2, axis=1)
        traction[:, 1:] = shear * slip
        tangent[:, 0, 0] = normal_stiffness + 0.5 * np.sum(curvature * slip**2, axis=1)
        tangent[:, 0, 1:] = tangent[:, 1:, 0] = slope * slip
        tangent[:, [1, 2], [1, 2]] = shear
        return LawValue(energy + 0.5 * np.sum(shear * slip**2, axis=1), traction, tangent)


def _together(parts: Sequence[scipy.interpolate.PPoly]) -> scipy.interpolate.PPoly:
    """Piecewise polynomials with the same pieces as one, whose values (..., k) are theirs side by side."""
    order = max(len(part.c) for part in parts)
    columns = [part.c.reshape(*part.c.shape[:2], -1) for part in parts]
    padded = [np.pad(one, ((order - len(one), 0), (0, 0), (0, 0))) for one in columns]
    return scipy.interpolate.PPoly(np.concatenate(padded, axis=2), parts[0].x)


def checked_std(name: str, std: FloatArray | None, opening: FloatArray) -> FloatArray | None:
    """Standard deviations (n,), one an opening, as an array; raise `InputError` unless they are such."""
    if std is None:
        return None
    std = np.array(std, dtype=float)
    if std.shape != opening.shape or not np.isfinite(std).all() or np.any(std < 0):
        raise InputError(f"{name} must be {len(opening)} finite numbers, one an opening, none negative.")
    return std


@dataclass(frozen=True)
class _Samples:
    opening: FloatArray
    energy: FloatArray
    traction: FloatArray
    tangential_stiffness: FloatArray


def _checked(
    opening: FloatArray, energy: FloatArray, traction: FloatArray | None, tangential_stiffness: FloatArray | None
) -> _Samples:
    """The samples as arrays, zeroed at both ends; raise `InputError` unless they make a law."""
    opening, energy = np.array(opening, dtype=float), np.array(energy, dtype=float)
    if opening.ndim != 1 or len(opening) < 5 or energy.shape != opening.shape:
        raise InputError("A tabulated law needs at least 5 openings and as many energies.")
    traction = (
        scipy.interpolate.CubicSpline(opening, energy)(opening, 1)
        if traction is None
        else np.array(traction, dtype=float)
    )
    shear = np.zeros((len(opening), 2)) if tangential_stiffness is None else np.array(tangential_stiffness, float)
    if traction.shape != opening.shape or shear.shape != (len(opening), 2):
        raise InputError("A tabulated law needs one traction and two tangential stiffnesses at each opening.")
    if not all(np.isfinite(a).all() for a in (opening, energy, traction, shear)):
        raise InputError("The samples of a tabulated law contain numbers that are not finite.")
    if np.any(np.diff(opening) <= 0) or opening[0] > 0 or 0.0 not in opening:
        raise InputError("The openings of a tabulated law must rise and contain 0 (the closed interface).")
    closed, peak = int(np.flatnonzero(opening == 0.0)[0]), traction.max()
    if peak <= 0:
        raise InputError("A tabulated law must resist opening: no sample has a positive traction.")
    for index, where, remedy in (
        (closed, "at zero opening", "relax the bulk lattice first"),
        (-1, "at the last opening", "extend the openings until the faces no longer interact"),
    ):
        if abs(traction[index]) > OPEN_TOLERANCE * peak:
            raise InputError(
                f"The traction {where} is {traction[index] / 1e9:.4g} GPa, more than {OPEN_TOLERANCE:g} of the "
                f"peak {peak / 1e9:.4g} GPa; {remedy}."
            )
        traction[index] = 0.0
    shear[-1] = 0.0
    return _Samples(opening, energy - energy[closed], traction, shear)


def quintic(
    opening: FloatArray, energy: FloatArray, traction: FloatArray, *, ends: bool = False
) -> scipy.interpolate.PPoly:
    """ψ(δ) through energies and tractions (n,) at rising openings, with `limited_slopes`: what a law makes of its samples.

    Args:
        opening: (n,), at least two.
        energy: (n,).
        traction: (n,) the derivatives there.
        ends: Whether the traction is flat at the last sample, beyond which there is none.
    """
    slope = limited_slopes(opening, traction)
    if ends:
        slope[-1] = 0.0
    columns = np.column_stack([energy, traction, slope])
    return scipy.interpolate.PPoly.from_bernstein_basis(scipy.interpolate.BPoly.from_derivatives(opening, columns))


def limited_slopes(x: FloatArray, y: FloatArray) -> FloatArray:
    """dy/dx at the samples by the C² spline; limited (Fritsch-Carlson) where the data are monotone.

    Samples next to an extremum keep the spline's slope: there the interpolant must overshoot them.
    """
    slopes = scipy.interpolate.CubicSpline(x, y)(x, 1)
    secants = np.pad(np.diff(y) / np.diff(x), 2, mode="edge")
    around = np.stack([secants[k : k + len(x)] for k in range(4)])
    monotone = np.abs(np.sign(around).sum(axis=0)) == 4
    bound = 3.0 * np.abs(around[1:3]).min(axis=0)
    limited = np.sign(around[1]) * np.clip(slopes * np.sign(around[1]), 0.0, bound)
    return np.where(monotone, limited, slopes)
