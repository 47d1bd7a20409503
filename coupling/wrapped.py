"""Potentials around another one that leave its numbers as they are: remembering, counting, sharing."""

from collections.abc import Mapping, Sequence
from typing import Any

from coupling.capabilities import CrystalLaw, FeatureDerivatives, WeightedSites, require
from coupling.contracts import Cost, Evaluation, FloatArray, Potential, Structure


class Wrapped:
    """Passes on all that the potential inside declares; a subclass changes how `evaluate` computes its numbers.

    Args:
        potential: The potential inside.

    Attributes:
        bare: The same.
    """

    def __init__(self, potential: Potential) -> None:
        self.bare = potential
        self.name, self.elements, self.cutoff = potential.name, potential.elements, potential.cutoff
        self.fingerprint, self.capabilities = potential.fingerprint, potential.capabilities

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """As the potential's own; see `coupling.contracts.Potential`."""
        return self.bare.evaluate(structures, site_energies=site_energies, features=features)

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> WeightedSites:
        """The potential's own weighted sum; see `coupling.capabilities.SitePotential`."""
        return require(self.bare, "weighted_sites").weighted_sites(structure, weights)

    def feature_derivatives(self, structures: Sequence[Structure]) -> list[FeatureDerivatives]:
        """The potential's own features and their derivatives; see `coupling.capabilities.LinearPotential`."""
        return require(self.bare, "features").feature_derivatives(structures)

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> Potential:
        """The potential inside with another readout, no longer wrapped."""
        return require(self.bare, "features").with_readout(change, shifts)

    def crystal_law(self, crystal: Structure) -> CrystalLaw:
        """The potential's own law of a crystal; see `coupling.capabilities.StrainPotential`."""
        return require(self.bare, "differentiable_strain").crystal_law(crystal)

    def hessian(self, structure: Structure) -> FloatArray:
        """The potential's own second derivatives; see `coupling.capabilities.HessianPotential`."""
        return require(self.bare, "hessian").hessian(structure)

    def evaluate_in_charges(
        self, structure: Structure, charges: FloatArray, places: FloatArray
    ) -> tuple[float, FloatArray, FloatArray, Cost]:
        """The potential's own answer among point charges; see `coupling.capabilities.ChargedPotential`."""
        return require(self.bare, "point_charges").evaluate_in_charges(structure, charges, places)

    def with_charge(self, charge: int) -> Potential:
        """The potential inside for structures with a total charge, no longer wrapped."""
        return require(self.bare, "total_charge").with_charge(charge)

    def network(self) -> Any:
        """The potential's own network; see `coupling.capabilities.TrainablePotential`."""
        return require(self.bare, "trainable").network()

    def with_network(self, network: Any, fingerprint: str) -> Potential:
        """The potential inside with another network, no longer wrapped."""
        return require(self.bare, "trainable").with_network(network, fingerprint)
