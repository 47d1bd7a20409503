"""Slip systems: Burgers vector, plane and line of the dislocations that each crystal has."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class SlipSystem:
    """A dislocation's crystallography, in the conventional cell's vectors (hcp: a₁, a₂ at 120°, c).

    Attributes:
        structure: fcc, bcc, diamond or hcp.
        name: As listed by `SYSTEMS[structure]`.
        burgers: Coefficients of the cell vectors.
        plane: Miller indices (hkl) of the slip plane.
        line: Coefficients of the cell vectors.
        partials: The Burgers vectors that it may split into; empty where it stays whole.
        spacing: Where the planes are spaced unequally, slip between the "wide" or the "narrow" pair.
    """

    structure: str
    name: str
    burgers: Vector
    plane: Vector
    line: Vector
    partials: tuple[Vector, ...] = ()
    spacing: str = "wide"

    def frame(self, cell: FloatArray) -> FloatArray:
        """Rows x (glide), y (plane normal), z (line), orthonormal, of a conventional cell (3, 3)."""
        z = np.asarray(self.line) @ cell
        y = np.linalg.inv(cell) @ np.asarray(self.plane)
        x = np.cross(y, z)
        return np.array([v / np.linalg.norm(v) for v in (x, y, z)])

    def vectors(self, cell: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The Burgers vector (3,) and the partials' (n, 3) in the frame's axes, unit of `cell`."""
        turn = cell @ self.frame(cell).T
        return np.asarray(self.burgers) @ turn, np.reshape(self.partials or (), (-1, 3)) @ turn


def _planar(structure: str, lines: dict[str, Vector], spacing: str = "wide", prefix: str = "") -> list[SlipSystem]:
    """½[1-10](111), which may split into two Shockley partials (whole on the wide planes of diamond)."""
    split = () if structure == "diamond" and spacing == "wide" else ((2 / 6, -1 / 6, -1 / 6), (1 / 6, -2 / 6, 1 / 6))
    return [
        SlipSystem(structure, prefix + name, (0.5, -0.5, 0), (1, 1, 1), line, split, spacing)
        for name, line in lines.items()
    ]


_CLOSE_PACKED: dict[str, Vector] = {"edge": (-1, -1, 2), "screw": (1, -1, 0), "60": (0, -1, 1), "30": (1, -2, 1)}
_WHOLE_BCC = ((0.5, 0.5, 0.5), (-1, 1, 0))
_ALL = [
    *_planar("fcc", _CLOSE_PACKED),
    SlipSystem("bcc", "screw", *_WHOLE_BCC, (1, 1, 1)),
    SlipSystem("bcc", "edge", *_WHOLE_BCC, (-1, -1, 2)),
    SlipSystem("bcc", "mixed_71", (0.5, 0.5, 0.5), (1, -1, 0), (1, 1, -1)),
    SlipSystem("bcc", "edge_112", (0.5, 0.5, 0.5), (1, 1, -2), (-1, 1, 0)),
    *_planar("diamond", {k: _CLOSE_PACKED[k] for k in ("screw", "60")}, "wide", "shuffle_"),
    *_planar("diamond", {k: _CLOSE_PACKED[k] for k in ("screw", "60")}, "narrow", "glide_"),
    *(
        SlipSystem("hcp", f"basal_{name}", (1, 0, 0), (0, 0, 1), line, ((2 / 3, 1 / 3, 0), (1 / 3, -1 / 3, 0)))
        for name, line in (("edge", (-1, -2, 0)), ("screw", (1, 0, 0)), ("60", (0, -1, 0)))
    ),
    *(
        SlipSystem("hcp", f"prismatic_{name}", (1, 0, 0), (0, 1, 0), line)
        for name, line in (("edge", (0, 0, 1)), ("screw", (1, 0, 0)))
    ),
]
SYSTEMS: dict[str, dict[str, SlipSystem]] = {}
for _system in _ALL:
    SYSTEMS.setdefault(_system.structure, {})[_system.name] = _system


def slip_system(structure: str, name: str) -> SlipSystem:
    """The slip system of a crystal.

    Raises:
        InputError: no slip systems are known for the crystal, or not this one.
    """
    if structure not in SYSTEMS:
        raise unknown_choice("crystal structure with slip systems", structure, SYSTEMS)
    if name not in SYSTEMS[structure]:
        raise unknown_choice(f"slip system of {structure}", name, SYSTEMS[structure])
    return SYSTEMS[structure][name]


def conventional_cell(bulk: Atoms, structure: str) -> FloatArray:
    """The cell (3, 3) that slip systems are written in, from an element's equilibrium crystal.

    Raises:
        InputError: the atoms in the cell do not make up the structure.
    """
    per_cell = {"fcc": 4, "bcc": 2, "diamond": 8, "hcp": 2}.get(structure)
    if per_cell is None:
        raise unknown_choice("crystal structure with slip systems", structure, SYSTEMS)
    if structure == "hcp":
        cell = bulk.cell.array
        if len(bulk) != 2 or abs(cell[0] @ cell[1] / (cell[0] @ cell[0]) + 0.5) > 1e-6:
            raise InputError("An hcp slip system needs the two-atom cell with a₁ and a₂ at 120°, c along z.")
        return np.array(cell)
    return np.eye(3) * (per_cell * bulk.get_volume() / len(bulk)) ** (1 / 3)
