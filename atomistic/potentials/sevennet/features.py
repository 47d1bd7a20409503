"""Features of a SevenNet network, and other readouts of them. Imports torch and sevenn.

sevenn's readout is two linear layers without a nonlinearity between them: the site energy is exactly
linear in the scalars φ that enter the first of them.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import sevenn._keys as key
import torch
from ase import Atoms

from coupling.contracts import FloatArray
from coupling.errors import InputError

READOUT = ("reduce_input_to_hidden", "reduce_hidden_to_energy")
"""sevenn's names of the two linear layers."""
INPUTS = "readout_inputs"
EARLIER = "earlier_scalars"


class GraphModel(Protocol):
    """A SevenNet network that evaluates structures.

    Attributes:
        network: sevenn's network.
        modal: Index of the modal, or None.
        device: Where it computes.
        dtype: Its own arithmetic.
    """

    network: Any
    modal: int | None
    device: torch.device
    dtype: torch.dtype

    def graph(self, structures: Sequence[Atoms]) -> dict[str, torch.Tensor]:
        """sevenn's input for one call."""
        ...


class KeptScalars(torch.nn.Module):
    """A layer that also stores its scalars.

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
    """Adds the contribution of earlier layers' scalars to the energy of a site.

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


def with_all_layers[M: GraphModel](model: M) -> M:
    """The same network with the scalars of all its layers as features, those of the first layers last."""
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


def with_readout[M: GraphModel](model: M, change: FloatArray, shifts: Mapping[int, float]) -> M:
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
            raise InputError(
                "This SevenNet model has one energy zero for all elements; it cannot be shifted by element."
            )
        shift.view(-1)[types[number] if shift.numel() > 1 else 0] += value


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
