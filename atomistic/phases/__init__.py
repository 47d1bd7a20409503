"""Which phase is there: formation energies of many structures, their convex hull, and what an interface prefers.

phases = [*derivative_structures("fcc", ("Cu", "Au"), 4), *prototypes(("Cu", "Au"), ("L1_0", "L1_2"))]
found = formation_energies(potential, phases)
hull = ConvexHull(found.fractions, found.energies)
"""

from atomistic.phases.candidates import Phase, composition, read_phases
from atomistic.phases.descriptor import pair_densities
from atomistic.phases.enumeration import derivative_structures
from atomistic.phases.formation import FormationEnergies, formation_energies
from atomistic.phases.hull import ConvexHull
from atomistic.phases.interfaces import InterfaceDiagram, InterfacePhase, interface_diagram
from atomistic.phases.prototypes import PROTOTYPES, prototypes
from atomistic.phases.stability import Stability, stability

__all__ = [
    "PROTOTYPES",
    "ConvexHull",
    "FormationEnergies",
    "InterfaceDiagram",
    "InterfacePhase",
    "Phase",
    "Stability",
    "composition",
    "derivative_structures",
    "formation_energies",
    "interface_diagram",
    "pair_densities",
    "prototypes",
    "read_phases",
    "stability",
]
