"""Abaqus's types of elements: which cells, facets or interfaces their nodes make.

Names and nodes: Abaqus Elements Guide, "BodyMaterial (continuum) elements", "Structural elements", "Cohesive elements".
The order of the nodes of these elements is VTK's.
"""

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["cell", "facet", "interface"]


@dataclass(frozen=True)
class ElementType:
    """What a type of element is here.

    Attributes:
        name: As in the file.
        role: A cell of a body, a facet of cells, or an interface of no thickness.
        kinds: meshio's name of its cells by the number of nodes that it may have.
        says: What the type says of the physics, such as "plane strain".
    """

    name: str
    role: Role
    kinds: dict[int, str]
    says: str

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers of nodes."""
        return tuple(self.kinds)


_PLANE = {3: "triangle", 4: "quad", 6: "triangle6", 8: "quad8"}
_SOLID = {4: "tetra", 8: "hexahedron", 10: "tetra10", 20: "hexahedron20"}
_CELLS = {
    "CPE": (_PLANE, "plane strain"),
    "CPS": (_PLANE, "plane stress"),
    "CAX": (_PLANE, "axisymmetric"),
    "C3D": (_SOLID, "3D"),
}
_VARIANT = (
    r"R?I?M?P?H?S?T?E?"  # reduced, incompatible, modified, pore pressure, hybrid, stress, temperature, piezoelectric
)
_CELL = re.compile(rf"(CPE|CPS|CAX|C3D)(\d+){_VARIANT}")
_LINE = {2: "line", 3: "line3"}
_FACETS: tuple[tuple[str, dict[int, str], str], ...] = (  # names, kinds, what they are
    (r"T[23]D[23][HTE]{0,2}", _LINE, "truss"),
    (r"(B|PIPE)[23][123](H|OS|OSH)?", _LINE, "beam"),
    (r"(SAX[12]T?|S?F?MAX[12])", _LINE, "axisymmetric shell or membrane"),
    (r"(R2D2|RAX2|RB[23]D2)", _LINE, "rigid"),
    (r"(S3|STRI3|S3R|S3RS|S3T|S3RT|DS3)", {3: "triangle"}, "shell"),
    (r"(S4|S4R|S4RS|S4RSW|S4R5|S4T|S4RT|DS4)", {4: "quad"}, "shell"),
    (r"(S6|STRI65|DS6)", {6: "triangle6"}, "shell"),
    (r"(S8|S8R|S8R5|S8RT|DS8)", {8: "quad8"}, "shell"),
    (r"S9R5", {9: "quad9"}, "shell"),
    (r"(M3D3|SFM3D3)", {3: "triangle"}, "membrane"),
    (r"(M3D4|SFM3D4)R?", {4: "quad"}, "membrane"),
    (r"(M3D6|SFM3D6)", {6: "triangle6"}, "membrane"),
    (r"(M3D8|SFM3D8)R?", {8: "quad8"}, "membrane"),
    (r"M3D9R?", {9: "quad9"}, "membrane"),
    (r"R3D3", {3: "triangle"}, "rigid"),
    (r"R3D4", {4: "quad"}, "rigid"),
)
_INTERFACES = {"2D4": {4: "line"}, "AX4": {4: "line"}, "3D6": {6: "triangle"}, "3D8": {8: "quad"}}
_INTERFACE = re.compile(r"CO[HD](2D4|AX4|3D6|3D8)")

VALID = (
    "CPE3, CPE4, CPE6, CPE8, and the same with CPS and CAX, C3D4, C3D8, C3D10, C3D20, each with R, H, I, M or T, for bodies; "
    "T2D2, T2D3, SFM3D3, SFM3D4, SFM3D6, SFM3D8, shells and rigid faces on the bodies' facets; COH2D4, "
    "COHAX4, COH3D6, COH3D8 for interfaces"
)
"""The types that are read, in words."""


def element_type(name: str) -> ElementType | None:
    """What a type is here; None if it is not among those that are read."""
    upper = name.upper()
    if match := _CELL.fullmatch(upper):
        kinds, says = _CELLS[match[1]]
        nodes = int(match[2])
        return ElementType(upper, "cell", {nodes: kinds[nodes]}, says) if nodes in kinds else None
    if match := _INTERFACE.fullmatch(upper):
        return ElementType(upper, "interface", _INTERFACES[match[1]], "cohesive")
    for pattern, kinds, says in _FACETS:
        if re.fullmatch(pattern, upper):
            return ElementType(upper, "facet", kinds, says)
    return None


def why_not(name: str) -> str:
    """Why a type is not read, for the sentence "elements of type … ..."."""
    upper = name.upper()
    if re.match(r"C3D(6|15)", upper):
        return "are wedges, and bodies are of tetrahedra or hexahedra"
    if re.match(r"C3D5", upper):
        return "are pyramids, and bodies are of tetrahedra or hexahedra"
    if re.match(r"(SPRING|DASHPOT|MASS|ROTARY|CONN|GAP|JOINT|DCOUP|ITS|HEATCAP|FRAME|ELBOW)", upper):
        return "are no parts or facets of bodies, and a point mass, spring or connector cannot be given"
    if re.match(r"CO[HD]", upper):
        return "carry a pore pressure, which a law on an interface does not know"
    return "are not known"
