"""Harmonic oscillators on a ring of P beads, in closed form, and their continuum limit.

With sinh α = ħω/(2PkT) the partition function is 1/(2 sinh Pα), which for P → ∞ is 1/(2 sinh(ħω/2kT)) (Schweizer, Stratt,
Chandler, Wolynes, J. Chem. Phys. 75 (1981) 1347). Energies are −∂ ln Z/∂β, heat capacities their derivatives.
"""

from typing import NamedTuple

import numpy as np
from scipy import constants as physics

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV, EV

HBAR_EV: float = physics.hbar / EV
"""eV s."""


class Oscillators(NamedTuple):
    """Each of n oscillators at a temperature.

    Attributes:
        free_energy: (n,) −kT ln Z, eV.
        energy: (n,) eV, the kinetic one included.
        heat_capacity: (n,) eV/K.
    """

    free_energy: FloatArray
    energy: FloatArray
    heat_capacity: FloatArray


def oscillators(angular: FloatArray, temperature: float, beads: int | None = None) -> Oscillators:
    """Oscillators on a ring of beads.

    Args:
        angular: (n,) ω, rad/s, above zero.
        temperature: K.
        beads: P; None is the continuum limit, the quantum oscillator itself.

    Raises:
        InputError: a frequency or the temperature is not positive, or there is no bead.
    """
    angular = np.atleast_1d(np.asarray(angular, dtype=float))
    if not ((angular > 0).all() and temperature > 0 and (beads is None or beads >= 1)):
        raise InputError(
            f"Oscillators need positive frequencies, a positive temperature and a bead or more, not {angular.min():.3g} rad/s, "
            f"{temperature} K and {beads} beads; leave out modes that are unstable or cost no energy."
        )
    quantum, thermal = HBAR_EV * angular, BOLTZMANN_EV * temperature
    argument, slowing, bend = quantum / (2 * thermal), np.ones_like(quantum), np.zeros_like(quantum)
    if beads is not None:
        sine = argument / beads
        argument, slowing, bend = beads * np.arcsinh(sine), np.sqrt(1 + sine**2), sine / beads
    # Z = 1/(2 sinh u), u = Pα; u' = (ħω/2)/cosh α; tanh and sinh² without overflow
    lost = np.exp(-2 * argument)
    cotangent, inverse_square = (1 + lost) / (1 - lost), 4 * lost / (1 - lost) ** 2
    slope = quantum / 2 / slowing
    curvature = -(slope**2) * bend / slowing
    return Oscillators(
        thermal * (argument + np.log(1 - lost)),
        slope * cotangent,
        BOLTZMANN_EV * (slope**2 * inverse_square - curvature * cotangent) / thermal**2,
    )
