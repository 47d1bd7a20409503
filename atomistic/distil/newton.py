"""Least-squares training of students with one round of messages and one element. Imports torch and sevenn.

There a student has few parameters, whose derivatives are written out (`site_energy`), and Levenberg and Marquardt's
steps succeed where stochastic gradients do not. The network, its weights and its checkpoint are sevenn's own.
"""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms

from atomistic.distil.dataset import REPULSION, Dataset, StructurePath
from atomistic.distil.network import build, configuration
from atomistic.distil.settings import Settings
from atomistic.distil.site_energy import Parameters, Sample, gathered, jacobian, residuals, voigt
from atomistic.distil.training import TrainingState
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.sevennet.loader import quiet
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError, NotConverged

_STEEPNESS = 3.0
"""Standard deviation of what enters the radial network's bend; with sevenn's own weights it is hardly bent at all."""
_ENERGY, _FORCE, _STRESS = 5e-4, 0.02, 6e-4
"""Errors that weigh one: eV per atom over the root of the number of atoms, eV/Å, eV/Å³."""
_HIGH, _STRONG, _TENSE = 0.1, 0.5, 0.03
"""eV per atom above the crystal, eV/Å, eV/Å³ beyond which the allowed error grows in proportion."""
_REPULSION = 0.03
"""Weight of repulsive structures."""
_RANK = 1e-6
"""Least singular value of the radial functions' sums, relative to the largest, that is used in the fit."""
_SLOPE_STEP = 1e-4  # Å
_BLOCK = 2000  # rows
_TRIALS = 10
_STALLED = 1e-4
"""Relative decrease of the loss over ten steps below which the training has converged."""


def train_newton(
    dataset: Dataset, settings: Settings, cutoff: float, progress: Progress = silent
) -> tuple[dict[str, Any], TrainingState]:
    """Train a student with one round of messages on one element by least squares, from nothing.

    The radial network's first layer is left to chance, but steep; its second layer, what it is mixed into and the
    readout are fitted, to the whole training set at every step.

    Args:
        dataset: Labelled paths of one element.
        settings: With `layers=1` and `newton` steps at most.
        cutoff: Å.
        progress: Called after each step.

    Returns:
        sevenn's configuration, and the state after the step with the least validation loss.

    Raises:
        InputError: more than one layer or element.
        NotConverged: no step lowers the loss.
    """
    if settings.layers != 1 or len(dataset.elements) != 1:
        raise InputError(
            f"Training by least squares is for one layer and one element, not {settings.layers} and "
            f"{len(dataset.elements)}; set newton to 0."
        )
    with quiet():
        config = configuration(dataset, settings, cutoff)
        network = build(config, settings.seed).double()
        radial = _Radial(network, cutoff)
        radial.whitened([atoms for path in dataset.train if path.family != REPULSION for atoms in path.structures])
    lowest = min(float((path.labels.energies / [len(one) for one in path.structures]).min()) for path in dataset.train)
    train = [sample for path in dataset.train for sample in _samples(radial, path, lowest)]
    valid = [sample for path in dataset.valid if path.family != REPULSION for sample in _samples(radial, path, lowest)]
    state, begun = TrainingState(), time.monotonic()
    at, damping = _start(train, settings), 0.1
    loss, best = _loss(train, at), at
    for step in range(settings.newton):
        at, loss, damping = _stepped(train, at, loss, damping)
        judged = _loss(valid, at)
        state.epoch, state.seconds = step + 1, time.monotonic() - begun
        state.history.append((float(state.epoch), loss, judged))
        if judged < state.best:
            state.best, state.best_epoch, best = judged, state.epoch, at
        progress("training", step + 1, settings.newton, f"loss {loss:.3g}, validation {judged:.3g}")
        late = state.seconds > 60 * settings.minutes
        if late or (step >= 10 and loss > (1 - _STALLED) * state.history[-11][1]):
            break
    with quiet():
        radial.write(best)
    state.weights = {
        name: value.float() if value.is_floating_point() else value for name, value in network.state_dict().items()
    }
    return config, state


