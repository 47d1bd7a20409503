"""Friction of slip along an interface from its mixed-mode law; SI units.

Under a pressure p the faces slide over the enthalpy γ(s; p) = min over the opening of ψ(δ, s) + p δ. Rigid
faces slide at its steepest slope, the ideal strength. Faces that yield locally slide by an interface
dislocation, which the lattice pins like any other: at its Peierls stress in the semidiscrete model with
γ(s; p) and the interface's own K. A flat clean interface lies between the two; steps, second phases
and wear are left out. Both strengths against p give an adhesion and a coefficient, τ = c + μ p; Coulomb's
law on the continuum side takes μ alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from coupling.contracts import CohesiveLaw, FloatArray
from coupling.errors import InputError
from coupling.upscale.peierls_nabarro import PeierlsNabarro
from coupling.upscale.periodic import GammaSurface, strength

_SAMPLES = 32
_GRID = 41


@dataclass(frozen=True)
class LineThrough:
    """τ = c + μ p.

    Attributes:
        adhesion: c, Pa.
        coefficient: μ.
        residual: Root mean square of the residuals, Pa.
    """

    adhesion: float
    coefficient: float
    residual: float


@dataclass(frozen=True)
class InterfaceFriction:
    """Strengths of slip along an interface under pressure.

    Attributes:
        pressure: (n,) Pa.
        ideal: (n,) of rigid faces, Pa: an upper bound.
        pinned: (n,) Peierls stress of an interface dislocation, Pa.
        resolution: (n,) Pa; a Peierls stress that is not well above it cannot be told from none.
    """

    pressure: FloatArray
    ideal: FloatArray
    pinned: FloatArray
    resolution: FloatArray

    @property
    def of_rigid_faces(self) -> LineThrough:
        """The line through the ideal strengths over the pressure."""
        return _line(self.pressure, self.ideal)

    @property
    def of_dislocations(self) -> LineThrough:
        """The line through the Peierls stresses over the pressure."""
        return _line(self.pressure, self.pinned)


def interface_prefactor(first: FloatArray, second: FloatArray) -> FloatArray:
    """K (m, m) of a dislocation between two bodies, 2 (K₁⁻¹ + K₂⁻¹)⁻¹.

    Exact for the screw between isotropic bodies and wherever the interface does not couple opening to
    slip (Dundurs' β = 0); equal bodies give their own K.
    """
    return np.asarray(2 * np.linalg.inv(np.linalg.inv(np.atleast_2d(first)) + np.linalg.inv(np.atleast_2d(second))))


def slip_enthalpy(law: CohesiveLaw, slip: FloatArray, pressure: float, lowest: float, highest: float) -> FloatArray:
    """γ (n,) at slips (n, 2) in m under a pressure in Pa, less that of no slip, J/m².

    Args:
        law: ψ(δn, δt1, δt2).
        slip: (n, 2) m.
        pressure: Pa, positive in compression.
        lowest: Lowest opening at which the minimum is sought, m.
        highest: Highest one, m.

    Raises:
        InputError: at some slip the least enthalpy lies at the lowest opening.
    """
    openings = np.linspace(lowest, highest, _GRID)
    found = []
    for place in np.vstack([np.zeros((1, 2)), slip]):

        def enthalpy(opening: float, place: FloatArray = place) -> float:
            return float(law.evaluate(np.array([[opening, *place]])).energy[0]) + pressure * opening

        k = int(np.argmin([enthalpy(opening) for opening in openings]))
        if k == 0:
            raise InputError(
                f"A pressure of {pressure / 1e9:.3g} GPa presses the faces beyond the lowest opening of the law; ask for less."
            )
        bounds = openings[max(k - 1, 0)], openings[min(k + 1, _GRID - 1)]
        found.append(
            minimize_scalar(enthalpy, bounds=bounds, method="bounded", options={"xatol": 1e-9 * (highest - lowest)}).fun
        )
    return np.array(found[1:]) - found[0]


def interface_friction(
    law: CohesiveLaw,
    direction: FloatArray,
    period: float,
    prefactor: float,
    spacing: float,
    pressures: FloatArray,
    *,
    compression: float = -0.05e-9,
    opening: float = 0.1e-9,
    rows: int = 120,
) -> InterfaceFriction:
    """Strengths of slip along one direction of an interface.

    Args:
        law: The interface's mixed-mode law.
        direction: (2,) in tangential 1, 2.
        period: After which the slip repeats: the Burgers vector of the interface dislocation, m.
        prefactor: Its K, Pa (see `interface_prefactor`).
        spacing: Distance of atomic rows along the direction, m.
        pressures: (n,) Pa, rising, n ≥ 2.
        compression: Lowest opening looked at, m.
        opening: Highest, m.
        rows: Of the Peierls-Nabarro model.

    Raises:
        InputError: under two pressures, or one beyond what the law knows.
    """
    pressures = np.asarray(pressures, dtype=float)
    if pressures.ndim != 1 or len(pressures) < 2 or np.any(np.diff(pressures) <= 0):
        raise InputError("Friction needs two or more rising pressures, in Pa.")
    unit = np.asarray(direction, dtype=float) / np.linalg.norm(direction)
    slips = np.arange(_SAMPLES)[:, None] / _SAMPLES * period * unit
    ideal, pinned, resolution = [], [], []
    for pressure in pressures:
        surface = GammaSurface(period, slip_enthalpy(law, slips, float(pressure), compression, opening))
        ideal.append(strength(surface, np.ones(1), period))
        model = PeierlsNabarro(surface, prefactor, period, spacing, rows)
        pinned.append(model.peierls_stress())
        resolution.append(model.resolution)
    return InterfaceFriction(pressures, np.array(ideal), np.array(pinned), np.array(resolution))


def _line(x: FloatArray, y: FloatArray) -> LineThrough:
    slope, start = np.polyfit(x, y, 1)
    return LineThrough(float(start), float(slope), float(np.sqrt(np.mean((start + slope * x - y) ** 2))))
