"""How each model's own package makes its ASE calculator; run by path in a worker, where only that package need be.

Each function takes the path of the weights first, then `device` ("auto", "cpu", "cuda" or "cuda:N") and `dtype`
("float32", "float64" or None for the model's own), and puts on the calculator what it knows as `facts`.
"""

from __future__ import annotations

import inspect
from typing import Any


def emt(path: str, device: str, dtype: str | None) -> Any:
    """ASE's effective medium theory."""
    from ase.calculators.emt import EMT, parameters
    from ase.data import atomic_numbers

    return _with_facts(EMT(), elements=[atomic_numbers[symbol] for symbol in parameters])


def mace(path: str, device: str, dtype: str | None, head: str | None = None) -> Any:
    """A model of `mace_run_train`, by mace-torch."""
    from mace.calculators import MACECalculator

    chosen = {} if head is None else {"head": head}
    made = MACECalculator(model_paths=path, device=_torch_device(device), default_dtype=dtype or "float64", **chosen)
    (model,) = made.models
    reach = float(model.r_max)
    elements = [int(number) for number in made.z_table.zs]
    return _with_facts(
        made, elements=elements, cutoff=reach, interaction_range=reach * int(model.num_interactions),
        dtype=dtype or "float64",
    )  # fmt: skip


def sevennet(path: str, device: str, dtype: str | None, modal: str | None = None) -> Any:
    """A SevenNet checkpoint, or the name of one that sevenn brings."""
    from sevenn.calculator import SevenNetCalculator

    _own_dtype(dtype, "float32")
    made = SevenNetCalculator(model=path, device=device, modal=modal)
    return _with_facts(made, elements=list(made.type_map), cutoff=float(made.cutoff), dtype="float32")


def orb(path: str, device: str, dtype: str | None, architecture: str = "orb-v3-conservative-inf-omat") -> Any:
    """Weights of an Orb model, by orb-models."""
    from orb_models.forcefield import pretrained
    from orb_models.forcefield.inference.calculator import ORBCalculator

    place = _torch_device(device)
    precision = "float64" if dtype == "float64" else "float32-highest"
    made = pretrained.ORB_PRETRAINED_MODELS[architecture](
        weights_path=path, device=place, precision=precision, compile=False
    )
    return _with_facts(ORBCalculator(*made, device=place), dtype=dtype or "float32")


def uma(path: str, device: str, dtype: str | None, task: str = "omat", settings: str = "high-precision") -> Any:
    """A UMA checkpoint, by fairchem-core, for one of its tasks (omat, omol, oc20, odac, omc)."""
    from fairchem.core import FAIRChemCalculator

    _own_dtype(dtype, "float32")
    made = FAIRChemCalculator.from_model_checkpoint(
        path, task_name=task, inference_settings=settings, device=_torch_device(device).partition(":")[0]
    )
    return _with_facts(made, dtype="float32")


def mattersim(path: str, device: str, dtype: str | None) -> Any:
    """A MatterSim checkpoint."""
    from mattersim.forcefield import MatterSimCalculator

    made = MatterSimCalculator(load_path=path, device=_torch_device(device), dtype=dtype or "float32")
    return _with_facts(made, dtype=dtype or "float32")


def options_of(model: str) -> list[str]:
    """Names of the options that a function of this file takes besides path, device and dtype."""
    return list(inspect.signature(globals()[model]).parameters)[3:]


def _with_facts(calculator: Any, **facts: Any) -> Any:
    calculator.facts = facts
    return calculator


def _own_dtype(dtype: str | None, own: str) -> None:
    if dtype not in (None, own):
        raise ValueError("this model computes in " + own + " alone; leave dtype out")


def _torch_device(device: str) -> str:
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return device
