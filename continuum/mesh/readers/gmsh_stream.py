"""The sections of a .msh file, and the numbers in them, in text or binary."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.mesh.readers.reading import IntArray
from coupling.contracts import FloatArray
from coupling.errors import InputError

_VERSIONS = ("2.2", "4.0", "4.1")
_SECTION = re.compile(rb"^\$([A-Za-z]+)[ \t\r]*\n", re.M)


class Damaged(Exception):
    """The file does not hold what its own numbers announce."""


class Numbers:
    """The numbers of a section, taken one after the other.

    Args:
        name: Of the section, for messages.
        data: Its bytes; in binary the rest of the file may follow.
        binary: Whether numbers are written as in memory.
        swapped: Whether binary numbers have the other order of bytes.
        size: Bytes of a size in version 4.
    """

    def __init__(self, name: str, data: bytes, binary: bool, swapped: bool, size: int) -> None:
        self.name, self._data, self._binary, self._at = name, data, binary, 0
        order = ">" if swapped else "<"
        self._types = {
            "int": np.dtype(f"{order}i4"),
            "size": np.dtype(f"{order}u{size}"),
            "double": np.dtype(f"{order}f8"),
        }
        self._tokens: list[bytes] = [] if binary else data.split()

    def _taken(self, kind: str, count: int) -> NDArray[Any]:
        if count < 0:
            raise Damaged(f"${self.name} announces {count} numbers")
        if not self._binary:
            tokens = self._tokens[self._at : self._at + count]
            self._at += count
            if len(tokens) < count:
                raise Damaged(f"${self.name} ends before all that it announces")
            try:
                return np.array(tokens, dtype=np.float64 if kind == "double" else np.int64)
            except (ValueError, OverflowError) as error:
                raise Damaged(f"${self.name} holds words where numbers belong ({error})") from error
        dtype = self._types[kind]
        end = self._at + count * dtype.itemsize
        if end > len(self._data):
            raise Damaged(f"${self.name} ends before all that it announces")
        found = np.frombuffer(self._data, dtype, count, self._at)
        self._at = end
        return found.astype(np.float64 if kind == "double" else np.int64)

    def ints(self, count: int) -> IntArray:
        """The next whole numbers."""
        return self._taken("int", count)

    def sizes(self, count: int) -> IntArray:
        """The next numbers that count something."""
        return self._taken("size", count)

    def doubles(self, count: int) -> FloatArray:
        """The next real numbers."""
        return self._taken("double", count)

    def one(self) -> int:
        """The next whole number."""
        return int(self.ints(1)[0])

    def count(self) -> int:
        """The next size."""
        return int(self.sizes(1)[0])

    def mixed(self, kinds: str, count: int) -> FloatArray:
        """(count, kinds) the next records, of whole ("i") and real ("d") numbers."""
        if not self._binary:
            return self.doubles(count * len(kinds)).reshape(-1, len(kinds))
        dtype = np.dtype([(f"f{i}", self._types["int" if kind == "i" else "double"]) for i, kind in enumerate(kinds)])
        end = self._at + count * dtype.itemsize
        if count < 0 or end > len(self._data):
            raise Damaged(f"${self.name} ends before all that it announces")
        found = np.frombuffer(self._data, dtype, count, self._at)
        self._at = end
        return np.column_stack([found[field].astype(float) for field in dtype.names or ()])

    def rest(self) -> list[int]:
        """All further whole numbers of a section in text."""
        return self.ints(len(self._tokens) - self._at).tolist()


@dataclass(frozen=True)
class Sections:
    """A .msh file in its sections.

    Attributes:
        version: 2.2, 4.0 or 4.1.
        binary: Whether its numbers are binary.
        names: Of the sections, in the file's order.
    """

    version: float
    binary: bool
    names: tuple[str, ...]
    _swapped: bool
    _size: int
    _bodies: dict[str, bytes]

    def lines(self, name: str) -> list[bytes]:
        """The lines of a section that is always text; none without it."""
        return self._bodies.get(name, b"").splitlines()

    def numbers(self, name: str) -> Numbers:
        """The numbers of a section.

        Raises:
            Damaged: the file has no such section.
        """
        if name not in self._bodies:
            raise Damaged(f"it has no ${name}")
        return Numbers(name, self._bodies[name], self.binary, self._swapped, self._size)

    def announced(self, name: str) -> tuple[int, Numbers]:
        """The count in the first line of a section of version 2.2, always text, and the numbers that follow.

        Raises:
            Damaged: the file has no such section, or no count in it.
        """
        line, _, data = self._bodies.get(name, b"").lstrip(b"\r\n").partition(b"\n")
        try:
            return int(line), Numbers(name, data, self.binary, self._swapped, self._size)
        except ValueError as error:
            raise Damaged(f"it has no ${name} that begins with their number") from error


def open_sections(path: Path) -> Sections:
    """Read a .msh file into its sections.

    Raises:
        InputError: it is no Gmsh mesh, of another version, or cut short.
        Damaged: its header is.
    """
    data = path.read_bytes()
    first, _, rest = data.partition(b"\n")
    words = rest.partition(b"\n")[0].split()
    if first.strip() != b"$MeshFormat" or not words:
        raise InputError(f"The mesh file {path} is not a Gmsh mesh; save it as .msh, version {' or '.join(_VERSIONS)}.")
    version, binary, size = _format(path, words)
    bodies: dict[str, bytes] = {}
    at = 0
    while match := _SECTION.search(data, at):
        name = match[1].decode()
        end = re.compile(rb"\$End" + match[1] + rb"\s*(?:\Z|[\r\n])").search(data, match.end())
        if name.startswith("End") or end is None:
            raise InputError(f"The mesh file {path} is cut short, in ${name}; write it again with Gmsh.")
        bodies.setdefault(name, data[match.end() : end.start()])
        at = end.end()
    if "Elements" not in bodies:
        raise InputError(f"The mesh file {path} is cut short: it has no $Elements; write it again with Gmsh.")
    one = bodies["MeshFormat"].partition(b"\n")[2][:4] if binary else b""
    return Sections(version, binary, tuple(bodies), one == b"\0\0\0\1", size, bodies)


def _format(path: Path, words: list[bytes]) -> tuple[float, bool, int]:
    """Version, whether binary, and bytes of a size."""
    said = words[0].decode(errors="replace")
    known = {version: float(version) for version in _VERSIONS} | {"4": 4.0}
    if said not in known:
        raise InputError(
            f"The mesh file {path} is a Gmsh mesh of version {said}; save it as version {' or '.join(_VERSIONS)} "
            "(gmsh -save -format msh41, Mesh.MshFileVersion = 4.1)."
        )
    if len(words) != 3 or words[1] not in (b"0", b"1") or words[2] not in (b"4", b"8"):
        raise Damaged("its header $MeshFormat is not one of Gmsh's")
    if known[said] == 4.0 and words[1] == b"1":
        raise InputError(
            f"The mesh file {path} is a binary Gmsh mesh of version 4.0; save it as text, or as version 4.1."
        )
    return known[said], words[1] == b"1", int(words[2])
