"""Tabulated embedded-atom potentials in LAMMPS's three file formats, read by LAMMPS's rules."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.data import atomic_numbers

from coupling.contracts import FloatArray

KINDS = {".alloy": "eam/alloy", ".setfl": "eam/alloy", ".fs": "eam/fs", ".eam": "eam"}
"""LAMMPS's pair styles by the ends of names, in any case."""

_HARTREE_BOHR = 27.2 * 0.529
"""eV Å, as LAMMPS rounds it."""
UNITS = {"metal": 1.0, "real": 1 / 23.060549}
"""eV per unit of energy of those of LAMMPS's systems of units whose length is the ångström, as LAMMPS converts them."""
_INTEGER = re.compile(rb"[-+]?\d+")
_NUMBER = re.compile(rb"[-+]?((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|nan|inf)", re.IGNORECASE)


@dataclass(frozen=True)
class Tables:
    """Functions of an embedded-atom potential as its file lists them; n elements.

    Attributes:
        numbers: Atomic numbers (n,); the first of equal ones counts.
        cutoff: Å.
        density_step: Spacing of the embedding functions.
        distance_step: Å, spacing of the functions of distance.
        embedding: (n, points) F, eV.
        limit: Density beyond which F continues along its last slope.
        density: (n, n, points) ρ by neighbour and centre.
        repulsion: (n, n, points) r φ(r), eV Å.
    """

    numbers: tuple[int, ...]
    cutoff: float
    density_step: float
    distance_step: float
    embedding: FloatArray
    limit: float
    density: FloatArray
    repulsion: FloatArray


def kind_of(name: str) -> str:
    """The pair style of a file's suffix: "eam", "eam/alloy" or "eam/fs"."""
    return KINDS[Path(name).suffix.lower()]


def read_tables(path: Path, kind: str) -> Tables:
    """Read a file.

    Comments behind "#" may stand anywhere below the first lines, in any encoding. A record takes as many lines as it
    needs and leaves the rest of its last one; so does a table. Symbols name the elements of setfl files, whatever
    numbers these give them.

    Args:
        path: Of the file.
        kind: "eam" (funcfl), "eam/alloy" (setfl) or "eam/fs" (Finnis-Sinclair).

    Raises:
        ValueError: LAMMPS refuses the file, too; or an element is not in the periodic table.
    """
    lines = path.read_bytes().split(b"\n")
    energy, head = _energy_unit(lines[0]), 1 if kind == "eam" else 3
    if len(lines) <= head:
        raise ValueError(f"it ends after {len(lines)} lines")
    records = _Records(lines[head:], head + 1)
    return _funcfl(records, energy) if kind == "eam" else _setfl(records, energy, kind == "eam/fs")


def _energy_unit(line: bytes) -> float:
    words = [word.decode("latin-1") for word in line.split()]
    named = words[words.index("UNITS:") + 1 :][:1] if "UNITS:" in words else []
    if named and named[0] not in UNITS:
        raise ValueError(f"its first line names the units {named[0]!r}; valid: {', '.join(UNITS)}")
    return UNITS[named[0]] if named else 1.0


def _funcfl(records: "_Records", energy: float) -> Tables:
    number = _integer(records.record(2, "the atomic number and the mass")[0], "the atomic number")
    if not 0 < number <= max(atomic_numbers.values()):
        raise ValueError(f"its atomic number is {number}, which no element has")
    grid = _grid(records)
    embedding = energy * records.table(grid.densities, "the embedding function")
    charge = records.table(grid.distances, "the effective charge")
    density = records.table(grid.distances, "the density")
    _require_points(grid, 4)
    return Tables(  # LAMMPS puts funcfl tables on a grid of its own, which is the file's without the last point
        numbers=(number,), cutoff=grid.cutoff, density_step=grid.density_step, distance_step=grid.distance_step,
        embedding=embedding[None, :-1], limit=(grid.densities - 1) * grid.density_step,
        density=density[None, None, :-1], repulsion=(energy * _HARTREE_BOHR * charge**2)[None, None, :-1],
    )  # fmt: skip


