"""Which potentials there are, and how to get one by name."""

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from atomistic.potentials.entry import PotentialEntry, declared
from atomistic.potentials.fingerprint import OWN, identified
from coupling.contracts import Potential
from coupling.discovery import third_parties
from coupling.errors import InputError, MissingBackend, unknown_choice
from coupling.identity.code_names import is_code

ENTRY_POINT_GROUP = "multiscale.potentials"
"""A third party's entry point in this group names a `PotentialEntry`."""
_BUILT_IN = declared(Path(__file__).parents[1])
"""What the files of this package declare as `ENTRIES`: a new potential is one new file."""


def list_potentials() -> list[PotentialEntry]:
    """All that `load_potential` accepts: built in, then third parties' entry points."""
    return [*_BUILT_IN, *third_parties(ENTRY_POINT_GROUP).values()]


def load_potential(name: str, device: str = "auto", dtype: str | None = None, **options: Any) -> Potential:
    """Load an interatomic potential.

    Args:
        name: A name of `list_potentials()`, a file, "mace:PATH" and the like, or an ASE calculator
            as "module:Class".
        device: "auto" (GPU where there is one), "cpu", "cuda" or "cuda:N".
        dtype: "float32" or "float64" arithmetic; None is the model's own.
        **options: What the potential takes besides, such as `modal`.

    Returns:
        A `coupling.contracts.Potential`, which also has `as_ase()`.

    Raises:
        InputError: the name, device, dtype, file or an option is not valid.
        MissingBackend: the potential's library is not installed.
    """
    entry = find_potential(str(name))
    if dtype not in (None, "float32", "float64"):
        raise unknown_choice("dtype", dtype, ("float32", "float64"))
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


def find_potential(name: str) -> PotentialEntry:
    """The entry that a name belongs to; nothing heavy is imported.

    Raises:
        InputError: it is unknown, or its file is missing.
        MissingBackend: its library is not installed.
    """
    entry = _find(name)
    if not entry.available:
        raise MissingBackend(
            f"Potential {name!r} needs {', '.join(entry.missing)}, which is not installed; {entry.install}."
        )
    return entry


def _pattern(name: str) -> PotentialEntry | None:
    """The entry of a file's suffix or of a prefix such as "mace:", if the name has one."""
    for entry in list_potentials():
        suffix, prefix = entry.name.startswith("*."), entry.name.endswith(":*")
        if (suffix and name.lower().endswith(entry.name[1:].lower())) or (prefix and name.startswith(entry.name[:-1])):
            return entry
    return None


def _find(name: str) -> PotentialEntry:
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
    raise unknown_choice("potential", name, (entry.name for entry in entries))


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
