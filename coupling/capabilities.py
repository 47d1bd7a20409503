"""Access to what a potential declares: a protocol for each capability, and one sentence where it is lacking."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from coupling.contracts import Cost, FloatArray, Potential, Structure
from coupling.errors import InputError

Capability = Literal[
    "stress", "site_energies", "weighted_sites", "features", "differentiable_strain", "hessian", "point_charges",
    "total_charge", "trainable",
]  # fmt: skip
"""The names of the fields of `Capabilities` that a potential has or lacks."""

LACKING: dict[str, str] = {
    "stress": "gives no stress; use another potential, or one whose model computes it",
    "site_energies": "gives no site energies; use a SevenNet potential, an embedded-atom file, ZBL or EMT",
    "weighted_sites": "gives no gradients of weighted site energies; use a SevenNet potential or an embedded-atom "
    "file, or the method bqcf, which blends forces",
    "features": "provides no features with a linear readout; use a SevenNet potential, as the first term of a sum or "
    "alone, or several checkpoints with `ExplicitCommittee`",
    "differentiable_strain": "gives no derivatives by strain but the stress; use a SevenNet potential or an "
    "embedded-atom file, or take differences of the stress",
    "hessian": "gives no second derivatives; use an embedded-atom file, or take differences of the forces",
    "point_charges": "takes no point charges; use pyscf, or leave charges out (mechanical embedding)",
    "total_charge": "takes no total charge; use a quantum engine (gfn1-xtb, gfn2-xtb, pyscf, gpaw) that gets its "
    "charge from the region, not as an option of its own",
    "trainable": "has no weights that can be tuned here; only SevenNet potentials have, use one of them",
}
"""The message about a potential without a capability: what it lacks, and the way out."""


class WeightedSites(Protocol):
    """Σ w_i e_i of one structure, at any positions."""

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """The sum in eV, its forces (N, 3) in eV/Å, and all site energies (N,) in eV, zero where w_i is."""
        ...


class SitePotential(Potential, Protocol):
    """A potential that declares `weighted_sites`. The forces of a weighted sum are not weighted forces."""

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> WeightedSites:
        """The sum for weights (N,); the structure's positions only start the list of neighbours."""
        ...


class FeatureDerivatives(NamedTuple):
    """Features of one structure of N atoms, in which the energy is linear, and their first derivatives.

    Attributes:
        sites: (N, F) features, in units in which their weights are eV.
        positions: (3N, F) derivatives of their sum by the positions, 1/Å.
        strain: (6, F) derivatives of their sum by the tensor strain, Voigt order xx yy zz yz xz xy.
    """

    sites: FloatArray
    positions: FloatArray
    strain: FloatArray


class LinearPotential(Potential, Protocol):
    """A potential that declares `features`: its energy is linear in them."""

    def feature_derivatives(self, structures: Sequence[Structure]) -> list[FeatureDerivatives]:
        """Features and their derivatives of each structure."""
        ...

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> Potential:
        """The same potential with other weights of its features and other zeros of the elements.

        Args:
            change: (F,) what is added to the weights of the features, eV.
            shifts: Atomic number to what is added to an atom's energy, eV.
        """
        ...


class CrystalLaw(Protocol):
    """A crystal with one atom in its cell as a hyperelastic solid: F takes the cell's vectors along.

    Attributes:
        volume: Of a site in the reference, Å³.
    """

    volume: float

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """W (n,) in eV/Å³, energies over the reference's volume, and P = ∂W/∂F (n, 3, 3), of F (n, 3, 3)."""
        ...

    def tangents(self, gradients: FloatArray) -> FloatArray:
        """∂P_ij/∂F_kl (n, 3, 3, 3, 3) in eV/Å³, of F (n, 3, 3)."""
        ...


class StrainPotential(Potential, Protocol):
    """A potential that declares `differentiable_strain`."""

    def crystal_law(self, crystal: Structure) -> CrystalLaw:
        """The law of a periodic cell of one atom; F is relative to it."""
        ...


class HessianPotential(Potential, Protocol):
    """A potential that declares `hessian`."""

    def hessian(self, structure: Structure) -> FloatArray:
        """(3N, 3N) second derivatives of the energy by the positions, eV/Å²; the cell is fixed."""
        ...


class ChargedPotential(Potential, Protocol):
    """A potential that declares `point_charges`."""

    def evaluate_in_charges(
        self, structure: Structure, charges: FloatArray, places: FloatArray
    ) -> tuple[float, FloatArray, FloatArray, Cost]:
        """A structure without periodicity among charges (Q,), e, at places (Q, 3), Å.

        Returns:
            Energy with the atoms' interaction with the charges but not that of the charges among
            themselves, eV; forces on atoms (N, 3) and on charges (Q, 3), eV/Å; what it cost.
        """
        ...


class IonPotential(Potential, Protocol):
    """A potential that declares `total_charge`."""

    def with_charge(self, charge: int) -> Potential:
        """The same potential for structures with this total charge, e."""
        ...


class TrainablePotential(Potential, Protocol):
    """A potential that declares `trainable`."""

    def network(self) -> Any:
        """The network itself, as its family has it."""
        ...

    def with_network(self, network: Any, fingerprint: str) -> Potential:
        """The same potential with another network, and its fingerprint."""
        ...


def require(potential: Potential, capability: Capability) -> Any:
    """The potential, if it declares a capability: then it satisfies the protocol of that name here.

    Raises:
        InputError: it does not; the message names it and the way out.
    """
    if not getattr(potential.capabilities, capability):
        raise InputError(f"Potential {potential.name!r} {LACKING[capability]}.")
    return potential


def require_asked(potential: Potential, site_energies: bool, features: bool) -> None:
    """Refuse to evaluate what the potential does not declare.

    Raises:
        InputError: site energies or features are asked for, and not declared.
    """
    if site_energies:
        require(potential, "site_energies")
    if features:
        require(potential, "features")
