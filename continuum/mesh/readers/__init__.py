"""Readers of mesh files: each returns the content of its file as one record."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.mesh.readers.abaqus import read_abaqus
    from continuum.mesh.readers.gmsh import read_gmsh
    from continuum.mesh.readers.med import read_med
    from continuum.mesh.readers.meshio_formats import read_by_meshio
    from continuum.mesh.readers.reading import MeshError, NodeSet, Reading

__all__ = [
    "MeshError", "NodeSet", "Reading", "read_abaqus", "read_by_meshio", "read_gmsh", "read_med",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
