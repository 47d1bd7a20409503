"""Fine-tuning of all weights of a SevenNet potential, where another readout is not enough. Imports torch when called.

The loss is the posterior's own: squared residuals over its noises, each group with its weight, and a Gaussian
prior around the potential's own weights. It starts from these, with the energy zeros of the labels, and not from the
readout in closed form, whose large weights make the loss too stiff for the layers below. What no label holds can change:
give structures that are to stay as they are.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from atomistic.potentials.batched import BatchedPotential
from atomistic.trust.labels import Label, LabelSet
from atomistic.trust.posterior import Posterior
from coupling.contracts import FloatArray, Progress, Structure, silent
from coupling.errors import InputError, NotConverged

if TYPE_CHECKING:
    import torch

    from atomistic.potentials.sevennet_model import SevenNetModel


@dataclass(frozen=True)
class Training:
    """How all weights are tuned.

    Attributes:
        steps: Steps of the optimiser.
        batch: Labels a step.
        rate: Largest learning rate of Adam; it rises over the first tenth of the steps and falls to nothing as a cosine.
        prior: Standard deviation of a weight about its start; sevenn's weights are of the order of one.
        seed: Of the order of the labels.
    """

    steps: int = 200
    batch: int = 5
    rate: float = 3e-3
    prior: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1 or not (self.rate > 0 and self.prior > 0):
            raise InputError(f"A training needs positive steps, batch, rate and prior, not {self}.")


def fine_tune(
    posterior: Posterior, training: Training | None = None, *, kept: Sequence[Structure] = (), progress: Progress = silent
) -> BatchedPotential:
    """Tune all weights.

    Args:
        posterior: Of a SevenNet potential; gives labels, start, noises and the groups' weights.
        training: Steps and prior.
        kept: Structures on which the potential is to stay as it is; they count as labels by itself.
        progress: Told after each step.

    Raises:
        InputError: the potential is no SevenNet network.
        NotConverged: the loss is not finite, or larger over all labels than it was at the start.
    """
    training, zeros = training or Training(), dict(zip(posterior.elements, posterior.widths.zeros, strict=True))
    start = posterior.potential.with_readout(np.zeros(len(posterior.mean) - len(zeros)), zeros)
    if not hasattr(getattr(start, "model", None), "network"):
        raise InputError(f"All weights of {start.name!r} cannot be tuned here; only SevenNet potentials can.")
    from atomistic.potentials.sevennet import quiet

    own = LabelSet.made(start, kept, "kept") if kept else LabelSet()
    with quiet():
        model = _Tuning(start.model, posterior, [*posterior.labels, *own], training).finished(progress)
    record = repr((training, posterior.widths.noises.tolist(), sorted(posterior.weights.items())))
    labels = posterior.labels.settings_hash + "".join(label.identity for label in (*posterior.labels, *own))
    identity = hashlib.sha256((start.fingerprint + record + labels).encode()).hexdigest()
    return replace(start, model=model, fingerprint=identity)


class _Tuning:
    """A copy of a network, its labels and its optimiser."""

    def __init__(self, model: "SevenNetModel", posterior: Posterior, labels: list[Label], training: Training) -> None:
        import copy

        import torch

        self.model, self.training, self.labels = copy.copy(model), training, labels
        self.model.network = copy.deepcopy(model.network).train()
        self.noises = posterior.widths.noises
        self.weights = [posterior.weights.get(label.group, 1.0) for label in self.labels]
        named = self.model.network.named_parameters()
        self.parameters = [one.requires_grad_(True) for name, one in named if "rescale" not in name]
        self.start = [one.detach().clone() for one in self.parameters]
        self.optimiser = torch.optim.Adam(self.parameters, lr=training.rate)

    def finished(self, progress: Progress) -> "SevenNetModel":
        """Train, and hand out the network."""
        training, rng = self.training, np.random.default_rng(self.training.seed)
        order, before = [], self._whole()
        for step in range(training.steps):
            if len(order) < min(training.batch, len(self.labels)):
                order = [*order, *rng.permutation(len(self.labels)).tolist()]
            chosen, order = order[: training.batch], order[training.batch :]
            rise = min(1.0, 10 * (step + 1) / training.steps)
            loss = self._step(chosen, training.rate * rise * (1 + np.cos(np.pi * step / training.steps)) / 2)
            progress("fine-tuning", step + 1, training.steps, f"loss {loss:.3g}")
        after = self._whole()
        if not after < before:
            raise NotConverged(
                f"Tuning all weights took the loss from {before:.3g} to {after:.3g}; "
                f"lower the learning rate of {training.rate:g} or take more steps than {training.steps}."
            )
        self.model.network.eval().requires_grad_(False)
        return self.model

    def _whole(self) -> float:
        """Mean loss over all labels."""
        size, count = self.training.batch, len(self.labels)
        parts = [slice(k, k + size) for k in range(0, count, size)]
        return sum(float(self._misfit(self.labels[own], self.weights[own]).detach()) for own in parts) / count

    def _step(self, chosen: list[int], rate: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        labels = [self.labels[k] for k in chosen]
        loss = self._misfit(labels, [self.weights[k] for k in chosen]) / len(chosen)
        if not np.isfinite(float(loss.detach())):
            raise NotConverged("The loss of the fine-tuning is no longer finite; lower the learning rate.")
        loss.backward()
        share = 1 / len(self.labels) / self.training.prior**2
        for one, start in zip(self.parameters, self.start, strict=True):
            if one.grad is not None:
                one.grad += share * (one.detach() - start)
        self.optimiser.step()
        return float(loss.detach())

    def _misfit(self, labels: list[Any], weights: list[float]) -> "torch.Tensor":
        """Half the sum of squared residuals over noises, as in the likelihood."""
        import sevenn._keys as key
        import torch

        out = self.model.network(self.model.graph([label.structure for label in labels]))

        def lacks(name: str, wanted: list[FloatArray]) -> "torch.Tensor":
            return torch.as_tensor(np.array(wanted)).to(out[name]) - out[name]

        sizes = out[key.NUM_ATOMS]
        per_label = torch.as_tensor(weights).to(out[key.PRED_FORCE])
        energy = lacks(key.PRED_TOTAL_ENERGY, [label.energy for label in labels]) / sizes / self.noises[0]
        force = lacks(key.PRED_FORCE, np.concatenate([label.forces for label in labels])) / self.noises[1]
        order = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))  # sevenn's; its sign is that of pressure
        stress = lacks(key.PRED_STRESS, [[-label.stress[i, j] for i, j in order] for label in labels])
        stress = torch.where(torch.isfinite(stress), stress, 0.0) / self.noises[2]
        per_atom = torch.repeat_interleave(per_label, sizes)
        return 0.5 * (
            (per_label * energy**2).sum() + (per_atom[:, None] * force**2).sum() + (per_label[:, None] * stress**2).sum()
        )
