"""Grain boundaries: coincidence rotations, two grains stacked, their structure searched, where they part.

geometry = by_sigma(crystal, conventional, 5, (0, 0, 1), (2, 1, 0))
boundary = grain_boundary(potential, stacked(crystal, conventional, geometry, 12.0))
"""

from atomistic.grain_boundary.boundary import GrainBoundary, grain_boundary, single_boundary
from atomistic.grain_boundary.geometry import BoundaryGeometry, by_planes, by_sigma
from atomistic.grain_boundary.rotations import CoincidenceRotation, coincidence_rotations
from atomistic.grain_boundary.search import BoundaryCandidate, candidates
from atomistic.grain_boundary.stacking import Coincide, Stacking, stacked

__all__ = [
    "BoundaryCandidate",
    "BoundaryGeometry",
    "Coincide",
    "CoincidenceRotation",
    "GrainBoundary",
    "Stacking",
    "by_planes",
    "by_sigma",
    "candidates",
    "coincidence_rotations",
    "grain_boundary",
    "single_boundary",
    "stacked",
]
