"""One Gaussian posterior over a potential's readout: error bars, committees, clean data and fine-tuning.

Bigi, Chong, Ceriotti and Grasselli, Mach. Learn.: Sci. Technol. 5 (2024) 045018 (last-layer prediction
rigidity); here with forces and stresses as labels too, and noises from the marginal likelihood.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from atomistic.potentials.inputs import has_volume
from atomistic.trust.design import (
    VOIGT,
    Design,
    Rows,
    designs,
    element_counts,
    require_linear,
    structure_rows,
)
from atomistic.trust.evidence import Estimate, Widths, maximise, shifted, solve_rows
from atomistic.trust.labels import LabelSet
from atomistic.trust.leave_out import ROUNDING, Block, LeaveOneOut, leave_one_out, predicted_scores
from atomistic.trust.sites import SiteDistances
from coupling.capabilities import LinearPotential
from coupling.contracts import FloatArray, Potential, Structure
from coupling.errors import InputError
from coupling.files import content_hash
from coupling.identity.addresses import arrays_hash


@dataclass(frozen=True)
class Prediction:
    """Means and variances of n structures.

    Attributes:
        energies: (n,) eV.
        forces: n arrays (N_i, 3), eV/Å.
        stresses: (n, 3, 3) eV/Å³; NaN where there is no volume.
        energy_variances: (n,) eV².
        force_variances: n arrays (N_i, 3) of the components.
        stress_variances: (n, 3, 3) of the components.
    """

    energies: FloatArray
    forces: tuple[FloatArray, ...]
    stresses: FloatArray
    energy_variances: FloatArray
    force_variances: tuple[FloatArray, ...]
    stress_variances: FloatArray

    @property
    def force_sigmas(self) -> tuple[FloatArray, ...]:
        """n arrays (N_i,): root of the summed variances of an atom's three components, eV/Å."""
        return tuple(np.sqrt(one.sum(1)) for one in self.force_variances)


