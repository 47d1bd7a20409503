"""Parametric specimens, meshed with Gmsh; one file a specimen."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.specimens.blister import Blister
    from continuum.specimens.butt_joint import ButtJoint
    from continuum.specimens.compact_tension import CompactTension
    from continuum.specimens.dcb import DoubleCantileverBeam
    from continuum.specimens.drawing import write_drawing
    from continuum.specimens.flat_contact import SphereOnFlat
    from continuum.specimens.grid import graded, write_grid
    from continuum.specimens.peel import PeelStrip
    from continuum.specimens.polycrystal import Polycrystal
    from continuum.specimens.pullout import FibrePullout
    from continuum.specimens.tessellation import Tessellation, voronoi

__all__ = [
    "Blister", "ButtJoint", "CompactTension", "DoubleCantileverBeam", "FibrePullout", "PeelStrip", "Polycrystal",
    "SphereOnFlat", "Tessellation", "graded", "voronoi", "write_drawing",
    "write_grid",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
