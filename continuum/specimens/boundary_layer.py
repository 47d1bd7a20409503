"""The boundary layer: a disc around a crack tip whose rim moves as the K field says (small-scale yielding)."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from continuum.specimens.dimensions import check_lengths, check_order
from continuum.specimens.drawing import Groups, grade, write_drawing
from continuum.specimens.grid import Element
from coupling.errors import InputError


@dataclass(frozen=True)
class BoundaryLayer:
    """Dimensions, in the unit that the mesh file is to have; the crack runs along +x on y = 0, its tip at the origin.

    Attributes:
        radius: Of the disc; some ten times the plastic zone, and the growth.
        growth: Length ahead of the crack tip that is meshed finely.
        fine: Element size there; resolve the law's process zone with it.
        coarse: Largest element size.
        grading: Growth of the element size per distance from the fine part.
        element: "triangle" or "quadrilateral".
        order: Order of the elements, 1 or 2.
    """

    radius: float
    growth: float
    fine: float
    coarse: float
    grading: float = 0.2
    element: Element = "triangle"
    order: int = 2

    def write(self, path: str | Path) -> None:
        """Mesh the disc and write a Gmsh file, its sizes in the same unit.

        Physical groups: bodies `upper`, `lower`; interface `bond`; `precrack`; boundaries `rim_upper`, `rim_lower`, on which a K
        field is prescribed (`continuum.reference.k_field`).

        Raises:
            InputError: the growth does not fit into the radius, or a length is not positive.
        """
        check_lengths(self, "growth", "grading")
        check_order(self, "fine", "coarse")
        check_order(self, "growth", "radius")
        if 2 * self.growth > self.radius:
            raise InputError(
                f"A crack that grows by {self.growth:g} leaves a disc of radius {self.radius:g} no far field; the radius must be at "
                "least twice the growth, better ten times."
            )
        write_drawing(path, self._draw, element=self.element, order=self.order)

    def _draw(self, model: Any) -> Groups:
        geo = model.geo
        middle = [geo.addPoint(x, 0.0, 0.0) for x in (-self.radius, 0.0, self.growth, self.radius)]
        on_axis = [geo.addLine(a, b) for a, b in itertools.pairwise(middle)]
        groups: dict[str, tuple[int, list[int]]] = {"precrack": (1, on_axis[:1]), "bond": (1, on_axis[1:])}
        for name, side in (("upper", 1), ("lower", -1)):
            pole = geo.addPoint(0.0, side * self.radius, 0.0)
            arcs = [geo.addCircleArc(a, middle[1], b) for a, b in ((middle[-1], pole), (pole, middle[0]))]
            groups[name] = (2, [geo.addPlaneSurface([geo.addCurveLoop([*on_axis, *arcs])])])
            groups[f"rim_{name}"] = (1, arcs)
        geo.synchronize()
        grade(model, on_axis[1], length=self.growth, fine=self.fine, coarse=self.coarse, grading=self.grading)
        return groups
