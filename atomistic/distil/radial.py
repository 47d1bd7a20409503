"""Fast training of students with one round of messages and one element. Imports torch and sevenn.

There a message depends on the distance alone: radial functions are tabulated once a step, atoms sum them by a
matrix, and forces and stresses are written out instead of differentiated twice. The network, its weights and its
checkpoint are sevenn's own; a step takes a fraction of the general training's.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import cos, pi
from typing import Any

import numpy as np
import sevenn._keys as key
import torch
from ase import Atoms
from torch.nn.functional import huber_loss

from atomistic.distil.dataset import REPULSION, Dataset, StructurePath
from atomistic.distil.network import build, configuration
from atomistic.distil.settings import Settings
from atomistic.distil.training import DECAY, TrainingState
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.sevennet.loader import quiet
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError, NotConverged
from coupling.units import EV_A3, GPA

_KBAR = EV_A3 / (0.1 * GPA)
"""One eV/Å³ in kbar, sevenn's unit of stress."""
_STEP = 0.01  # Å: of the table
_FIRST = 0.5  # Å: where it begins
_STEEPEST = 0.5
_LOOKS = 25
_SETTLED = 0.7  # share of the training after which forces weigh what the settings say
_RARELY = 8  # steps from one batch of repulsive structures to the next
_REPULSION = 0.003  # weight of these


@dataclass(frozen=True)
class Packed:
    """Structures as a step needs them: N atoms, P pairs (each once), n structures, G places of the table.

    Attributes:
        sums: (N, G) how much each place of the table counts in an atom's sum over its neighbours.
        pairs: (2, P) atoms.
        place: (P,) where in the table.
        beyond: (P, 1) share of the way to the next place.
        unit: (P, 3) from the first to the second atom.
        length: (P,) Å.
        atom_of, pair_of: (N,), (P,) structure of each.
        counts: (n,) atoms.
        volumes: (n,) Å³.
        energies, forces, stresses: (n,) eV per atom, (N, 3) eV/Å, (n, 3, 3) kbar.
        periodic: (n,) whether there is a stress.
    """

    sums: torch.Tensor
    pairs: torch.Tensor
    place: torch.Tensor
    beyond: torch.Tensor
    unit: torch.Tensor
    length: torch.Tensor
    atom_of: torch.Tensor
    pair_of: torch.Tensor
    counts: torch.Tensor
    volumes: torch.Tensor
    energies: torch.Tensor
    forces: torch.Tensor
    stresses: torch.Tensor
    periodic: torch.Tensor


