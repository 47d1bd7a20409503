"""Derivatives of a SevenNet network's features by forward differentiation. Imports torch and sevenn.

A convolution is linear in what a neighbour sends, in the spherical harmonics and in the radial weights. The last two
depend on the vector between the neighbours alone, so that their part of a message's derivative is found once for each
pair of neighbours, by its three components; a direction then costs one product for each layer but the first.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import sevenn._keys as key
import torch
import torch.autograd.forward_ad as forward_mode
from ase import Atoms

from atomistic.potentials.sevennet.features import INPUTS, READOUT, GraphModel, energy_scale, features_of
from coupling.capabilities import FeatureDerivatives
from coupling.contracts import FloatArray

MOVES = "moves"
PAIRS_AT_ONCE = {"cpu": 1200, "cuda": 100_000}
"""Rows of one product, for features of `_WIDTH`; narrower networks take more."""
_WIDTH = 128
_PRODUCTS = 20  # in one task; what its directions share is computed once
_STRAINS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


class Moves(NamedTuple):
    """How pairs of neighbours move, for M nodes: those of n structures, one copy for each direction.

    Attributes:
        first: (N,) nodes of the first copy of each structure; the edges of the graph join these.
        original: (M,) which of the N each node is a copy of.
        edges: (R,) edge of each row; a row is an edge of a copy.
        sources: (R,) nodes.
        targets: (R,) nodes.
        spread: (M, 3E) sparse: what the components of the edges' vectors do to the sum of messages to a node.
        filters: (3, E, S) derivatives of the spherical harmonics by the vector.
        inputs: (E, B) derivatives of the radial functions by the distance.
        units: (E, 3) vectors of length one.
        rows: Most rows of one product.
    """

    first: torch.Tensor
    original: torch.Tensor
    edges: torch.Tensor
    sources: torch.Tensor
    targets: torch.Tensor
    spread: torch.Tensor
    filters: torch.Tensor
    inputs: torch.Tensor
    units: torch.Tensor
    rows: int

    def messages(self, layer: Any, data: dict[str, torch.Tensor]) -> torch.Tensor:
        """(M, C) sums of the messages of one convolution, with their tangents."""
        source, to = data[key.EDGE_IDX][1], data[key.EDGE_IDX][0]
        nodes, moved = forward_mode.unpack_dual(data[layer.key_x])
        product, harmonics = layer.convolution, data[layer.key_filter]
        sent = [block[self.first].index_select(0, source) for block in product.turned(nodes)]
        dual = layer.weight_nn(forward_mode.make_dual(data[layer.key_weight_input], self.inputs))
        weight, slope = forward_mode.unpack_dual(dual)
        message = _messages(product, sent, harmonics, weight)
        radial = _messages(product, sent, harmonics, slope)
        by_vector = [
            _messages(product, sent, one, weight) + self.units[:, c, None] * radial
            for c, one in enumerate(self.filters)
        ]
        total = message.new_zeros(len(self.first), message.shape[1]).index_add(0, to, message)
        tangent = self.spread @ torch.cat(by_vector)
        if moved is not None:
            blocks = product.turned(moved)
            for k in range(0, len(self.edges), self.rows):
                own = slice(k, k + self.rows)
                edges, sources = self.edges[own], self.sources[own]
                part = _messages(product, [block[sources] for block in blocks], harmonics[edges], weight[edges])
                tangent.index_add_(0, self.targets[own], part)
        dual = forward_mode.make_dual(product.ordered(total)[self.original], product.ordered(tangent))
        return dual / layer.denominator


def _messages(product: Any, blocks: list[torch.Tensor], harmonics: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(E, C) messages, block after block; `SplitProduct.ordered` puts them in e3nn's order."""
    return torch.cat([one.flatten(1) for one in product.made(blocks, harmonics, weights)], 1)


