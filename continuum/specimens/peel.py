"""A peel strip: a thin film, part of it bonded, whose free end is pulled off."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from continuum.specimens.film import film_grid
from continuum.specimens.grid import Box, Element, write_grid


@dataclass(frozen=True)
class PeelStrip:
    """A film of thickness `film` on y = 0, detached from x = 0 to `crack`, bonded from there on.

    Attributes:
        length: Of the film and the block.
        film: Thickness of the film.
        crack: Length that is detached.
        growth: Length ahead of the crack's tip that is meshed finely.
        fine: Element size along it; resolve the law's process zone with it.
        coarse: Largest element size.
        block: Depth of the block below; None: the film alone, on a rigid foundation.
        layers: Elements through the film's thickness.
        grading: Growth of the element size per distance from the fine part.
        element: "triangle" or "quadrilateral".
        order: Order of the elements, 1 or 2; a thin film wants 2.
    """

    length: float
    film: float
    crack: float
    growth: float
    fine: float
    coarse: float
    block: float | None = None
    layers: int = 2
    grading: float = 0.15
    element: Element = "quadrilateral"
    order: int = 2

    def write(self, path: str | Path) -> None:
        """Mesh the strip and write a Gmsh file, its sizes in the same unit.

        Physical groups: bodies `film` and, with a block, `block`; `bond` (between the two, or on the
        film's boundary), `precrack`; boundaries `pulled` (the film's end at x = 0), `end` (the
        film's far end), `top`, and, with a block, `base` and `sides`.

        Raises:
            InputError: lengths that are not positive or do not fit, an element that is not offered.
        """
        axes, bodies = film_grid(self, edge="crack", extent="length")
        tip, whole = self.crack, (0.0, self.length)
        facets: dict[str, Box | Sequence[Box]] = {
            "bond": ((tip, self.length), (0, 0)),
            "precrack": ((0, tip), (0, 0)),
            "pulled": ((0, 0), (0, self.film)),
            "end": ((self.length, self.length), (0, self.film)),
            "top": (whole, (self.film, self.film)),
        }
        if self.block is not None:
            down = (-self.block, 0)
            facets["base"] = (whole, (-self.block, -self.block))
            facets["sides"] = (((0, 0), down), ((self.length, self.length), down))
        write_grid(path, axes, bodies, facets, element=self.element, order=self.order)
