"""The lattice of a crystal at a temperature and pressure, and what the fluctuations of its volume give."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from atomistic.dynamics import NPT, compressibility, jackknifed, thermal_expansion
from atomistic.properties.measurement import Measurement
from atomistic.thermal.sampling import Sampling
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV, EV_A3

_STEPS, _DAMPING, _STRAIN = 20, 1.4, 1e-3
"""Time steps in a period of the cell, its friction over its angular frequency (near the critical one, so that volumes forget
each other soonest), and the strain by which that frequency is foretold."""
_SOURCE = "jackknife over blocks of the trajectory"


@dataclass(frozen=True)
class WarmCrystal:
    """A crystal at a temperature.

    Attributes:
        atoms: Its cell, scaled to the mean volume; the atoms keep their scaled positions.
        temperature: K.
        pressure: Pa.
        stretch: Of each length against the cell that was given.
        compressibility: κ_T of the volume's fluctuations, 1/Pa.
        expansion: α, linear, of the volume's correlation with the enthalpy, 1/K.
    """

    atoms: Atoms
    temperature: float
    pressure: float
    stretch: Measurement
    compressibility: Measurement
    expansion: Measurement


def warm_crystal(
    potential: Potential,
    crystal: Atoms,
    temperature: float,
    sampling: Sampling | None = None,
    *,
    pressure: float = 0.0,
    progress: Progress = silent,
) -> WarmCrystal:
    """The mean volume under a pressure, the shape of the cell held.

    The mean of the volume is freed of most of its scatter by the pressure inside the cell, whose mean is known: that which
    acts (the virial theorem at constant pressure). It is the intercept of the volume's regression on that pressure.

    Args:
        potential: The potential, with stresses.
        crystal: Its cell near equilibrium.
        temperature: K.
        sampling: Cell and length.
        pressure: Pa.
        progress: Told after each step.

    Raises:
        InputError: the potential has no stresses, or the time step does not resolve the barostat.
        Runaway: the dynamics broke down.
    """
    sampling = sampling or Sampling()
    sampling = sampling.stepped(potential, crystal)
    ensemble = _barostat(potential, crystal, temperature, pressure, sampling)
    made = sampling.moved(potential, crystal, ensemble, progress)
    volume, energy, stress = (sampling.settled(one) for one in (made.volume, made.energy, made.observed))
    atoms = len(made.state.numbers)
    excess = atoms * BOLTZMANN_EV * temperature / volume - stress[..., :3].mean(axis=-1) - pressure / EV_A3
    given = crystal.get_volume() * np.prod(sampling.repeats)
    stretch, error = jackknifed(lambda v, p: float(np.cbrt(_intercept(v, p) / given)), volume, excess)
    warm = crystal.copy()
    warm.set_cell(crystal.cell.array * stretch, scale_atoms=True)
    return WarmCrystal(
        warm, temperature, pressure, Measurement(stretch, "", error, _SOURCE), compressibility(volume, temperature),
        thermal_expansion(volume, energy, temperature, pressure),
    )  # fmt: skip


def expansion_between(cold: WarmCrystal, hot: WarmCrystal) -> Measurement:
    """α between two temperatures, ln(L₂/L₁)/(T₂ − T₁), 1/K; the two must have been stretched from one cell.

    Raises:
        InputError: the temperatures are the same.
    """
    apart = hot.temperature - cold.temperature
    if not apart:
        raise InputError(f"Both crystals are at {hot.temperature:g} K; an expansion needs two temperatures.")
    value = np.log(hot.stretch.value / cold.stretch.value) / apart
    error = np.hypot(hot.stretch.error / hot.stretch.value, cold.stretch.error / cold.stretch.value) / abs(apart)
    return Measurement(float(value), "1/K", float(error), _SOURCE)


def _barostat(
    potential: Potential, crystal: Atoms, temperature: float, pressure: float, sampling: Sampling
) -> NPT:  # fmt: skip
    """With a mass of the cell by which it oscillates at ω = √(9BV/(N_f + 3)kT)/τ in twenty time steps."""
    squeezed, stretched = (crystal.copy() for _ in range(2))
    for one, sign in ((squeezed, -1), (stretched, 1)):
        one.set_cell(crystal.cell.array * (1 + sign * _STRAIN), scale_atoms=True)
    pulls = np.trace(potential.evaluate([squeezed, stretched]).stresses, axis1=1, axis2=2) / 3
    bulk, step = float(pulls[1] - pulls[0]) / (6 * _STRAIN), sampling.step or 0.0
    if not bulk > 0:
        raise InputError(
            f"The crystal's bulk modulus is {bulk * EV_A3 / 1e9:.3g} GPa, so that no pressure holds it; relax it first."
        )
    freedom = 3 * len(crystal) * np.prod(sampling.repeats) + 3
    share = np.sqrt(
        9 * bulk * crystal.get_volume() * np.prod(sampling.repeats) / (freedom * BOLTZMANN_EV * temperature)
    )
    angular = 2 * np.pi / (_STEPS * step)
    return NPT(
        temperature,
        pressure,
        friction=sampling.friction,
        period=float(share / angular),
        cell_friction=_DAMPING * angular,
    )


def _intercept(values: FloatArray, variable: FloatArray) -> float:
    """Mean of values where the variable is zero, by their regression on it."""
    slope = np.cov(values, variable)[0, 1] / variable.var(ddof=1)
    return float(values.mean() - slope * variable.mean())
