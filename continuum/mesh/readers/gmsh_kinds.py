"""Gmsh's types of elements, and the order of their nodes (Gmsh Reference Manual, "Node ordering")."""

import numpy as np

KINDS = {  # Gmsh's type: meshio's name, number of nodes
    1: ("line", 2),
    2: ("triangle", 3),
    3: ("quad", 4),
    4: ("tetra", 4),
    5: ("hexahedron", 8),
    6: ("wedge", 6),
    7: ("pyramid", 5),
    8: ("line3", 3),
    9: ("triangle6", 6),
    10: ("quad9", 9),
    11: ("tetra10", 10),
    12: ("hexahedron27", 27),
    13: ("wedge18", 18),
    14: ("pyramid14", 14),
    15: ("vertex", 1),
    16: ("quad8", 8),
    17: ("hexahedron20", 20),
    18: ("wedge15", 15),
    19: ("pyramid13", 13),
    21: ("triangle10", 10),
    26: ("line4", 4),
    29: ("tetra20", 20),
    36: ("quad16", 16),
    92: ("hexahedron64", 64),
}
_EDGES = (8, 11, 13, 9, 16, 18, 19, 17, 10, 12, 14, 15)
TO_VTK = {
    "tetra10": np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 8]),
    "hexahedron20": np.array([*range(8), *_EDGES]),
    "hexahedron27": np.array([*range(8), *_EDGES, 22, 23, 21, 24, 20, 25, 26]),
}
"""Places in Gmsh's order of the nodes in VTK's."""
