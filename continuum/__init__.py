"""Finite elements with FEniCSx: meshes, materials, cohesive interfaces and load stepping, in SI units."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.materials.cauchy_born import CauchyBorn
    from continuum.materials.linear_elastic import LinearElastic
    from continuum.materials.material import Material
    from continuum.materials.neo_hookean import NeoHookean
    from continuum.materials.st_venant_kirchhoff import StVenantKirchhoff
    from continuum.mesh.inspect import inspect_mesh
    from continuum.mesh.specimen_mesh import SpecimenMesh, read_mesh
    from continuum.model import Bond, Contact, Control, Energies, InterfaceEnergies, Kind, Prescribed, Traction
    from continuum.post.fracture import j_integral, released_energy_per_area, resistance_curve
    from continuum.post.vtkhdf_fields import VtkHdfWriter
    from continuum.post.xdmf import XdmfWriter
    from continuum.solver.diagnostics import assess
    from continuum.solver.newton import NewtonSolver
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading, Step, energy_balance_error
    from continuum.solver.stepping import pull

__all__ = [
    "Bond", "CauchyBorn", "CohesiveProblem", "Contact", "Control", "Energies", "InterfaceEnergies", "Kind",
    "LinearElastic", "Loading", "Material", "NeoHookean", "NewtonSolver", "Prescribed", "SpecimenMesh",
    "StVenantKirchhoff", "Step", "Traction", "VtkHdfWriter", "XdmfWriter", "assess", "energy_balance_error",
    "inspect_mesh", "j_integral", "pull", "read_mesh", "released_energy_per_area", "resistance_curve",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
