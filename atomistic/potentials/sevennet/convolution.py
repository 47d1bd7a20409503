"""sevenn's convolution with a faster product and sum. Imports torch and sevenn."""

from typing import Any

import sevenn._keys as key
import torch
from sevenn.nn.convolution import IrrepsConvolution

from atomistic.potentials.sevennet.products import SplitProduct
from atomistic.potentials.sevennet.sums import summed, summed_at_once
from atomistic.potentials.sevennet.tangents import MOVES


class Convolution(torch.nn.Module):
    """sevenn's convolution: messages by a `SplitProduct`, summed to the nodes block by block.

    Parameters and state are those of sevenn's, under the same names.

    Args:
        convolution: sevenn's `IrrepsConvolution`; its parameters are shared.
    """

    def __init__(self, convolution: Any) -> None:
        super().__init__()
        self.key_x, self.key_filter = convolution.key_x, convolution.key_filter
        self.key_weight_input = convolution.key_weight_input
        self.denominator = convolution.denominator
        self.convolution = SplitProduct(convolution.convolution)
        self.weight_nn = convolution.weight_nn

    def forward(self, data: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Replace the node features by the sum of the messages to each node."""
        if MOVES in data:
            data[self.key_x] = data[MOVES].messages(self, data)
            return data
        weights, sums = self.weight_nn(data[self.key_weight_input]), summed_at_once if self.training else summed
        found = sums(self.convolution, data[key.EDGE_IDX], data[self.key_filter], weights, data[self.key_x])
        data[self.key_x] = found / self.denominator
        return data


def with_split_products(network: Any) -> Any:
    """The network, whose convolutions are replaced; its parameters and its state keep their names."""
    for name, module in list(network.named_children()):
        if isinstance(module, IrrepsConvolution):
            network.replace_module(name, Convolution(module))
    return network