def _setfl(records: "_Records", energy: float, finnis_sinclair: bool) -> Tables:
    numbers = _elements(records.record(1, "the elements"))
    grid, count = _grid(records), len(numbers)
    embedding = np.empty((count, grid.densities))
    density, repulsion = np.empty((2, count, count, grid.distances))
    for i in range(count):
        _integer(records.record(2, f"the number and the mass of element {i + 1}")[0], f"the number of element {i + 1}")
        embedding[i] = energy * records.table(grid.densities, f"the embedding function of element {i + 1}")
        for j in range(count if finnis_sinclair else 1):
            values = records.table(grid.distances, f"the density of element {i + 1}")
            density[i, j if finnis_sinclair else slice(None)] = values
    for i in range(count):
        for j in range(i + 1):
            values = records.table(grid.distances, f"the pair function of elements {i + 1} and {j + 1}")
            repulsion[i, j] = repulsion[j, i] = energy * values
    _require_points(grid, 3)
    return Tables(
        numbers, grid.cutoff, grid.density_step, grid.distance_step, embedding,
        (grid.densities - 1) * grid.density_step, density, repulsion,
    )  # fmt: skip


def _elements(words: list[bytes]) -> tuple[int, ...]:
    count = _integer(words[0], "the number of elements")
    names = [word.decode("latin-1") for word in words[1:]]
    if len(names) != count or not names:
        raise ValueError(f"its fourth line announces {count} elements and names {len(names)}")
    for name in names:
        if atomic_numbers.get(name.capitalize(), 0) == 0:
            raise ValueError(f"its element {name!r} is not a chemical symbol")
    return tuple(atomic_numbers[name.capitalize()] for name in names)


@dataclass(frozen=True)
class _Grid:
    densities: int
    density_step: float
    distances: int
    distance_step: float
    cutoff: float


def _grid(records: "_Records") -> _Grid:
    words = records.record(5, "the sizes of the tables")
    densities, distances = (_integer(words[k], "the length of a table") for k in (0, 2))
    grid = _Grid(densities, _number(words[1]), distances, _number(words[3]), _number(words[4]))
    if not all(0 < x < math.inf for x in (densities, grid.density_step, distances, grid.distance_step, grid.cutoff)):
        raise ValueError(
            f"its tables have {densities} densities by {grid.density_step:g} and {distances} distances by "
            f"{grid.distance_step:g} Å up to {grid.cutoff:g} Å, all of which must be positive and finite"
        )
    return grid


def _require_points(grid: _Grid, least: int) -> None:
    if min(grid.densities, grid.distances) < least:
        raise ValueError(
            f"its tables have {grid.densities} densities and {grid.distances} distances, at least {least} of each are "
            "needed to interpolate"
        )


class _Records:
    """Lines without comments, from which records and tables take whole lines."""

    def __init__(self, lines: list[bytes], first: int) -> None:
        self._lines, self.at = _filled(lines, first), first

    def record(self, count: int, what: str) -> list[bytes]:
        """The words of so many lines as it takes to have so many."""
        words: list[bytes] = []
        while len(words) < count:
            words += self._next(what, len(words), count)
        return words

    def table(self, length: int, what: str) -> FloatArray:
        """So many numbers, finite but for the one at zero; what follows them in their last line is left out."""
        values: list[float] = []
        while len(values) < length:
            words = self._next(what, len(values), length)[: length - len(values)]
            try:
                values += map(_number, words)
            except ValueError as error:
                raise ValueError(f"in line {self.at}, within {what}, {error}") from None
        if not np.isfinite(values[1:]).all():
            raise ValueError(f"{what} is not finite beyond its first value")
        return np.array(values)

    def _next(self, what: str, found: int, needed: int) -> list[bytes]:
        try:
            self.at, words = next(self._lines)
        except StopIteration:
            raise ValueError(f"it ends within {what}, after {found} of {needed} values") from None
        return words


def _filled(lines: list[bytes], first: int) -> Iterator[tuple[int, list[bytes]]]:
    """The lines with content, with their numbers in the file."""
    for number, line in enumerate(lines, first):
        words = line.split(b"#")[0].split()
        if words:
            yield number, words


def _integer(word: bytes, what: str) -> int:
    if not _INTEGER.fullmatch(word):
        raise ValueError(f"{what} is {word.decode('latin-1')!r}, not an integer")
    return int(word)


def _number(word: bytes) -> float:
    if not _NUMBER.fullmatch(word):
        raise ValueError(f"{word.decode('latin-1')!r} is not a number")
    return float(word)
