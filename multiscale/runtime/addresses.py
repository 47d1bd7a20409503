"""Addresses of all that runs and sweeps keep: `request` collects what determines a result."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from coupling.contracts import Potential
from coupling.errors import InputError
from coupling.identity.addresses import Environment, Request, file_hash, sources_hash
from coupling.identity.code_names import is_code
from coupling.identity.content import contents_named, described
from coupling.identity.sources import Code, code_behind
from multiscale.runtime.handed_on import handed_on

PACKAGES = ("coupling", "atomistic", "continuum", "multiscale")
"""Whose sources determine results."""
SHOWN_ONLY = frozenset(
    f"multiscale/{name}.py"
    for name in (
        "cli/__init__", "cli/answers", "cli/checking", "cli/meshes", "cli/running", "cli/signals", "cli/sweeping", "cli/validation",
        "report/figures", "report/folder", "report/page", "runtime/drawing", "runtime/notebook", "runtime/numbers",
        "runtime/progress", "sweeps/report",
    )
)  # fmt: skip
"""Modules that show what is there and compute nothing."""
LIBRARIES = (
    "ase", "dolfinx-solver-real", "e3nn", "fenics-basix", "fenics-dolfinx", "fenics-ffcx", "fenics-ufl", "gmsh",
    "matscipy", "meshio", "numpy", "petsc4py", "scikit-learn", "scipy", "sevenn", "spglib", "torch", "torch-sim-atomistic",
)  # fmt: skip
"""Distributions whose versions determine results; those of a potential's own package are in its fingerprint."""
UNCOUNTED = frozenset({"output", "threads", "time_limit", "title", "workers"})
"""Keys of the input that change how a study runs or what it is called, but no number."""
_FOLDERS = re.compile(r"[^\s:+]*/")

Chosen = Iterable[str] | Mapping[str, Any] | None
"""Keys of a section, or a table of keys whose value is True or again such a table."""


@cache
def code_fingerprint(packages: tuple[str, ...] = PACKAGES) -> str:
    """Hash of the source code of packages when this process began; by default of all that computes."""
    return sources_hash(packages, SHOWN_ONLY)


@cache
def environment() -> Environment:
    """The code and the libraries of this process."""
    made = Environment.of((), LIBRARIES)
    return Environment(code_fingerprint(), made.versions, made.python)


def is_code_unchanged() -> bool:
    """Whether the sources on the disk are still those that this process started with."""
    return sources_hash(PACKAGES, SHOWN_ONLY) == code_fingerprint()


code_fingerprint()  # now, before modules are imported late: what is edited from here on is not what runs


def request(
    calculation: str,
    section: BaseModel | None = None,
    *,
    include: Chosen = None,
    exclude: Chosen = None,
    potentials: Sequence[Potential | None] = (),
    **more: Any,
) -> Request:
    """All that determines a result, for `RunContext.cached`, `Cache` and `Request.address`.

    Code, libraries, and the content of all files that the sections and the options in them name, come by themselves;
    title, output folder, comments, the order of keys, time limits and numbers of threads and workers do not count.

    Args:
        calculation: What is calculated.
        section: The validated input, or a section of it.
        include: Keys of it that count; by default all.
        exclude: Keys of it that do not count.
        potentials: Those that compute, which count by their fingerprints; None (on ranks that load none) is left out.
        more: Whatever else determines the result: sections, JSON values, arrays.

    Returns:
        The request. Only rank 0, where the potentials are, has its true address.
    """
    parts = {"input": _part(section, include, exclude)} if section is not None else {}
    parts |= {name: _part(value) for name, value in more.items()}
    named = tuple((shown_name(one), one.fingerprint) for one in potentials if one is not None)
    return Request(calculation, parts, environment(), named)


def shown_name(potential: Potential) -> str:
    """A potential's name without the folders in it."""
    return _FOLDERS.sub("", potential.name)


