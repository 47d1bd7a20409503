"""Quasi-harmonic expansion and elastic constants, with which dynamics are compared."""

from itertools import combinations

import numpy as np
from ase import Atoms

from atomistic.decohesion.finite_temperature import heated
from atomistic.decohesion.vibrations import Statistics, vibrational
from atomistic.properties.elastic import strained
from coupling.contracts import FloatArray, Potential
from coupling.units import EV_A3


def quasi_harmonic_expansion(
    potential: Potential, primitive: Atoms, temperature: float, *, apart: float = 50.0, repeats: int = 3,
    statistics: Statistics = "classical",
) -> float:  # fmt: skip
    """α of a cubic crystal, linear, 1/K, by its lattice parameters at T ± `apart` (`atomistic.decohesion.heated`).

    Args:
        potential: The potential.
        primitive: The static crystal.
        temperature: K.
        apart: K.
        repeats: Repeats of the cell whose wave vectors are summed.
        statistics: Classical, as dynamics are, or quantum.

    Raises:
        InputError: the crystal is not cubic.
        NotConverged: it has no lattice parameter at the temperatures.
    """
    low, high = (
        heated(potential, primitive, one, statistics=statistics, repeats=repeats)
        for one in (temperature - apart, temperature + apart)
    )
    return float(np.log(high.get_volume() / low.get_volume()) / (6 * apart))


def quasi_harmonic_stiffness(
    potential: Potential, atoms: Atoms, temperature: float, *, repeats: int = 3, strain: float = 5e-3,
    statistics: Statistics = "classical",
) -> FloatArray:  # fmt: skip
    """(6, 6) isothermal elastic constants, Pa: second differences of static and vibrational free energy by the strain.

    Args:
        potential: The potential.
        atoms: A crystal of one atom a cell, or of atoms on sites that no strain moves, at its quasi-harmonic equilibrium.
        temperature: K.
        repeats: Repeats of the cell whose wave vectors are summed.
        strain: Of either sign.
        statistics: Classical, as dynamics are, or quantum.
    """
    unit = strain * np.eye(6)
    pairs = list(combinations(range(6), 2))
    both = [sign * (unit[i] + unit[j]) for sign in (1, -1) for i, j in pairs]
    cells = [strained(atoms, one) for one in (np.zeros(6), *unit, *-unit, *both)]
    vibrations = vibrational(potential, cells, (repeats,) * 3, temperature, statistics=statistics).free_energy
    energy = np.asarray(potential.evaluate(cells).energies) + vibrations / repeats**3
    zero, plus, minus, mixed = energy[0], energy[1:7], energy[7:13], energy[13:].reshape(2, -1)
    stiffness = np.diag(plus + minus - 2 * zero)
    for k, (i, j) in enumerate(pairs):
        value = (mixed[:, k].sum() - plus[i] - minus[i] - plus[j] - minus[j] + 2 * zero) / 2
        stiffness[i, j] = stiffness[j, i] = value
    return np.asarray(stiffness / (strain**2 * atoms.get_volume()) * EV_A3)
