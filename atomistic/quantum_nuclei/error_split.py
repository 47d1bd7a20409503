"""The error of a quantum figure, split between the potential and the number of beads.

A figure F(potential, beads) is F(model, P) where F(reference, ∞) is right. Going from one to the other in both orders, and
taking the mean, gives each of the two causes its share (Shapley): neither depends on an order, and they add up to the whole.
For harmonic vibrations F is the trace of a function of the Hessian in coordinates scaled by the roots of the masses, so that
each coordinate has its own share, its diagonal element.
"""

from dataclasses import dataclass

import numpy as np

from atomistic.properties.phonon import ATOMIC_MASS
from atomistic.quantum_nuclei.harmonic import oscillators
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import ANGSTROM, EV

_SQUARES = EV / ANGSTROM**2 / ATOMIC_MASS
"""(rad/s)² per (eV/Å²)/u."""
_FLAT = 1e-8


@dataclass(frozen=True)
class ErrorSplit:
    """F(model, P) − F(reference, ∞) and what it comes from; arrays of any one shape.

    Attributes:
        total: Computed from the two ends alone.
        beads: From the number of beads.
        curvature: From the potential; in the harmonic limit from its curvature.
    """

    total: float
    beads: FloatArray
    curvature: FloatArray

    @property
    def residual(self) -> float:
        """What is left of the total: rounding."""
        return float(self.total - np.sum(self.beads) - np.sum(self.curvature))


def split(
    model_beads: FloatArray, model: FloatArray, reference_beads: FloatArray, reference: FloatArray, total: float
) -> ErrorSplit:
    """The split of a figure's parts.

    Args:
        model_beads: Parts of F(model, P).
        model: Parts of F(model, ∞).
        reference_beads: Parts of F(reference, P).
        reference: Parts of F(reference, ∞).
        total: F(model, P) − F(reference, ∞).
    """
    beads = 0.5 * ((model_beads - model) + (reference_beads - reference))
    curvature = 0.5 * ((model - reference) + (model_beads - reference_beads))
    return ErrorSplit(total, np.asarray(beads), np.asarray(curvature))


def harmonic_split(
    model: FloatArray, reference: FloatArray, masses: FloatArray, temperature: float, beads: int
) -> ErrorSplit:
    """The error of the vibrational free energy at a minimum, with the share of each coordinate.

    Args:
        model: (m, m) Hessian of the potential, eV/Å².
        reference: (m, m) Hessian of the better one, or of a sample of a posterior.
        masses: (m,) of the coordinates, u.
        temperature: K.
        beads: P.

    Returns:
        Parts (m,) in eV.

    Raises:
        InputError: shapes differ, or a Hessian has an unstable mode.
    """
    if not (np.shape(model) == np.shape(reference) == (len(masses), len(masses))):
        raise InputError(
            f"Hessians of shapes {np.shape(model)} and {np.shape(reference)} do not go with {len(masses)} masses; give all of the "
            "same coordinates."
        )
    ends = [_Spectrum(one, masses) for one in (model, reference)]
    (model_beads, whole), (reference_beads, right) = (
        (end.free_energies(temperature, beads), end.free_energies(temperature, None)) for end in ends
    )
    total = float(np.sum(ends[0].own(temperature, beads)) - np.sum(ends[1].own(temperature, None)))
    return split(model_beads, whole, reference_beads, right, total)


class _Spectrum:
    """Modes of a Hessian; those that cost no energy have no part."""

    def __init__(self, hessian: FloatArray, masses: FloatArray) -> None:
        roots = np.sqrt(np.asarray(masses, dtype=float))
        squares, self._vectors = np.linalg.eigh(np.asarray(hessian, dtype=float) / np.outer(roots, roots))
        self._kept = np.abs(squares) > _FLAT * np.abs(squares).max()
        if (squares[self._kept] < 0).any():
            raise InputError(
                f"A Hessian has {int((squares[self._kept] < 0).sum())} unstable modes, which have no free energy; give those of "
                "minima."
            )
        self._angular = np.sqrt(squares[self._kept] * _SQUARES)

    def own(self, temperature: float, beads: int | None) -> FloatArray:
        """Of each mode, eV."""
        return oscillators(self._angular, temperature, beads).free_energy

    def free_energies(self, temperature: float, beads: int | None) -> FloatArray:
        """(m,) of each coordinate, eV."""
        return (self._vectors[:, self._kept] ** 2) @ self.own(temperature, beads)