def feature_derivatives(model: GraphModel, structures: Sequence[Atoms]) -> list[FeatureDerivatives]:
    """Features and their first derivatives, one direction for each row, however many features there are.

    All atoms moved alike change nothing, so that the last atom of N follows from the others: 3N + 3 directions.

    Args:
        model: The network.
        structures: Any structures that it can evaluate.
    """
    graphs = [model.graph([one]) for one in structures]
    moves = [_directions(graph) for graph in graphs]
    threads = torch.get_num_threads()
    width = model.network._modules[READOUT[0]].linear.instructions[0].path_shape[0]
    rows = max(1, PAIRS_AT_ONCE[model.device.type] * _WIDTH // width)
    share = -(-sum(one.shape[0] * one.shape[1] for one in moves) // threads)
    tasks = _tasks(moves, min(_PRODUCTS * rows, max(share, rows)))
    workers = min(threads, len(tasks)) if model.device.type == "cpu" else 1
    torch.set_num_threads(max(1, threads // workers))
    try:
        with forward_mode.dual_level(), ThreadPoolExecutor(workers) as pool:
            parts = list(pool.map(lambda task: _pushed(model, graphs, task, rows), tasks))
    finally:
        torch.set_num_threads(threads)
    return _gathered(structures, [row for part in parts for row in part])


def _directions(graph: dict[str, torch.Tensor]) -> torch.Tensor:
    """(3N + 3, E, 3): how the vectors between neighbours move with each atom but the last, and each strain."""
    sources, targets = graph[key.EDGE_IDX]
    vectors = graph[key.EDGE_VEC]
    atoms = int(graph[key.NUM_ATOMS].sum())
    unit = torch.eye(3 * atoms, dtype=vectors.dtype, device=vectors.device).view(3 * atoms, atoms, 3)[:-3]
    strains = torch.zeros(6, 3, 3, dtype=vectors.dtype, device=vectors.device)
    for row, (i, j) in enumerate(_STRAINS):
        strains[row, i, j] += 0.5
        strains[row, j, i] += 0.5
    return torch.cat([unit[:, targets] - unit[:, sources], vectors @ strains])


def _tasks(moves: Sequence[torch.Tensor], target: int) -> list[list[tuple[int, torch.Tensor]]]:
    """Of each task: structures and some of their directions, of about the target's rows together."""
    tasks: list[list[tuple[int, torch.Tensor]]] = [[]]
    room = target
    for number, directions in enumerate(moves):
        pairs = max(directions.shape[1], 1)
        while len(directions):
            if tasks[-1] and room < pairs:
                tasks.append([])
                room = target
            count = max(1, min(len(directions), room // pairs))
            tasks[-1].append((number, directions[:count]))
            directions, room = directions[count:], room - count * pairs
    return tasks


def _pushed(
    model: GraphModel, graphs: Sequence[dict[str, torch.Tensor]], task: list[tuple[int, torch.Tensor]], rows: int
) -> list[tuple[int, FloatArray, FloatArray]]:
    """Of each structure in turn: its number, site features (N, F), and derivatives (directions, F) of their sum."""
    own, counts = [graphs[number] for number, _ in task], [len(directions) for _, directions in task]
    with torch.no_grad():
        data = _joined([one for one, count in zip(own, counts, strict=True) for _ in range(count)])
        edges = _joined(own)
        data |= {name: edges[name] for name in (key.EDGE_IDX, key.EDGE_VEC)}
        data = model.network._preprocess(data)
        data = _embedded(model.network, data, _rows(own, task), rows)
        for name, module in model.network._modules.items():
            if name == READOUT[0]:
                break
            data = data if name == "edge_embedding" else module(data)
        data[INPUTS] = data[key.NODE_FEATURE]
        value, tangent = forward_mode.unpack_dual(features_of(data))
        scale = energy_scale(model.network, data)
        values, tangents = ((one.double() * scale).cpu().numpy() for one in (value, tangent))
    found, start = [], 0
    for (number, _), graph, count in zip(task, own, counts, strict=True):
        size = int(graph[key.NUM_ATOMS])
        sums = tangents[start : start + count * size].reshape(count, size, -1).sum(1)
        found.append((number, values[start : start + size], sums))
        start += count * size
    return found


def _rows(graphs: Sequence[dict[str, torch.Tensor]], task: list[tuple[int, torch.Tensor]]) -> list[torch.Tensor]:
    """The first six fields of `Moves`."""
    parts: list[list[torch.Tensor]] = [[], [], [], [], [], []]
    nodes = atoms = pairs = 0
    for graph, (_, directions) in zip(graphs, task, strict=True):
        count, edges = directions.shape[:2]
        size, device = int(graph[key.NUM_ATOMS]), directions.device
        starts = nodes + size * torch.arange(count, device=device)[:, None]
        targets, sources = (starts + one for one in graph[key.EDGE_IDX])
        own = torch.arange(size, device=device)
        fields = (nodes + own, (atoms + own).repeat(count), (pairs + torch.arange(edges, device=device)).repeat(count),
                  sources.reshape(-1), targets.reshape(-1), directions.reshape(-1, 3))  # fmt: skip
        for part, field in zip(parts, fields, strict=True):
            part.append(field)
        nodes, atoms, pairs = nodes + count * size, atoms + size, pairs + edges
    first, original, edges, sources, targets, directions = (torch.cat(part) for part in parts)
    row, component = directions.nonzero(as_tuple=True)
    places = torch.stack([targets[row], component * pairs + edges[row]])
    spread = torch.sparse_coo_tensor(places, directions[row, component], (nodes, 3 * pairs), check_invariants=False)
    return [first, original, edges, sources, targets, spread.coalesce()]


def _embedded(network: Any, data: dict[str, torch.Tensor], fields: list[torch.Tensor], rows: int) -> dict[str, Any]:
    """The graph with spherical harmonics, radial functions, and how they move."""
    vectors = data[key.EDGE_VEC]
    harmonics, radial = [], []
    for c in range(3):
        along = torch.zeros_like(vectors)
        along[:, c] = 1
        found = network.edge_embedding({key.EDGE_VEC: forward_mode.make_dual(vectors, along)})
        data[key.EDGE_ATTR], slope = forward_mode.unpack_dual(found[key.EDGE_ATTR])
        harmonics.append(slope)
        data[key.EDGE_EMBEDDING], slope = forward_mode.unpack_dual(found[key.EDGE_EMBEDDING])
        radial.append(slope)
    data[key.EDGE_LENGTH] = torch.linalg.norm(vectors, dim=1)
    units = vectors / data[key.EDGE_LENGTH][:, None]
    inputs = sum(units[:, c, None] * one for c, one in enumerate(radial))
    return data | {MOVES: Moves._make((*fields, torch.stack(harmonics), inputs, units, rows))}


def _joined(graphs: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    sizes = torch.cat([one[key.NUM_ATOMS] for one in graphs])
    starts = (sizes.cumsum(0) - sizes).tolist()
    joined = {name: torch.cat([one[name] for one in graphs]) for name in graphs[0] if name != key.EDGE_IDX}
    joined[key.EDGE_IDX] = torch.cat([one[key.EDGE_IDX] + k for one, k in zip(graphs, starts, strict=True)], 1)
    joined[key.BATCH] = torch.repeat_interleave(torch.arange(len(sizes), device=sizes.device), sizes)
    return joined


def _gathered(
    structures: Sequence[Atoms], parts: Sequence[tuple[int, FloatArray, FloatArray]]
) -> list[FeatureDerivatives]:
    sites = {number: values for number, values, _ in parts}
    found = []
    for number, atoms in enumerate(structures):
        rows = np.concatenate([tangents for k, _, tangents in parts if k == number])
        others = rows[:-6].reshape(len(atoms) - 1, 3, rows.shape[1])
        positions = np.concatenate([others, -others.sum(0, keepdims=True)]).reshape(3 * len(atoms), rows.shape[1])
        found.append(FeatureDerivatives(sites[number], positions, rows[-6:]))
    return found
