"""An initially rigid law: the faces stay closed up to a traction, then part along a softening curve."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.law import FELT, Law, check_gap
from coupling.laws.tabulated import OPEN_TOLERANCE, TabulatedLaw, checked_std, quintic

_CORNER = 3e-3
"""Of the initial opening of a spring: intervals at the kink where the law itself begins."""


class InitiallyRigid(Law):
    """ψ(δ) with T(0) > 0: at zero opening any traction up to `initial_traction` is in equilibrium.

    ψ is the quintic Hermite interpolant of `TabulatedLaw`. It is the law of a gap that the finite elements
    own (`gap="in bulk"`): before the faces part all stretching is the bulk's. The kink at zero asks for a
    constraint in the elements: δ = 0 (a multiplier, tied nodes) until the traction reaches the initial one.
    A solver without constraints takes `on_spring`. Below zero the faces are in contact and ψ goes on
    linearly with the initial traction; the shear is not resisted.

    Args:
        opening: (n,) m, rising from 0.
        energy: (n,) ψ, J/m², from 0.
        traction: (n,) Pa, positive at zero and none at the end.
        gap: Who owns the layer spacing across the interface.
        energy_std: (n,) standard deviations of ψ, J/m²; None is unknown.
        traction_std: (n,) standard deviations of T, Pa; None is unknown.

    Raises:
        InputError: the samples do not make such a law.
    """

    work_of_separation: float
    peak_traction: float
    opening_at_peak: float
    final_opening: float

    kind: ClassVar[str] = "initially-rigid"
    sampled: ClassVar = True
    initially_rigid: ClassVar = True
    units: ClassVar = {"opening": "m", "energy": "J/m^2", "traction": "Pa", "energy_std": "J/m^2", "traction_std": "Pa"}

    def __init__(
        self,
        opening: FloatArray,
        energy: FloatArray,
        traction: FloatArray,
        gap: GapOwner = "in bulk",
        energy_std: FloatArray | None = None,
        traction_std: FloatArray | None = None,
    ) -> None:
        check_gap(gap)
        self.gap: GapOwner = gap
        self.opening, self.energy, self.traction = (np.array(a, dtype=float) for a in (opening, energy, traction))
        self._check()
        self.traction[-1] = 0.0
        self._energy = quintic(self.opening, self.energy, self.traction, ends=True)
        self._traction, self._stiffness = self._energy.derivative(), self._energy.derivative(2)
        self.work_of_separation, self.initial_traction = float(self.energy[-1]), float(self.traction[0])
        crests = self._stiffness.roots(discontinuity=False, extrapolate=False)
        candidates = np.concatenate([self.opening, crests[np.isfinite(crests)]])
        best = int(np.argmax(self._traction(candidates)))
        self.opening_at_peak, self.peak_traction = float(candidates[best]), float(self._traction(candidates[best]))
        self.final_opening = float(self.opening[np.flatnonzero(self.traction > FELT * self.peak_traction)[-1] + 1])
        self.energy_std = checked_std("energy_std", energy_std, self.opening)
        self.traction_std = checked_std("traction_std", traction_std, self.opening)

    @property
    def work_of_separation_std(self) -> float | None:
        """Standard deviation of the work of separation, J/m²; None when unknown."""
        return None if self.energy_std is None else float(self.energy_std[-1])

    @property
    def peak_traction_std(self) -> float | None:
        """Standard deviation of the peak traction, Pa; None when unknown."""
        return (
            None
            if self.traction_std is None
            else float(np.interp(self.opening_at_peak, self.opening, self.traction_std))
        )

    def _check(self) -> None:
        opening, energy, traction = self.opening, self.energy, self.traction
        if opening.ndim != 1 or len(opening) < 5 or energy.shape != opening.shape or traction.shape != opening.shape:
            raise InputError("An initially rigid law needs at least 5 openings and as many energies and tractions.")
        if not all(np.isfinite(a).all() for a in (opening, energy, traction)):
            raise InputError("The samples of an initially rigid law contain numbers that are not finite.")
        if np.any(np.diff(opening) <= 0) or opening[0] != 0.0 or energy[0] != 0.0:
            raise InputError("An initially rigid law begins at opening 0 with energy 0, and its openings rise.")
        if traction[0] <= 0:
            raise InputError(f"An initially rigid law needs a positive traction at zero opening, not {traction[0]} Pa.")
        if abs(traction[-1]) > OPEN_TOLERANCE * traction.max():
            raise InputError("The faces still interact at the last opening; extend the openings.")

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3); at zero opening those of parting faces."""
        jump = np.asarray(jump, dtype=float)
        opening, last = jump[:, 0], self.opening[-1]
        inside, below, beyond = np.clip(opening, 0.0, last), np.minimum(opening, 0.0), opening > last
        traction, tangent = np.zeros_like(jump), np.zeros((len(jump), 3, 3))
        traction[:, 0] = np.where(beyond, 0.0, self._traction(inside))
        tangent[:, 0, 0] = np.where(beyond | (opening < 0), 0.0, self._stiffness(inside))
        return LawValue(self._energy(inside) + below * self.initial_traction, traction, tangent)

    @property
    def steepest(self) -> float:
        """Steepest softening between samples, Pa/m: a spring below it snaps back."""
        return float(np.max(-np.diff(self.traction) / np.diff(self.opening)))

    def on_spring(self, stiffness: float) -> TabulatedLaw:
        """The law in series with a linear spring, for elements that need a finite initial stiffness.

        The opening becomes δ + T/k and the energy ψ + T²/2k: the work of separation stays exactly, the peak
        to the interpolation at its kink, and the law goes to this one as k grows. Choose k well above the elements' own C/h.

        Args:
            stiffness: k, Pa/m; above the steepest softening, so that the openings rise.

        Raises:
            InputError: the spring is too soft for that.
        """
        if not (np.isfinite(stiffness) and stiffness > 0):
            raise InputError(f"The stiffness {stiffness} Pa/m of a spring must be positive and finite.")
        corner = self.initial_traction / stiffness * np.geomspace(_CORNER, 1.0, 12)  # the kink wants short intervals
        inside = np.unique(np.concatenate([self.opening, corner[corner < self.opening[1]]]))
        energy, traction, _ = self.normal(inside)
        rise = self.initial_traction * np.append(0.0, 1.0 - np.geomspace(1.0, _CORNER, 12)[1:])
        opening = np.concatenate([rise / stiffness, inside + traction / stiffness])
        energy = np.concatenate([rise**2 / (2 * stiffness), energy + traction**2 / (2 * stiffness)])
        if np.any(np.diff(opening) <= 0):
            raise InputError(
                f"A spring of {stiffness:.3g} Pa/m is softer than the law falls; take more than {self.steepest:.3g} Pa/m."
            )
        until = self.count.equilibrium_until
        moved = None if until is None else until + float(self.normal(np.array(until))[1]) / stiffness
        whole = np.concatenate([rise, traction])
        spreads = []
        for std, share in (
            (self.energy_std, energy),
            (self.traction_std, whole),
        ):  # on the rise, that of the first sample in proportion
            first = share[len(rise)] if share[len(rise)] else 1.0
            spreads.append(
                None
                if std is None
                else np.append(std[0] * share[: len(rise)] / first, np.interp(inside, self.opening, std))
            )
        sprung = TabulatedLaw(opening, energy, whole, gap=self.gap, energy_std=spreads[0], traction_std=spreads[1])
        return sprung.counted(replace(self.count, equilibrium_until=moved))
