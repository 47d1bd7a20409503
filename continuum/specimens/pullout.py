"""Fibre pull-out: a fibre in a block, pulled along its axis (axisymmetric)."""

from dataclasses import dataclass
from pathlib import Path

from continuum.specimens.dimensions import check_lengths, check_order
from continuum.specimens.grid import Element, graded, write_grid


@dataclass(frozen=True)
class FibrePullout:
    """Dimensions, in the unit that the mesh file is to have; x is the radius, y the axis.

    The matrix fills −`length` < y < 0; the fibre goes through it and stands out by `free` above.

    Attributes:
        radius: Of the fibre.
        matrix: Outer radius of the matrix.
        length: Embedded length.
        free: Length of the fibre above the matrix.
        fine: Element size along the interface and at both sides of it.
        coarse: Largest element size.
        grading: Growth of the element size per distance from the interface.
        element: "triangle" or "quadrilateral".
        order: Order of the elements, 1 or 2.
    """

    radius: float
    matrix: float
    length: float
    free: float
    fine: float
    coarse: float
    grading: float = 0.15
    element: Element = "quadrilateral"
    order: int = 1

    def write(self, path: str | Path) -> None:
        """Mesh the specimen and write a Gmsh file, its sizes in the same unit.

        Physical groups: bodies `fibre`, `matrix`; interface `bond` (x = radius); boundaries `pulled`
        (the fibre's upper end), `fibre_end` (its lower one), `axis`, `face` (the matrix's upper face),
        `base` (its lower one) and `side` (x = matrix).

        Raises:
            InputError: lengths that are not positive or not in order, an element that is not offered.
        """
        check_order(self, "radius", "matrix")
        check_order(self, "fine", "length")
        check_lengths(self, "free", "grading")
        check_order(self, "fine", "coarse")
        sizes = {"fine": self.fine, "coarse": self.coarse, "grading": self.grading}
        r, bottom = self.radius, -self.length
        radial = graded((0, r, self.matrix), near=(r, r), **sizes)
        axial = graded((bottom, 0, self.free), near=(bottom, 0), **sizes)
        shaft, around, embedded, whole = (0, r), (r, self.matrix), (bottom, 0), (bottom, self.free)
        write_grid(
            path,
            [radial, axial],
            {"fibre": (shaft, whole), "matrix": (around, embedded)},
            {
                "bond": ((r, r), embedded),
                "pulled": (shaft, (self.free, self.free)),
                "fibre_end": (shaft, (bottom, bottom)),
                "axis": ((0, 0), whole),
                "face": (around, (0, 0)),
                "base": (around, (bottom, bottom)),
                "side": ((self.matrix, self.matrix), embedded),
            },
            element=self.element,
            order=self.order,
        )
