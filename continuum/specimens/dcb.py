"""The double cantilever beam: two arms joined along a ligament, pulled apart at one end."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from continuum.specimens.dimensions import check_lengths
from continuum.specimens.drawing import Groups, grade, write_drawing
from continuum.specimens.grid import Element, graded, write_grid
from coupling.errors import InputError


@dataclass(frozen=True)
class DoubleCantileverBeam:
    """Dimensions, in the unit that the mesh file is to have.

    Attributes:
        length: Length of the arms.
        arm: Height of one arm.
        crack: Length of the initial crack, from the loaded end.
        growth: Length ahead of the crack tip that is meshed finely.
        fine: Element size there; resolve the law's process zone with it.
        coarse: Largest element size.
        grading: Growth of the element size per distance from the fine part.
        width: Along z; None: a plane specimen.
        element: "triangle" (free mesh) or "quadrilateral" (grid); with a width "tetrahedron" or
            "hexahedron" (grids).
        order: Order of the elements, 1 or 2.
    """

    length: float
    arm: float
    crack: float
    growth: float
    fine: float
    coarse: float
    grading: float = 0.15
    width: float | None = None
    element: Element = "triangle"
    order: int = 1

    def write(self, path: str | Path) -> None:
        """Mesh the specimen and write a Gmsh file, its sizes in the same unit.

        Physical groups: bodies `upper`, `lower`; interface `bond`; `precrack`; boundaries
        `load_upper`, `load_lower` (the loaded end), `end` (the far end) and, in 3D, `back`, `front`
        (z = 0 and width). The crack runs along +x on y = 0.

        Raises:
            InputError: the crack and its growth do not fit into the length, or a length is not
                positive, or the element is not offered.
        """
        check_lengths(self, "arm", "fine", "coarse", "grading", *(["width"] if self.width is not None else []))
        if not 0 < self.crack < self.crack + self.growth < self.length:
            raise InputError(
                f"A crack of {self.crack:g} growing by {self.growth:g} does not fit into a length of "
                f"{self.length:g}; make the specimen longer."
            )
        if self.coarse < self.fine:
            raise InputError(f"The coarse size {self.coarse:g} must not be less than the fine size {self.fine:g}.")
        if self.element == "triangle" and self.width is None:
            write_drawing(path, self._draw, order=self.order)
        else:
            self._write_grid(path)

    def _write_grid(self, path: str | Path) -> None:
        sizes = {"fine": self.fine, "coarse": self.coarse, "grading": self.grading}
        tip, stop, end = self.crack, self.crack + self.growth, self.length
        half = graded((0, self.arm), near=(0, 0), **sizes)
        axes = [graded((0, tip, stop, end), near=(tip, stop), **sizes), np.append(-half[:0:-1], half)]
        depth: list[tuple[float, float]] = []
        if self.width is not None:
            depth = [(0, self.width)]
            axes.append(np.linspace(0, self.width, max(1, int(np.ceil(self.width / self.coarse - 1e-6))) + 1))
        x, y, up, down = (0, end), (-self.arm, self.arm), (0, self.arm), (-self.arm, 0)
        facets = {
            "precrack": ((0, tip), (0, 0), *depth),
            "bond": ((tip, end), (0, 0), *depth),
            "load_upper": ((0, 0), up, *depth),
            "load_lower": ((0, 0), down, *depth),
            "end": ((end, end), y, *depth),
        }
        if self.width is not None:
            facets |= {"back": (x, y, (0, 0)), "front": (x, y, (self.width, self.width))}
        bodies = {"upper": (x, up, *depth), "lower": (x, down, *depth)}
        write_grid(path, axes, bodies, facets, element=self.element, order=self.order)

    def _draw(self, model: Any) -> Groups:
        geo = model.geo
        stations = (0.0, self.crack, self.crack + self.growth, self.length)
        middle = [geo.addPoint(x, 0.0, 0.0) for x in stations]
        on_axis = [geo.addLine(a, b) for a, b in itertools.pairwise(middle)]
        groups: dict[str, tuple[int, list[int]]] = {"precrack": (1, on_axis[:1]), "bond": (1, on_axis[1:])}
        ends = []
        for name, side in (("upper", 1), ("lower", -1)):
            left, right = (geo.addPoint(x, side * self.arm, 0.0) for x in (0.0, self.length))
            load, end = geo.addLine(left, middle[0]), geo.addLine(middle[-1], right)
            outer = geo.addLine(right, left)
            loop = geo.addCurveLoop([load, *on_axis, end, outer])
            groups[f"load_{name}"] = (1, [load])
            groups[name] = (2, [geo.addPlaneSurface([loop])])
            ends.append(end)
        groups["end"] = (1, ends)
        geo.synchronize()
        grade(model, on_axis[1], length=self.growth, fine=self.fine, coarse=self.coarse, grading=self.grading)
        return groups
