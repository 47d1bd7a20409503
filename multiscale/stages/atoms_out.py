"""The files of what a run's atoms did: where they are written, and what is said of one that is too large."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from coupling.file_names import file_name
from multiscale.inputs.base import Output
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import RunFile
from multiscale.runtime.results import Results

if TYPE_CHECKING:
    from atomistic.frames import Frames

LARGEST = 20_000_000
"""Bytes of a file that is written without being asked for."""


def write_atoms(
    results: Results, output: Output, context: RunContext, name: str, parts: "Sequence[Frames]", description: str
) -> None:
    """Write frames into `atoms/<name>.extxyz` of the run's folder, and list the file; or note that it is too large.

    Args:
        results: Takes the file, or the note.
        output: What the input asks for.
        context: The run.
        name: Of the file.
        parts: The frames, each part with its own atoms; of none there is no file.
        description: What they show.
    """
    from atomistic.frames import write_frames

    size = sum(part.size for part in parts)
    if output.atoms is False or not parts:
        return
    file = f"atoms/{file_name(name)}.extxyz"
    if output.atoms == "automatic" and size > LARGEST:
        results.notes.append(
            f"{file} ({description}) would take about {size / 1e6:.0f} MB and was not written; with output: {{atoms: true}} it is."
        )
        return
    context.on_root(lambda: write_frames(context.folder / file, parts))
    results.files.append(RunFile(file, description))
