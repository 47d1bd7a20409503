"""Checkpoints of MACE, NequIP, metatomic and Orb, named "mace:PATH" and so on, through torch-sim's interface.

Each comes through its own package's torch-sim model. These files are programs (pickled or compiled
modules), which reading runs; they ask for `trust=True`. Orb's are weights alone.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ase.data import atomic_numbers

from atomistic.potentials.batched import BatchedPotential
from atomistic.potentials.devices import resolve_device
from atomistic.potentials.entry import PotentialEntry, untrusted
from atomistic.potentials.fingerprint import file_hash, fingerprint
from atomistic.potentials.sevennet.loader import require_safe, require_whole
from atomistic.potentials.torchsim import UNKNOWN, from_torchsim
from coupling.contracts import Capabilities
from coupling.errors import InputError, unknown_choice

if TYPE_CHECKING:
    from torch_sim.models.interface import ModelInterface

ENTRIES = (
    PotentialEntry(
        "mace:*", "mace", "A MACE model file, mace:PATH; takes trust=True and head",
        "atomistic.potentials.checkpoints:load_mace", ("mace", "torch_sim"), "mace", place=100, trust="all",
        elsewhere="mace",
    ),
    PotentialEntry(
        "nequip:*", "nequip", "A compiled NequIP or Allegro model, nequip:PATH; takes trust=True",
        "atomistic.potentials.checkpoints:load_nequip", ("nequip", "torch_sim"), "nequip", place=100, trust="all",
    ),
    PotentialEntry(
        "metatomic:*", "metatomic", "A metatomic model, metatomic:PATH; takes trust=True, extensions",
        "atomistic.potentials.checkpoints:load_metatomic", ("metatomic_torchsim", "torch_sim"), "metatomic", place=100, trust="all",
    ),
    PotentialEntry(
        "orb:*", "orb", "Weights of an Orb model, orb:PATH; takes architecture",
        "atomistic.potentials.checkpoints:load_orb", ("orb_models", "torch_sim"), "orb", place=100, trust="some",
        elsewhere="orb",
    ),
)  # fmt: skip


def load_mace(
    name: str, device: str, dtype: str | None, *, trust: bool = False, head: str | None = None
) -> BatchedPotential:
    """A MACE model as `mace_run_train` saves it.

    Args:
        name: "mace:PATH".
        device: "auto", "cpu", "cuda" or "cuda:N".
        dtype: "float32" or "float64" (the default).
        trust: Accept that reading the file can run code.
        head: Which head, of a model that has several.

    Raises:
        InputError: the file is not trusted, or is not a MACE model, or lacks the head.
    """
    path = _trusted(name, trust)
    import torch

    place, precision = resolve_device(device), dtype or "float64"
    with _reading(path, "MACE model"):
        from mace.calculators.mace_torchsim import MaceTorchSimModel

        model = MaceTorchSimModel(
            str(path), torch.device(place), getattr(torch, precision), neighbor_list_fn=_neighbours(), head=head
        )
    elements = frozenset(int(number) for number in model.model.atomic_numbers)
    options = {"dtype": precision, "head": head}
    reach = float(model.r_max) * int(model.model.num_interactions)
    offers = Capabilities(reach, devices=("cpu", "cuda"), dtypes=("float32", "float64"))
    return _wrapped(model, name, elements, model.r_max, "mace", path, options, ("mace-torch", "e3nn"), offers)


def load_nequip(name: str, device: str, dtype: str | None, *, trust: bool = False) -> BatchedPotential:
    """A NequIP or Allegro model compiled by `nequip-compile --target batch`.

    Args:
        name: "nequip:PATH".
        device: The device it was compiled for.
        dtype: None; compiled models keep theirs.
        trust: Accept that reading the file runs code.

    Raises:
        InputError: the file is not trusted, or is not a compiled model, or another dtype is wanted.
    """
    path, place = _trusted(name, trust), resolve_device(device)
    _own_dtype(name, dtype)
    with _reading(path, "compiled NequIP model"):
        from nequip.integrations.torchsim import NequIPTorchSimCalc

        model = NequIPTorchSimCalc.from_compiled_model(path, device=place)
    types = next(step.model_type_names for step in model.transforms if hasattr(step, "model_type_names"))
    cutoff = next(step.r_max for step in model.transforms if hasattr(step, "r_max"))
    elements = frozenset(atomic_numbers[symbol] for symbol in types if symbol in atomic_numbers)
    return _wrapped(model, name, elements, cutoff, "nequip", path, {}, ("nequip",))


def load_metatomic(
    name: str, device: str, dtype: str | None, *, trust: bool = False, extensions: str | None = None
) -> BatchedPotential:
    """A metatomic model, as metatrain exports it.

    Args:
        name: "metatomic:PATH".
        device: "auto", "cpu", "cuda" or "cuda:N".
        dtype: None; exported models keep theirs.
        trust: Accept that reading the file runs code.
        extensions: Folder of the compiled extensions that the model needs.

    Raises:
        InputError: the file is not trusted, or is not a metatomic model, or another dtype is wanted.
    """
    path, place = _trusted(name, trust), resolve_device(device)
    _own_dtype(name, dtype)
    with _reading(path, "metatomic model"):
        from metatomic.torch import load_atomistic_model
        from metatomic_torchsim import MetatomicModel

        exported = load_atomistic_model(str(path), extensions_directory=extensions)
        capabilities = exported.capabilities()
        model = MetatomicModel(exported, device=place)
    elements = frozenset(int(number) for number in capabilities.atomic_types)
    reach = capabilities.engine_interaction_range("angstrom")  # of all its messages together
    libraries = ("metatomic-torchsim", "metatomic-torch")
    options = {"extensions": extensions}
    return _wrapped(
        model, name, elements, reach, "metatomic", path, options, libraries, replace(UNKNOWN, interaction_range=reach)
    )


def load_orb(
    name: str,
    device: str,
    dtype: str | None,
    *,
    architecture: str = "orb-v3-conservative-inf-omat",
    trust: bool = False,
) -> BatchedPotential:
    """Weights of an Orb model.

    Args:
        name: "orb:PATH".
        device: "auto", "cpu", "cuda" or "cuda:N".
        dtype: "float32" (the default) or "float64".
        architecture: The model whose weights these are, as orb-models names it.
        trust: Accept a file that can run code when it is read.

    Raises:
        InputError: the file is not safe and not trusted, or the architecture is unknown or does not fit.
    """
    path, place, precision = _path(name), resolve_device(device), dtype or "float32"
    require_whole(path) if trust else require_safe(path)
    import torch
    from orb_models.forcefield.inference.orb_torchsim import OrbTorchSimModel
    from orb_models.forcefield.pretrained import ORB_PRETRAINED_MODELS

    if architecture not in ORB_PRETRAINED_MODELS:
        raise unknown_choice("architecture of Orb", architecture, ORB_PRETRAINED_MODELS)
    with _reading(path, f"{architecture} model"):
        wanted = "float64" if precision == "float64" else "float32-highest"
        network, adapter = ORB_PRETRAINED_MODELS[architecture](
            weights_path=str(path), device=place, precision=wanted, compile=False
        )
        model = OrbTorchSimModel(network, adapter, device=place, dtype=getattr(torch, precision))
    options = {"dtype": precision, "architecture": architecture}
    offers = Capabilities(devices=("cpu", "cuda"), dtypes=("float32", "float64"))
    return _wrapped(
        model, name, frozenset(range(1, 119)), float(adapter.radius), "orb", path, options, ("orb-models",), offers
    )


def _wrapped(
    model: "ModelInterface", name: str, elements: frozenset[int], cutoff: float, kind: str, path: Path,
    options: dict[str, Any], libraries: tuple[str, ...], offers: Capabilities = UNKNOWN,
) -> BatchedPotential:  # fmt: skip
    versions = (*libraries, "torch", "torch-sim-atomistic")
    identity = fingerprint(kind, file_hash(path), options, versions, code=(type(model),))
    return from_torchsim(model, name, elements, float(cutoff), identity, offers)


def _path(name: str) -> Path:
    return Path(name.split(":", 1)[1])


def _trusted(name: str, trust: bool) -> Path:
    require_whole(_path(name))
    if not trust:
        raise untrusted(name)
    return _path(name)


def _own_dtype(name: str, dtype: str | None) -> None:
    if dtype is not None:
        raise InputError(f"Potential {name!r} keeps the precision that it was exported with; leave dtype out.")


def _neighbours() -> Any:
    """torch-sim's neighbour list in plain torch: the same on every device, nothing to compile."""
    from torch_sim.neighbors import torch_nl_linked_cell

    return torch_nl_linked_cell


@contextmanager
def _reading(path: Path, what: str) -> Iterator[None]:
    """Silence the backends' own warnings; a file that they cannot read is an InputError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except ImportError:
            raise
        except Exception as error:
            fault = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"File {str(path)!r} cannot be read as a {what}: {fault}.") from error