class RadialNetwork:
    """Energies, forces and stresses of a one-layer network, from its tabulated radial functions.

    Args:
        network: sevenn's, built from `config`.
        config: sevenn's configuration.
    """

    def __init__(self, network: torch.nn.Module, config: dict[str, Any]) -> None:
        self.cutoff = config[key.CUTOFF]
        self.parts = dict(network.named_children())
        self.places = torch.arange(round(_FIRST / _STEP), int(np.ceil(self.cutoff / _STEP)) + 4) * _STEP
        one = torch.ones(1, config[key.NODE_FEATURE_MULTIPLICITY])
        with torch.no_grad():  # the gate is SiLU times a constant
            self.gain = (self.parts["0_equivariant_gate"].gate(one) / torch.nn.functional.silu(one))[0, 0]

    def pack(self, structure: Atoms, energy: float, forces: FloatArray, stress: FloatArray) -> Packed:
        """One structure with its labels, eV, eV/Å and eV/Å³."""
        i, j, vectors = neighbour_pairs(structure, self.cutoff)
        length = np.linalg.norm(vectors, axis=1)
        exact = np.clip(length / _STEP - round(_FIRST / _STEP), 1, None)
        place = np.floor(exact).astype(int)
        x = exact - place
        sums = np.zeros((len(structure), len(self.places)))
        a, b, c, d = x + 1, x, x - 1, x - 2
        lagrange = (-b * c * d / 6, a * c * d / 2, -a * b * d / 2, a * b * c / 6)
        for shift, weight in enumerate(lagrange):
            np.add.at(sums, (i, place + shift - 1), weight)
        signs = np.sign(np.round(vectors, 6)) @ [9, 3, 1]
        once = (i < j) | ((i == j) & (signs > 0))
        periodic = bool(np.isfinite(stress).all())
        real = torch.get_default_dtype()
        return Packed(
            sums=torch.tensor(sums, dtype=real),
            pairs=torch.tensor(np.array([i, j])[:, once], dtype=torch.int64),
            place=torch.tensor(place[once]),
            beyond=torch.tensor(x[once, None], dtype=real),
            unit=torch.tensor((vectors / length[:, None])[once], dtype=real),
            length=torch.tensor(length[once], dtype=real),
            atom_of=torch.zeros(len(structure), dtype=torch.int64),
            pair_of=torch.zeros(int(once.sum()), dtype=torch.int64),
            counts=torch.tensor([len(structure)], dtype=real),
            volumes=torch.tensor([structure.get_volume() if periodic else 1.0], dtype=real),
            energies=torch.tensor([energy / len(structure)], dtype=real),
            forces=torch.tensor(forces, dtype=real),
            stresses=torch.tensor(np.nan_to_num(stress)[None] * _KBAR, dtype=real),
            periodic=torch.tensor([periodic]),
        )

    def sums(self, batch: Packed) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, C) what enters the gate, and (G, C) the tabulated functions that atoms sum."""
        feature = self.parts["onehot_to_feature_x"].linear(torch.ones(1, 1))
        own = self.parts["0_self_connection_intro"].linear(feature)
        sent = self.parts["0_self_interaction_1"].linear(feature)
        convolution, edges = self.parts["0_convolution"], self.parts["edge_embedding"]
        near = self.places[self.places < self.cutoff]
        weights = convolution.weight_nn(edges.basis_function(near) * edges.cutoff_function(near)[:, None])
        angles = torch.zeros(len(near), convolution.convolution.irreps_in2.dim)
        angles[:, 0] = 1.0
        messages = convolution.convolution(sent.expand(len(near), -1), angles, weights) / convolution.denominator
        table = self.parts["0_self_interaction_2"].linear(messages)
        table = torch.cat([table, table.new_zeros(len(self.places) - len(near), table.shape[1])])
        return batch.sums @ table + own, table

    def __call__(self, batch: Packed) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Energies (n,) eV per atom, forces (N, 3) eV/Å, stresses (n, 3, 3) kbar."""
        z, table = self.sums(batch)
        ends = table.new_zeros(2, table.shape[1])
        slopes = torch.cat([ends, (8 * (table[3:-1] - table[1:-3]) - (table[4:] - table[:-4])) / (12 * _STEP), ends])
        gate, rescale = torch.sigmoid(z), self.parts["rescale_atomic_energy"]
        hidden = self.parts["reduce_input_to_hidden"].linear(torch.eye(z.shape[1]))
        read = self.parts["reduce_hidden_to_energy"].linear(hidden)[:, 0] * self.gain * rescale.scale
        sites = (z * gate) @ read + rescale.shift
        energies = torch.zeros_like(batch.counts).index_add(0, batch.atom_of, sites)
        answer = gate * (1 + z * (1 - gate)) * read
        first, second = batch.pairs
        slope = torch.lerp(slopes.index_select(0, batch.place), slopes.index_select(0, batch.place + 1), batch.beyond)
        both = answer.index_select(0, first) + answer.index_select(0, second)
        pull = (both * slope).sum(1, keepdim=True) * batch.unit
        forces = torch.zeros_like(batch.forces).index_add(0, first, pull).index_add(0, second, -pull)
        moments = (pull * batch.length[:, None])[:, :, None] * batch.unit[:, None, :]
        virial = torch.zeros_like(batch.stresses).index_add(0, batch.pair_of, moments)
        return energies / batch.counts, forces, virial / batch.volumes[:, None, None] * _KBAR


def joined(packed: Sequence[Packed]) -> Packed:
    """Several structures in one batch."""

    def repeated(name: str) -> torch.Tensor:
        lengths = torch.tensor([len(getattr(one, name)) for one in packed])
        return torch.repeat_interleave(torch.arange(len(packed)), lengths)

    starts = np.cumsum([0, *(len(one.forces) for one in packed[:-1])])
    special = {
        "pairs": torch.cat([one.pairs + int(start) for one, start in zip(packed, starts, strict=True)], 1),
        "atom_of": repeated("atom_of"),
        "pair_of": repeated("pair_of"),
    }
    plain = [item.name for item in fields(Packed) if item.name not in special]
    return Packed(**special, **{name: torch.cat([getattr(one, name) for one in packed]) for name in plain})


def train_radial(
    dataset: Dataset, settings: Settings, cutoff: float, progress: Progress = silent
) -> tuple[dict[str, Any], TrainingState]:
    """Train a student with one round of messages on one element, from nothing.

    At first forces weigh as much as energies per atom; their weight falls to that of the settings. Repulsive
    structures come seldom and weigh little. Messages start so large that an atom's sums vary by about one over
    the training set: otherwise the network stays a sum over pairs for long.

    Args:
        dataset: Labelled paths of one element.
        settings: With `layers=1`.
        cutoff: Å.
        progress: Called at each validation.

    Returns:
        sevenn's configuration, and the state with the best averaged weights.

    Raises:
        InputError: more than one layer or element.
        NotConverged: the loss is not finite.
    """
    if settings.layers != 1 or len(dataset.elements) != 1:
        raise InputError(
            f"Radial training is for one layer and one element, not {settings.layers} and {len(dataset.elements)}; "
            "the general training takes any."
        )
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        with quiet():
            config = configuration(dataset, settings, cutoff)
            return config, _Training(dataset, settings, config).finish(progress)
    finally:
        torch.set_num_threads(threads)


