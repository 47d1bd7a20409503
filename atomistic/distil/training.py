"""The student's training with sevenn's own trainer, in steps that can be interrupted. Imports torch and sevenn."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import sevenn._keys as key
import torch
from sevenn.atom_graph_data import AtomGraphData
from sevenn.error_recorder import ErrorRecorder
from sevenn.train.dataload import atoms_to_graph
from sevenn.train.trainer import Trainer
from torch.optim.swa_utils import AveragedModel
from torch_geometric.loader import DataLoader

from atomistic.distil.dataset import REPULSION, Dataset, StructurePath
from atomistic.distil.network import build, configuration, save
from atomistic.distil.settings import Settings
from atomistic.potentials.sevennet.loader import quiet
from coupling.contracts import Progress, silent
from coupling.errors import NotConverged

DECAY = 0.998
"""Decay per step of the running average of the weights; the average is kept, over a shorter time at first."""
_LOOKS = 40  # validations in a training
_KEPT_EVERY = 30.0  # s between two saved states
_STEEPEST = 10.0  # norm to which a gradient is cut
_SETTLED = 0.7  # share of the training after which forces weigh what the settings say
_REPULSION = 0.01  # weight of structures whose atoms are pressed together, beside 1 for the others
_SAMPLED = 8000  # atoms, about, that tell how much messages vary
_VOIGT = ([0, 1, 2, 0, 1, 2], [0, 1, 2, 1, 2, 0])  # sevenn's order: xx yy zz xy yz zx


@dataclass
class TrainingState:
    """The state of a training.

    Attributes:
        epoch: Epochs done.
        seconds: Time they took.
        best: Least validation loss.
        best_epoch: When it was reached.
        history: (epoch, training loss, validation loss) at every validation.
        weights: The averaged weights with the least validation loss.
    """

    epoch: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    best_epoch: int = 0
    history: list[tuple[float, float, float]] = field(default_factory=list)
    weights: dict[str, torch.Tensor] = field(default_factory=dict)


def train(
    dataset: Dataset, settings: Settings, cutoff: float, resume: Path, identity: str, progress: Progress = silent
) -> tuple[dict[str, Any], TrainingState]:
    """Train a student from the beginning, or from where an interrupted training stopped.

    Args:
        dataset: Labelled paths.
        settings: Network and training.
        cutoff: Å.
        resume: Path that keeps the state of the training.
        identity: Hash of all that determines the training; a file of another one is not resumed.
        progress: Called after each epoch.

    Returns:
        sevenn's configuration, and the last state.

    Raises:
        NotConverged: the loss is not finite.
    """
    config = configuration(dataset, settings, cutoff)
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        with quiet():
            run = _Run(dataset, settings, config, resume, identity)
            return config, run.finish(progress)
    finally:
        torch.set_num_threads(threads)


class _Run:
    """One training: sevenn's trainer, the average of its weights, and its state."""

    def __init__(self, dataset: Dataset, settings: Settings, config: dict[str, Any], resume: Path, identity: str):
        self.settings, self.resume, self.identity = settings, resume, identity
        self.train_set = _graphs(dataset.train, config[key.CUTOFF])
        network = build(config, settings.seed)
        _spread_messages(network, self.train_set, settings)
        self.trainer = Trainer.from_config(network, config)
        self.average = AveragedModel(self.trainer.model, multi_avg_fn=_averaged)
        self.trainer.optimizer.register_step_pre_hook(self._cut_gradient)
        self.trainer.optimizer.register_step_post_hook(lambda *_: self.average.update_parameters(self.trainer.model))
        losses = {key.ERROR_RECORD: [["TotalLoss", "None"]]}
        self.recorder = ErrorRecorder.from_config(config | losses, self.trainer.loss_functions)
        judged = [path for path in dataset.valid if path.family != REPULSION] or list(dataset.valid)
        self.valid_set = _graphs(judged, config[key.CUTOFF])
        self.state = TrainingState()
        self._restore()

    def finish(self, progress: Progress) -> TrainingState:
        """Train until the last epoch or the end of the time."""
        state, settings = self.state, self.settings
        next_look, saved, begun = self._advance(), time.monotonic(), time.monotonic() - state.seconds
        while self._advance() < 1:
            self._set_rate()
            loss = self._epoch()
            state.epoch, state.seconds = state.epoch + 1, time.monotonic() - begun
            if self._advance() >= min(next_look, 1):
                self._look(loss)
                next_look = self._advance() + 1 / _LOOKS
            if time.monotonic() - saved > _KEPT_EVERY or self._advance() >= 1:
                self._keep()
                saved = time.monotonic()
            done = round(self._advance() * settings.epochs)
            progress("training", min(done, settings.epochs), settings.epochs, f"validation loss {state.best:.3g}")
        return state

    def _advance(self) -> float:
        """Share of the training that is done, by epochs or by the clock."""
        return max(self.state.epoch / self.settings.epochs, self.state.seconds / (60 * self.settings.minutes))

    def _set_rate(self) -> None:
        rate = self.settings.learning_rate * (0.01 + 0.99 * (1 + cos(pi * min(self._advance(), 1))) / 2)
        for group in self.trainer.optimizer.param_groups:
            group["lr"] = rate
        energy, (force, _last), *stress = self.trainer.loss_functions
        self.trainer.loss_functions = [
            energy,
            (force, self.settings.force_weight ** min(self._advance() / _SETTLED, 1)),
            *stress,
        ]

    def _epoch(self) -> float:
        order = torch.Generator().manual_seed(self.settings.seed + 1_000_003 * (self.state.epoch + 1))
        self.trainer.run_one_epoch(self._loader(self.train_set, order), is_train=True, error_recorder=self.recorder)
        (loss,) = self.recorder.epoch_forward().values()
        if not np.isfinite(loss):
            raise NotConverged("The student's training loss is no longer finite; lower the learning rate.")
        return float(loss)

    def _look(self, loss: float) -> None:
        """Validate the averaged weights, and keep them if they are the best so far."""
        learning = self.trainer.model
        self.trainer.model = self.average.module
        try:
            self.trainer.run_one_epoch(self._loader(self.valid_set), error_recorder=self.recorder)
        finally:
            self.trainer.model = learning
        (valid,) = self.recorder.epoch_forward().values()
        self.state.history.append((float(self.state.epoch), loss, float(valid)))
        if valid < self.state.best:
            self.state.best, self.state.best_epoch = float(valid), self.state.epoch
            self.state.weights = {name: value.clone() for name, value in self.average.module.state_dict().items()}

    def _loader(self, graphs: Sequence[AtomGraphData], order: torch.Generator | None = None) -> DataLoader:
        return DataLoader(graphs, batch_size=self.settings.batch, shuffle=order is not None, generator=order)

    def _cut_gradient(self, *_: Any) -> None:
        torch.nn.utils.clip_grad_norm_(self.trainer.model.parameters(), _STEEPEST)

    def _keep(self) -> None:
        record = {
            "identity": self.identity,
            "model": self.trainer.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.trainer.optimizer.state_dict(),
            "state": vars(self.state),
        }
        save(self.resume, record)

    def _restore(self) -> None:
        """Take up a training with the same identity; any other file is left to be overwritten."""
        try:
            record = torch.load(self.resume, weights_only=True)
        except Exception:  # missing, or cut short by a machine that stopped
            return
        if record.get("identity") == self.identity:
            self.trainer.load_state_dicts(record["model"], record["optimizer"])
            self.average.load_state_dict(record["average"])
            self.state = TrainingState(**record["state"])


