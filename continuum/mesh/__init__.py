"""Meshes with named groups: reading, checking, topology, inspection."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.mesh.checks import check_mesh
    from continuum.mesh.file import FileMesh, mesh_files, read_file
    from continuum.mesh.inspect import Inspection, inspect_mesh, process_zone, zone_length
    from continuum.mesh.lattice import LatticeMesh, lattice_mesh
    from continuum.mesh.specimen_mesh import Body, SpecimenMesh, read_mesh
    from continuum.mesh.topology import Topology

__all__ = [
    "Body", "FileMesh", "Inspection", "LatticeMesh", "SpecimenMesh", "Topology", "check_mesh", "inspect_mesh",
    "lattice_mesh", "mesh_files", "process_zone", "read_file", "read_mesh", "zone_length",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
