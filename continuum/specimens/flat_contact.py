"""A sphere or a cylinder on a flat: the elastic half space that an initial gap bends into one."""

from dataclasses import dataclass
from pathlib import Path

from continuum.specimens.dimensions import check_lengths, check_order
from continuum.specimens.grid import Element, graded, write_grid
from coupling.errors import InputError


@dataclass(frozen=True)
class SphereOnFlat:
    """Half of a block with x = 0 the axis of symmetry; axisymmetric it is a sphere's, plane a cylinder's.

    The contact face is the flat y = 0, the solid lies below. The radius R of the sphere or cylinder
    is not in the mesh: the solver adds the gap x²/2R between the face and a rigid flat, as Hertz does.
    The block stands for a half space when `extent` is large (fifty times and more) against the
    contact's radius.

    Attributes:
        reach: Radius of the part of the face that may touch or attract; meshed with `fine`.
        extent: Radius and depth of the block.
        fine: Element size along `reach` and below it at the face.
        coarse: Largest element size.
        grading: Growth of the element size per distance from that part.
        element: "triangle" or "quadrilateral".
        order: Order of the elements, 1 or 2.
    """

    reach: float
    extent: float
    fine: float
    coarse: float
    grading: float = 0.1
    element: Element = "quadrilateral"
    order: int = 1

    def write(self, path: str | Path) -> None:
        """Mesh the block and write a Gmsh file, its sizes in the same unit.

        Physical groups: body `block`; `bond` (the face within `reach`), `free` (the rest of it),
        `axis` (x = 0), `side` (x = extent) and `base` (y = −extent).

        Raises:
            InputError: lengths that are not positive or not in order, an element that is not offered.
        """
        check_order(self, "fine", "reach", "extent")
        check_lengths(self, "coarse", "grading")
        if self.coarse < self.fine:
            raise InputError(f"coarse = {self.coarse:g} of a SphereOnFlat must not be less than fine = {self.fine:g}.")
        sizes = {"fine": self.fine, "coarse": self.coarse, "grading": self.grading}
        radial = graded((0, self.reach, self.extent), near=(0, self.reach), **sizes)
        depth = graded((-self.extent, 0), near=(0, 0), **sizes)
        all_x, all_y = (0, self.extent), (-self.extent, 0)
        write_grid(
            path,
            [radial, depth],
            {"block": (all_x, all_y)},
            {
                "bond": ((0, self.reach), (0, 0)),
                "free": ((self.reach, self.extent), (0, 0)),
                "axis": ((0, 0), all_y),
                "side": ((self.extent, self.extent), all_y),
                "base": (all_x, (-self.extent, -self.extent)),
            },
            element=self.element,
            order=self.order,
        )
