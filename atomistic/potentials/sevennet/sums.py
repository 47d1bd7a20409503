"""Sums of the messages to each node, which keep nothing but their inputs for the backward pass. Imports torch.

Of a convolution's memory the messages are the largest part. Here each block is made, weighted in place and summed
before the next, and made once more for the derivatives.
"""

from collections.abc import Sequence
from typing import Any

import torch

from atomistic.potentials.sevennet.products import SplitProduct


def summed(
    product: SplitProduct, edges: torch.Tensor, harmonics: torch.Tensor, weights: torch.Tensor, features: torch.Tensor
) -> torch.Tensor:
    """(N, C) sums of the messages to each node, differentiable as often as wanted.

    Args:
        product: Makes the messages.
        edges: (2, E) target and source of each edge.
        harmonics: (E, S).
        weights: (E, W).
        features: (N, F) of the nodes.
    """
    sums = _Sums.apply(product, edges, harmonics, weights, *product.turned(features))
    return product.joined([product.apart(k, one) for k, one in enumerate(sums)])


def summed_at_once(
    product: SplitProduct, edges: torch.Tensor, harmonics: torch.Tensor, weights: torch.Tensor, features: torch.Tensor
) -> torch.Tensor:
    """The same by torch's own derivatives, which keep all messages: faster where these are differentiated again."""
    return product.joined(_targets(product, edges, harmonics, weights, product.turned(features)))


def _targets(
    product: SplitProduct, edges: torch.Tensor, harmonics: torch.Tensor, weights: torch.Tensor,
    blocks: Sequence[torch.Tensor],
) -> list[list[torch.Tensor]]:  # fmt: skip
    """Of each block and target the sums (N, P, size, m)."""
    to, source = edges
    messages = product.messages([block.index_select(0, source) for block in blocks], harmonics, weights)
    return [
        [one.new_zeros(len(block), *one.shape[1:]).index_add(0, to, one) for one in row]
        for row, block in zip(messages, blocks, strict=True)
    ]


class _Sums(torch.autograd.Function):
    """Of each block the sums (N, K, m)."""

    @staticmethod
    def forward(
        product: SplitProduct, edges: torch.Tensor, harmonics: torch.Tensor, weights: torch.Tensor,
        *blocks: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:  # fmt: skip
        to, source = edges
        made = product.made((block.index_select(0, source) for block in blocks), harmonics, weights)
        nodes = len(blocks[0])
        return tuple(one.new_zeros(nodes, *one.shape[1:]).index_add_(0, to, one) for one in made)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        ctx.product = inputs[0]
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, *pulls: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        edges, *inputs = ctx.saved_tensors
        needed = ctx.needs_input_grad[2:]
        if not torch.is_grad_enabled():
            return None, None, *_pulled(ctx.product, edges, tuple(inputs), needed, pulls)
        # views: features of a later layer depend on the harmonics, too, and that way belongs to the layers before
        harmonics, weights, *blocks = inputs = [one.view_as(one) for one in inputs]
        inputs = [one for one, wanted in zip(inputs, needed, strict=True) if wanted]
        rows = zip(_targets(ctx.product, edges, harmonics, weights, blocks), pulls, strict=True)
        sums = [(torch.cat([one.flatten(1, 2) for one in row], 1), pull) for row, pull in rows if row]
        values, slopes = zip(*sums, strict=True)
        found = iter(torch.autograd.grad(values, inputs, slopes, create_graph=True, materialize_grads=True))
        return None, None, *(next(found) if wanted else None for wanted in needed)


def _pulled(
    product: SplitProduct, edges: torch.Tensor, inputs: tuple[torch.Tensor, ...], needed: Sequence[bool],
    pulls: Sequence[torch.Tensor],
) -> list[torch.Tensor | None]:  # fmt: skip
    """Derivatives by harmonics, weights and blocks."""
    (to, source), (harmonics, weights, *blocks) = edges, inputs
    by_harmonics, by_weights = torch.zeros_like(harmonics), torch.empty_like(weights)
    found: list[torch.Tensor | None] = [by_harmonics, by_weights]
    rows = zip(blocks, product.radial(weights), product.radial(by_weights), pulls, strict=True)
    for k, (block, radial, slopes, pull) in enumerate(rows):
        turns, sent, by_messages = product.turns(harmonics, k), block.index_select(0, source), pull.index_select(0, to)
        messages = torch.bmm(turns, sent).mul_(by_messages)
        _sum_components(product.apart(k, messages), slopes)
        del messages
        product.weigh(k, by_messages, radial)
        by_turns = torch.bmm(by_messages, sent.transpose(1, 2))
        by_harmonics.addmm_(by_turns.flatten(1), product.coupling(k).to(by_turns.dtype).T)
        if needed[2 + k]:
            by_sent = torch.bmm(turns.transpose(1, 2), by_messages)
            found.append(torch.zeros_like(block).index_add_(0, source, by_sent))
        else:
            found.append(None)
    return found


def _sum_components(parts: Sequence[torch.Tensor], sums: Sequence[torch.Tensor]) -> None:
    """Of each target (E, P, size, m) the sums over components, into (E, P, 1, m)."""
    for part, one in zip(parts, sums, strict=True):
        torch.sum(part, 2, keepdim=True, out=one)
