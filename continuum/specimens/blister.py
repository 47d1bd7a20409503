"""A pressurised blister: a film on a block, debonded on a disc at the axis (axisymmetric)."""

from dataclasses import dataclass
from pathlib import Path

from continuum.specimens.film import film_grid
from continuum.specimens.grid import Box, Element, write_grid


@dataclass(frozen=True)
class Blister:
    """Dimensions, in the unit that the mesh file is to have; x is the radius, y the axis, the film is on y = 0.

    Attributes:
        radius: Of the film and the block.
        film: Thickness of the film.
        debond: Radius of the disc that is not bonded, on which the pressure acts.
        growth: Length ahead of its rim that is meshed finely.
        fine: Element size there; resolve the law's process zone with it.
        coarse: Largest element size.
        block: Depth of the block below; None: the film alone, on a rigid foundation.
        layers: Elements through the film's thickness.
        grading: Growth of the element size per distance from the fine part.
        element: "triangle" or "quadrilateral".
        order: Order of the elements, 1 or 2; a thin film wants 2.
    """

    radius: float
    film: float
    debond: float
    growth: float
    fine: float
    coarse: float
    block: float | None = None
    layers: int = 2
    grading: float = 0.15
    element: Element = "quadrilateral"
    order: int = 2

    def write(self, path: str | Path) -> None:
        """Mesh the blister and write a Gmsh file, its sizes in the same unit.

        Physical groups: bodies `film` and, with a block, `block`; `bond` (between the two, or on the
        film's boundary), `pressure` (the film's face over the disc), boundaries `axis`, `rim`
        (x = radius), `top` and, with a block, `base`.

        Raises:
            InputError: lengths that are not positive or do not fit, an element that is not offered.
        """
        axes, bodies = film_grid(self, edge="debond", extent="radius")
        edge, whole, low = self.debond, (0.0, self.radius), -(self.block or 0.0)
        facets: dict[str, Box] = {
            "bond": ((edge, self.radius), (0, 0)),
            "pressure": ((0, edge), (0, 0)),
            "top": (whole, (self.film, self.film)),
        }
        if self.block is not None:
            facets["base"] = (whole, (low, low))
        facets["axis"] = ((0, 0), (low, self.film))
        facets["rim"] = ((self.radius, self.radius), (low, self.film))
        write_grid(path, axes, bodies, facets, element=self.element, order=self.order)
