"""A view of a specimen's deformed bodies, coloured by stress: the states of a loading, one after another."""

from pathlib import Path

import numpy as np

from coupling.errors import InputError
from coupling.files import load_arrays
from multiscale.report.atoms_view import continuous
from multiscale.report.scene import Scene, along, upright
from multiscale.runtime.drawing import conversion
from multiscale.runtime.numbers import number_text, suited, unit_text
from multiscale.runtime.records import View

_CALM = 98
"""Percentile of all stresses at which the colours end: crack tips have no largest stress."""


def bodies_scene(path: Path, view: View) -> Scene | None:
    """The scene of a file that a loading left (`multiscale.studies.specimen.film`), or None where it is gone.

    Args:
        path: The file.
        view: Its units, and what its frames are.

    Raises:
        InputError: the file is damaged.
    """
    try:
        found = load_arrays(path)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise InputError(f"{path} cannot be read ({error}); run the study again.") from error
    moved, stress = found["points"], found["stress"] * conversion("Pa", view.value_unit)
    plane = moved.shape[2] == 2
    limit = float(np.percentile(np.abs(stress), _CALM))
    key, colours = continuous(view.value, stress, -limit, limit, "coolwarm", view.value_unit)
    loads = found["load"] * conversion("m" if view.frame_unit else "", view.frame_unit)
    size, unit = suited(view.frame_unit, loads)
    labels = tuple(f"{view.frame} {number_text(load / size)} {unit_text(unit)}".strip() for load in loads)
    points = np.concatenate([moved, np.zeros((*moved.shape[:2], 1))], axis=2) if plane else moved
    turn = along(2) if plane else upright(1)
    return Scene(points, found["cells"], colours, np.zeros(len(found["cells"])), key, labels, turn, plane=plane)
