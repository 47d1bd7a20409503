"""Screened nuclear repulsion, and sums of potentials."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from scipy import constants

from atomistic.potentials.crystal_laws import SummedLaw
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.inputs import checked, has_volume
from atomistic.potentials.metering import Meter
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.site_sums import PairSites, SummedSites
from coupling.capabilities import FeatureDerivatives, LinearPotential, require, require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Potential, Structure
from coupling.errors import InputError
from coupling.units import ANGSTROM, EV

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

COULOMB = constants.e**2 / (4 * np.pi * constants.epsilon_0) / (EV * ANGSTROM)
"""e²/4πε₀, eV Å."""
WEIGHTS = np.array([0.18175, 0.50986, 0.28022, 0.02817])
DECAYS = np.array([3.19980, 0.94229, 0.40290, 0.20162])


@dataclass(frozen=True)
class ZBL:
    """The universal repulsion of nuclei, switched off before bonds begin.

    V = Z₁Z₂e²/(4πε₀r) φ(r/a), a = 0.4685 Å/(Z₁^0.23 + Z₂^0.23) (Ziegler, Biersack, Littmark, The
    Stopping and Range of Ions in Solids, 1985), times 1 - 10x³ + 15x⁴ - 6x⁵ with x = r/r_off,
    twice differentiable at r_off = `reach` times the sum of the covalent radii.

    Attributes:
        reach: Where the repulsion ends, in sums of covalent radii.
    """

    reach: float = 0.8
    name: str = "zbl"
    elements: frozenset[int] = frozenset(range(1, 97))

    @property
    def cutoff(self) -> float:
        """Largest range over all elements, Å."""
        return float(2 * self.reach * covalent_radii[sorted(self.elements)].max())

    @property
    def fingerprint(self) -> str:
        """Hash of all that determines its numbers."""
        return fingerprint("zbl", "1985", {"reach": self.reach}, ("ase", "numpy"))

    @property
    def capabilities(self) -> Capabilities:
        """What it offers besides energies and forces."""
        return Capabilities(self.cutoff, stress=True, site_energies=True, weighted_sites=True)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`.

        Raises:
            InputError: a structure cannot be evaluated, or features are asked for.
        """
        require_asked(self, site_energies, features)
        atoms = checked(structures, self.elements, self.name)
        with Meter() as meter:
            sites, forces, stresses = zip(*map(self._one, atoms), strict=True)
        return Evaluation(
            energies=np.array([site.sum() for site in sites]),
            forces=forces,
            stresses=np.array(stresses),
            cost=Cost(len(atoms), sum(map(len, atoms)), len(atoms), meter.seconds, meter.peak_memory_bytes),
            site_energies=sites if site_energies else None,
        )

    def pair(self, first: FloatArray, second: FloatArray, distance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Energy of pairs (P,), eV, and its derivative, eV/Å.

        Args:
            first: (P,) atomic numbers.
            second: (P,) atomic numbers.
            distance: (P,) Å.
        """
        decays = DECAYS[:, None] * (first**0.23 + second**0.23) / 0.4685
        terms = WEIGHTS[:, None] * np.exp(-decays * distance)
        charge = COULOMB * first * second / distance
        bare, slope = charge * terms.sum(0), -charge * ((decays + 1 / distance) * terms).sum(0)
        off = self.reach * (covalent_radii[first.astype(int)] + covalent_radii[second.astype(int)])
        x = np.minimum(distance / off, 1.0)
        switch = 1 - x**3 * (10 - 15 * x + 6 * x**2)
        return bare * switch, slope * switch - bare * 30 * x**2 * (1 - x) ** 2 / off

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> PairSites:
        """Σ w_i e_i of a structure at any positions; see `coupling.capabilities.SitePotential`."""
        (atoms,) = checked([structure], self.elements, self.name)
        return PairSites(self.pair, 2 * self.reach * covalent_radii[atoms.numbers].max(), atoms, weights)

    def _one(self, atoms: Atoms) -> tuple[FloatArray, FloatArray, FloatArray]:
        i, j, vectors = neighbour_pairs(atoms, 2 * self.reach * covalent_radii[atoms.numbers].max())
        numbers = atoms.numbers.astype(float)
        distance = np.linalg.norm(vectors, axis=1)
        energy, slope = self.pair(numbers[i], numbers[j], distance)
        pull = vectors * (slope / distance)[:, None]
        forces = np.zeros((len(atoms), 3))
        np.add.at(forces, i, pull)
        stress = vectors.T @ pull / 2 / atoms.get_volume() if has_volume(atoms) else np.full((3, 3), np.nan)
        return np.bincount(i, energy / 2, len(atoms)), forces, stress


@dataclass(frozen=True)
class SumPotential:
    """Additive terms seen as one potential, for example a model and the ZBL prior.

    Attributes:
        terms: At least one potential.
        name: The terms' names joined by +.
        elements: Those that every term knows.
        cutoff: The largest of the terms', Å.
        fingerprint: Hash over the terms'.
        capabilities: What all terms offer, and the features of the first.
    """

    terms: tuple[Potential, ...]
    name: str = field(init=False)
    elements: frozenset[int] = field(init=False)
    cutoff: float = field(init=False)
    fingerprint: str = field(init=False)
    capabilities: Capabilities = field(init=False)

    def __post_init__(self) -> None:
        if not self.terms:
            raise InputError("A sum of potentials needs at least one term.")
        facts = {
            "name": " + ".join(term.name for term in self.terms),
            "elements": frozenset.intersection(*(term.elements for term in self.terms)),
            "cutoff": max(term.cutoff for term in self.terms),
            "fingerprint": hashlib.sha256("".join(term.fingerprint for term in self.terms).encode()).hexdigest(),
            "capabilities": _shared([term.capabilities for term in self.terms]),
        }
        for key, value in facts.items():
            object.__setattr__(self, key, value)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate and add all terms; features are those of the first term.

        Raises:
            InputError: some term cannot evaluate the structures or lacks what is asked for.
        """
        require_asked(self, site_energies, features)
        found = [
            term.evaluate(structures, site_energies=site_energies, features=features and k == 0)
            for k, term in enumerate(self.terms)
        ]
        per_atom = zip(*(part.forces for part in found), strict=True)
        sites = zip(*(part.site_energies for part in found), strict=True) if site_energies else None
        return Evaluation(
            energies=sum((part.energies for part in found), np.zeros(len(structures))),
            forces=tuple(sum(parts) for parts in per_atom),
            stresses=sum((part.stresses for part in found), np.zeros((len(structures), 3, 3))),
            cost=sum((part.cost for part in found), Cost()),
            site_energies=tuple(sum(parts) for parts in sites) if sites else None,
            features=found[0].features,
        )

    def feature_derivatives(self, structures: Sequence[Structure]) -> list[FeatureDerivatives]:
        """Those of the first term: the others do not depend on its readout.

        Raises:
            InputError: the first term provides no features.
        """
        return self._first().feature_derivatives(structures)

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> "SumPotential":
        """The first term with another readout, the others as they are.

        Raises:
            InputError: the first term provides no features.
        """
        return SumPotential((self._first().with_readout(change, shifts), *self.terms[1:]))

    def weighted_sites(self, structure: Structure, weights: FloatArray) -> SummedSites:
        """Σ w_i e_i of a structure at any positions; see `coupling.capabilities.SitePotential`.

        Raises:
            InputError: a term has no such sums.
        """
        require(self, "weighted_sites")
        return SummedSites([require(term, "weighted_sites").weighted_sites(structure, weights) for term in self.terms])

    def crystal_law(self, crystal: Structure) -> SummedLaw:
        """A periodic cell of one atom as a function of F; see `coupling.capabilities.StrainPotential`.

        Raises:
            InputError: a term has no such law.
        """
        require(self, "differentiable_strain")
        return SummedLaw([require(term, "differentiable_strain").crystal_law(crystal) for term in self.terms])

    def hessian(self, structure: Structure) -> FloatArray:
        """Second derivatives by the positions; see `coupling.capabilities.HessianPotential`.

        Raises:
            InputError: a term has none.
        """
        require(self, "hessian")
        return np.sum([require(term, "hessian").hessian(structure) for term in self.terms], axis=0)

    def _first(self) -> LinearPotential:
        require(self, "features")
        return require(self.terms[0], "features")

    def as_ase(self) -> "Calculator":
        """An ASE calculator of this potential."""
        from atomistic.potentials.as_ase import PotentialCalculator

        return PotentialCalculator(self)


def _shared(terms: Sequence[Capabilities]) -> Capabilities:
    """Of a sum: what all terms have, the longest range, the coarsest arithmetic, and the features of the first."""
    dtypes = [dtype for dtype in ("float32", "float64") if any(term.dtype == dtype for term in terms)]
    return Capabilities(
        max(term.interaction_range for term in terms),
        stress=all(term.stress for term in terms),
        site_energies=all(term.site_energies for term in terms),
        weighted_sites=all(term.weighted_sites for term in terms),
        features=terms[0].features,
        differentiable_strain=all(term.differentiable_strain for term in terms),
        hessian=all(term.hessian for term in terms),
        devices=terms[0].devices,
        dtypes=(dtypes[0],),
    )
