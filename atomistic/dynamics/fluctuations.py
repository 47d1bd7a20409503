"""What follows from fluctuations at constant temperature and pressure, each with its block error."""

import numpy as np

from atomistic.dynamics.blocks import jackknifed
from atomistic.properties.measurement import Measurement
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV, EV_A3

_SOURCE = "jackknife over blocks of the trajectory"


def heat_capacity(
    energy: FloatArray, temperature: float, freedom: int = 0, *, noise: float | FloatArray = 0.0
) -> Measurement:
    """C_V = Var(U)/kT² + N_f k/2, in eV/K, of potential energies at constant volume and temperature.

    Errors of a model that scatter from sample to sample, and that the forces do not follow, widen the distribution of the
    energies without being heat: their variance is subtracted (law of total variance).

    Args:
        energy: (n, R) potential energy, eV.
        temperature: K.
        freedom: Degrees of freedom of a replica, whose kinetic part is known; 0 leaves it out.
        noise: Standard deviation of the model's error of a sample, eV; a number, or (n, R), such as a posterior's.

    Raises:
        InputError: there are too few samples, or the noise is wider than the energies.
    """
    energy = np.asarray(energy, dtype=float)
    spread = np.broadcast_to(np.asarray(noise, dtype=float) ** 2, energy.shape)
    if spread.mean() >= energy.var() > 0:
        raise InputError(
            f"Noise of {np.sqrt(spread.mean()):.3g} eV is wider than the energies, {energy.std():.3g} eV; no heat is left."
        )
    scale = BOLTZMANN_EV * temperature**2
    value, error = jackknifed(lambda e, s: (e.var(ddof=1) - s.mean()) / scale, energy, spread)
    return Measurement(value + freedom * BOLTZMANN_EV / 2, "eV/K", error, _SOURCE)


def compressibility(volume: FloatArray, temperature: float) -> Measurement:
    """κ_T = Var(V)/(kT⟨V⟩), in 1/Pa, of volumes at constant pressure and temperature.

    Args:
        volume: (n, R) Å³.
        temperature: K.

    Raises:
        InputError: there are too few samples.
    """
    scale = BOLTZMANN_EV * temperature * EV_A3
    value, error = jackknifed(lambda v: v.var(ddof=1) / (scale * v.mean()), volume)
    return Measurement(value, "1/Pa", error, _SOURCE)


def thermal_expansion(volume: FloatArray, energy: FloatArray, temperature: float, pressure: float = 0.0) -> Measurement:
    """α = cov(V, U + pV)/(3kT²⟨V⟩), in 1/K: the linear coefficient, a third of the volume's.

    The kinetic energy is left out: it is independent of the volume.

    Args:
        volume: (n, R) Å³ at constant pressure and temperature.
        energy: (n, R) potential energy, eV.
        temperature: K.
        pressure: Pa.

    Raises:
        InputError: there are too few samples.
    """
    scale = 3 * BOLTZMANN_EV * temperature**2
    enthalpy = np.asarray(energy, dtype=float) + pressure / EV_A3 * np.asarray(volume, dtype=float)
    value, error = jackknifed(lambda v, h: float(np.cov(v, h)[0, 1]) / (scale * v.mean()), volume, enthalpy)
    return Measurement(value, "1/K", error, _SOURCE)
