"""How many sites are occupied at a chemical potential, where solute atoms do not interact."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV

_ROUNDING = 1e-9  # eV


def thermal_energy(temperature: float) -> float:
    """kT, eV.

    Raises:
        InputError: the temperature is not positive.
    """
    if not temperature > 0:
        raise InputError(f"Occupations need a temperature above 0 K, not {temperature:g} K.")
    return BOLTZMANN_EV * temperature


@dataclass(frozen=True)
class Levels:
    """Energies of a solute atom on sites that do not interact.

    Attributes:
        energies: (k,) of each class of sites by rising energy, eV.
        multiplicities: (k,) sites of each class.
        lattice_sites: Atoms of the host that belong to them.
    """

    energies: FloatArray
    multiplicities: NDArray[np.int64]
    lattice_sites: int

    def coverage(self, chemical_potential: float, temperature: float) -> FloatArray:
        """(k,) occupied fraction of each class at a chemical potential in eV, sites that do not interact, at most one atom each.

        Raises:
            InputError: the temperature is not positive.
        """
        return expit((chemical_potential - self.energies) / thermal_energy(temperature))

    def amount(self, chemical_potential: float, temperature: float) -> float:
        """Solute atoms per lattice site of the host."""
        return float(self.multiplicities @ self.coverage(chemical_potential, temperature) / self.lattice_sites)

    def check_bulk(self, chemical_potential: float, name: str = "this") -> None:
        """Raise `InputError` where a bulk crystal would hold solute on more than half of its best sites: μ above their energy in eV.

        Were a site not to hold one atom at most, the bulk would hold more solute there than it has sites; and energies are those
        of single atoms in the host, which is another crystal then.
        """
        above = chemical_potential - float(self.energies.min())
        if above > _ROUNDING:
            raise InputError(
                f"{name} puts the solute's chemical potential {above:.3g} eV above its energy on the bulk's best sites, so that more than "
                "half of them hold solute: more than a host has room for; give a lower one."
            )

    def chemical_potential(self, concentration: float, temperature: float) -> float:
        """μ in eV at which the structure, a bulk crystal, holds a concentration of non-interacting solute.

        Args:
            concentration: Solute atoms per lattice site of the host.
            temperature: K.

        Raises:
            InputError: the concentration is not positive, or more than there are sites; the temperature is not positive.
        """
        largest = float(self.multiplicities.sum() / self.lattice_sites)
        if not 0 < concentration < largest:
            raise InputError(
                f"A concentration of {concentration:g} solute atoms per lattice site cannot be; there are {largest:g} sites, so "
                f"give one above 0 and below {largest:g} (a coverage between zero and one)."
            )
        kt = thermal_energy(temperature)
        if len(self.energies) == 1:
            share = concentration / largest
            return float(self.energies[0] + kt * (np.log(share) - np.log1p(-share)))
        span = kt * (40 + abs(np.log(concentration)) - np.log1p(-concentration / largest))
        low, high = self.energies.min() - span, self.energies.max() + span
        return float(
            brentq(lambda mu: np.log(self.amount(mu, temperature) / concentration), low, high, xtol=1e-14, rtol=1e-14)
        )
