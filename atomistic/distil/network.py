"""The student's network: sevenn's own, configured small, and its checkpoint. Imports torch and sevenn."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import sevenn
import sevenn._const as defaults
import sevenn._keys as key
import torch
from ase.data import chemical_symbols
from sevenn.model_build import build_E3_equivariant_model

from atomistic.distil.dataset import REPULSION, Dataset
from atomistic.distil.settings import Settings
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.sevennet.convolution import with_split_products
from atomistic.potentials.sevennet.loader import quiet
from coupling.files import atomic_write


def configuration(dataset: Dataset, settings: Settings, cutoff: float) -> dict[str, Any]:
    """All that sevenn needs to build and to train the student; plain values only.

    The energies' zero starts as each element's share of the training energies (least squares), their
    unit as the root mean square of the training forces; messages are divided by the mean number of
    neighbours.
    """
    numbers = dataset.elements
    paths = [path for path in dataset.train if path.family != REPULSION]
    atoms = [one for path in paths for one in path.structures]
    energies = np.concatenate([path.labels.energies for path in paths])
    forces = np.concatenate([force for path in paths for force in path.labels.forces])
    counts = np.array([[np.sum(one.numbers == z) for z in numbers] for one in atoms], dtype=float)
    shift = np.linalg.lstsq(counts / counts.sum(1)[:, None], energies / counts.sum(1))[0]
    pairs = np.mean([len(neighbour_pairs(one, cutoff)[0]) / len(one) for one in atoms])
    config = copy.deepcopy(defaults.DEFAULT_E3_EQUIVARIANT_MODEL_CONFIG)
    return config | {
        "version": sevenn.__version__,
        key.CUTOFF: float(cutoff),
        key.NODE_FEATURE_MULTIPLICITY: settings.channels,
        key.LMAX: settings.lmax,
        key.NUM_CONVOLUTION: settings.layers,
        key.IS_PARITY: False,
        key.IRREPS_MANUAL: _irreps(settings),
        key.SELF_CONNECTION_TYPE: "linear",
        key.CONVOLUTION_WEIGHT_NN_HIDDEN_NEURONS: [32],
        key.RADIAL_BASIS: {key.RADIAL_BASIS_NAME: "bessel", "bessel_basis_num": 8},
        key.CUTOFF_FUNCTION: {key.CUTOFF_FUNCTION_NAME: "poly_cut", "poly_cut_p_value": settings.fading},
        key.CONV_DENOMINATOR: float(pairs),
        key.CHEMICAL_SPECIES: [chemical_symbols[z] for z in numbers],
        key.NUM_SPECIES: len(numbers),
        key.TYPE_MAP: {z: index for index, z in enumerate(numbers)},
        key.SHIFT: [float(value) for value in shift],
        key.SCALE: [float(np.sqrt(np.mean(forces**2)))] * len(numbers),
        key.TRAIN_SHIFT_SCALE: True,
        key.LOSS: "huber",
        key.LOSS_PARAM: {"delta": settings.huber},
        key.USE_WEIGHT: True,
        key.FORCE_WEIGHT: settings.force_weight,
        key.STRESS_WEIGHT: settings.stress_weight,
        key.IS_TRAIN_STRESS: True,
        key.OPTIMIZER: "adam",
        key.OPTIM_PARAM: {"lr": settings.learning_rate, "fused": True},
        key.SCHEDULER: "linearlr",
        key.SCHEDULER_PARAM: {"start_factor": 1.0, "end_factor": 1.0},
        key.DEVICE: "cpu",
    }


def build(config: dict[str, Any], seed: int) -> torch.nn.Module:
    """The network with its first weights."""
    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return with_split_products(build_E3_equivariant_model(copy.deepcopy(config)))


def write_checkpoint(
    path: Path, config: dict[str, Any], weights: dict[str, torch.Tensor], epoch: int, name: str
) -> None:
    """Write a checkpoint as sevenn reads it; it holds weights and plain values alone."""
    record = {
        "model_state_dict": weights,
        "optimizer_state_dict": {},
        "scheduler_state_dict": {},
        "config": config,
        "epoch": epoch,
        "time": "",
        "hash": name,
    }
    save(path, record)


def save(path: Path, record: dict[str, Any]) -> None:
    """`torch.save` into a file that is either whole or not there."""
    with atomic_write(path) as file:
        torch.save(record, file)


def _irreps(settings: Settings) -> list[str]:
    scalars = f"{settings.channels}x0e"
    full = "+".join(f"{settings.channels >> rank}x{rank}e" for rank in range(settings.lmax + 1))
    return [scalars, *[full] * (settings.layers - 1), scalars]
