"""Any model under another Python: its package need not fit into the environment of this project."""

from pathlib import Path
from typing import Any

from atomistic.potentials.entry import PotentialEntry, untrusted
from atomistic.potentials.fingerprint import file_hash
from atomistic.potentials.remote import TIME_LIMIT, RemotePotential, in_worker
from atomistic.potentials.workers import models
from atomistic.potentials.workers.process import Maker
from coupling.errors import InputError, unknown_choice
from coupling.identity.code_names import is_code

ENTRIES = (
    PotentialEntry(
        "uma:*", "uma", "A UMA checkpoint of fairchem-core, uma:PATH; takes trust=True, task and settings",
        "atomistic.potentials.elsewhere:load_here", ("fairchem",), place=100, trust="all", elsewhere="uma",
    ),
    PotentialEntry(
        "mattersim:*", "mattersim", "A MatterSim checkpoint, mattersim:PATH; takes trust=True",
        "atomistic.potentials.elsewhere:load_here", ("mattersim",), place=100, trust="all", elsewhere="mattersim",
    ),
)  # fmt: skip

ALL_ELEMENTS = frozenset(range(1, 119))


def load(
    entry: PotentialEntry, name: str, device: str, dtype: str | None, python: Path | None, *,
    time_limit: float = TIME_LIMIT, trust: bool = False, **options: Any,
) -> RemotePotential:  # fmt: skip
    """A potential that a worker process computes.

    Args:
        entry: Of its name; one that has a way to be made elsewhere.
        name: As `load_potential` takes it.
        device: Where the model runs, "auto", "cpu", "cuda" or "cuda:N"; of "module:Class" that is an option of its own.
        dtype: Its arithmetic; None is the model's own.
        python: The interpreter; None for this one.
        time_limit: Seconds for the answer of one structure, and for loading the model.
        trust: Accept that reading its file can run code.
        **options: For the model, or the class.

    Raises:
        InputError: an option is not known, the file is not trusted, or the model cannot be made there.
        NotConverged: the model takes longer to load than the limit.
    """
    if is_code(name):
        return _calculator(name, device, dtype, python, time_limit, options | ({"trust": trust} if trust else {}))
    known = models.options_of(entry.elsewhere)
    for option in options:
        if option not in known:
            raise unknown_choice(f"option of potential {entry.name!r}", option, [*known, "time_limit"])
    if entry.trust and not trust:
        raise untrusted(name)
    path = Path(name.removeprefix(entry.name[:-1]) if "*" in entry.name else name)
    weights = str(path.absolute()) if path.is_file() else name
    given = {"path": weights, "device": device, "dtype": dtype} | options
    content = file_hash(path) if path.is_file() else name
    maker = Maker(models.__file__, entry.elsewhere, given)
    return in_worker(
        name, entry.kind, content, maker, python=python, time_limit=time_limit, counted=options, elements=ALL_ELEMENTS
    )


def load_here(name: str, device: str, dtype: str | None, **options: Any) -> RemotePotential:
    """A model whose package is installed here, in a worker process under this Python; see `load`."""
    entry = next(one for one in ENTRIES if name.startswith(one.name[:-1]))
    return load(entry, name, device, dtype, None, **options)


def _calculator(
    name: str, device: str, dtype: str | None, python: Path | None, time_limit: float, options: dict[str, Any]
) -> RemotePotential:
    if device not in ("auto", "cpu"):
        raise InputError(f"Where {name!r} runs is an option of its own class, not device={device!r}.")
    if dtype == "float32":
        raise InputError(f"In which precision {name!r} computes is an option of its own class; leave dtype out.")
    module, _, which = name.partition(":")
    return in_worker(
        name, "ase", name, Maker(module, which, options), python=python, time_limit=time_limit, elements=ALL_ELEMENTS
    )
