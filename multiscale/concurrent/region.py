"""How the box is split: core, blending, and a mesh that coarsens outward."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from continuum.mesh.lattice import LatticeMesh, lattice_mesh
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.handshake import BLENDINGS, blending
from multiscale.concurrent.problem import Problem

IntArray = NDArray[np.int64]
_BESIDE_CUT = 2.0
"""Elements are no wider than their distance from a cut over this: wide ones do not lie across it."""


@dataclass(frozen=True)
class BlendingRegion:
    """Lengths in lattice units (`Lattice.spacing`), from the problem's centres outward.

    Attributes:
        core: Radius of the atomistic core, in which atoms count alone.
        blend: Width over which they give way to the continuum.
        buffer: Width beyond, still meshed to the last site.
        grading: Elements are (r / R)**grading lattice units wide at the distance r, R = core + blend + buffer;
            theory wants more than 1 and less than 1 + d/2.
        blending: "cubic" or "optimised".

    Raises:
        InputError: a length is negative, or the blending unknown.
    """

    core: float
    blend: float
    buffer: float = 1.0
    grading: float = 1.5
    blending: str = "cubic"

    def __post_init__(self) -> None:
        if self.core <= 0 or self.blend < 0 or self.buffer < 0 or self.grading < 0:
            raise InputError(
                f"A region with core {self.core}, blend {self.blend}, buffer {self.buffer} and grading {self.grading} is "
                "impossible; give a positive core and nothing negative."
            )
        if self.blending not in BLENDINGS:
            raise unknown_choice("blending", self.blending, BLENDINGS)

    @property
    def fine(self) -> float:
        """Radius that is meshed to the last site, lattice units."""
        return self.core + self.blend + self.buffer

    def mesh(self, problem: Problem) -> LatticeMesh:
        """The mesh of the problem's box."""
        lattice, radius = problem.lattice, self.fine * problem.lattice.spacing

        def size(sites: FloatArray) -> FloatArray:
            distance = lattice.distance(sites, problem.middles)
            wanted = np.where(distance <= radius, 1.0, (np.maximum(distance, radius) / radius) ** self.grading)
            if problem.cuts is None or not len(problem.cuts):
                return wanted
            return np.minimum(wanted, lattice.distance(sites, problem.cuts) / (_BESIDE_CUT * lattice.spacing))

        return lattice_mesh(problem.cells, problem.level, size)

    def beta(self, problem: Problem) -> tuple[IntArray, FloatArray]:
        """Sites that are not wholly the continuum's, voids included, and their β; free surfaces go on beyond the box.

        Raises:
            InputError: the blending around a centre reaches the faces of the box.
        """
        lattice, unit = problem.lattice, problem.lattice.spacing
        margin = 3 * unit
        sites = lattice.within(problem.middles, (self.core + self.blend) * unit + margin)
        distance = lattice.distance(sites, problem.middles)
        width = max(self.blend, 1e-9) * unit
        beta = blending(self.blending, sites, distance, self.core * unit, width)
        sites, beta = sites[beta < 1], beta[beta < 1]
        around = sites[lattice.distance(sites, problem.centres) < (self.core + self.blend) * unit]
        if (np.abs(around) >= problem.half - 1).any():
            raise InputError(
                f"A core of {self.core} with a blending of {self.blend} lattice units reaches the faces of the box of "
                f"{(2 * problem.half).tolist()} cells; enlarge the box or make the region smaller."
            )
        return sites, beta


ALL = BlendingRegion(core=1e9, blend=0.0)
"""The core is the whole box."""
