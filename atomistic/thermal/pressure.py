"""The mean pressure of a crystal at a temperature, and what a model's bias of it does to the density."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.dynamics import Langevin, jackknifed
from atomistic.properties.measurement import Measurement
from atomistic.thermal.sampling import Sampling
from coupling.contracts import FloatArray, Potential
from coupling.units import BOLTZMANN_EV, EV_A3

_SOURCE = "jackknife over blocks of the trajectory"


@dataclass(frozen=True)
class PressureBias:
    """What a model's pressure is off by at the volume and temperature of another.

    Attributes:
        bias: Mean pressure of the model less that of the reference, Pa.
        density_drift: Relative change of the density by which the model relieves it, −κ_T·bias, to first order.
    """

    bias: Measurement
    density_drift: Measurement


def mean_pressure(
    potential: Potential, crystal: Atoms, temperature: float, sampling: Sampling | None = None
) -> Measurement:
    """⟨p⟩ in a cell that does not move, Pa.

    Args:
        potential: The potential, with stresses.
        crystal: Its cell.
        temperature: K.
        sampling: Cell and length.

    Raises:
        Runaway: the dynamics broke down.
    """
    series = _pressures(potential, crystal, temperature, sampling or Sampling())
    return _measured(series, "Pa")


def pressure_bias(
    biased: Potential,
    reference: Potential,
    crystal: Atoms,
    temperature: float,
    compressibility: Measurement,
    sampling: Sampling | None = None,
) -> PressureBias:
    """The bias of a model's pressure at a reference's volume; both move under the same random forces.

    Args:
        biased: The model, with stresses.
        reference: What it should reproduce, with stresses.
        crystal: The reference's cell at the temperature.
        temperature: K.
        compressibility: κ_T of the model, 1/Pa.
        sampling: Cell and length.

    Raises:
        Runaway: the dynamics broke down.
    """
    sampling = (sampling or Sampling()).stepped(reference, crystal)
    model, right = (_pressures(one, crystal, temperature, sampling) for one in (biased, reference))
    bias, kappa = _measured(model - right, "Pa"), compressibility
    drift = -kappa.value * bias.value
    error = float(np.hypot(kappa.value * bias.error, kappa.error * bias.value))
    return PressureBias(bias, Measurement(drift, "", error, _SOURCE))


def _pressures(potential: Potential, crystal: Atoms, temperature: float, sampling: Sampling) -> FloatArray:
    """(n, R) Pa."""
    made = sampling.moved(potential, crystal, Langevin(temperature, sampling.friction))
    kinetic = len(made.state.numbers) * BOLTZMANN_EV * temperature / made.volume[0, 0]
    return (kinetic - sampling.settled(made.observed)[..., :3].mean(axis=-1)) * EV_A3


def _measured(series: FloatArray, unit: str) -> Measurement:
    value, error = jackknifed(lambda one: float(one.mean()), series)
    return Measurement(value, unit, error, _SOURCE)
