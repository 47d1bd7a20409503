"""A potential that sees all lengths enlarged, so that its crystal fits into another potential's lattice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from ase import Atoms

from coupling.capabilities import CrystalLaw, FeatureDerivatives, WeightedSites, require, require_asked
from coupling.contracts import Capabilities, Evaluation, FloatArray, Potential, Structure
from coupling.errors import InputError

LARGEST = 1.2
"""Lattices that differ by more are not the same crystal."""


@dataclass(frozen=True)
class Scaled:
    """E(x) = E₀(αx): forces are α times as large, and the same strain does the same work.

    Without it a region whose own lattice parameter is α times that of the bath is under stress (Bernstein, Kermode,
    Csányi, Rep. Prog. Phys. 72 (2009) 026501, section 3).

    Attributes:
        potential: The potential.
        factor: α, its lattice parameter over that of the bath.
    """

    potential: Potential
    factor: float
    name: str = field(init=False)
    elements: frozenset[int] = field(init=False)
    cutoff: float = field(init=False)
    fingerprint: str = field(init=False)
    capabilities: Capabilities = field(init=False)

    def __post_init__(self) -> None:
        if not 1 / LARGEST <= self.factor <= LARGEST:
            raise InputError(
                f"A scale of {self.factor} does not fit two lattices to each other; give a ratio such as 1.01."
            )
        facts = {
            "name": f"{self.potential.name} scaled by {self.factor:g}",
            "elements": self.potential.elements,
            "cutoff": self.potential.cutoff / self.factor,
            "fingerprint": f"{self.potential.fingerprint} scaled {self.factor!r}",
            "capabilities": self._passed_on(),
        }
        for key, fact in facts.items():
            object.__setattr__(self, key, fact)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`."""
        require_asked(self, site_energies, features)
        enlarged = [self._enlarged(one) for one in structures]
        found = self.potential.evaluate(enlarged, site_energies=site_energies, features=features)
        forces = tuple(self.factor * np.asarray(force) for force in found.forces)
        return Evaluation(
            found.energies, forces, self.factor**3 * found.stresses, found.cost, found.site_energies, found.features
        )

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> WeightedSites:
        """The potential's own sum at enlarged positions; see `coupling.capabilities.SitePotential`."""
        inside = require(self.potential, "weighted_sites").weighted_sites(self._enlarged(structure), weights)
        return ScaledSites(inside, self.factor)

    def feature_derivatives(self, structures: Sequence[Structure]) -> list[FeatureDerivatives]:
        """The potential's own; strain means the same to both. See `coupling.capabilities.LinearPotential`."""
        found = require(self.potential, "features").feature_derivatives([self._enlarged(one) for one in structures])
        return [one._replace(positions=self.factor * one.positions) for one in found]

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> "Scaled":
        """The potential with another readout, scaled; see `coupling.capabilities.LinearPotential`."""
        return Scaled(require(self.potential, "features").with_readout(change, shifts), self.factor)

    def with_charge(self, charge: int) -> "Scaled":
        """The potential for structures with a total charge, scaled; see `coupling.capabilities.IonPotential`."""
        return Scaled(require(self.potential, "total_charge").with_charge(charge), self.factor)

    def crystal_law(self, crystal: Structure) -> CrystalLaw:
        """The law of the enlarged crystal, per volume of this one; see `coupling.capabilities.StrainPotential`."""
        inside = require(self.potential, "differentiable_strain").crystal_law(self._enlarged(crystal))
        return ScaledLaw(inside, self.factor)

    def hessian(self, structure: Structure) -> FloatArray:
        """The potential's own at enlarged positions; see `coupling.capabilities.HessianPotential`."""
        return self.factor**2 * require(self.potential, "hessian").hessian(self._enlarged(structure))

    def _passed_on(self) -> Capabilities:
        """What the potential offers, except point charges, whose interaction does not scale, and its weights."""
        own = self.potential.capabilities
        return replace(own, interaction_range=own.interaction_range / self.factor, point_charges=False, trainable=False)

    def _enlarged(self, structure: Structure) -> Atoms:
        return Atoms(
            np.array(structure.numbers), self.factor * np.array(structure.positions, dtype=float),
            cell=self.factor * np.array(structure.cell, dtype=float), pbc=np.array(structure.pbc, dtype=bool),
        )  # fmt: skip


class ScaledSites:
    """A weighted sum at enlarged positions.

    Args:
        inside: The sum of the enlarged structure.
        factor: α.
    """

    def __init__(self, inside: WeightedSites, factor: float) -> None:
        self.inside, self.factor = inside, factor

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `WeightedSites`."""
        energy, forces, sites = self.inside.evaluate(self.factor * positions)
        return energy, self.factor * forces, sites


class ScaledLaw:
    """The law of an enlarged crystal, per volume of the crystal that is not enlarged.

    Args:
        inside: The law of the enlarged crystal.
        factor: α.
    """

    def __init__(self, inside: CrystalLaw, factor: float) -> None:
        self.inside, self.density, self.volume = inside, factor**3, inside.volume / factor**3

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `CrystalLaw`."""
        energies, stresses = self.inside.evaluate(gradients)
        return self.density * energies, self.density * stresses

    def tangents(self, gradients: FloatArray) -> FloatArray:
        """See `CrystalLaw`."""
        return self.density * self.inside.tangents(gradients)
