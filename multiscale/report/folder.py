"""What lies in a run's folder, in words and as links."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from multiscale.runtime.numbers import number_text, unit_text
from multiscale.runtime.records import Curve, RunFile, curve_file

_NAMED = {
    "results.json": "all numbers with their units, diagrams, tables and findings",
    "results.csv": "all points as a table",
    "results.nc": "all points with units and coordinates, for xarray",
    "results.parquet": "all points as a table, for pandas or polars",
    "log.txt": "what the run did, and when",
    "study.yaml": "the input as run; with the files beside it, it can be run again",
    "sweep.json": "what the sweep is about",
    "journal.jsonl": "what came out of each point",
    "crystals.json": "the crystals with their stiffness, for a body of a later run (run: FOLDER)",
    "deformed.png": "the deformed specimen, in the report",
    "gamma_surface.png": "the γ-surface, in the report",
    "dislocation.yaml": "what the next scale needs",
    "damask_phase.yaml": "input block for DAMASK",
    "opendis_mobility.py": "mobility law for OpenDiS",
    "student.pth": "the student",
    "posterior.npz": "the fitted potential's posterior, for trust",
    "labels.extxyz": "the labels, for trust",
}
_OF_LAWS = {
    ".json": "the law, for a mesh (law: {run: FOLDER}) or coupling.exchange.storage.load_law",
    ".csv": "the law as a table",
    ".inp": "the law as an input block for Abaqus",
    ".i": "the law as an input block for MOOSE",
    ".dat": "the law as an input block for Akantu",
}
"""Of files at the top whose names begin with "law", by ending."""
_ENDINGS = {
    ".extxyz": "atoms, for OVITO or ASE",
    ".xyz": "atoms, for OVITO or ASE",
    ".vtkhdf": "fields, for ParaView",
    ".xdmf": "fields, for ParaView",
    ".h5": "the numbers of the .xdmf beside it",
    ".png": "picture",
    ".csv": "table",
    ".inp": "mesh",
    ".json": "numbers",
    ".msh": "mesh",
    ".yaml": "input",
}
_MOST = 500
_SIZES = ((1e6, "MB"), (1e3, "kB"), (1.0, "B"))


@dataclass(frozen=True)
class File:
    """A file of the folder.

    Attributes:
        name: Relative to the page.
        address: The same, as a link.
        what: What it holds.
        size: In words.
    """

    name: str
    address: str
    what: str
    size: str


def all_files(folder: Path) -> list[Path]:
    """All files below a folder but hidden ones; not through links to folders."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place) / name for name in sorted(names) if not name.startswith(".")]
    return found


def listed(
    folder: Path, found: Iterable[Path], curves: Mapping[str, Curve], said: Iterable[RunFile] = ()
) -> list[File]:
    """Files with what they hold, those at the top first.

    Args:
        folder: Where the page lies.
        found: The files.
        curves: Of the results, which say what their tables hold.
        said: Files of the results that say themselves what they hold.
    """
    known = {curve_file(name): _columns(curve) for name, curve in curves.items()}
    known |= {one.file: one.description for one in said}
    names = sorted((path.relative_to(folder).as_posix() for path in found), key=lambda name: (name.count("/"), name))
    return [File(name, quote(name), known.get(name) or _what(name), _size(folder / name)) for name in names[:_MOST]]


def _columns(curve: Curve) -> str:
    columns = (f"{name} [{unit_text(unit)}]" if unit else name for name, unit in curve.units.items())
    return f"{curve.description}: {', '.join(columns)}"


def _what(name: str) -> str:
    path = Path(name)
    if path.name == name and name.startswith("law") and path.suffix in _OF_LAWS:
        return _OF_LAWS[path.suffix]
    return _NAMED.get(path.name) or _ENDINGS.get(path.suffix, "file")


def _size(path: Path) -> str:
    size = path.stat().st_size
    factor, unit = next((step for step in _SIZES if size >= step[0]), _SIZES[-1])
    return f"{number_text(size / factor, 3)} {unit}"
