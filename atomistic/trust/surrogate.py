"""A potential with its posterior, as active learning sees it: force radii, and labels that make them smaller."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from ase import Atoms
from scipy.stats import chi2

from atomistic.trust.design import require_linear
from atomistic.trust.labels import LabelSet, structure_hash
from atomistic.trust.posterior import Posterior, balanced, fit_posterior
from coupling.capabilities import FeatureDerivatives, LinearPotential
from coupling.contracts import Cost, Evaluation, FloatArray, Potential, Structure
from coupling.wrapped import Wrapped

COVERAGE = 0.9
"""Of the radius: the share of forces that the posterior expects within it."""


class RememberedFeatures(Wrapped):
    """A linear potential that evaluates a structure once, and its features' derivatives: labels change neither.

    Args:
        potential: Hands out features.
    """

    def __init__(self, potential: LinearPotential) -> None:
        super().__init__(potential)
        self._known: dict[str, FeatureDerivatives] = {}
        self._evaluated: dict[str, tuple[float, FloatArray, FloatArray]] = {}

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """As the potential's own; energies, forces and stresses of each structure once."""
        if site_energies or features:
            return super().evaluate(structures, site_energies=site_energies, features=features)
        keys = [structure_hash(one) for one in structures]
        new = {key: one for key, one in zip(keys, structures, strict=True) if key not in self._evaluated}
        cost = Cost()
        if new:
            found = self.bare.evaluate(list(new.values()))
            cost = found.cost
            self._evaluated |= dict(
                zip(new, zip(found.energies, found.forces, found.stresses, strict=True), strict=True)
            )
        energies, forces, stresses = zip(*(self._evaluated[key] for key in keys), strict=True)
        return Evaluation(np.array(energies), forces, np.array(stresses), cost)

    def feature_derivatives(self, structures: Sequence[Structure]) -> list[FeatureDerivatives]:
        """As the potential's own, each structure once."""
        keys = [structure_hash(one) for one in structures]
        new = {key: one for key, one in zip(keys, structures, strict=True) if key not in self._known}
        if new:
            self._known |= dict(zip(new, super().feature_derivatives(list(new.values())), strict=True))
        return [self._known[key] for key in keys]


@dataclass(frozen=True)
class Surrogate:
    """A posterior that drives active learning; groups of few labels count as much as others.

    Attributes:
        posterior: What is known of the readout.
    """

    posterior: Posterior = field(repr=False)

    @classmethod
    def fitted(cls, potential: Potential, labels: LabelSet) -> "Surrogate":
        """From the first labels.

        Raises:
            InputError: the potential hands out no features.
        """
        remembering = RememberedFeatures(require_linear(potential))
        return cls(fit_posterior(remembering, labels, weights=balanced(labels)))

    @cached_property
    def potential(self) -> Potential:
        """The posterior's mean."""
        return self.posterior.mean_potential()

    def radii(self, structures: Sequence[Atoms]) -> FloatArray:
        """(n,) largest radius of a force, eV/Å: of what labels can settle, the noise of the readout left out."""
        sigmas = self.posterior.predict(structures, noise=False).force_sigmas
        return np.sqrt(chi2.ppf(COVERAGE, 3) / 3) * np.array([sigma.max() for sigma in sigmas])

    def updated(self, labels: LabelSet) -> "Surrogate":
        """With more labels; weights and widths are found anew."""
        weights = balanced(self.posterior.labels + labels)
        return Surrogate(replace(self.posterior, weights=weights).updated(labels))
