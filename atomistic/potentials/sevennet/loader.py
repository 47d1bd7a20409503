"""SevenNet: equivariant graph networks, in float32 or float64, batched without copies.

Park, Kim, Hwang, Han, J. Chem. Theory Comput. 20 (2024) 4857. The pretrained checkpoints lie
in sevenn's wheel; nothing is ever downloaded.
"""

import pickletools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import ZipFile, is_zipfile

from atomistic.potentials.batched import BatchedPotential
from atomistic.potentials.devices import resolve_device
from atomistic.potentials.entry import PotentialEntry
from atomistic.potentials.fingerprint import file_hash, fingerprint
from coupling.contracts import Capabilities
from coupling.errors import InputError, unknown_choice

ENTRIES = tuple(
    PotentialEntry(
        name, "sevennet", description,
        "atomistic.potentials.sevennet.loader:load", ("sevenn", "torch"), "sevennet", place=0,
        trust=trust, elsewhere="sevennet",
    )
    for name, description, trust in (
        ("7net-0", "SevenNet-0 (11 July 2024), MPtrj, 89 elements", ""),
        ("7net-l3i5", "SevenNet-l3i5, MPtrj, 89 elements; slower and more accurate", ""),
        ("7net-mf-0", "SevenNet-MF-0, PBE and r2SCAN; takes modal='PBE' or 'R2SCAN'", ""),
        ("*.pth", "A SevenNet checkpoint file; takes trust=True where the file holds code", "some"),
    )
)  # fmt: skip

CHECKPOINTS = {
    "7net-0": "SevenNet_0__11Jul2024/checkpoint_sevennet_0.pth",
    "7net-l3i5": "SevenNet_l3i5/checkpoint_l3i5.pth",
    "7net-mf-0": "SevenNet_MF_0/checkpoint_sevennet_mf_0.pth",
}
"""Names and their files inside sevenn's wheel."""

ROUNDING = tuple(f"atomistic.potentials.sevennet.{name}" for name in ("convolution", "products", "sums"))
"""Modules whose source counts in a fingerprint: another order of the sums rounds otherwise."""
LIBRARIES = ("sevenn", "e3nn", "torch", "matscipy")
BYTES_PER_PAIR = {"7net-0": 6.0e4, "7net-l3i5": 8.6e4}
"""Growth of a process over ordered neighbour pairs in float32, bytes: fcc Ni, 125 atoms, `benchmarks.speed_network`."""
_PICKLES = 4  # in a file of torch's older form: magic number, protocol, system, what was saved
PAIRS_PER_BATCH = {"cpu": 1200.0, "cuda": 400_000.0}


def require_installed(what: str) -> None:
    """Raise `MissingBackend` unless the libraries of SevenNet are installed, which `what` needs."""
    ENTRIES[0].require(what)


def load(
    name: str, device: str, dtype: str | None, *, modal: str | None = None, trust: bool = False
) -> BatchedPotential:
    """A SevenNet potential.

    Args:
        name: A key of `CHECKPOINTS`, or the path of a checkpoint file.
        device: "auto", "cpu", "cuda" or "cuda:N".
        dtype: "float32" (as trained) or "float64": the same weights in double arithmetic.
        modal: Which level of theory, for a model trained on several.
        trust: Accept a file that can run code when it is read.

    Raises:
        InputError: the file is not safe and not trusted, or the modal does not fit.
    """
    packaged = CHECKPOINTS.get(name.lower())
    path = _packaged(packaged) if packaged else Path(name)
    if not packaged:
        require_whole(path) if trust else require_safe(path)
    precision = dtype or "float32"
    place = resolve_device(device)
    network, cutoff = _build(path)
    channel = _modal_index(network, modal, name)
    from atomistic.potentials.sevennet.model import SevenNetModel

    model = SevenNetModel(network, channel, place, precision)
    return BatchedPotential(
        name=name,
        elements=frozenset(network.type_map),
        cutoff=cutoff,
        fingerprint=fingerprint(
            "sevennet", file_hash(path), {"modal": modal, "dtype": precision}, LIBRARIES, code=("sevenn.checkpoint", *ROUNDING)
        ),
        model=model,
        device=place,
        dtype=precision,
        batch_pairs=PAIRS_PER_BATCH[place.split(":")[0]],
        bytes_per_pair=_bytes_per_pair(name, precision),
        capabilities=Capabilities(
            cutoff * model.layers, stress=True, site_energies=True, weighted_sites=True, features=True,
            differentiable_strain=True, trainable=True, devices=("cpu", "cuda"), dtypes=("float32", "float64"),
        ),
    )  # fmt: skip


