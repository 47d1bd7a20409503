"""Any model of torch-sim's interface as a potential: MACE, NequIP, metatomic, Orb, and your own.

Load the model as its own package documents, then wrap it with `from_torchsim`. Imports torch
and torch_sim only when called.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms

from atomistic.potentials.batched import BatchedPotential, BatchOutput
from atomistic.potentials.neighbours import effective_cell
from coupling.contracts import Capabilities, FloatArray
from coupling.errors import InputError

if TYPE_CHECKING:
    from torch_sim.models.interface import ModelInterface

UNKNOWN = Capabilities(devices=(), dtypes=())
"""For a model that declares nothing: it runs on its own device, in its own precision, with forces of any range."""
PAIRS_PER_BATCH = {"cpu": 20_000.0, "cuda": 200_000.0}


def from_torchsim(
    model: "ModelInterface", name: str, elements: frozenset[int], cutoff: float, fingerprint: str,
    capabilities: Capabilities = UNKNOWN,
) -> BatchedPotential:  # fmt: skip
    """Wrap a model of torch-sim's interface.

    Args:
        model: Gives energies and forces; stresses too where `compute_stress` is set.
        name: For messages and reports.
        elements: Atomic numbers that it knows.
        cutoff: Range of one interaction or message, Å.
        fingerprint: Hash of the weights and of all options that change its numbers.
        capabilities: Interaction range, devices and dtypes, where they are known; torch-sim's interface provides
            neither site energies nor features, and says itself whether there are stresses.

    Raises:
        InputError: the model gives no forces.
    """
    if not model.compute_forces:
        raise InputError(f"Model {name!r} gives no forces; load it with compute_forces=True.")
    device = str(model.device)
    return BatchedPotential(
        name=name,
        elements=frozenset(elements),
        cutoff=float(cutoff),
        fingerprint=fingerprint,
        model=_TorchSimModel(model),
        device=device,
        dtype=str(model.dtype).removeprefix("torch."),
        batch_pairs=PAIRS_PER_BATCH[device.split(":")[0]],
        capabilities=replace(capabilities, stress=bool(model.compute_stress)),
    )


class _TorchSimModel:
    """Evaluates runs of structures that share their periodicity, as torch-sim's states demand."""

    def __init__(self, model: "ModelInterface") -> None:
        self.model = model

    def __call__(self, structures: Sequence[Atoms]) -> BatchOutput:
        runs = [list(run) for _, run in groupby(structures, key=lambda atoms: tuple(atoms.pbc))]
        energies, forces, stresses = zip(*map(self._run, runs), strict=True)
        return BatchOutput(np.concatenate(energies), np.concatenate(forces), np.concatenate(stresses))

    def _run(self, structures: list[Atoms]) -> tuple[FloatArray, FloatArray, FloatArray]:
        import torch_sim

        full = [atoms.copy() for atoms in structures]
        for atoms in full:
            atoms.cell = effective_cell(atoms.cell.array, atoms.pbc)
        state = torch_sim.io.atoms_to_state(full, self.model.device, self.model.dtype)
        out = {key: value.detach().cpu().numpy().astype(float) for key, value in self.model(state).items()}
        stress = out.get("stress", np.full((len(structures), 3, 3), np.nan))
        return out["energy"].reshape(-1), out["forces"], stress
