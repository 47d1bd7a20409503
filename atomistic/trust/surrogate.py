"""A potential with its posterior, as active learning sees it: how far forces can be trusted, and labels that mend them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from ase import Atoms
from scipy.stats import chi2

from atomistic.trust.conformal import ForceRadii, conformal_factor
from atomistic.trust.design import require_linear
from atomistic.trust.labels import LabelSet, structure_hash
from atomistic.trust.posterior import Posterior, balanced, fit_posterior
from atomistic.trust.triggers import ConformalRadius, ForceDeviation, Trigger
from coupling.capabilities import FeatureDerivatives, LinearPotential
from coupling.contracts import Cost, Evaluation, FloatArray, Potential, Structure
from coupling.errors import InputError, unknown_choice
from coupling.wrapped import Wrapped

COVERAGE = 0.9
"""Of the radius: the share of forces that the posterior expects within it."""
_MEMBERS = 8
"""Samples of a committee."""


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
        halt: By which measure it is looked at: a name of `HALTS`.
        factors: How much more often than its share a group of labels counts, by its name.
    """

    posterior: Posterior = field(repr=False)
    halt: str = "radius"
    factors: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def fitted(
        cls,
        potential: Potential,
        labels: LabelSet,
        *,
        halt: str = "radius",
        factors: Mapping[str, float] | None = None,
        noises: tuple[float, float, float] | None = None,
    ) -> "Surrogate":
        """From the first labels.

        Args:
            potential: Learns.
            labels: The first ones.
            halt: A name of `HALTS`.
            factors: Of groups.
            noises: Of the labels, where they are known (`fit_posterior`).

        Raises:
            InputError: the potential hands out no features, the measure is unknown, or a factor is not positive.
        """
        if halt not in HALTS:
            raise unknown_choice("measure that halts learning", halt, HALTS)
        factors = dict(factors or {})
        if any(not value > 0 for value in factors.values()):
            raise InputError(f"The factors {factors} of groups must be positive.")
        remembering = RememberedFeatures(require_linear(potential))
        posterior = fit_posterior(remembering, labels, weights=_weighted(labels, factors), noises=noises)
        return cls(posterior, halt, factors)

    @cached_property
    def potential(self) -> Potential:
        """The posterior's mean."""
        return self.posterior.mean_potential()

    @cached_property
    def trigger(self) -> Trigger:
        """The measure, without a limit of its own."""
        return HALTS[self.halt](self.posterior)

    def radii(self, structures: Sequence[Atoms]) -> FloatArray:
        """(n,) largest value of the measure on an atom of each structure, eV/Å."""
        return self.trigger.values(structures)

    def updated(self, labels: LabelSet) -> "Surrogate":
        """With more labels; weights and widths are found anew."""
        weights = _weighted(self.posterior.labels + labels, self.factors)
        return replace(self, posterior=replace(self.posterior, weights=weights).updated(labels))


def of_parameters(posterior: Posterior) -> Trigger:
    """The radius that covers 90 % of what labels can settle of a force, √(χ²₃(0.9)/3) σ, the noise of the readout left out."""
    factor = float(np.sqrt(chi2.ppf(COVERAGE, 3) / 3))
    return ConformalRadius(ForceRadii(posterior, factor, COVERAGE, noise=False), np.inf)


def left_out(posterior: Posterior) -> Trigger:
    """The conformal radius by the errors of the labels, each left out of the fit in turn; its noise is part of it.

    With fewer than nine labels, which promise nothing, the factor is that of a Gaussian. The widths are those of all labels, which
    breaks the letter of the promise (jackknife+, Barber et al., Ann. Statist. 49 (2021) 486, promises 1 - 2α for any model).
    """
    scores = posterior.leave_one_out().force_scores
    enough = len(scores) >= COVERAGE / (1 - COVERAGE) - 1e-9
    factor = conformal_factor(scores, COVERAGE) if enough else float(np.sqrt(chi2.ppf(COVERAGE, 3) / 3))
    return ConformalRadius(ForceRadii(posterior, factor, COVERAGE), np.inf)


def of_samples(posterior: Posterior) -> Trigger:
    """The largest pairwise force deviation of samples of the posterior."""
    return ForceDeviation(tuple(posterior.sample(_MEMBERS)), np.inf)


HALTS: dict[str, Callable[[Posterior], Trigger]] = {
    "radius": of_parameters,
    "conformal": left_out,
    "committee": of_samples,
}
"""Measures by which learning halts."""


def _weighted(labels: LabelSet, factors: Mapping[str, float]) -> dict[str, float]:
    """Balanced weights times the factors of groups, one on average over the labels."""
    weights = {group: weight * factors.get(group, 1.0) for group, weight in balanced(labels).items()}
    mean = np.mean([weights[group] for group in labels.groups])
    return {group: float(weight / mean) for group, weight in weights.items()} if factors else weights