@dataclass(frozen=True)
class Posterior:
    """What the labels leave open of a potential's readout. `fit_posterior` makes it.

    Attributes:
        potential: The potential before it saw the labels.
        labels: The labels.
        designs: Their rows and residuals.
        widths: Noises and prior.
        weights: By how much the labels of a group count; 1 where it is not named.
        inflation: Factor on the standard deviations of the parameters.
        noises: Of energy, force and stress where they were given; more labels do not change them.
    """

    potential: LinearPotential
    labels: LabelSet
    designs: tuple[Design, ...]
    widths: Widths
    weights: Mapping[str, float]
    inflation: float = 1.0
    noises: tuple[float, float, float] | None = None

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers that the labels hold, rising."""
        return self.labels.elements

    @property
    def identity(self) -> str:
        """Hash of the potential, the mean and the covariance."""
        return content_hash(f"{self.potential.fingerprint} {arrays_hash(self.mean, self.factor)}".encode())

    @property
    def mean(self) -> FloatArray:
        """(P,) changes of the F weights, then of the energy zero of each element, eV."""
        mean = self._solution.mean.copy()
        mean[len(mean) - len(self.widths.zeros) :] += self.widths.zeros
        return mean

    @property
    def factor(self) -> FloatArray:
        """(P, P) whose square factor @ factorᵀ is the covariance of the parameters."""
        return self.inflation * self._solution.factor

    def predict(self, structures: Sequence[Structure], *, noise: bool = True) -> Prediction:
        """Means and variances.

        Args:
            structures: Any that hold no element but the labels'.
            noise: Include what the readout cannot learn; without it, the variance of the parameters alone.
        """
        base = self.potential.evaluate(structures)
        rows = structure_rows(self.potential, structures, self.elements)
        sizes = np.array([len(one.numbers) for one in structures])
        squares = self.widths.noises**2 if noise else np.zeros(3)
        energy = [self._moments(one.energy) for one in rows]
        force = [self._moments(one.force) for one in rows]
        stress = [self._stress(one, atoms) for one, atoms in zip(rows, structures, strict=True)]
        return Prediction(
            base.energies + sizes * np.array([mean[0] for mean, _ in energy]),
            tuple(one + mean.reshape(-1, 3) for one, (mean, _) in zip(base.forces, force, strict=True)),
            base.stresses + np.array([mean for mean, _ in stress]),
            sizes**2 * (np.array([variance[0] for _, variance in energy]) + squares[0]),
            tuple(variance.reshape(-1, 3) + squares[1] for _, variance in force),
            np.array([variance for _, variance in stress]) + squares[2],
        )

    def energy_variances(self, structures: Sequence[Structure], *, noise: bool = True) -> FloatArray:
        """(n,) eV², at the cost of one evaluation: no derivatives are taken."""
        features = self.potential.evaluate(structures, features=True).features
        sizes = np.array([len(one.numbers) for one in structures])
        rows = [
            np.append(one.sum(0), element_counts(atoms, self.elements))
            for one, atoms in zip(features, structures, strict=True)
        ]
        return np.sum((np.array(rows) @ self.factor) ** 2, axis=1) + noise * (sizes * self.widths.energy) ** 2

    def mean_potential(self) -> Potential:
        """The potential with the readout that the labels ask for: fine-tuning in closed form."""
        return self._with(self.mean)

    def sample(self, count: int, seed: int = 0) -> list[Potential]:
        """A committee: potentials with readouts drawn from the posterior, each as cheap as the first.

        Raises:
            InputError: the committee has no members.
        """
        if count < 1:
            raise InputError(f"A committee of {count} potentials says nothing; give at least one.")
        draws = np.random.default_rng(seed).standard_normal((count, len(self.mean)))
        return [self._with(self.mean + self.factor @ draw) for draw in draws]

    def leverage(self) -> FloatArray:
        """(n,) how many of the parameters each label settles; they sum to the effective number of them."""
        return leave_one_out(self._whitened(), self._solution.factor).leverages

    def leave_one_out(self) -> LeaveOneOut:
        """What each label would be predicted without it, in closed form at fixed widths."""
        return leave_one_out(self._whitened(), self._solution.factor)

    def scores_of(self, others: Sequence[Design]) -> FloatArray:
        """(n, 3) residuals of labels that it was not fitted to, as `LeaveOneOut.scores`."""
        return predicted_scores(self._whitened(others), self._solution.factor)

    def without(self, places: Sequence[int]) -> Estimate:
        """The parameters without some of the labels, in closed form at fixed widths (Cook and Weisberg, 1982, §3.2)."""
        blocks = self._whitened([self.designs[place] for place in places])
        rows = np.vstack([one for block in blocks for one in block[0]])
        residuals = np.concatenate([one for block in blocks for one in block[1]])
        values, vectors = np.linalg.eigh((half := rows @ self._solution.factor).T @ half)
        factor = self._solution.factor @ (vectors / np.sqrt(np.maximum(1 - values, ROUNDING)))
        return Estimate(self.mean - factor @ (factor.T @ (rows.T @ residuals)), self.inflation * factor)

    def mahalanobis(self, structures: Sequence[Structure]) -> tuple[FloatArray, ...]:
        """n arrays (N_i,): how far each site's features lie from those of the labels, whose own are 1 on average."""
        features = self.potential.evaluate(structures, features=True).features
        return tuple(
            self._sites(np.asarray(atoms.numbers), one) for atoms, one in zip(structures, features, strict=True)
        )

    def updated(self, labels: LabelSet) -> "Posterior":
        """The posterior with more labels; those that it has are not computed again.

        Raises:
            InputError: the settings differ.
        """
        joined = self.labels + labels
        if joined.elements != self.elements:
            return fit_posterior(self.potential, joined, weights=self.weights, noises=self.noises)
        new = joined[len(self.labels) :]
        found = designs(self.potential, new.labels, self.elements) if len(new) else []
        return replace(self, labels=joined, designs=self.designs + tuple(found), inflation=1.0).refitted()

    def of(self, places: Sequence[int] | np.ndarray) -> "Posterior":
        """The posterior of some of the labels, with the widths of all."""
        return replace(self, labels=self.labels[places], designs=tuple(self.designs[k] for k in places))

    def refitted(self) -> "Posterior":
        """With noises and prior found anew for the labels that it holds."""
        return replace(self, widths=maximise(self.designs, _weights(self.designs, self.weights), self.noises))

    def calibrated(self) -> "Posterior":
        """With the parameters' variances scaled so that they account for the leave-one-out errors of the forces.

        Where the readout cannot represent the oracle, the marginal likelihood calls the model discrepancy noise, which a
        committee lacks. The factor makes the mean squared error over variance of the parameters one.
        """
        return replace(self, inflation=max(1.0, self.leave_one_out().parameter_ratio))

    @cached_property
    def _solution(self) -> Estimate:
        return solve_rows(self.designs, _weights(self.designs, self.weights), self.widths)

    @cached_property
    def _sites(self) -> SiteDistances:
        numbers = np.concatenate([one.numbers for one in self.labels.structures])
        return SiteDistances.of(numbers, np.concatenate([one.sites for one in self.designs]))

    def _whitened(self, designs: Sequence[Design] | None = None) -> list[Block]:
        """Of each label: rows and residuals of each kind over their noise, and the noises over the weight."""
        zeros, blocks = np.array(self.widths.zeros), []
        designs = self.designs if designs is None else designs
        for design, weight in zip(designs, _weights(designs, self.weights), strict=True):
            noises = self.widths.noises / np.sqrt(weight)
            rows = [one / noise for one, noise in zip(design.rows, noises, strict=True)]
            targets = [one / noise for one, noise in zip(shifted(design, zeros), noises, strict=True)]
            residuals = [r - a @ self._solution.mean for r, a in zip(targets, rows, strict=True)]
            blocks.append((rows, residuals, noises))
        return blocks

    def _with(self, parameters: FloatArray) -> Potential:
        shifts = dict(zip(self.elements, parameters[-len(self.elements) :].tolist(), strict=True))
        return self.potential.with_readout(parameters[: -len(self.elements)], shifts)

    def _moments(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        return rows @ self.mean, np.sum((rows @ self.factor) ** 2, axis=1)

    def _stress(self, rows: Rows, structure: Structure) -> tuple[FloatArray, FloatArray]:
        if len(rows.stress) == 0 or not has_volume(structure):
            return np.full((3, 3), np.nan), np.full((3, 3), np.nan)
        mean, variance = self._moments(rows.stress)
        return _tensor(mean), _tensor(variance)


def fit_posterior(
    potential: Potential,
    labels: LabelSet,
    *,
    weights: Mapping[str, float] | None = None,
    noises: tuple[float, float, float] | None = None,
    widths: Widths | None = None,
) -> Posterior:
    """The posterior of a potential's readout given labels.

    Args:
        potential: One that declares features: SevenNet, or anything that satisfies `LinearPotential`.
        labels: Energies, forces and stresses by one oracle.
        weights: By how much the labels of a group count; `balanced` makes rare groups count like others.
        noises: Of energy (eV per atom), force (eV/Å) and stress (eV/Å³), where they are known; by default those
            of the largest marginal likelihood, which counts what the readout cannot represent as noise.
        widths: Noises and prior as they are, with nothing left to find.

    Raises:
        InputError: there are no labels, a noise is not positive, a weight is not positive or names no group, or the potential hands
            out no features.
    """
    linear = require_linear(potential)
    if len(labels) == 0:
        raise InputError("There are no labels; give at least one labelled structure.")
    weights = dict(weights or {})
    strange = sorted(set(weights) - set(labels.groups))
    if strange or any(not value > 0 for value in weights.values()):
        raise InputError(
            f"The weights {weights} must be positive and name groups of the labels: {', '.join(sorted(set(labels.groups)))}."
        )
    if noises is not None and not np.all(np.array(noises) > 0):
        raise InputError(f"The noises {noises} of energy, force and stress must be positive.")
    rows = tuple(designs(linear, labels.labels, labels.elements))
    return Posterior(
        linear, labels, rows, widths or maximise(rows, _weights(rows, weights), noises), weights, noises=noises
    )


def balanced(labels: LabelSet) -> dict[str, float]:
    """Weights by which every group counts alike, one on average."""
    groups = labels.groups
    kinds = sorted(set(groups))
    return {kind: len(groups) / (len(kinds) * groups.count(kind)) for kind in kinds}


def _weights(rows: Sequence[Design], weights: Mapping[str, float]) -> list[float]:
    return [weights.get(one.group, 1.0) for one in rows]


def _tensor(six: FloatArray) -> FloatArray:
    tensor = np.empty((3, 3))
    for value, (i, j) in zip(six, VOIGT, strict=True):
        tensor[i, j] = tensor[j, i] = value
    return tensor
