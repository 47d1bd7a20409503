"""A view of the atoms that a run wrote: the frames of an extended XYZ file, of which small cells are repeated."""

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from multiscale.report.scene import IntArray, Key, Scene, along, upright
from multiscale.runtime.drawing import COLOURS
from multiscale.runtime.numbers import number_text, scalar_text, suited, unit_text

if TYPE_CHECKING:
    from ase import Atoms

LARGEST_FILE = 20_000_000
"""Bytes of a file of which there is a view."""
_WIDE, _MOST_REPEATS, _MOST_ATOMS = 9.0, 4, 3000
"""Å to which short periods are repeated, how often at most, and up to how many atoms."""
_EDGE = 1e-6  # of a cell vector: atoms on a face stay on it
_SPHERE = 0.8
"""Of the covalent radius."""
_RUNS = {"centrosymmetry_A2": ("centrosymmetry", "Å^2"), "beta": ("β, the continuum's share", "")}
"""Columns of atoms with a value, the first of which gives the colours."""
_SORTS = {"region": "region", "body": "body", "lower": "lower grain", "free": "free to move"}
"""Columns of atoms with a few whole numbers."""

_UNITS = {"J_m2": "J/m²", "A": "Å", "GPa": "GPa", "MPa": "MPa", "eV": "eV", "ps": "ps"}
"""Ends of names of numbers (docs/run_folder.md)."""


def atoms_scene(path: Path) -> Scene | None:
    """The scene of the most atoms of a file that stay the same, or None without atoms, or where the file is large or missing."""
    from ase.io import iread

    if not path.is_file() or path.stat().st_size > LARGEST_FILE:
        return None
    groups = [
        list(frames)
        for _, frames in groupby(
            iread(path, index=":", format="extxyz", parallel=False), key=lambda a: tuple(a.numbers)
        )
    ]
    if not groups:
        return None
    frames = max(groups, key=lambda group: len(group) * len(group[0]))
    return _scene(frames) if len(frames[0]) else None


def _scene(frames: "list[Atoms]") -> Scene:
    from ase.data import covalent_radii

    periodic = np.flatnonzero(frames[0].pbc)
    repeats = _repeats(frames[0])
    whole = [atoms * repeats for atoms in _gathered(frames)]
    numbers = whole[0].numbers
    key, colours = _colours(whole)
    corners = list(np.ndindex(2, 2, 2)) if len(periodic) > 1 else np.zeros((0, 3))
    points = np.array([np.concatenate([atoms.positions, corners @ atoms.cell.array]) for atoms in whole])
    return Scene(
        points, np.arange(len(numbers))[:, None], colours, _SPHERE * covalent_radii[numbers], key,
        tuple(_said(atoms) for atoms in frames), along(*periodic) if len(periodic) == 1 else upright(2), len(periodic) > 1,
    )  # fmt: skip


def _gathered(frames: "list[Atoms]") -> "list[Atoms]":
    """The frames with each atom in the periodic cell in which the last has it, and without jumps between frames."""
    last = frames[-1]
    images = np.floor(last.get_scaled_positions(wrap=False) + _EDGE) * last.pbc
    made = []
    for atoms in frames:
        moved = atoms.copy()
        moved.positions = atoms.positions - images @ atoms.cell.array
        made.append(moved)
    return made


def _repeats(atoms: "Atoms") -> tuple[int, int, int]:
    """How often each period is shown."""
    a, b, c = (
        int(np.clip(np.ceil(_WIDE / length), 1, _MOST_REPEATS)) if periodic and length else 1
        for length, periodic in zip(atoms.cell.lengths(), atoms.pbc, strict=True)
    )
    return (a, b, c) if len(atoms) * a * b * c <= _MOST_ATOMS else (1, 1, 1)


def _colours(frames: "list[Atoms]") -> tuple[Key, IntArray]:
    """The key, and the colour of each atom in each frame."""
    first = frames[0]
    for name, (said, unit) in _RUNS.items():
        if (
            name in first.arrays
            and np.ptp(values := np.array([atoms.arrays[name] for atoms in frames], dtype=float)) > 0
        ):
            return continuous(said, values, float(values.min()), float(values.max()), "viridis", unit)
    for name, said in _SORTS.items():
        if name in first.arrays and len(sorts := np.unique(values := np.array([a.arrays[name] for a in frames]))) > 1:
            words = ("no", "yes") if name in ("free", "lower") else None
            names = tuple(scalar_text(int(sort)) if words is None else words[int(sort)] for sort in sorts)
            return _sorted(said, names), np.searchsorted(sorts, values) % len(COLOURS)
    kinds, index = np.unique(first.get_chemical_symbols(), return_inverse=True)
    return _sorted("element", tuple(map(str, kinds))), index[None] % len(COLOURS)


def _sorted(said: str, names: tuple[str, ...]) -> Key:
    return Key(said, tuple(COLOURS[k % len(COLOURS)] for k in range(len(names))), names, False)


def continuous(
    said: str, values: np.ndarray, low: float, high: float, colours: str, unit: str = ""
) -> tuple[Key, IntArray]:
    """The key and the colours (f, m) of values (f, m) between two limits."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    map_ = colormaps[colours]
    palette = tuple(to_hex(map_(k / 63)) for k in range(64))
    index = np.clip(np.rint(63 * (values - low) / (high - low if high > low else 1.0)), 0, 63).astype(np.int64)
    size, shown = suited(unit, [low, high])
    limits = tuple(f"{number_text(limit / size, 3)} {unit_text(shown)}".strip() for limit in (low, high))
    return Key(said, palette, limits, True), index


def _said(atoms: "Atoms") -> str:
    """What the file says of a frame first: a number whose name ends in its unit."""
    for name, value in atoms.info.items():
        if isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_):
            end = next((end for end in _UNITS if name.endswith(f"_{end}")), "")
            what = name.removesuffix(f"_{end}") if end else name
            return f"{what.replace('_', ' ')} {number_text(float(value), 3)} {_UNITS.get(end, '')}".strip()
    return ""
