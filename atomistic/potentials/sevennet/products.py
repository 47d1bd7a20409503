"""The tensor product of a convolution, as one split and one batched product for each degree. Imports torch and e3nn.

A path takes a sender's block of degree l₁, spherical harmonics of degree l₂ and one radial weight a channel to
a block of degree l₃, all channels apart (e3nn's "uvu"):

    z_ku = c w_u Σ_ij C_ijk x_iu Y_j

with Wigner's 3j symbols C (Thomas et al., arXiv 1802.08219, eq. 5) and e3nn's normalisation c. All paths of one block
share x: Σ_j C_ijk Y_j is one product of the harmonics with a constant matrix, the sum over i one batched product. Channels
lie innermost, so that weights multiply whole rows. e3nn takes slices of its inputs for each path, and its backward pass
fills a tensor of zeros as large as the whole input for each of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import torch
from e3nn.o3 import wigner_3j

from coupling.errors import InputError


class Target(NamedTuple):
    """Paths from one block to blocks of one degree: P paths, m channels.

    Attributes:
        paths: P.
        size: 2 l₃ + 1.
        channels: m.
    """

    paths: int
    size: int
    channels: int

    @property
    def components(self) -> int:
        """Components of a channel."""
        return self.paths * self.size


class SplitProduct(torch.nn.Module):
    """e3nn's product of node features, spherical harmonics and radial weights, equal to rounding.

    Its state has the names of e3nn's, so that a network with it reads and writes the checkpoints of sevenn's own.

    Args:
        product: e3nn's `TensorProduct`, as sevenn's convolution makes it.

    Attributes:
        blocks: (components, channels) of each block of the features.
        targets: Of each block in turn.
        places: Where each target lies among all of them in e3nn's order.

    Raises:
        InputError: paths share a target, or channels are mixed.
    """

    def __init__(self, product: Any) -> None:
        super().__init__()
        if not _is_channelwise(product):
            raise InputError(f"{product} is not a product of a SevenNet convolution, whose channels are all apart.")
        self.irreps_in1, self.irreps_in2, self.irreps_out = product.irreps_in1, product.irreps_in2, product.irreps_out
        self.blocks = [(irrep.dim, count) for count, irrep in product.irreps_in1]
        runs = [(*key, len(list(run))) for key, run in groupby(_ends(product))]
        self.targets: list[list[Target]] = []
        self.places: list[list[int]] = []
        for block, (_, channels) in enumerate(self.blocks):
            own = [(place, irrep, paths) for place, (source, irrep, paths) in enumerate(runs) if source == block]
            self.places.append([place for place, _, _ in own])
            self.targets.append([Target(paths, irrep.dim, channels) for _, irrep, paths in own])
            self.register_buffer(f"coupling_{block}", _coupling(product, block), persistent=False)
        for name, value in product.state_dict().items():
            _keep(self, name.split("."), value)

    def forward(self, features: torch.Tensor, harmonics: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """(E, C) messages from features (E, F), harmonics (E, S) and weights (E, W) of E edges, in e3nn's order."""
        return self.joined(self.messages(self.turned(features), harmonics, weights))

    def made(
        self, blocks: Iterable[torch.Tensor], harmonics: torch.Tensor, weights: torch.Tensor
    ) -> Iterator[torch.Tensor]:
        """Messages (E, K, m) of one block after the other, not differentiable; see `messages`."""
        for k, (block, radial) in enumerate(zip(blocks, self.radial(weights), strict=True)):
            found = torch.bmm(self.turns(harmonics, k), block)
            self.weigh(k, found, radial)
            yield found

    def weigh(self, block: int, messages: torch.Tensor, radial: Sequence[torch.Tensor]) -> None:
        """Multiply a block's messages (E, K, m) in place by its `radial` weights."""
        for part, weight in zip(self.apart(block, messages), radial, strict=True):
            part.mul_(weight)

    def apart(self, block: int, messages: torch.Tensor) -> list[torch.Tensor]:
        """(E, P, size, m) of each target of a block's messages (E, K, m)."""
        own = self.targets[block]
        parts = torch.split(messages, [target.components for target in own], 1)
        return [part.unflatten(1, (one.paths, one.size)) for part, one in zip(parts, own, strict=True)]

    def turned(self, features: torch.Tensor) -> list[torch.Tensor]:
        """e3nn's features (N, F) as blocks (N, components, channels)."""
        parts = torch.split(features, [size * channels for size, channels in self.blocks], 1)
        return [
            part.unflatten(1, (channels, size)).transpose(1, 2).contiguous()
            for part, (size, channels) in zip(parts, self.blocks, strict=True)
        ]

    def turns(self, harmonics: torch.Tensor, block: int) -> torch.Tensor:
        """(E, K, components): what each edge makes of a block's components in the K of all its targets."""
        found = harmonics @ self.coupling(block).to(harmonics.dtype)
        return found.view(len(harmonics), self.components(block), self.blocks[block][0])

    def coupling(self, block: int) -> torch.Tensor:
        """(S, K components) constants of a block, in double precision unless the network was rounded since."""
        return self.get_buffer(f"coupling_{block}")

    def components(self, block: int) -> int:
        """K: components of a channel of a block's messages."""
        return sum(target.components for target in self.targets[block])

    def radial(self, weights: torch.Tensor) -> list[list[torch.Tensor]]:
        """Of each block and target: the weights (E, P, 1, m)."""
        targets = self._sorted(self.targets)
        parts = torch.split(weights, [target.paths * target.channels for target in targets], 1)
        shaped = [one.view(-1, target.paths, 1, target.channels) for one, target in zip(parts, targets, strict=True)]
        return [[shaped[place] for place in places] for places in self.places]

    def messages(
        self, blocks: Sequence[torch.Tensor], harmonics: torch.Tensor, weights: torch.Tensor
    ) -> list[list[torch.Tensor]]:
        """Of each block and target: (E, P, size, m), from blocks at the edges (E, components, m)."""
        found = []
        for k, (block, radial) in enumerate(zip(blocks, self.radial(weights), strict=True)):
            turns, scalar = self.turns(harmonics, k), block.shape[1] == 1
            products = self.apart(k, turns if scalar else torch.bmm(turns, block))
            factors = [weight * block[:, None] for weight in radial] if scalar else radial
            found.append([product * factor for product, factor in zip(products, factors, strict=True)])
        return found

    def joined(self, messages: Sequence[Sequence[torch.Tensor]]) -> torch.Tensor:
        """(N, C) of each block and target (N, P, size, m), in e3nn's order: path after path, channel after channel."""
        return torch.cat([one.transpose(2, 3).flatten(1) for one in self._sorted(messages)], 1)

    def ordered(self, messages: torch.Tensor) -> torch.Tensor:
        """(N, C) in e3nn's order of what was `made`, all blocks (N, K m) side by side."""
        shapes = [(self.components(k), channels) for k, (_, channels) in enumerate(self.blocks)]
        parts = torch.split(messages, [components * channels for components, channels in shapes], 1)
        blocks = [part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True)]
        return self.joined([self.apart(k, block) for k, block in enumerate(blocks)])

    def _sorted[T](self, each: Sequence[Sequence[T]]) -> list[T]:
        """What there is of each block and target, in e3nn's order."""
        found = {place: one for places, row in zip(self.places, each, strict=True)
                 for place, one in zip(places, row, strict=True)}  # fmt: skip
        return [found[place] for place in sorted(found)]