@torch.no_grad()
def _averaged(averages: Any, current: Any, steps: Any) -> None:
    """Move the averages towards the current weights, less so with every step."""
    done = float(steps)
    torch._foreach_lerp_(list(averages), list(current), 1 - min(DECAY, (1 + done) / (10 + done)))


def _graphs(paths: Sequence[StructurePath], cutoff: float) -> list[AtomGraphData]:
    graphs = []
    for path in paths:
        for k, structure in enumerate(path.structures):
            atoms = structure.copy()
            atoms.info = {"y_energy": path.labels.energies[k], "y_stress": -path.labels.stresses[k][_VOIGT]}
            atoms.arrays["y_force"] = path.labels.forces[k]
            graph = AtomGraphData.from_numpy_dict(atoms_to_graph(atoms, cutoff, transfer_info=False))
            weight = _REPULSION if path.family == REPULSION else 1.0
            graph[key.DATA_WEIGHT] = dict.fromkeys(("energy", "force", "stress"), weight)
            graphs.append(graph)
    return graphs


@torch.no_grad()
def _spread_messages(network: torch.nn.Module, graphs: Sequence[AtomGraphData], settings: Settings) -> None:
    """Scale the first weights of each round so that its scalars vary by about one from atom to atom.

    With sevenn's own they vary by a few hundredths, and the network stays nearly linear for long.
    """
    usual = [graph for graph in graphs if graph[key.DATA_WEIGHT]["force"] == 1.0] or list(graphs)
    sample = usual[:: 1 + sum(int(graph[key.NUM_ATOMS]) for graph in usual) // _SAMPLED]
    batch = next(iter(DataLoader(sample, batch_size=len(sample))))
    seen: list[torch.Tensor] = []
    network.set_is_batch_data(True)
    for layer in range(settings.layers):
        linear = network.get_submodule(f"{layer}_self_interaction_2").linear
        hook = linear.register_forward_hook(lambda *call: seen.append(call[2][:, : settings.channels]))
        with torch.enable_grad():
            network(batch.clone())
        hook.remove()
        spread = float(seen.pop().std(0).mean())
        if spread > 0:  # not for a single atom
            linear.weight.div_(spread)
