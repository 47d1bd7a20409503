"""Small Abaqus input files, and what a mesh has of them."""

from pathlib import Path

import numpy as np

from continuum.mesh.file import read_file

DATA = Path(__file__).parent / "data" / "abaqus"


def inp(path, *lines):
    """A file of these lines."""
    path.write_text("\n".join(lines) + "\n")
    return path


def middles(mesh, nodes):
    """The middles of cells or facets, sorted."""
    return sorted(tuple(np.round(point, 9).tolist()) for point in mesh.points[nodes].mean(axis=1))


def of_grid(*elements):
    """The middles of the elements 1 to 16 of the cases: four by four, 1 wide and 0.5 high, from (0, −1)."""
    return sorted(((n - 1) % 4 + 0.5, -0.75 + 0.5 * ((n - 1) // 4)) for n in elements)


def row(y, columns=range(4)):
    """The middles of the facets at a height."""
    return [(x + 0.5, y) for x in columns]


SQUARE = ("*NODE", "1, 0., 0.", "2, 1., 0.", "3, 1., 1.", "4, 0., 1.", "5, 2., 0.", "6, 2., 1.")
PAIR = (*SQUARE, "*ELEMENT, TYPE=CPE4", "1, 1, 2, 3, 4", "2, 2, 5, 6, 3")


def sets_of(tmp_path, *lines):
    """Middles of the bodies' cells by set, for a file of two squares with further lines."""
    path = inp(tmp_path / "a.inp", *PAIR, *lines)
    mesh = read_file(path)
    return {name: middles(mesh, nodes) for name, nodes in mesh.cells.items()}


PART = (
    "*Part, name=P",
    *PAIR,
    "*Elset, elset=left",
    "1",
    "*Elset, elset=right",
    "2",
    "*Surface, name=end",
    "right, S2",
    "*End Part",
)


def assembly(*instances):
    """An assembly of the part, with the data lines of each instance."""
    lines = ["*Assembly, name=A"]
    for name, *rows in instances:
        lines += [f"*Instance, name={name}, part=p", *rows, "*End Instance"]
    return lines


CUBE = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
SPLIT = [
    "*NODE",
    "1, 0, 0",
    "2, 1, 0",
    "3, 2, 0",
    "4, 0, 1",
    "5, 1, 1",
    "6, 2, 1",
    "14, 0, 1",
    "15, 1, 1",
    "16, 2, 1",
    "7, 0, 2",
    "8, 1, 2",
    "9, 2, 2",
]
SPLIT += [
    "*ELEMENT, TYPE=CPE4, ELSET=lower",
    "1, 1, 2, 5, 4",
    "2, 2, 3, 6, 5",
    "*ELEMENT, TYPE=CPE4, ELSET=upper",
    "3, 14, 15, 8, 7",
    "4, 15, 16, 9, 8",
]