class _Training:
    def __init__(self, dataset: Dataset, settings: Settings, config: dict[str, Any]) -> None:
        self.settings, self.state = settings, TrainingState()
        self.network = build(config, settings.seed)
        self.model = RadialNetwork(self.network, config)
        self.usual = self._packed([path for path in dataset.train if path.family != REPULSION])
        self.repulsive = self._packed([path for path in dataset.train if path.family == REPULSION])
        self.judged = joined(self._packed([path for path in dataset.valid if path.family != REPULSION]))
        with torch.no_grad():
            spread = self.model.sums(joined(self.usual))[0].std(0).mean()
            self.model.parts["0_self_interaction_2"].linear.weight.div_(spread)
        self.parameters = [one for one in self.network.parameters() if one.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=settings.learning_rate)
        self.average = [one.detach().clone() for one in self.parameters]

    def finish(self, progress: Progress) -> TrainingState:
        """Train until the last epoch or the end of the time."""
        settings, state, begun, steps = self.settings, self.state, time.monotonic(), 0
        rng = np.random.default_rng(settings.seed)
        per_epoch = -(-len(self.usual) // settings.batch)
        next_look, done = 0.0, 0.0
        while done < 1:
            order = rng.permutation(len(self.usual))
            for start in range(0, len(order), settings.batch):
                self._step([self.usual[k] for k in order[start : start + settings.batch]], steps, done, rng)
                steps, state.seconds = steps + 1, time.monotonic() - begun
                done = max(steps / per_epoch / settings.epochs, state.seconds / (60 * settings.minutes))
                if done >= 1:
                    break
            state.epoch += 1
            if done >= min(next_look, 1):
                next_look = done + 1 / _LOOKS
                self._look()
                epochs = min(round(done * settings.epochs), settings.epochs)
                progress("training", epochs, settings.epochs, f"validation loss {state.best:.3g}")
        return state

    def _step(self, chosen: list[Packed], steps: int, done: float, rng: np.random.Generator) -> None:
        settings = self.settings
        rate = settings.learning_rate * (0.005 + 0.995 * (1 + cos(pi * min(done, 1))) / 2)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        weight = settings.force_weight ** min(done / _SETTLED, 1)
        loss = self._loss(joined(chosen), weight)
        if steps % _RARELY == 0 and self.repulsive:
            few = rng.integers(len(self.repulsive), size=settings.batch)
            loss = loss + _REPULSION * self._loss(joined([self.repulsive[k] for k in few]), weight)
        if not torch.isfinite(loss):
            raise NotConverged("The student's training loss is no longer finite; lower the learning rate.")
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, _STEEPEST)
        self.optimizer.step()
        with torch.no_grad():
            share = 1 - min(DECAY, (1 + steps) / (10 + steps))
            torch._foreach_lerp_(self.average, [one.detach() for one in self.parameters], share)

    def _loss(self, batch: Packed, force_weight: float) -> torch.Tensor:
        settings, (energies, forces, stresses) = self.settings, self.model(batch)
        loss = huber_loss(energies, batch.energies, delta=settings.huber)
        loss = loss + force_weight * huber_loss(forces, batch.forces, delta=settings.huber)
        if batch.periodic.any():
            kept = batch.periodic
            stress = huber_loss(stresses[kept], batch.stresses[kept], delta=settings.huber)
            loss = loss + settings.stress_weight * stress
        return loss

    @torch.no_grad()
    def _look(self) -> None:
        """Validate the averaged weights, and keep them if they are the best so far."""
        learning = [one.detach().clone() for one in self.parameters]
        for one, mean in zip(self.parameters, self.average, strict=True):
            one.copy_(mean)
        valid = float(self._loss(self.judged, self.settings.force_weight))
        self.state.history.append((float(self.state.epoch), float("nan"), valid))
        if valid < self.state.best:
            self.state.best, self.state.best_epoch = valid, self.state.epoch
            self.state.weights = {name: value.clone() for name, value in self.network.state_dict().items()}
        for one, value in zip(self.parameters, learning, strict=True):
            one.copy_(value)

    def _packed(self, paths: Sequence[StructurePath]) -> list[Packed]:
        return [
            self.model.pack(atoms, path.labels.energies[k], path.labels.forces[k], path.labels.stresses[k])
            for path in paths
            for k, atoms in enumerate(path.structures)
        ]
