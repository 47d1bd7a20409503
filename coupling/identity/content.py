"""Options told apart by what they mean: files by their content, functions by their code, arrays to the last bit."""

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from math import isfinite
from pathlib import Path, PurePath
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, cast
from uuid import uuid4

import numpy as np

from coupling.errors import InputError
from coupling.identity.addresses import arrays_hash, canonical_json, file_hash
from coupling.identity.sources import code_of

WRITTEN = frozenset({"directory", "log", "logfile", "log_file", "trajectory", "txt"})
"""Options by which ASE's calculators are told where to write; what lies there does not count."""
MOST_FILES = 10_000
_BETWEEN = re.compile(r"""[\s,;:="'()\[\]{}]+""")
_ADDRESSED = re.compile(r" at 0x[0-9a-fA-F]+")


def described(value: Any, *, own: Collection[str] = ()) -> Any:
    """A JSON value that differs where two values mean something different.

    - A text or path that names a file, also as a word within it, counts with the file's content; of an absolute
      path only the name counts besides, so that a folder can be moved. One that is a folder counts with all in it.
    - A class or function counts with the code behind it, what it closes over, and its defaults.
    - Any other object counts with its class and its attributes. One that says nothing of itself is told apart from
      all others, so that nothing is reused for it.

    Args:
        value: Anything.
        own: Packages whose code counts elsewhere.

    Raises:
        InputError: a folder holds too many files.
    """
    return _Describer(frozenset(own)).of(value)


def contents_named(value: Any) -> list[tuple[str, str]]:
    """Name and SHA-256 of the files that a value names: texts and paths in it, also nested, and words of texts.

    Raises:
        InputError: a folder holds too many files.
    """
    return list(dict.fromkeys(_named(value, "")))


def _named(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _named(item, str(name))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _named(item, key)
    elif isinstance(value, str | PurePath) and key not in WRITTEN:
        yield from ((Path(word).name, content) for word, content in _files_of(str(value)))


class _Describer:
    """One description; it remembers what it is in the middle of, so that a circle of objects ends."""

    def __init__(self, own: frozenset[str]) -> None:
        self._own, self._inside = own, set[int]()

    def of(self, value: Any, key: str = "") -> Any:
        """The description of a value that stands under a key."""
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, np.generic):
            return self.of(value.item(), key)
        if isinstance(value, float | complex):
            return value if isinstance(value, float) and isfinite(value) else f"{type(value).__name__} {value!r}"
        if isinstance(value, str | PurePath):
            return str(value) if key in WRITTEN else _text(str(value))
        if isinstance(value, bytes | bytearray):
            return {"bytes": hashlib.sha256(value).hexdigest()}
        if isinstance(value, np.ndarray) and value.dtype.kind != "O":
            return {"array": arrays_hash(value)}
        if id(value) in self._inside:
            return {"within": type(value).__qualname__}
        self._inside.add(id(value))
        try:
            return self._compound(value)
        finally:
            self._inside.discard(id(value))

    def _compound(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if all(isinstance(key, str) for key in value):
                return {key: self.of(item, key) for key, item in value.items()}
            return {"pairs": _sorted([self.of(key), self.of(item)] for key, item in value.items())}
        if isinstance(value, list | tuple | np.ndarray):
            return [self.of(item) for item in value]
        if isinstance(value, set | frozenset):
            return {"set": _sorted(self.of(item) for item in value)}
        if isinstance(value, partial):
            return {"partial": self.of(value.func), "of": [self.of(value.args), self.of(value.keywords)]}
        if isinstance(value, MethodType):
            return {"method": self._function(cast(FunctionType, value.__func__)), "of": self.of(value.__self__)}
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type | BuiltinFunctionType):
            return {"code": f"{value.__module__}:{value.__qualname__}", "behind": code_of(value, own=self._own).record}
        return self._object(value)

    def _function(self, function: FunctionType) -> Any:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        return {
            "code": f"{function.__module__}:{function.__qualname__}",
            "behind": code_of(function, own=self._own).record,
            "given": self.of([function.__defaults__, function.__kwdefaults__, cells]),
        }

    def _object(self, value: Any) -> Any:
        kind = type(value)
        if is_dataclass(value):
            state = {item.name: getattr(value, item.name) for item in fields(value)}
        elif getattr(value, "__dict__", None):
            state = vars(value)
        else:
            said = repr(value)
            state = {"said": said if not _ADDRESSED.search(said) else uuid4().hex}
        return {
            "object": f"{kind.__module__}:{kind.__qualname__}",
            "behind": code_of(kind, own=self._own).record,
            "state": self.of(state),
        }


def _text(text: str) -> Any:
    found = _files_of(text)
    if not found:
        return text
    shown = text
    for word, _ in found:
        if os.path.isabs(os.path.expanduser(word)):
            shown = shown.replace(word, Path(word).name)
    return {"text": shown, "files": [content for _, content in found]}


def _files_of(text: str) -> list[tuple[str, str]]:
    """The whole text or its words, where they name a file or the whole a folder, and the hash of the content."""
    found: list[tuple[str, str]] = []
    for word in dict.fromkeys([text, *_BETWEEN.split(text)]):
        path = os.path.expanduser(word)
        if "\0" in path:
            continue
        if os.path.isfile(path):
            found.append((word, file_hash(Path(path))))
        elif word == text and os.path.isdir(path):
            found.append((word, _folder_hash(Path(path))))
        if found and word == text:
            break
    return found


def _folder_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of all files in a folder."""
    files: list[Path] = []
    for place, _, names in os.walk(folder):
        files += [Path(place, name) for name in names if os.path.isfile(os.path.join(place, name))]
        if len(files) > MOST_FILES:
            raise InputError(
                f"The folder {str(folder)!r} holds more than {MOST_FILES:,} files, too many to tell when one of them "
                "changes; name a smaller folder, or the files themselves."
            )
    listed = sorted((file.relative_to(folder).as_posix(), file_hash(file)) for file in files)
    return hashlib.sha256(canonical_json(listed).encode()).hexdigest()


def _sorted(items: Any) -> list[Any]:
    return sorted(items, key=canonical_json)