def input_hashes(section: BaseModel, files: Iterable[Path] = ()) -> dict[str, str]:
    """SHA-256 by name of all files that an input names, also in options; of a folder, over all files in it.

    Args:
        section: The validated input.
        files: Further files that are read.
    """
    found = [(path.name, file_hash(path)) for path in files if path.is_file()]
    _part(section, seen=found)
    hashes: dict[str, str] = {}
    for name, content in dict.fromkeys(found):
        number, shown = 2, name
        while shown in hashes:
            number, shown = number + 1, f"{name} ({number})"
        hashes[shown] = content
    return hashes


def _part(value: Any, include: Chosen = None, exclude: Chosen = None, seen: list[tuple[str, str]] | None = None) -> Any:
    """A section as JSON without what does not count, with the contents of what it names; anything else as it is."""
    if not isinstance(value, BaseModel):
        return value
    data = value.model_dump(mode="json", include=_keys(include), exclude=_keys(exclude))
    return _counted(value, data, [] if seen is None else seen)


def _keys(chosen: Chosen) -> Any:
    return chosen if chosen is None or isinstance(chosen, Mapping) else set(chosen)


def _counted(value: Any, data: Any, seen: list[tuple[str, str]]) -> Any:
    """Plain data of a value, with the contents of what it names in their places; `seen` takes the files' hashes."""
    if isinstance(value, BaseModel) and isinstance(data, dict):
        options = value.model_extra or {}
        seen += contents_named(options)
        own = [key for key in data if key not in options and key not in UNCOUNTED]
        counted = {key: _counted(getattr(value, key), data[key], seen) for key in own}
        if value.model_config.get("extra") == "allow" and isinstance(data.get("name"), str):
            counted["package"] = [code.record for code in package_behind(data["name"])]
            counted |= {"packages there": installed_beside(data["python"])} if data.get("python") else {}
        return counted | described({key: options[key] for key in data if key in options}, own=PACKAGES)
    if isinstance(value, Mapping) and isinstance(data, dict):
        return {str(key): _counted(item, data[str(key)], seen) for key, item in value.items() if str(key) in data}
    if isinstance(value, list | tuple) and isinstance(data, list):
        return [_counted(item, plain, seen) for item, plain in zip(value, data, strict=True)]
    if isinstance(value, Path):
        return _with_content(value, data, seen)
    if isinstance(value, str):
        place = Path(value if value.startswith("/") else value.partition(":")[2])
        return _with_content(place, data, seen) if place.is_absolute() else _with_code(value, data)
    return data


def _with_content(path: Path, data: Any, seen: list[tuple[str, str]]) -> Any:
    """The name of a file with its content, of a run with the contents that it hands on; of any other folder the name."""
    files = [path] if path.is_file() else handed_on(path) if path.is_dir() else []
    if not files:
        return data
    found = [(file.name, file_hash(file)) for file in files]
    seen += found
    return {"name": data, "content": found[0][1] if path.is_file() else [list(one) for one in found]}


def _with_code(text: str, data: Any) -> Any:
    """The code behind the name of a class or function; any other text as it is."""
    if not is_code(text):
        return data
    return {"name": data, "code": code_behind(text.partition(":")[0], own=PACKAGES).record}


def installed_beside(python: str) -> list[str]:
    """Names and versions of what is installed in the environment of an interpreter, which is not run.

    Args:
        python: Its path; of a virtual or a conda environment.
    """
    found = Path(python).parents[1].glob("lib/python3*/site-packages/*.dist-info")
    return sorted(folder.stem for folder in found)


@cache
def package_behind(name: str) -> tuple[Code, ...]:
    """What provides a potential or a quantum engine: the code and the version of its package; nothing is loaded.

    Args:
        name: As `load_potential` or `QuantumPotential` takes it; of any other there is nothing.
    """
    from atomistic.embedding.engines import ENGINES
    from atomistic.potentials.registry import find_potential

    try:
        entry = find_potential(name)
        modules = (entry.loader.partition(":")[0], *entry.requires)
    except InputError:  # an engine, or a name that whoever runs it will refuse
        modules = ENGINES[name.lower()].requires if name.lower() in ENGINES else ()
    return tuple(code_behind(module, own=PACKAGES) for module in modules if module.partition(".")[0] not in PACKAGES)
