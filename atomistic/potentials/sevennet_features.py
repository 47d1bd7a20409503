"""Features of a SevenNet network, their derivatives, and other readouts of them. Imports torch and sevenn.

sevenn's readout is two linear layers without a nonlinearity between them: the site energy is exactly
linear in the scalars φ that enter the first of them.
"""

import copy
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import sevenn._keys as key
import torch
import torch.autograd.forward_ad as forward_mode
from ase import Atoms

from atomistic.potentials.batched import FeatureDerivatives
from coupling.contracts import FloatArray
from coupling.errors import InputError

if TYPE_CHECKING:
    from atomistic.potentials.sevennet_model import SevenNetModel

READOUT = ("reduce_input_to_hidden", "reduce_hidden_to_energy")
"""sevenn's names of the two linear layers."""
INPUTS = "readout_inputs"
EARLIER = "earlier_scalars"
PAIRS_AT_ONCE = {"cpu": 1200, "cuda": 100_000}
_STRAINS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


class KeptScalars(torch.nn.Module):
    """A layer that also keeps its scalars.

    Args:
        gate: sevenn's `EquivariantGate`, whose output begins with the scalars.
    """

    def __init__(self, gate: Any) -> None:
        super().__init__()
        self.inner = gate
        self.count = gate.gate.irreps_out[0].dim

    def forward(self, data: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Run the layer, and keep its scalars beside those of the layers before."""
        data = self.inner(data)
        scalars = data[key.NODE_FEATURE][:, : self.count]
        data[EARLIER] = torch.cat([data[EARLIER], scalars], 1) if EARLIER in data else scalars
        return data


class EarlierReadout(torch.nn.Module):
    """Adds what the scalars of earlier layers say to the energy of a site.

    Args:
        weights: (F,) of them.
    """

    def __init__(self, inner: Any, weights: torch.Tensor) -> None:
        super().__init__()
        self.inner = inner
        self.register_buffer("weights", weights)
        self.linear = inner.linear

    def forward(self, data: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Run the readout, and add."""
        data = self.inner(data)
        data[key.SCALED_ATOMIC_ENERGY] = data[key.SCALED_ATOMIC_ENERGY] + (data[EARLIER] @ self.weights)[:, None]
        return data


def with_all_layers(model: "SevenNetModel") -> "SevenNetModel":
    """The same network, handing out the scalars of all its layers: last the first ones."""
    network = _shallow(model.network)
    gates = [name for name in network._modules if name.endswith("equivariant_gate")]
    for name in gates[:-1]:
        network._modules[name] = KeptScalars(network._modules[name])
    count = sum(network._modules[name].count for name in gates[:-1])
    weights = torch.zeros(count, dtype=model.dtype, device=model.device)
    network._modules[READOUT[1]] = EarlierReadout(network._modules[READOUT[1]], weights)
    changed = copy.copy(model)
    changed.network = network
    return changed


def feature_derivatives(model: "SevenNetModel", structures: Sequence[Atoms]) -> list[FeatureDerivatives]:
    """Features and their first derivatives, by forward differentiation: one direction for each row.

    A row costs about two evaluations of the energy, so that small cells are cheap: 3N + 6 directions
    for N atoms, however many features there are.

    Args:
        model: The network.
        structures: Any structures that it can evaluate.
    """
    graphs = [model.graph([one]) for one in structures]
    moves = [_directions(graph) for graph in graphs]
    tasks = _batches(graphs, moves, PAIRS_AT_ONCE[model.device.type])
    threads = torch.get_num_threads()
    workers = min(threads, len(tasks)) if model.device.type == "cpu" else 1
    torch.set_num_threads(max(1, threads // workers))
    try:
        with forward_mode.dual_level(), ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(lambda task: _pushed(model, task), tasks))
    finally:
        torch.set_num_threads(threads)
    return _gathered(structures, moves, parts)


def with_readout(model: "SevenNetModel", change: FloatArray, shifts: Mapping[int, float]) -> "SevenNetModel":
    """The same network with another readout; all other weights are shared.

    The change is spread over the first linear layer W₁ along the second w₂: W₁ + δ w₂ᵀ/|w₂|², so that
    the network keeps its form and its cost.

    Args:
        model: The network.
        change: (F,) eV per feature, for the features of `feature_derivatives`.
        shifts: Atomic number to the change of an atom's energy, eV.
    """
    network = _shallow(model.network)
    for name in (READOUT[0], "rescale_atomic_energy"):
        network._modules[name] = copy.deepcopy(network._modules[name])
    first, second = (network._modules[name].linear for name in READOUT)
    one, two = first.instructions[0], second.instructions[0]  # a second one, of the first layer, is the modal's
    last = second.weight.double() * two.path_weight
    change = torch.as_tensor(change, device=model.device).double()
    final, earlier = change[: one.path_shape[0]], change[one.path_shape[0] :]
    update = torch.outer(final, last / (last @ last))
    weights = first.weight.data.double()
    weights[: update.numel()] += update.reshape(-1) / one.path_weight
    first.weight.data = weights.to(model.dtype)
    if len(earlier):
        readout = network._modules[READOUT[1]]
        weights = (readout.weights.double() + earlier).to(model.dtype)
        network._modules[READOUT[1]] = EarlierReadout(readout.inner, weights)
    _shift(network.rescale_atomic_energy, network.type_map, model.modal, shifts)
    changed = copy.copy(model)
    changed.network = network
    return changed


def _shallow(network: Any) -> Any:
    """The network with a list of modules of its own; the modules are shared."""
    copied = copy.copy(network)
    copied._modules = copy.copy(network._modules)
    return copied


def _shift(rescale: Any, types: Mapping[int, int], modal: int | None, shifts: Mapping[int, float]) -> None:
    shift = rescale.shift.data
    if shift.ndim == 2:
        shift = shift[modal]
    for number, value in shifts.items():
        if shift.numel() == 1 and len(types) > 1:
            raise InputError("This SevenNet model has one energy zero for all elements; it cannot be shifted by element.")
        shift.view(-1)[types[number] if shift.numel() > 1 else 0] += value


def _directions(graph: dict[str, torch.Tensor]) -> torch.Tensor:
    """(3N + 6, E, 3): how the vectors between neighbours move with each atom and each strain."""
    sources, targets = graph[key.EDGE_IDX]
    vectors = graph[key.EDGE_VEC]
    atoms = int(graph[key.NUM_ATOMS].sum())
    unit = torch.eye(3 * atoms, dtype=vectors.dtype, device=vectors.device).view(3 * atoms, atoms, 3)
    strains = torch.zeros(6, 3, 3, dtype=vectors.dtype, device=vectors.device)
    for row, (i, j) in enumerate(_STRAINS):
        strains[row, i, j] += 0.5
        strains[row, j, i] += 0.5
    return torch.cat([unit[:, targets] - unit[:, sources], vectors @ strains])


def _batches(graphs: list, moves: list[torch.Tensor], target: int) -> list[tuple[list, torch.Tensor]]:
    """(graphs, directions): copies of structures, one direction each."""
    batches: list[tuple[list, list]] = [([], [])]
    filled = 0
    for graph, directions in zip(graphs, moves, strict=True):
        for direction in directions:
            if filled and filled + len(direction) > target:
                batches.append(([], []))
                filled = 0
            batches[-1][0].append(graph)
            batches[-1][1].append(direction)
            filled += len(direction)
    return [(copies, torch.cat(directions)) for copies, directions in batches]


def _pushed(model: "SevenNetModel", task: tuple[list, torch.Tensor]) -> list[tuple[FloatArray, FloatArray]]:
    """Of each copy: site features (N, F), and the derivative (F,) of their sum."""
    copies, directions = task
    graph = _joined(copies)
    with torch.no_grad():
        graph[key.EDGE_VEC] = forward_mode.make_dual(graph[key.EDGE_VEC], directions)
        features, scale = _features(model.network, graph)
        value, tangent = forward_mode.unpack_dual(features)
        sizes = [int(one[key.NUM_ATOMS]) for one in copies]
        values = (value.double() * scale).cpu().numpy()
        tangents = (tangent.double() * scale).cpu().numpy()
    ends = np.cumsum(sizes)[:-1]
    return [(v, t.sum(0)) for v, t in zip(np.split(values, ends), np.split(tangents, ends), strict=True)]


def _features(network: Any, graph: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of the readout (N, F), and by how much the species scale them (N, 1), eV."""
    data = network._preprocess(graph)
    for name, module in network._modules.items():
        if name == READOUT[0]:
            break
        data = module(data)
    data[INPUTS] = data[key.NODE_FEATURE]
    return features_of(data), energy_scale(network, data)


def features_of(data: dict[str, torch.Tensor]) -> torch.Tensor:
    """(N, F) what the readout is linear in: the scalars of the last layer, then of the others where they are kept."""
    return torch.cat([data[INPUTS], data[EARLIER]], 1) if EARLIER in data else data[INPUTS]


def energy_scale(network: Any, data: dict[str, torch.Tensor]) -> torch.Tensor:
    """(N, 1) eV: what the species' rescaling makes of one unit of the readout."""
    zero = torch.zeros(len(data[key.NODE_FEATURE]), 1, dtype=torch.float64, device=data[key.NODE_FEATURE].device)
    offset, unit = (
        network.rescale_atomic_energy(dict(data) | {key.SCALED_ATOMIC_ENERGY: value})[key.ATOMIC_ENERGY]
        for value in (zero, zero + 1)
    )
    return unit - offset


def keep_inputs(_module: Any, inputs: tuple[dict[str, torch.Tensor]]) -> None:
    """A hook before the first layer of the readout: keep what enters it."""
    inputs[0][INPUTS] = inputs[0][key.NODE_FEATURE]


def _joined(graphs: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    sizes = torch.cat([one[key.NUM_ATOMS] for one in graphs])
    starts = (sizes.cumsum(0) - sizes).tolist()
    joined = {name: torch.cat([one[name] for one in graphs]) for name in graphs[0] if name != key.EDGE_IDX}
    joined[key.EDGE_IDX] = torch.cat([one[key.EDGE_IDX] + k for one, k in zip(graphs, starts, strict=True)], 1)
    joined[key.BATCH] = torch.repeat_interleave(torch.arange(len(sizes), device=sizes.device), sizes)
    return joined


def _gathered(structures: Sequence[Atoms], moves: list, parts: list) -> list[FeatureDerivatives]:
    rows = iter([row for part in parts for row in part])
    found = []
    for atoms, directions in zip(structures, moves, strict=True):
        own = [next(rows) for _ in range(len(directions))]
        tangents = np.array([tangent for _, tangent in own])
        found.append(FeatureDerivatives(own[0][0], tangents[:-6], tangents[-6:]))
    return found
