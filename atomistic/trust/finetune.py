"""Fine-tuning of all weights of a SevenNet potential, where another readout is not enough. Imports torch when called.

The loss is a likelihood as the posterior's: squared residuals over noises, each group with its weight, and a Gaussian
prior around the potential's own weights. The noises are the most likely ones of the residuals that the network leaves
at the time; those of a readout that meets few labels exactly say nothing of the network. It starts from the potential's
own weights with the energy zeros of the labels, and not from the readout in closed form, whose large weights make the
loss too stiff for the layers below. What no label holds can change: give structures that are to stay as they are.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from atomistic.trust.design import KINDS
from atomistic.trust.evidence import SMALLEST
from atomistic.trust.labels import Label, LabelSet
from atomistic.trust.posterior import Posterior
from coupling.capabilities import require
from coupling.contracts import FloatArray, Potential, Progress, Structure, silent
from coupling.errors import InputError, NotConverged

if TYPE_CHECKING:
    import torch

    from atomistic.potentials.sevennet.model import SevenNetModel


_MEMORY = 0.1
"""Share of the last step in the noises."""


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
    posterior: Posterior,
    training: Training | None = None,
    *,
    kept: Sequence[Structure] = (),
    progress: Progress = silent,
) -> Potential:
    """Tune all weights.

    Args:
        posterior: Of a SevenNet potential; gives labels, the start, the groups' weights, and the least noises where they were given.
        training: Steps and prior.
        kept: Structures on which the potential is to stay as it is; they count as labels by itself.
        progress: Told after each step.

    Raises:
        InputError: the potential is no SevenNet network.
        NotConverged: the loss is not finite, or the residuals are larger over all labels than they were at the start.
    """
    training, zeros = training or Training(), dict(zip(posterior.elements, posterior.widths.zeros, strict=True))
    start = posterior.potential.with_readout(np.zeros(len(posterior.mean) - len(zeros)), zeros)
    tunable = require(start, "trainable")
    from atomistic.potentials.sevennet.loader import quiet

    own = LabelSet.made(start, kept, "kept") if kept else LabelSet()
    with quiet():
        model = _Tuning(tunable.network(), posterior, [*posterior.labels, *own], training).finished(progress)
    record = repr((training, posterior.noises, sorted(posterior.weights.items())))
    labels = posterior.labels.settings_hash + "".join(label.identity for label in (*posterior.labels, *own))
    identity = hashlib.sha256((start.fingerprint + record + labels).encode()).hexdigest()
    return tunable.with_network(model, identity)


class _Tuning:
    """A copy of a network, its labels and its optimiser."""

    def __init__(self, model: "SevenNetModel", posterior: Posterior, labels: list[Label], training: Training) -> None:
        import copy

        import torch

        self.model, self.training, self.labels = copy.copy(model), training, labels
        self.model.network = copy.deepcopy(model.network).train()
        self.weights = [posterior.weights.get(label.group, 1.0) for label in self.labels]
        named = self.model.network.named_parameters()
        self.parameters = [one.requires_grad_(True) for name, one in named if "rescale" not in name]
        self.start = [one.detach().clone() for one in self.parameters]
        self.optimiser = torch.optim.Adam(self.parameters, lr=training.rate)
        self.least = np.array(posterior.noises or [SMALLEST[kind] for kind in KINDS]) ** 2
        self.squares = self._whole()

    def finished(self, progress: Progress) -> "SevenNetModel":
        """Train, and hand out the network."""
        training, rng = self.training, np.random.default_rng(self.training.seed)
        order: list[int] = []
        before = self.squares
        for step in range(training.steps):
            if len(order) < min(training.batch, len(self.labels)):
                order = [*order, *rng.permutation(len(self.labels)).tolist()]
            chosen, order = order[: training.batch], order[training.batch :]
            rise = min(1.0, 10 * (step + 1) / training.steps)
            loss = self._step(chosen, training.rate * rise * (1 + np.cos(np.pi * step / training.steps)) / 2)
            progress("fine-tuning", step + 1, training.steps, f"loss {loss:.3g}")
        size = float(np.nanmean(self._whole() / before))
        if not size < 1:
            raise NotConverged(
                f"Tuning all weights made the squared residuals {size:.3g} times as large; "
                f"lower the learning rate of {training.rate:g} or take more steps than {training.steps}."
            )
        self.model.network.eval().requires_grad_(False)
        return self.model

    def _whole(self) -> FloatArray:
        """(3,) mean squares of the residuals of energy, force and stress over all labels, none below their least noise."""
        size, sums, counts = self.training.batch, np.zeros(3), np.zeros(3)
        for k in range(0, len(self.labels), size):
            own = slice(k, k + size)
            for kind, (squares, weights) in enumerate(self._squares(self.labels[own], self.weights[own])):
                sums[kind] += float((squares * weights).sum().detach())
                counts[kind] += float(weights.sum())
        return np.maximum(np.divide(sums, counts, out=np.full(3, np.nan), where=counts > 0), self.least)

    def _step(self, chosen: list[int], rate: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        labels = [self.labels[k] for k in chosen]
        kinds = self._squares(labels, [self.weights[k] for k in chosen])
        loss = sum(
            0.5 * (squares * weights).sum() / noise / len(chosen)
            for (squares, weights), noise in zip(kinds, self.squares, strict=True)
            if np.isfinite(noise)
        )
        for kind, (squares, weights) in enumerate(kinds):
            if weights.sum() > 0:
                now = max(float((squares * weights).sum().detach() / weights.sum()), self.least[kind])
                self.squares[kind] += _MEMORY * (now - self.squares[kind])
        if not np.isfinite(float(loss.detach())):
            raise NotConverged("The loss of the fine-tuning is no longer finite; lower the learning rate.")
        loss.backward()
        share = 1 / len(self.labels) / self.training.prior**2
        for one, start in zip(self.parameters, self.start, strict=True):
            if one.grad is not None:
                one.grad += share * (one.detach() - start)
        self.optimiser.step()
        return float(loss.detach())

    def _squares(self, labels: list[Label], weights: list[float]) -> list[tuple["torch.Tensor", "torch.Tensor"]]:
        """Squared residuals of energy per atom, force and stress, and their weights; zero for a stress that is not known."""
        import sevenn._keys as key
        import torch

        out = self.model.network(self.model.graph([label.structure for label in labels]))

        def lacks(name: str, wanted: ArrayLike) -> "torch.Tensor":
            return torch.as_tensor(np.array(wanted)).to(out[name]) - out[name]

        sizes, groups = out[key.NUM_ATOMS], torch.as_tensor(weights).to(out[key.PRED_FORCE])
        energy = lacks(key.PRED_TOTAL_ENERGY, [label.energy for label in labels]) / sizes
        force = lacks(key.PRED_FORCE, np.concatenate([label.forces for label in labels]))
        order = ((0, 0), (1, 1), (2, 2), (0, 1), (1, 2), (0, 2))  # sevenn's; its sign is that of pressure
        stress = lacks(key.PRED_STRESS, [[-label.stress[i, j] for i, j in order] for label in labels])
        known = torch.isfinite(stress)
        return [
            (energy**2, groups),
            (force**2, torch.repeat_interleave(groups, sizes)[:, None].expand_as(force)),
            (torch.where(known, stress, 0.0) ** 2, groups[:, None] * known),
        ]