def _stepped(samples: Sequence[Sample], at: Parameters, loss: float, damping: float) -> tuple[Parameters, float, float]:
    """One accepted step of Levenberg and Marquardt's, its loss, and the next damping."""
    normal, slope = _normal_equations(samples, at)
    scale = np.diag(np.maximum(np.diag(normal), 1e-8 * np.diag(normal).max()))
    for _ in range(_TRIALS):
        trial = at.moved(np.linalg.solve(normal + damping * scale, -slope))
        found = _loss(samples, trial)
        if found < loss:
            return trial, found, max(damping / 4, 1e-12)
        damping *= 6
    raise NotConverged(f"No step lowers the student's training loss of {loss:.3g}; draw other paths, or another seed.")


def _normal_equations(samples: Sequence[Sample], at: Parameters) -> tuple[FloatArray, FloatArray]:
    """JᵀJ and Jᵀr over all samples."""
    size = len(at.vector)
    normal, slope, waiting, rows = np.zeros((size, size)), np.zeros(size), [], 0
    for count, sample in enumerate(samples):
        waiting.append(jacobian(sample, at))
        slope += waiting[-1].T @ residuals(sample, at)
        rows += len(waiting[-1])
        if rows > _BLOCK or count == len(samples) - 1:
            block = np.concatenate(waiting)
            normal += block.T @ block
            waiting, rows = [], 0
    return normal, slope


def _loss(samples: Sequence[Sample], at: Parameters) -> float:
    """Mean over samples of the sum of squared residuals; infinite where it overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = sum(float(np.sum(residuals(sample, at) ** 2)) for sample in samples) / len(samples)
    return total if np.isfinite(total) else float("inf")


class _Radial:
    """The radial functions of a network, mixed so that their sums over neighbours have no correlation.

    Args:
        network: sevenn's, double precision.
        cutoff: Å.
    """

    def __init__(self, network: torch.nn.Module, cutoff: float) -> None:
        self.cutoff, self.parts = cutoff, dict(network.named_children())
        self.first, self.second = list(self.parts["0_convolution"].weight_nn)
        entering = self._entering(torch.linspace(0.4 * cutoff, 0.9 * cutoff, 100)) @ self.first.weight
        with torch.no_grad():
            self.first.weight.mul_(_STEEPNESS * self.first.weight.shape[0] ** 0.5 / entering.std())
        self.mix = np.eye(self.first.weight.shape[1])

    @torch.no_grad()
    def _entering(self, r: torch.Tensor) -> torch.Tensor:
        edges, r = self.parts["edge_embedding"], r.double()
        return edges.basis_function(r) * edges.cutoff_function(r)[:, None]

    @torch.no_grad()
    def __call__(self, r: FloatArray) -> FloatArray:
        """(P, H) at distances r (P,), Å."""
        inside = torch.tensor(np.minimum(r, self.cutoff - 1e-9))
        return self.first(self._entering(inside)).numpy() @ self.mix

    def whitened(self, structures: Sequence[Atoms]) -> None:
        """Mix the functions so that their sums vary by one, each by itself, over these structures."""
        sums = np.concatenate([self.summed(atoms)[0] for atoms in structures])
        _, sizes, axes = np.linalg.svd(sums - sums.mean(0), full_matrices=False)
        kept = sizes > _RANK * sizes[0]
        self.mix = axes[kept].T / sizes[kept] * np.sqrt(len(sums))

    def summed(self, atoms: Atoms) -> tuple[FloatArray, tuple[np.ndarray, np.ndarray, FloatArray]]:
        """(N, H) sums over the neighbours, and these: where each atom's begin (N + 1,), which (P,), vectors (P, 3)."""
        first, second, vectors = neighbour_pairs(atoms, self.cutoff)
        order = np.argsort(first, kind="stable")
        first, second, vectors = first[order], second[order], vectors[order]
        starts = np.searchsorted(first, np.arange(len(atoms) + 1))
        return gathered(self(np.linalg.norm(vectors, axis=1)), starts), (starts, second, vectors)

    @torch.no_grad()
    def write(self, found: Parameters) -> None:
        """Put fitted parameters into the network."""
        feature = self.parts["onehot_to_feature_x"].linear(torch.ones(1, 1).double())[0]
        channels = len(feature)
        towards = feature[:, None] / (feature @ feature)
        _set(self.parts["0_self_interaction_1"].linear, towards @ torch.ones(1, channels).double())
        _set(self.parts["0_self_connection_intro"].linear, towards @ torch.tensor(found.own)[None])
        _set(self.parts["0_self_interaction_2"].linear, torch.eye(channels).double())
        scale = self._message_scale()
        self.second.weight.copy_(torch.tensor(self.mix @ found.messages) / scale)
        gate, ones = self.parts["0_equivariant_gate"].gate, torch.ones(1, channels).double()
        gain = (gate(ones) / torch.nn.functional.silu(ones))[0, 0]
        rescale = self.parts["rescale_atomic_energy"]
        read = torch.tensor(found.read)[:, None] / (gain * rescale.scale)
        hidden = self.parts["reduce_input_to_hidden"].linear
        single = torch.eye(hidden.irreps_out.dim).double()[:1]
        _set(hidden, read @ single)
        _set(self.parts["reduce_hidden_to_energy"].linear, single.T)
        rescale.shift.fill_(found.shift)

    def _message_scale(self) -> float:
        """What the network makes of a weight of one, besides the radial function."""
        convolution = self.parts["0_convolution"]
        self.second.weight.fill_(1.0)
        functions = self.first(self._entering(torch.linspace(0.4 * self.cutoff, 0.9 * self.cutoff, 100)))
        weights, total = self.second(functions), functions.sum(1)
        angles = torch.zeros(len(total), convolution.convolution.irreps_in2.dim).double()
        angles[:, 0] = 1.0
        messages = convolution.convolution(torch.ones_like(weights), angles, weights) / convolution.denominator
        return float((messages[:, 0] @ total) / (total @ total))


