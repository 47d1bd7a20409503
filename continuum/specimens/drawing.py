"""Drawings meshed by Gmsh: the session, named groups, sizes by distance from a curve."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from continuum.specimens.gmsh_session import gmsh_session
from continuum.specimens.grid import check_element

Groups = Mapping[str, tuple[int, list[int]]]
"""Dimension and entities of each physical group."""


def write_drawing(
    path: str | Path, draw: Callable[[Any], Groups], *, element: str = "triangle", order: int = 1, dimension: int = 2
) -> None:
    """Mesh a drawing and write a Gmsh file.

    Args:
        path: The .msh file.
        draw: Draws in the `gmsh.model` that it is given, sets its sizes and returns the groups.
        element: "triangle", or "quadrilateral" (recombined, no triangle left); "tetrahedron" of a solid.
        order: 1 or 2.
        dimension: Of the drawing: 2 a plane one, 3 a solid.

    Raises:
        InputError: the element or the order is not offered.
    """
    check_element(element, order, dimension)
    import gmsh

    with gmsh_session():
        options = {"General.Terminal": 0, "General.NumThreads": 1, "Mesh.Binary": 0}
        for option in ("MeshSizeExtendFromBoundary", "MeshSizeFromPoints", "MeshSizeFromCurvature"):
            options[f"Mesh.{option}"] = 0
        if element == "quadrilateral":
            options |= {"Mesh.RecombineAll": 1, "Mesh.RecombinationAlgorithm": 3, "Mesh.Algorithm": 6}
        for option, value in options.items():
            gmsh.option.setNumber(option, value)
        groups = draw(gmsh.model)
        for name, (extent, entities) in groups.items():
            gmsh.model.addPhysicalGroup(extent, entities, name=name)
        gmsh.model.mesh.generate(dimension)
        gmsh.model.mesh.setOrder(order)
        gmsh.write(str(path))


def grade(model: Any, line: int, *, length: float, fine: float, coarse: float, grading: float) -> None:
    """Let the element size grow from `fine` within four elements of a line to `coarse`, by `grading` per distance."""
    field = model.mesh.field
    distance, size = field.add("Distance"), field.add("Threshold")
    field.setNumbers(distance, "CurvesList", [line])
    field.setNumber(distance, "Sampling", max(100, int(2 * length / fine)))
    field.setNumber(size, "InField", distance)
    for key, value in (
        ("SizeMin", fine),
        ("SizeMax", coarse),
        ("DistMin", 4 * fine),
        ("DistMax", 4 * fine + (coarse - fine) / grading),
    ):
        field.setNumber(size, key, value)
    field.setAsBackgroundMesh(size)
