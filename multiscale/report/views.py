"""The views of a page: a still picture each, and what the script needs to turn it and to run through its frames."""

from dataclasses import dataclass
from pathlib import Path

from multiscale.report.atoms_view import atoms_scene
from multiscale.report.bodies_view import bodies_scene
from multiscale.report.scene import Key
from multiscale.report.still import still
from multiscale.runtime.records import RunFile, View
from multiscale.runtime.results import Results

LARGEST_PAGE = 4_000_000
"""Bytes of the views of a page, above which those that follow have a still picture alone."""
_MOST = 6


@dataclass(frozen=True)
class ShownView:
    """A view as the page has it.

    Attributes:
        view: What is said of it.
        still: A PNG in a data address.
        numbers: The scene as JSON; empty where it is too large.
        key: What the colours mean.
        label: What is said of the frame in the still picture.
        moves: Whether there are several frames.
        small: Whether two of them stand side by side.
    """

    view: View
    still: str
    numbers: str
    key: Key
    label: str
    moves: bool
    small: bool


def shown_views(results: Results, folder: Path) -> list[ShownView]:
    """The views of a run, bodies first, then the atoms of its files; a file that has gone has none.

    Args:
        results: The results.
        folder: The run's folder.
    """
    shown: list[ShownView] = []
    for view in (*results.views, *_of_atoms(results.files)):
        size = sum(len(one.numbers) for one in shown)
        if len(shown) < _MOST and (one := _shown(view, folder, LARGEST_PAGE - size)) is not None:
            shown.append(one)
    return shown


def _of_atoms(files: list[RunFile]) -> list[View]:
    names = [one for one in files if one.file.startswith("atoms/") and one.file.endswith(".extxyz")]
    return [
        View(one.file, f"Atoms: {Path(one.file).stem.replace('_', ' ')}", _sentence(one.description)) for one in names
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _shown(view: View, folder: Path, left: int) -> ShownView | None:
    path = folder / view.file
    if not path.resolve().is_relative_to(folder.resolve()):
        return None
    scene = atoms_scene(path) if path.suffix == ".extxyz" else bodies_scene(path, view)
    if scene is None:
        return None
    thin = scene.thinned()
    numbers = "" if thin is None else thin.packed()
    numbers = numbers if len(numbers) <= left else ""
    atoms, moves = path.suffix == ".extxyz", bool(numbers) and len(thin.points) > 1
    return ShownView(view, still(thin or scene), numbers, scene.key, scene.labels[-1], moves, atoms)