def _set(linear: torch.nn.Module, matrix: torch.Tensor) -> None:
    """Make a linear layer of scalars multiply by a matrix (in, out)."""
    linear.weight.copy_((matrix * matrix.shape[0] ** 0.5).ravel())


def _samples(radial: _Radial, path: StructurePath, lowest: float) -> list[Sample]:
    """A path's structures, weighed by how far from equilibrium they are."""
    found, share = [], _REPULSION if path.family == REPULSION else 1.0
    for atoms, energy, forces, stress in zip(
        path.structures, path.labels.energies, path.labels.forces, path.labels.stresses, strict=True
    ):
        sums, (starts, second, vectors) = radial.summed(atoms)
        length = np.linalg.norm(vectors, axis=1)
        slopes = (radial(length + _SLOPE_STEP) - radial(length - _SLOPE_STEP)) / (2 * _SLOPE_STEP)
        periodic, count = bool(np.isfinite(stress).all()), len(atoms)
        per_energy, per_force, per_stress = tolerances(energy / count - lowest, forces, stress)
        weights = (share * count**0.5 / per_energy, share / per_force, share / per_stress)
        found.append(Sample(
            sums, slopes, starts, second, vectors / length[:, None], length,
            atoms.get_volume() if periodic else float("nan"), float(energy), forces, voigt(stress), weights,
        ))  # fmt: skip
    return found


def tolerances(height: float, forces: FloatArray, stress: FloatArray) -> tuple[float, FloatArray, float]:
    """Errors that weigh one: per atom times its root of N, eV; of forces (N, 1), eV/Å; of stress, eV/Å³.

    Args:
        height: Energy per atom above the crystal, eV.
        forces: (N, 3) eV/Å.
        stress: (3, 3) eV/Å³; NaN where there is none.
    """
    strength = np.linalg.norm(forces, axis=1, keepdims=True)
    tension = float(np.nan_to_num(np.abs(stress)).max())
    return _ENERGY * (1 + abs(height) / _HIGH), _FORCE * (1 + strength / _STRONG), _STRESS * (1 + tension / _TENSE)


def _start(samples: Sequence[Sample], settings: Settings) -> Parameters:
    """Messages by chance whose sums vary by one, and hardly any readout of them."""
    rng, channels = np.random.default_rng(settings.seed), settings.channels
    sums = np.concatenate([sample.sums for sample in samples])
    messages = rng.normal(size=(sums.shape[1], channels))
    messages /= (sums @ messages).std(0)
    own = rng.normal(size=channels) - sums.mean(0) @ messages
    shift = float(np.mean([sample.energy / len(sample.sums) for sample in samples]))
    return Parameters(messages, own, 0.01 * rng.normal(size=channels), shift)
