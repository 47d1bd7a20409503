"""ASE's effective medium theory in arrays of all pairs, in place of ASE's loop over the atoms.

The formulas are those of Jacobsen, Stoltze and Nørskov, Surf. Sci. 366, 394 (1996), with parameters, cut-off and zero of
energy as in ASE.
"""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, PropertyNotImplementedError, all_changes
from ase.calculators.emt import EMT, beta

from atomistic.potentials.inputs import checked, has_volume, refuse_overlap
from atomistic.potentials.neighbours import IntArray, neighbour_pairs
from atomistic.potentials.serial import Answer, SerialPotential
from coupling.contracts import FloatArray, Structure


class EffectiveMedium(EMT):
    """ASE's EMT; energies, forces and stresses are its own to rounding."""

    def initialize(self, atoms: Atoms) -> None:
        """Parameters of the atoms' elements; as ASE's, where the last structure had others."""
        asked = (atoms.numbers.tobytes(), self.parameters["asap_cutoff"])
        if getattr(self, "_asked", None) != asked:
            super().initialize(atoms)
            self._asked = asked

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Fill `results`; see ASE's `Calculator.calculate`."""
        Calculator.calculate(self, atoms, properties, system_changes)
        energies, forces, stress = self.answer(self.atoms)
        self.results |= {
            "energy": energies.sum(),
            "free_energy": energies.sum(),
            "energies": energies,
            "forces": forces,
        }
        if self.atoms.cell.rank == 3:
            self.results["stress"] = stress.flat[[0, 4, 8, 5, 2, 1]]
        elif "stress" in properties:
            raise PropertyNotImplementedError

    def answer(self, atoms: Atoms, where: str = "The structure") -> tuple[FloatArray, FloatArray, FloatArray]:
        """Energies of the atoms (N,), eV, forces (N, 3), eV/Å, and stress (3, 3), eV/Å³; not numbers where the cell has no volume.

        Args:
            atoms: One structure.
            where: What it is called in messages.

        Raises:
            InputError: two atoms lie on each other.
        """
        self.initialize(atoms)
        first, second, vectors = neighbour_pairs(atoms, self.rc_list)
        distances = np.sqrt(np.einsum("pk,pk->p", vectors, vectors))
        if len(distances):
            nearest = int(np.argmin(distances))
            refuse_overlap(int(first[nearest]), int(second[nearest]), float(distances[nearest]), where)
        own, other, count = self.ia2iz[first], self.ia2iz[second], len(atoms)
        step = 1 / (1 + np.exp(self.acut * (distances - self.rc)))
        slope = self.acut * (step - 1)  # of the step's logarithm
        eta, kappa, radius = (self.par[name][other] for name in ("eta2", "kappa", "s0"))
        share = self.chi[own, other] * step
        density = share * np.exp(-eta * (distances - beta * radius))
        pair = self.par["neghalfv0overgamma2"][own] * share * np.exp(-kappa * (distances / beta - radius))
        energies, response = self._embedded(np.bincount(first, density, count))
        for end in (first, second):
            energies += 0.5 * np.bincount(end, pair, count)
        pulls = response[first] * density * (slope - eta) + pair * (slope - kappa / beta)
        forces = (pulls / distances)[:, None] * vectors  # on the first of each pair
        stress = vectors.T @ forces / atoms.get_volume() if has_volume(atoms) else np.full((3, 3), np.nan)
        return energies, _summed(first, second, forces, count), 0.5 * (stress + stress.T)

    def _embedded(self, density: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(N,) Energies without those of pairs, eV, and their derivatives by the density of the neighbours."""
        par = {name: values[self.ia2iz] for name, values in self.par.items()}
        met = density > 0  # an atom without neighbours has the energy zero of ASE
        density = np.where(met, density, 1.0)
        swelling = -np.log(density * par["inv12gamma1"]) / (beta * par["eta2"])
        reduced = par["lambda"] * swelling
        cohesive, correction = par["E0"] * np.exp(-reduced), 6 * par["V0"] * np.exp(-par["kappa"] * swelling)
        energies = np.where(met, (1 + reduced) * cohesive + correction, 0.0) - par["E0"]
        by_swelling = -par["lambda"] * reduced * cohesive - par["kappa"] * correction
        return energies, np.where(met, -by_swelling / (beta * par["eta2"] * density), 0.0)


def _summed(first: IntArray, second: IntArray, forces: FloatArray, count: int) -> FloatArray:
    """(N, 3) Forces on all atoms from those (P, 3) on the first of each pair."""
    total = [np.bincount(first, one, count) - np.bincount(second, one, count) for one in forces.T]
    return np.column_stack(total)


class EffectiveMediumPotential(SerialPotential):
    """ASE's EMT without the bookkeeping of ASE's calculators, which takes longer than the answer of a small cell."""

    calculator: EffectiveMedium

    def _checked(self, structures: Sequence[Structure]) -> list[Atoms]:
        return checked(structures, self.elements, self.name, overlap=False)

    def _one(self, atoms: Atoms, sites: bool, where: str) -> Answer:
        energies, forces, stress = self.calculator.answer(atoms, where)
        return float(energies.sum()), forces, stress, energies if sites else None