def _ends(product: Any) -> list[tuple[int, Any]]:
    """Block and irrep of the target of each path."""
    return [(path.i_in1, product.irreps_out[path.i_out].ir) for path in product.instructions]


def _is_channelwise(product: Any) -> bool:
    """Whether each path has a block of its own and one weight a channel."""
    paths = product.instructions
    return (
        [one.i_out for one in paths] == list(range(len(product.irreps_out)))
        and all(one.connection_mode == "uvu" and one.has_weight for one in paths)
        and all(count == 1 for count, _ in product.irreps_in2)
        and not product.shared_weights
    )


def _keep(module: torch.nn.Module, name: list[str], value: torch.Tensor) -> None:
    """Store a buffer under a name with dots."""
    if name[1:]:
        if name[0] not in module._modules:
            module.add_module(name[0], torch.nn.Module())
        _keep(module.get_submodule(name[0]), name[1:], value)
    else:
        module.register_buffer(name[0], value)


def _coupling(product: Any, source: int) -> torch.Tensor:
    """(S, K (2 l₁ + 1)): what each harmonic makes of a block's components in the K of all its paths."""
    degree, places = product.irreps_in1[source].ir.l, product.irreps_in2.slices()
    columns = [torch.zeros(product.irreps_in2.dim, 2 * degree + 1, 0, dtype=torch.float64)]
    for path in product.instructions:
        if path.i_in1 == source:
            harmonic, target = product.irreps_in2[path.i_in2].ir.l, product.irreps_out[path.i_out].ir.l
            column = torch.zeros(product.irreps_in2.dim, 2 * degree + 1, 2 * target + 1, dtype=torch.float64)
            symbols = wigner_3j(degree, harmonic, target, dtype=torch.float64)
            column[places[path.i_in2]] = path.path_weight * symbols.transpose(0, 1)
            columns.append(column)
    return torch.cat(columns, 2).transpose(1, 2).flatten(1)
