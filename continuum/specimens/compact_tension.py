"""The compact tension specimen of ASTM E399, loaded at its pins or at its front face."""

import itertools
from dataclasses import dataclass
from math import pi
from pathlib import Path
from typing import Any

from continuum.specimens.dimensions import check_lengths, check_order
from continuum.specimens.drawing import Groups, grade, write_drawing
from continuum.specimens.grid import Element
from coupling.errors import InputError

_FRONT, _HEIGHT, _PIN = 0.25, 0.6, 0.275
"""Over the width: front face before the load line, half the height, the pins' distance from the crack (ASTM E399)."""


@dataclass(frozen=True)
class CompactTension:
    """Dimensions, in the unit that the mesh file is to have; the load line is x = 0, the crack runs along +x on y = 0.

    Attributes:
        width: W, from the load line to the back face; the specimen is 1.25 W long and 1.2 W high.
        crack: a, from the load line to the crack's tip.
        growth: Length ahead of the crack tip that is meshed finely.
        fine: Element size there; resolve the law's process zone with it.
        coarse: Largest element size.
        pin: Radius of the pin holes (0.125 W in the standard); 0: no holes, loaded on the front face.
        grading: Growth of the element size per distance from the fine part.
        element: "triangle" or "quadrilateral".
        order: Order of the elements, 1 or 2.
    """

    width: float
    crack: float
    growth: float
    fine: float
    coarse: float
    pin: float = 0.0
    grading: float = 0.15
    element: Element = "triangle"
    order: int = 1

    def write(self, path: str | Path) -> None:
        """Mesh the specimen and write a Gmsh file, its sizes in the same unit.

        Physical groups: bodies `upper`, `lower`; interface `bond`; `precrack`; `load_upper`,
        `load_lower` (the halves of the pin holes away from the crack, or the front face of each
        half); `back` (the back face).

        Raises:
            InputError: the crack or the pins do not fit, or a length is not positive.
        """
        check_lengths(self, "growth", "grading")
        check_order(self, "fine", "coarse")
        check_order(self, "fine", "crack", "width")
        if self.crack + self.growth >= self.width:
            raise InputError(
                f"A crack of {self.crack:g} growing by {self.growth:g} does not fit into a width of {self.width:g}; "
                "let it grow less."
            )
        if not 0 <= self.pin < 0.9 * _FRONT * self.width:
            raise InputError(
                f"Pins of radius {self.pin:g} do not fit; at most {0.9 * _FRONT * self.width:g} for a width of {self.width:g}."
            )
        write_drawing(path, self._draw, element=self.element, order=self.order)

    @property
    def area(self) -> float:
        """Area of both halves."""
        return 2 * _HEIGHT * (1 + _FRONT) * self.width**2 - 2 * pi * self.pin**2

    def _draw(self, model: Any) -> Groups:
        geo, width = model.geo, self.width
        stations = (-_FRONT * width, self.crack, self.crack + self.growth, width)
        middle = [geo.addPoint(x, 0.0, 0.0) for x in stations]
        on_axis = [geo.addLine(a, b) for a, b in itertools.pairwise(middle)]
        groups: dict[str, tuple[int, list[int]]] = {"precrack": (1, on_axis[:1]), "bond": (1, on_axis[1:])}
        backs = []
        for name, side in (("upper", 1), ("lower", -1)):
            left, right = (geo.addPoint(x, side * _HEIGHT * width, 0.0) for x in (stations[0], width))
            front, back, outer = geo.addLine(left, middle[0]), geo.addLine(middle[-1], right), geo.addLine(right, left)
            loops, loaded = [geo.addCurveLoop([front, *on_axis, back, outer])], [front]
            if self.pin:
                hole, loaded = self._hole(geo, side)
                loops.append(geo.addCurveLoop(hole))
            groups[f"load_{name}"] = (1, loaded)
            groups[name] = (2, [geo.addPlaneSurface(loops)])
            backs.append(back)
        groups["back"] = (1, backs)
        geo.synchronize()
        grade(model, on_axis[1], length=self.growth, fine=self.fine, coarse=self.coarse, grading=self.grading)
        return groups

    def _hole(self, geo: Any, side: int) -> tuple[list[int], list[int]]:
        """A pin hole's four arcs, and the two of them away from the crack."""
        y, r = side * _PIN * self.width, self.pin
        centre = geo.addPoint(0.0, y, 0.0)
        around = [geo.addPoint(dx * r, y + side * dy * r, 0.0) for dx, dy in ((1, 0), (0, 1), (-1, 0), (0, -1))]
        arcs = [geo.addCircleArc(a, centre, b) for a, b in zip(around, [*around[1:], around[0]], strict=True)]
        return arcs, arcs[:2]
