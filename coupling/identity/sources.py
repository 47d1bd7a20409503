"""The code behind a class or a function: its source, what it imports that is not installed, who provides it.

Imports are read from the sources, without importing anything: those at the top of a module and those inside its
functions, and `import_module` of a literal name. What cannot be seen: a name that is put together when the code
runs, and data files that a module finds by itself.
"""

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.machinery import BYTECODE_SUFFIXES, EXTENSION_SUFFIXES, SOURCE_SUFFIXES
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, NoneType
from typing import Any

from coupling.identity.addresses import file_hash, versions_of

_SUFFIXES = (*SOURCE_SUFFIXES, *EXTENSION_SUFFIXES, *BYTECODE_SUFFIXES)
_STANDARD = Path(sysconfig.get_path("stdlib")).resolve()
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_PLAIN = (bool, int, float, complex, str, bytes, tuple, frozenset, NoneType)


@dataclass(frozen=True)
class Code:
    """What determines how a class or a function behaves.

    Attributes:
        sources: Module and SHA-256 of its file; of a class without a file, of its compiled code.
        versions: Distribution and version of what provides it and of what it imports.
    """

    sources: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]

    @property
    def record(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"sources": dict(self.sources), "versions": dict(self.versions)}


def code_of(thing: Any, *, own: Collection[str] = ()) -> Code:
    """The code behind a class or a function that is loaded.

    Of what is not installed it also counts what was compiled: a file that was edited after its import is told apart.

    Args:
        thing: A class, a function, or an object, whose class is meant.
        own: Packages whose code counts elsewhere; they are not followed.
    """
    target = thing if hasattr(thing, "__qualname__") else type(thing)
    module = target.__module__ or ""
    found = code_behind(module, own=own)
    if module.partition(".")[0] in own or (module_file(module) is not None and not _is_local(module)):
        return found
    name = f"{module}:{target.__qualname__}"
    loaded = hashlib.sha256(b"".join(_compiled(target))).hexdigest()
    return Code((*found.sources, (name, loaded)), found.versions)


def code_behind(module: str, *, own: Collection[str] = ()) -> Code:
    """The code behind a module, which need not be loaded: its file, and those of what it imports that is not installed.

    What is installed counts with its version, and its own imports are not followed.

    Args:
        module: Its import name.
        own: Packages whose code counts elsewhere; they are not followed.
    """
    sources: dict[str, str] = {}
    providers: set[str] = set()
    waiting, seen = [module], {module}
    while waiting:
        name = waiting.pop()
        top = name.partition(".")[0]
        file = None if name != module and (top in own or top in sys.stdlib_module_names) else module_file(name)
        if file is None:
            continue
        brought: frozenset[str] = frozenset() if top in own else _providers(top, _root(file, name))
        local = not _is_installed(file, brought)
        providers |= brought
        if local or name == module:
            sources[name] = file_hash(file)
        if (local or name == module) and file.suffix in SOURCE_SUFFIXES:
            found = _imports(file.read_bytes(), name, file.stem == "__init__")
            found |= _parents(name) if local else frozenset()
            waiting += sorted(found - seen)
            seen |= found
    return Code(tuple(sorted(sources.items())), versions_of(providers))


def module_file(name: str) -> Path | None:
    """The file of a module, found without importing it or what it lies in; None where there is none."""
    loaded = getattr(sys.modules.get(name), "__file__", None)
    if loaded:
        return Path(loaded) if Path(loaded).is_file() else None
    top, *rest = name.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and Path(spec.origin).is_file() else None
    for folder in spec.submodule_search_locations or ():
        place = Path(folder, *rest)
        for file in (place / "__init__.py", *(place.with_name(place.name + suffix) for suffix in _SUFFIXES)):
            if file.is_file():
                return file
    return None


def _root(file: Path, name: str) -> Path:
    """The folder on Python's path in which a module's top-level package, or the module itself, lies."""
    up = name.count(".") + (file.stem == "__init__")
    return file.parents[up] if up < len(file.parents) else file.parent


