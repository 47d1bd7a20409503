"""A butt joint: two bars joined end to end, pulled along their axis."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from continuum.specimens.dimensions import check_lengths
from continuum.specimens.grid import Element, write_grid
from coupling.contracts import FloatArray


@dataclass(frozen=True)
class ButtJoint:
    """Dimensions, in the unit that the mesh file is to have; the joint is y = 0.

    Attributes:
        width: Along x.
        upper: Length of the upper bar, along y.
        lower: Length of the lower bar.
        size: Largest element size.
        thickness: Along z; None: a plane specimen.
        element: "triangle" or "quadrilateral"; with a thickness "tetrahedron" or "hexahedron".
        order: Order of the elements, 1 or 2.
    """

    width: float
    upper: float
    lower: float
    size: float
    thickness: float | None = None
    element: Element = "quadrilateral"
    order: int = 1

    def write(self, path: str | Path) -> None:
        """Mesh the joint and write a Gmsh file, its sizes in the same unit.

        Physical groups: bodies `upper`, `lower`; interface `bond`; boundaries `top`, `bottom`,
        `left`, `right` (x = 0 and width) and, in 3D, `back`, `front` (z = 0 and thickness).

        Raises:
            InputError: a length that is not positive, an element that is not offered.
        """
        check_lengths(self, "width", "upper", "lower", "size", *(["thickness"] if self.thickness is not None else []))
        low, high = (-self.lower, 0.0), (0.0, self.upper)
        depth = [] if self.thickness is None else [(0.0, self.thickness)]
        x, y = (0.0, self.width), (-self.lower, self.upper)
        boxes = {
            "bond": (x, (0, 0), *depth),
            "bottom": (x, (y[0], y[0]), *depth),
            "top": (x, (y[1], y[1]), *depth),
            "left": ((0, 0), y, *depth),
            "right": ((self.width, self.width), y, *depth),
        }
        if self.thickness is not None:
            boxes |= {"back": (x, y, (0, 0)), "front": (x, y, (self.thickness, self.thickness))}
        axes = [self._even(x), np.unique(np.concatenate([self._even(low), self._even(high)])), *map(self._even, depth)]
        bodies = {"upper": (x, high, *depth), "lower": (x, low, *depth)}
        write_grid(path, axes, bodies, boxes, element=self.element, order=self.order)

    def _even(self, ends: tuple[float, float]) -> FloatArray:
        low, high = ends
        return np.linspace(low, high, max(1, int(np.ceil((high - low) / self.size - 1e-6))) + 1)
