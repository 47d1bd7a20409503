"""Which potentials there are, and how to get one by name."""

import inspect
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from atomistic.potentials.entry import PotentialEntry, declared
from atomistic.potentials.fingerprint import OWN, identified
from coupling.contracts import Potential
from coupling.discovery import third_parties
from coupling.errors import InputError, unknown_choice
from coupling.identity.code_names import is_code

ENTRY_POINT_GROUP = "multiscale.potentials"
"""A third party's entry point in this group names a `PotentialEntry`."""
_CHECKPOINTS = (".model", ".pt", ".pth", ".ckpt")
_BUILT_IN = declared(Path(__file__).parents[1])
"""What the files of this package declare as `ENTRIES`: a new potential is one new file."""


def list_potentials() -> list[PotentialEntry]:
    """All that `load_potential` accepts: built in, then third parties' entry points."""
    return [*_BUILT_IN, *third_parties(ENTRY_POINT_GROUP).values()]


def load_potential(
    name: str, device: str = "auto", dtype: str | None = None, *, python: str | Path | None = None, **options: Any
) -> Potential:
    """Load an interatomic potential.

    Args:
        name: A name of `list_potentials()`, a file, "mace:PATH" and the like, or an ASE calculator
            as "module:Class".
        device: "auto" (GPU where there is one), "cpu", "cuda" or "cuda:N".
        dtype: "float32" or "float64" arithmetic; None is the model's own.
        python: Another Python, under which the potential computes in a process of its own: the path of its
            interpreter. There the model's package, numpy and ASE are needed; see `atomistic.potentials.elsewhere.load`.
        **options: What the potential takes besides, such as `modal`.

    Returns:
        A `coupling.contracts.Potential`, which also has `as_ase()`.

    Raises:
        InputError: the name, device, dtype, file or an option is not valid.
        MissingBackend: the potential's library is not installed.
    """
    entry = find_potential(str(name), python)
    if dtype not in (None, "float32", "float64"):
        raise unknown_choice("dtype", dtype, ("float32", "float64"))
    if python is not None:
        from atomistic.potentials.elsewhere import load

        return load(entry, str(name), device, dtype, Path(python).expanduser().absolute(), **options)
    module, function = entry.loader.split(":")
    loader = getattr(import_module(module), function)
    _check_options(entry, loader, options)
    made = loader(str(name), device, dtype, **options)
    return made if module.partition(".")[0] in OWN else identified(made, loader, str(name), dtype, options)


def potential_file(name: str) -> str:
    """The path in the name of a potential that is read from a file; "" for any other."""
    entry = _pattern(name)
    if entry is None:
        return ""
    return name if entry.name.startswith("*.") else name.split(":", 1)[1]


def takes_trust(name: str) -> bool:
    """Whether a name is that of a file that may be a program as well as weights: its loader takes `trust`."""
    entry = _pattern(name)
    return entry is not None and entry.trust != ""


def is_program(name: str) -> bool:
    """Whether a name is that of a file which is always a program as well as weights."""
    entry = _pattern(name)
    return entry is not None and entry.trust == "all"


def find_potential(name: str, python: str | Path | None = None) -> PotentialEntry:
    """The entry that a name belongs to; nothing heavy is imported, and no other Python is run.

    Args:
        name: As `load_potential` takes it.
        python: Another Python that is to compute; None for this one.

    Raises:
        InputError: it is unknown, or its file is missing; or there is no such Python, or it cannot run in another one.
        MissingBackend: its library is not installed.
    """
    entry = named_entry(name)
    if python is not None:
        _check_elsewhere(entry, name, Path(python).expanduser())
    else:
        entry.require(f"Potential {name!r}")
    return entry


def _check_elsewhere(entry: PotentialEntry, name: str, python: Path) -> None:
    if not python.is_file() or not os.access(python, os.X_OK):
        raise InputError(
            f"python: {str(python)!r} is no Python interpreter that can be run; give the path of one, such as env/bin/python."
        )
    if not entry.elsewhere:
        able = ", ".join(one.name for one in list_potentials() if one.elsewhere)
        raise InputError(f"Potential {name!r} cannot run under another Python; those that can: {able}.")


def _pattern(name: str) -> PotentialEntry | None:
    """The entry of a file's suffix or of a prefix such as "mace:", if the name has one."""
    for entry in list_potentials():
        suffix, prefix = entry.name.startswith("*."), entry.name.endswith(":*")
        if (suffix and name.lower().endswith(entry.name[1:].lower())) or (prefix and name.startswith(entry.name[:-1])):
            return entry
    return None


def named_entry(name: str) -> PotentialEntry:
    """The entry that a name belongs to, whether or not its library is installed.

    Args:
        name: As `load_potential` takes it.

    Raises:
        InputError: it is unknown, or its file is missing.
    """
    entries = list_potentials()
    for entry in entries:
        if name.lower() == entry.name.lower() and "*" not in name:
            return entry
    pattern = _pattern(name)
    if pattern is not None:
        if not Path(potential_file(name)).is_file():
            raise InputError(
                f"Potential file {potential_file(name)!r} does not exist; give the path of a {pattern.name} file."
            )
        return pattern
    if is_code(name):
        return next(entry for entry in entries if entry.name == "*module:Class")
    if hint := _hint(name):
        raise InputError(f"{name!r} is no potential by itself; {hint}.")
    raise unknown_choice("potential", name, (entry.name for entry in entries))


def _hint(name: str) -> str:
    """What a name that is none says of the potential that was meant; "" where it says nothing."""
    families = [entry for entry in list_potentials() if entry.name.endswith(":*") and entry.trust]
    kind = name.lower()
    if kind.endswith(_CHECKPOINTS):
        whose = [one for one in families if one.kind == "mace" or not kind.endswith(".model")]
        given = ", ".join(f"{one.name[:-1]}{name}" for one in whose)
        return f"say whose checkpoint it is: {given}{_to_have(whose)}"
    for one in families:
        if kind.startswith(one.kind):
            return f"models of {one.kind} are files: fetch it, and give {one.name[:-1]}FILE{_to_have([one])}"
    return ""


def _to_have(families: list[PotentialEntry]) -> str:
    """How families that are not installed are had, as the end of a sentence."""
    ways = dict.fromkeys(f"{one.kind}: {one.install}" for one in families if not one.available)
    return "".join(f"; {way}" for way in ways)


def _check_options(entry: PotentialEntry, loader: Callable[..., Potential], options: dict[str, Any]) -> None:
    parameters = list(inspect.signature(loader).parameters.values())
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return
    missing = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY and one.default is one.empty]
    if lacking := [name for name in missing if name not in options]:
        raise InputError(f"Potential {entry.name!r} needs {', '.join(lacking)}; give them as options.")
    known = [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
    for option in options:
        if option not in known:
            raise unknown_choice(f"option of potential {entry.name!r}", option, known)