def _is_installed(file: Path, providers: Collection[str]) -> bool:
    """Whether a file belongs to Python or to a distribution that was installed, and not to a tree that is worked on."""
    resolved = file.resolve()
    if _INSTALLED & set(resolved.parts) or _STANDARD in resolved.parents:
        return True
    found = (one for one in map(distribution, providers) if one.read_text("RECORD"))
    return bool({Path(str(one.locate_file(""))).resolve() for one in found} & set(resolved.parents))


@cache
def _providers(top: str, root: Path) -> frozenset[str]:
    """Names of the distributions in a folder of Python's path that bring a top-level module."""
    try:
        namesake = distribution(top)
        if top in _brought(namesake):
            return frozenset({namesake.metadata["Name"]})
    except PackageNotFoundError:
        pass
    return frozenset(one.metadata["Name"] for one in distributions(path=[str(root)]) if top in _brought(one))


def _brought(one: Distribution) -> set[str]:
    """Top-level modules of a distribution."""
    listed = (one.read_text("top_level.txt") or "").split()
    if listed:
        return set(listed)
    lines = (line.partition(",")[0] for line in (one.read_text("RECORD") or "").splitlines())
    return {line.partition("/")[0].partition(".")[0] for line in lines}


def _parents(name: str) -> frozenset[str]:
    """The packages that a module lies in; their `__init__` runs before it."""
    parts = name.split(".")
    return frozenset(".".join(parts[:k]) for k in range(1, len(parts)))


@lru_cache(maxsize=1024)
def _imports(content: bytes, name: str, is_package: bool) -> frozenset[str]:
    """Names that a module's source imports; of `from a import b` both a and a.b."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, name, is_package)
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and (named := _imported_by_call(node)):
            found.add(named)
    return frozenset(part for one in found if one for part in {one, *_parents(one)})


def _absolute(node: ast.ImportFrom, name: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    kept = parts[: len(parts) - node.level + is_package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _imported_by_call(node: ast.Call) -> str:
    """The module of `import_module("name")` or `__import__("name")`; "" for any other call."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called not in ("import_module", "__import__") or not node.args:
        return ""
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _compiled(thing: Any) -> Iterator[bytes]:
    """The compiled code of a function, or of a class and of its bases outside installed packages."""
    if not isinstance(thing, type):
        yield from _code_bytes(getattr(thing, "__code__", None))
        return
    for base in thing.__mro__:
        if base is not thing and not _is_local(base.__module__):
            continue
        for name, member in sorted(vars(base).items()):
            yield name.encode() + b"\0"
            if isinstance(member, _PLAIN):
                yield _constant(member)
            for function in _functions(member):
                yield from _code_bytes(getattr(function, "__code__", None))


def _is_local(module: str) -> bool:
    file = module_file(module)
    return file is not None and not _is_installed(file, _providers(module.partition(".")[0], _root(file, module)))


def _functions(member: Any) -> Iterator[Any]:
    """The functions behind a member of a class."""
    if isinstance(member, property):
        yield from (one for one in (member.fget, member.fset, member.fdel) if one is not None)
    else:
        plain = getattr(member, "__func__", member)
        yield getattr(plain, "__wrapped__", plain)


def _code_bytes(code: CodeType | None) -> Iterator[bytes]:
    """What a code object does, without where it stands."""
    if code is None:
        return
    yield code.co_code + repr((code.co_names, code.co_varnames, code.co_freevars)).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_bytes(constant)
        else:
            yield _constant(constant)


def _constant(value: Any) -> bytes:
    """A constant as the same bytes in every process; those of a set have no order of their own."""
    if isinstance(value, tuple | frozenset):
        parts = [_constant(one) for one in value]
        return b"(" + b",".join(sorted(parts) if isinstance(value, frozenset) else parts) + b")"
    return f"{type(value).__name__} {value!r}".encode()
