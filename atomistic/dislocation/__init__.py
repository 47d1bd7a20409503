"""Straight dislocations from any potential: far fields, cores, barriers and Peierls stresses.

    system = slip_system("bcc", "screw")
    crystal = oriented(bulk, stiffness_voigt, system)
    start = cylinder(crystal, 25.0, shell=2 * potential.cutoff)

The frame of everything here: x along the glide direction, y the slip plane's normal, z the line.
"""

from atomistic.dislocation.barrier import Barrier, peierls_barrier, refined
from atomistic.dislocation.boundary import RelaxedCore, relaxed_core, settled
from atomistic.dislocation.cylinder import Cylinder, OrientedCrystal, cylinder, oriented
from atomistic.dislocation.disregistry import Disregistry, FittedCore, core, disregistry
from atomistic.dislocation.maps import differential_displacements, is_compact, nye_position, nye_tensor, polarity
from atomistic.dislocation.peierls import Load, PeierlsStress, peierls_stress
from atomistic.dislocation.quadrupole import Quadrupole, quadrupole
from atomistic.dislocation.stroh import Stroh, rotated_voigt
from atomistic.dislocation.systems import SYSTEMS, SlipSystem, slip_system

__all__ = [
    "SYSTEMS",
    "Barrier",
    "Cylinder",
    "Disregistry",
    "FittedCore",
    "Load",
    "OrientedCrystal",
    "PeierlsStress",
    "Quadrupole",
    "RelaxedCore",
    "SlipSystem",
    "Stroh",
    "core",
    "cylinder",
    "differential_displacements",
    "disregistry",
    "is_compact",
    "nye_position",
    "nye_tensor",
    "oriented",
    "peierls_barrier",
    "peierls_stress",
    "polarity",
    "quadrupole",
    "refined",
    "relaxed_core",
    "rotated_voigt",
    "settled",
    "slip_system",
]
