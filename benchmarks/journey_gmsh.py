"""A mesh drawn in Gmsh, and a relaxed mixed law of two metals with error bars, from atoms to a fracture load with a bar.

`law_changed` and `bar_changed` are the relative differences of the work of separation, and of its bar, that the specimen has from those
of the law's run; the fracture load must have a bar, `peak_load_relative_bar`.
"""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.journey import Held, ran
from continuum.specimens.gmsh_session import gmsh_session
from multiscale.runtime.results import Quantity

PLANE = {"miller": [1, 1, 1], "structure": "fcc", "layers": 4}
LAW: dict[str, Any] = {
    "study": "cohesive_law", "potential": "emt", "mode": "mixed", "path": "relaxed",
    "upper": PLANE | {"species": "Cu"}, "lower": PLANE | {"species": "Ni"}, "matching": {"strained": "upper"},
    "openings": {"max": "5 Å", "points": 12}, "relaxation": {"force": 4e-4}, "slip": {"divisions": 4, "tolerance": 0.9, "budget": 200},
    "trust": {"committee": [{"name": "emt", "asap_cutoff": True}]},
}  # fmt: skip
OWN_MESH: dict[str, Any] = {
    "study": "specimen", "mesh": "mine.msh", "mesh_unit": "nm", "kind": "plane strain", "order": 2,
    "bodies": {
        "copper": {"run": "law", "crystal": "upper"},
        "nickel": {"run": "law", "crystal": "lower", "grain": {"x": [1, 1, -2], "y": [1, 1, 1]}},
    },
    "interfaces": {"seam": {"plus": "copper", "minus": "nickel", "law": {"run": "law"}, "misfit": "relaxed", "spacing": "left out"}},
    "supports": [{"group": "right end", "component": "x"}],
    "loads": [{"group": "grip above", "component": "y", "factor": 0.5}, {"group": "grip below", "component": "y", "factor": -0.5}],
    "loading": {"opening": "6 nm", "steps": 8},
}  # fmt: skip


def write_gmsh(path: Path) -> None:
    """Two beams of 24 × 5 nm on each other, cracked over 12 nm, drawn with Gmsh's own Python and named groups."""
    import gmsh

    with gmsh_session():
        gmsh.option.setNumber("General.Terminal", 0)
        draw = gmsh.model.occ
        upper, lower = draw.addRectangle(0, 0, 0, 24, 5), draw.addRectangle(0, -5, 0, 24, 5)
        tip, end = draw.addPoint(12, 0, 0), draw.addPoint(24, 0, 0)
        _, parts = draw.fragment([(2, upper), (2, lower)], [(1, draw.addLine(tip, end))])
        draw.synchronize()

        def edges(*box: float) -> list[int]:
            low, high = (box[0] - 1e-3, box[1] - 1e-3, -1e-3), (box[2] + 1e-3, box[3] + 1e-3, 1e-3)
            return [tag for _, tag in gmsh.model.getEntitiesInBoundingBox(*low, *high, 1)]

        for name, part in zip(("copper", "nickel"), parts, strict=False):
            gmsh.model.addPhysicalGroup(2, [tag for _, tag in part], name=name)
        for name, box in {
            "seam": (12, 0, 24, 0), "right end": (24, -5, 24, 5), "grip above": (0, 0, 0, 5), "grip below": (0, -5, 0, 0),
        }.items():  # fmt: skip
            gmsh.model.addPhysicalGroup(1, edges(*box), name=name)
        gmsh.model.mesh.setSize(gmsh.model.getEntities(0), 2.0)
        gmsh.model.mesh.setSize(gmsh.model.getEntitiesInBoundingBox(11.9, -0.1, -0.1, 24.1, 0.1, 0.1, 0), 0.4)
        gmsh.model.mesh.generate(2)
        gmsh.write(str(path))


def journey(folder: Path) -> dict[str, Held]:
    """Atoms to a mixed law with bars, the law on a mesh: the bars reach the fracture load."""
    write_gmsh(folder / "mine.msh")
    law = ran(LAW, folder, "law").quantities["work_of_separation"]
    results = ran(OWN_MESH, folder, "own_mesh")
    taken, peak = results.quantities["work_of_separation"], results.quantities["peak_load"]
    return {
        "law_changed": Held(abs(taken.value / law.value - 1), 1e-9),
        "bar_changed": Held(abs(_bar(taken) / _bar(law) - 1), 1e-6),
        "peak_load_relative_bar": Held(_bar(peak) / peak.value or np.inf, 0.5),
    }


def _bar(quantity: Quantity) -> float:
    return quantity.uncertainty if quantity.uncertainty is not None else np.nan