def _bytes_per_pair(name: str, precision: str) -> float | None:
    measured = BYTES_PER_PAIR.get(name.lower())
    return None if measured is None else measured * (2 if precision == "float64" else 1)


def _packaged(relative: str) -> Path:
    (root,) = find_spec("sevenn").submodule_search_locations
    path = Path(root) / "pretrained_potentials" / relative
    if not path.is_file():
        raise InputError(f"The installed sevenn lacks {relative}; install sevenn 0.13, whose wheel has it.")
    return path


def require_safe(path: Path) -> None:
    """Raise `InputError` unless the checkpoint is whole and can be read as weights alone, so that no code in it runs."""
    import torch

    require_whole(path)
    try:
        torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        if not isinstance(error, UnpicklingError):
            raise _damaged(path) from error
        raise InputError(
            f"Checkpoint {str(path)!r} holds more than weights, and reading it can run any code that it contains; "
            "if you trust where it comes from, pass trust=True (on the command line --trust)."
        ) from error


def require_whole(path: Path) -> None:
    """Raise `InputError` unless a file of torch is whole: by an archive's checksums, or the end of each pickle; nothing runs."""
    try:
        if not is_zipfile(path):
            with path.open("rb") as file:
                for _ in range(_PICKLES):
                    all(pickletools.genops(file))
            return
        with ZipFile(path) as archive:
            broken = archive.testzip()
    except Exception as error:  # what is damaged fails in any way it likes
        raise _damaged(path) from error
    if broken is not None:
        raise _damaged(path)


def _damaged(path: Path) -> InputError:
    return InputError(f"Checkpoint {str(path)!r} is damaged, or is none; get it again from where it comes from.")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what e3nn's and sevenn's own calls of deprecated torch functions say."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r".*torch\.jit\.", category=FutureWarning)
        warnings.filterwarnings("ignore", message=r".*torch\.jit\.", category=DeprecationWarning)
        yield


def _build(path: Path) -> tuple[Any, float]:
    """A network of the caller's own, and its cutoff; built once in a process, since a copy takes a third of that."""
    network, cutoff = _built(path, file_hash(path))
    return deepcopy(network), cutoff


@lru_cache(maxsize=3)
def _built(path: Path, content: str) -> tuple[Any, float]:
    """The network of a file of this content (its hash), and its cutoff."""
    with quiet():
        from sevenn.checkpoint import SevenNetCheckpoint

        from atomistic.potentials.sevennet.convolution import with_split_products

        try:
            checkpoint = SevenNetCheckpoint(path)
            return with_split_products(checkpoint.build_model()), float(checkpoint.config["cutoff"])
        except Exception as error:
            raise InputError(f"File {str(path)!r} cannot be read as a SevenNet checkpoint: {error}.") from error


def _modal_index(model: Any, modal: str | None, name: str) -> int | None:
    modals = model.modal_map or {}
    if not modals:
        if modal is not None:
            raise InputError(f"Potential {name!r} has one level of theory and takes no modal; leave {modal!r} out.")
        return None
    if modal is None:
        raise InputError(f"Potential {name!r} needs a modal; valid: {', '.join(sorted(modals))}.")
    for known, index in modals.items():
        if known.lower() == modal.lower():
            return index
    raise unknown_choice(f"modal of potential {name!r}", modal, modals)
