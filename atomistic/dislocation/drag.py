"""Drag on a gliding dislocation: its velocity under a shear stress at a temperature, by dynamics without a thermostat.

B = τb/v where the velocity grows in proportion to the stress. A thermostat on the atoms would slow the line by itself, so
that it acts only while the cell is heated and the line gets going.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from atomistic.dislocation.periodic_array import PeriodicArray
from atomistic.dynamics import NVE, Grips, Held, Keep, Langevin, State, dynamics, jackknifed, vibration_limit
from atomistic.properties.measurement import Measurement
from atomistic.relax import Constraints, relax
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged
from coupling.units import ANGSTROM, BOLTZMANN

_SOURCE = "jackknife over stretches of the glide, and free diffusion of the line"
_HEATED = 5e12
"""1/s: friction while the cell is heated."""


@dataclass(frozen=True)
class Glide:
    """Steady glide under a stress.

    Attributes:
        stress: τ, Pa.
        velocity: m/s.
        temperature: Mean kinetic temperature meanwhile, K.
        time: Over which it is the mean, of all replicas together, s.
    """

    stress: float
    velocity: Measurement
    temperature: float
    time: float


@dataclass(frozen=True)
class Drag:
    """The drag coefficient of a dislocation at a temperature.

    Attributes:
        temperature: K, that the cell was heated to.
        coefficient: B = b Στ²/Στv of all stresses, each by its error bar, Pa s: the straight line through no velocity at no stress.
        deviation: Largest distance of a velocity from that line, in its standard errors.
        glides: One for each stress.
    """

    temperature: float
    coefficient: Measurement
    deviation: float
    glides: tuple[Glide, ...]


@dataclass(frozen=True)
class GlideRun:
    """Length of the dynamics of a gliding dislocation.

    Attributes:
        replicas: Cells that glide at once, each with its own velocities.
        heating: Steps with a thermostat, the load already there.
        settling: Steps without one, not counted.
        steps: Steps that are counted.
        seed: Of the velocities.
    """

    replicas: int = 4
    heating: int = 600
    settling: int = 600
    steps: int = 4000
    seed: int = 0


def drag(
    potential: Potential,
    array: PeriodicArray,
    stresses: Sequence[float],
    temperature: float,
    run: GlideRun | None = None,
    *,
    force: float = 1e-2,
    progress: Progress = silent,
) -> Drag:
    """B at a temperature from the velocities under some stresses.

    The velocity is that at which the plates slide over each other, times the distance between the lines over b (Orowan). Its standard
    error is the larger of that of stretches of the glide and √(2kT/(BLt)), which Einstein's relation gives of a line of length L.

    Args:
        potential: The potential.
        array: The cell, of the crystal at the temperature.
        stresses: τ, Pa; above the Peierls stress, and such that the line stays well below the speed of sound.
        temperature: K.
        run: Length.
        force: Largest force that is left on an atom before the cell is heated, eV/Å.
        progress: Told after each stress.

    Raises:
        InputError: there is no stress, or one is not positive.
        NotConverged: the line does not move along, or the cell does not relax.
    """
    if not len(stresses) or min(stresses) <= 0:
        raise InputError(f"Stresses of {list(stresses)} Pa do not drive a line one way; give positive ones.")
    run, glides = run or GlideRun(), list[Glide]()
    rest = relax(potential, [array.atoms], Constraints(free=~(array.lower | array.upper)), force=force).structures[0]
    relaxed = replace(array, atoms=rest)
    for k, stress in enumerate(stresses):
        glides.append(_glide(potential, relaxed, stress, temperature, replace(run, seed=run.seed + k)))
        progress("drag", k + 1, len(stresses))
    return _drawn(array, temperature, glides)


def _drawn(array: PeriodicArray, temperature: float, glides: list[Glide]) -> Drag:
    """The straight line through the velocities, their error bars no smaller than those of a line that wanders freely."""
    b, line = array.burgers * ANGSTROM, array.atoms.cell[1, 1] * ANGSTROM
    tau, speed = np.array([one.stress for one in glides]), np.array([one.velocity.value for one in glides])
    first = float(tau @ speed / (tau @ tau))
    if first <= 0:
        raise NotConverged(
            f"At {temperature:g} K the line does not follow the stress; give larger stresses, or more steps."
        )
    wandering = 2 * BOLTZMANN * temperature * first / (b * line)
    kept = tuple(
        replace(
            one, velocity=replace(one.velocity, error=max(one.velocity.error, float(np.sqrt(wandering / one.time))))
        )
        for one in glides
    )
    error = np.array([one.velocity.error for one in kept])
    weights = tau / error**2
    slope, slope_error = float(weights @ speed / (weights @ tau)), float(1 / np.sqrt(weights @ tau))
    coefficient = Measurement(b / slope, "Pa s", b / slope**2 * slope_error, _SOURCE)
    return Drag(temperature, coefficient, float(np.max(np.abs(speed - slope * tau) / error)), kept)


def _glide(potential: Potential, array: PeriodicArray, stress: float, temperature: float, run: GlideRun) -> Glide:
    held = Held(grips=Grips(array.lower, array.upper, (stress, 0.0, 0.0)), centre=True)
    step = vibration_limit(potential, array.atoms).safe_step
    common: dict[str, Any] = {"step": step, "held": held, "seed": run.seed, "check_step": False}
    heated = dynamics(
        potential, [array.atoms] * run.replicas, Langevin(temperature, _HEATED), steps=run.heating, **common
    ).state
    keep = Keep(every=5, observe=lambda state: _slid(state, array))
    made = dynamics(potential, heated.structures, NVE(), steps=run.settling + run.steps, keep=keep, **common)
    begun = run.settling // 5
    path = made.observed[begun:] * (array.length / array.burgers * ANGSTROM)
    value, error = jackknifed(lambda one: float(one.mean()), np.diff(path, axis=0) / (5 * step))
    measured, warm = Measurement(value, "m/s", error, _SOURCE), float(made.temperature[begun:].mean())
    return Glide(stress, measured, warm, run.replicas * run.steps * step)


def _slid(state: State, array: PeriodicArray) -> FloatArray:
    """(R,) how far the upper plate is ahead of the lower one along x, Å."""
    return np.asarray(state.positions[:, array.upper, 0].mean(axis=1) - state.positions[:, array.lower, 0].mean(axis=1))
