"""One call of a SevenNet network for many structures. Imports torch and sevenn."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sevenn._keys as key
import torch
from ase import Atoms

from atomistic.potentials.batched import BatchOutput
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.sevennet import features as sevennet_features
from atomistic.potentials.sevennet import tangents as sevennet_tangents
from atomistic.potentials.sevennet.convolution import Convolution
from atomistic.potentials.sevennet.features import READOUT, energy_scale, features_of, keep_inputs
from coupling.capabilities import FeatureDerivatives
from coupling.contracts import FloatArray

VOIGT = [[0, 3, 5], [3, 1, 4], [5, 4, 2]]
"""sevenn's own order of the stress: xx yy zz xy yz zx."""


class SevenNetModel:
    """Evaluates a batch of structures with one call of a SevenNet network.

    Vectors between neighbours and sums of site energies are in double precision, whatever
    the network's own: energies of float32 models are then good to the network's noise.

    Args:
        model: sevenn's network, `with_split_products`.
        modal: Index of the modal, or None.
        device: Torch device.
        dtype: "float32" or "float64".
    """

    def __init__(self, model: Any, modal: int | None, device: str, dtype: str) -> None:
        self.device = torch.device(device)
        self.dtype = getattr(torch, dtype)
        self.cutoff = float(model.cutoff)
        self.modal = modal
        model.eval_modal_map = False
        model.set_is_batch_data(True)
        self.network = model.eval().requires_grad_(False).to(self.device, self.dtype)
        basis = model.edge_embedding.basis_function
        basis.coeffs = basis.coeffs.to(self.device, self.dtype)
        model.rescale_atomic_energy.double()
        model._modules[READOUT[0]].register_forward_pre_hook(keep_inputs)
        if dtype == "float64":
            model.onehot_idx_to_onehot.register_forward_hook(_double_onehot)

    def __call__(self, structures: Sequence[Atoms]) -> BatchOutput:
        """Energies (n,), forces (N, 3), stresses (n, 3, 3), site energies (N,), features (N, F)."""
        out = self.network(self.graph(structures))

        def host(name: str) -> np.ndarray:
            return out[name].detach().to("cpu").numpy().astype(np.float64)

        stress = -host(key.PRED_STRESS)
        return BatchOutput(
            energies=host(key.PRED_TOTAL_ENERGY),
            forces=host(key.PRED_FORCE),
            stresses=stress[:, VOIGT],
            site_energies=host(key.ATOMIC_ENERGY)[:, 0],
            features=(features_of(out).double() * energy_scale(self.network, out)).detach().cpu().numpy(),
        )

    def feature_derivatives(self, structures: Sequence[Atoms]) -> list[FeatureDerivatives]:
        """See `BatchedPotential.feature_derivatives`."""
        return sevennet_tangents.feature_derivatives(self, structures)

    def with_readout(self, change: FloatArray, shifts: Mapping[int, float]) -> "SevenNetModel":
        """See `BatchedPotential.with_readout`."""
        return sevennet_features.with_readout(self, change, shifts)

    @property
    def layers(self) -> int:
        """Layers of messages: a site's energy depends on atoms up to so many cutoffs away."""
        return sum(isinstance(module, Convolution) for module in self.network)

    def weighted(self, structure: Atoms, weights: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Σ w_i e_i in eV of weights (N,), its forces (N, 3) in eV/Å, and the site energies e (N,)."""
        data = self.network._preprocess(self.graph([structure]))
        vectors, (i, j) = data[key.EDGE_VEC], data[key.EDGE_IDX]
        for module in self.network:
            data = module(data)
            if key.ATOMIC_ENERGY in data:
                break
        sites = data[key.ATOMIC_ENERGY][:, 0].double()
        energy = torch.as_tensor(weights, dtype=torch.float64, device=self.device) @ sites
        (pull,) = torch.autograd.grad(energy, vectors)
        forces = sites.new_zeros(len(sites), 3).detach()
        forces = forces.index_add(0, i, pull.double()).index_add(0, j, -pull.double())
        return float(energy.detach()), forces.cpu().numpy(), sites.detach().cpu().numpy()

    def curvature(self, structure: Atoms) -> FloatArray:
        """∂²E/∂H_ij∂H_kl (3, 3, 3, 3) in eV of a structure whose vectors become (1 + H) v, at H = 0."""
        data = self.network._preprocess(self.graph([structure]))
        bend = torch.zeros(3, 3, dtype=self.dtype, device=self.device, requires_grad=True)
        vectors = data[key.EDGE_VEC].detach()
        data[key.EDGE_VEC] = vectors + vectors @ bend.T
        for module in self.network:
            data = module(data)
            if key.ATOMIC_ENERGY in data:
                break
        energy = data[key.ATOMIC_ENERGY].double().sum()
        (slope,) = torch.autograd.grad(energy, bend, create_graph=True)
        rows = [torch.autograd.grad(one, bend, retain_graph=True)[0] for one in slope.reshape(-1)]
        return torch.stack(rows).reshape(3, 3, 3, 3).double().cpu().numpy()

    def with_all_layers(self) -> "SevenNetModel":
        """See `BatchedPotential.with_all_layers`."""
        return sevennet_features.with_all_layers(self)

    def graph(self, structures: Sequence[Atoms]) -> dict[str, torch.Tensor]:
        """sevenn's input for one call."""
        sizes = np.array([len(one) for one in structures])
        starts = np.cumsum(sizes) - sizes
        pairs = [neighbour_pairs(one, self.cutoff) for one in structures]
        edges = np.concatenate([np.array([i, j]) + start for (i, j, _), start in zip(pairs, starts, strict=True)], 1)
        volumes = [abs(np.linalg.det(one.cell.array)) for one in structures]

        def tensor(array: Any, dtype: torch.dtype = torch.int64) -> torch.Tensor:
            return torch.as_tensor(array, dtype=dtype, device=self.device)

        graph = {
            key.ATOMIC_NUMBERS: tensor(np.concatenate([one.numbers for one in structures])),
            key.EDGE_IDX: tensor(edges),
            key.EDGE_VEC: tensor(np.concatenate([vectors for *_, vectors in pairs]), self.dtype),
            key.BATCH: tensor(np.repeat(np.arange(len(sizes)), sizes)),
            key.NUM_ATOMS: tensor(sizes),
            key.CELL_VOLUME: tensor(volumes, self.dtype),
        }
        if self.modal is not None:
            graph[key.MODAL_TYPE] = tensor(np.full(len(sizes), self.modal))
        return graph


def _double_onehot(module: Any, _inputs: Any, data: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """sevenn casts the species to float32; take them on to float64."""
    for name in (module.key_output, module.key_additional_output):
        if name is not None:
            data[name] = data[name].double()
    return data
