"""Straight dislocations from any potential: far fields, cores, barriers and Peierls stresses.

    system = slip_system("bcc", "screw")
    crystal = oriented(bulk, stiffness_voigt, system)
    start = cylinder(crystal, 25.0, shell=2 * potential.cutoff)

The frame of everything here: x along the glide direction, y the slip plane's normal, z the line.
"""

from atomistic.dislocation.cylinder import Crystal, Cylinder, cylinder, oriented
from atomistic.dislocation.disregistry import Core, Disregistry, core, disregistry
from atomistic.dislocation.stroh import Stroh, rotated_voigt
from atomistic.dislocation.systems import SYSTEMS, SlipSystem, slip_system

__all__ = [
    "SYSTEMS",
    "Core",
    "Crystal",
    "Cylinder",
    "Disregistry",
    "SlipSystem",
    "Stroh",
    "core",
    "cylinder",
    "disregistry",
    "oriented",
    "rotated_voigt",
    "slip_system",
]
