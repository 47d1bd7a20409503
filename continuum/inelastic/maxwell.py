"""Linear viscoelasticity: a spring beside Maxwell elements (a Prony series), exact for strains that are linear in a step."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from continuum.inelastic.point import Inelastic, Loss, PointResponse, PointState, joined
from coupling.contracts import FloatArray
from coupling.elasticity import isotropic_stiffness
from coupling.errors import InputError

_SHORT = 1e-3  # of a relaxation time: below, the weights are their series


@dataclass(frozen=True)
class Viscoelastic(Inelastic):
    """C(t) = C_∞ + Σ_i C_i exp(−t/τ_i), isotropic, one Poisson's ratio for all times.

    E(t) = E_∞ + Σ E_i exp(−t/τ_i). The strain is linear in a step, in which each element's stress is then known in closed form
    (Taylor, Pister & Goudreau, Int. J. Numer. Meth. Engng 2 (1970) 45), and so is what its dashpot dissipates.

    Attributes:
        long_term: E_∞, Pa; that of a body at rest.
        moduli: (m,) E_i, Pa.
        times: (m,) τ_i, s.
        poisson: ν.

    Raises:
        InputError: constants that are not positive, or moduli and times of different number.
    """

    long_term: float
    moduli: tuple[float, ...]
    times: tuple[float, ...]
    poisson: float
    loss: ClassVar[Loss] = "viscous"

    def __post_init__(self) -> None:
        isotropic_stiffness(self.long_term, self.poisson)
        if len(self.moduli) != len(self.times) or not self.moduli:
            raise InputError(
                f"A viscoelastic body has {len(self.moduli)} moduli and {len(self.times)} relaxation times; give one time to each."
            )
        if not all(np.isfinite(value) and value > 0 for value in (*self.moduli, *self.times)):
            raise InputError(
                "The moduli (Pa) and relaxation times (s) of a viscoelastic body must be positive and finite."
            )

    @property
    def instantaneous(self) -> float:
        """E₀ = E_∞ + Σ E_i, Pa."""
        return self.long_term + sum(self.moduli)

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa of E₀."""
        return isotropic_stiffness(self.instantaneous, self.poisson)

    @property
    def variables(self) -> tuple[tuple[str, int], ...]:
        """The strain of each element's spring (Voigt, engineering shear)."""
        return tuple((f"spring_strain_{number}", 6) for number in range(1, len(self.times) + 1))

    @property
    def depends_on_rate(self) -> bool:
        """Always."""
        return True

    def shifted(self, factor: float) -> "Viscoelastic":
        """The body at another temperature, where all is slower by a factor a_T."""
        if not (np.isfinite(factor) and factor > 0):
            raise InputError(f"The shift factor {factor} must be positive.")
        return replace(self, times=tuple(factor * time for time in self.times))

    def respond(self, strain: FloatArray, before: PointState, duration: float) -> PointResponse:
        """See `Inelastic.respond`."""
        unit = isotropic_stiffness(1.0, self.poisson)
        change, springs = strain - before.strain, []
        stress, modulus = self.long_term * strain @ unit, self.long_term
        stored = 0.5 * np.sum(stress * strain, axis=1)
        lost = before.lost.copy()
        for number, (stiffness, time) in enumerate(zip(self.moduli, self.times, strict=True), 1):
            old = self.variable(before, f"spring_strain_{number}")
            ratio = duration / time
            kept, share = float(np.exp(-ratio)), _share(ratio)
            new = kept * old + share * change
            springs.append(new)
            stress = stress + stiffness * new @ unit
            modulus += stiffness * share
            energy = 0.5 * stiffness * np.einsum("ni,ij,nj->n", new, unit, new)
            stored = stored + energy
            lost += _dissipated(old, change, ratio, stiffness * unit)
        state = PointState(strain, stress, joined(*springs), stored, lost)
        return PointResponse(state, lambda: np.broadcast_to(modulus * unit, (len(strain), 6, 6)).copy())


def _share(ratio: float) -> float:
    """(1 − exp(−r))/r: the part of a step's strain that a spring keeps."""
    return float(-np.expm1(-ratio) / ratio) if ratio > 0 else 1.0


def _dissipated(old: FloatArray, change: FloatArray, ratio: float, stiffness: FloatArray) -> FloatArray:
    """(n,) energy that a dashpot takes in a step, J/m³: ∫ e·C·e dt/τ of the spring's strain e, in closed form.

    With s = t/τ from 0 to r and the strain's rate ε̇ τ = Δε/r, e(s) = old exp(−s) + (Δε/r)(1 − exp(−s)).
    """
    if ratio == 0:
        return np.zeros(len(old))
    if not np.isfinite(ratio):
        return 0.5 * np.einsum("ni,ij,nj->n", old, stiffness, old)
    steady = change / ratio
    left = old - steady
    once, twice = -np.expm1(-ratio), -0.5 * np.expm1(-2 * ratio)
    if ratio < _SHORT:
        return _short(old, change, ratio, stiffness)
    inner = [np.einsum("ni,ij,nj->n", a, stiffness, b) for a, b in ((left, left), (left, steady), (steady, steady))]
    return twice * inner[0] + 2 * once * inner[1] + ratio * inner[2]


def _short(old: FloatArray, change: FloatArray, ratio: float, stiffness: FloatArray) -> FloatArray:
    """The same of a step much shorter than the relaxation time, in which the spring's strain is nearly linear (Simpson)."""

    def at(share: float) -> FloatArray:
        part = ratio * share
        spring = np.exp(-part) * old + _share(part) * share * change
        return np.einsum("ni,ij,nj->n", spring, stiffness, spring)

    return ratio / 6 * (at(0.0) + 4 * at(0.5) + at(1.0))
