"""The good inputs that bad ones are made of, and the files that lie beside them."""

from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parents[1] / "tests"
_COPPER = {"species": "Cu", "structure": "fcc"}
_CUT = _COPPER | {"miller": [1, 1, 1], "layers": 4}
_SOLID = {"young": "70 GPa", "poisson": 0.33}
BILINEAR = {
    "kind": "bilinear",
    "work_of_separation": "100 J/m^2",
    "peak_traction": "20 MPa",
    "stiffness": "1e5 MPa/mm",
}

BASES: dict[str, dict[str, Any]] = {
    "law": {
        "study": "cohesive_law", "potential": "emt", "plane": _CUT, "openings": {"max": "6 Å", "points": 12},
        "output": {"folder": "runs/law"},
    },
    "filed": {"study": "cohesive_law", "potential": "emt", "plane": {"file": "good.cif", "miller": [1, 1, 1], "layers": 4}},
    "hetero": {
        "study": "cohesive_law", "potential": "emt", "upper": _CUT | {"species": "Ni"}, "lower": _CUT,
        "matching": {"strained": "upper"},
    },
    "specimen": {
        "study": "specimen", "mesh": "good.inp", "mesh_unit": "mm", "kind": "plane strain",
        "bodies": {"upper": _SOLID, "lower": _SOLID},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": BILINEAR}},
        "supports": [{"group": "bottom", "component": "y"}, {"group": "bottom", "component": "x"}],
        "loads": [{"group": "left", "component": "y"}],
        "loading": {"opening": "0.004 mm", "steps": 4},
    },
    "fracture": {
        "study": "fracture", "potential": "emt", "mesh": "good.inp", "mesh_unit": "nm", "kind": "plane strain",
        "bodies": {"upper": {"crystal": _COPPER}, "lower": {"crystal": _COPPER}},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": {"atoms": {"plane": _CUT}}}},
        "supports": [{"group": "bottom", "component": "y"}],
        "loads": [{"group": "left", "component": "y"}],
        "loading": {"opening": "4 nm"},
    },
    "embedding": {
        "study": "embedding", "potential": "emt", "larger": "emt", "structure": {"crystal": _COPPER | {"repeats": [2, 2, 2]}},
        "regions": {"a": {"kind": "atoms", "atoms": [0]}},
    },
    "ion": {
        "study": "embedding", "potential": "emt", "larger": "emt", "structure": {"file": "plain.extxyz"},
        "regions": {"ion": {"kind": "atoms", "atoms": [0, 1, 2, 3, 4], "radius": "0.1 Å"}},
    },
    "dislocation": {"study": "dislocation", "potential": "emt", "species": "Cu", "structure": "fcc", "system": "edge"},
    "concurrent": {
        "study": "concurrent", "potential": "emt", "species": "Cu", "structure": "fcc", "line": [1, -1, 0],
        "point_defect": {"missing": 1}, "box": {"cells": [4, 4], "level": 2}, "methods": [{"method": "bqce", "core": 4.0}],
    },
    "learn": {
        "study": "learn", "potential": "7net-0", "oracle": "emt",
        "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1]},
    },
    "distil": {"study": "distil", "potential": "emt", "crystals": [_COPPER | {"planes": [[1, 1, 1]]}]},
    "function": {"study": "function", "call": "beside:double", "arguments": {"x": 1.0}},
}  # fmt: skip

_XYZ = '2\nLattice="3.6 0 0 0 3.6 0 0 0 3.6" Properties=species:S:1:pos:R:3{columns} pbc="T T T"\nCu 0 0 {z}{one}\nCu 1.8 1.8 0{two}\n'


def _xyz(columns: str = "", z: str = "0", one: str = "", two: str = "") -> bytes:
    return _XYZ.format(columns=columns, z=z, one=one, two=two).encode()


def _kept(*place: str) -> bytes:
    return DATA.joinpath(*place).read_bytes()


FILES: dict[str, bytes] = {
    "good.cif": _kept("atomistic", "data", "solid_solution.cif").replace(b"Ni1 Ni 0 0 0 0.5\n", b"").replace(b"0 0 0 0.5", b"0 0 0 1.0"),
    "solid_solution.cif": _kept("atomistic", "data", "solid_solution.cif"),
    "two_images.extxyz": _kept("atomistic", "data", "two_images.extxyz"),
    "plain.extxyz": _kept("atomistic", "data", "plain.extxyz"),
    "info_charge.extxyz": _kept("atomistic", "data", "info_charge.extxyz"),
    "nan.extxyz": _xyz(z="nan"),
    "charged.extxyz": _xyz(":initial_charges:R:1", one=" 1.0", two=" 1.0"),
    "spins.extxyz": _xyz(":initial_magmoms:R:1", one=" 0.6", two=" 0.6"),
    "short.extxyz": _xyz()[:-12],
    "empty.cif": b"", "empty.eam.alloy": b"", "empty.msh": b"", "empty.inp": b"", "empty.json": b"", "empty.med": b"",
    "bytes.cif": bytes(range(256)) * 4, "bytes.msh": bytes(range(256)) * 4, "bytes.json": bytes(range(256)),
    "bytes.med": bytes(range(256)), "bytes.vtu": bytes(range(256)),
    "text.unknown": b"hello\n", "text.eam.alloy": b"hello\n", "text.pth": b"hello\n", "text.json": b"[1, 2]\n",
    "text.inp": b"hello\n", "text.txt": b"1 2 x\n", "three.txt": b"1\n2\n3\n", "nan.txt": b"nan\n" * 8,
    "deep.json": b"[" * 100000 + b"]" * 100000,
    "study.yaml": b"{}\n",
    "good.inp": _kept("continuum", "data", "abaqus", "silent_right.inp"),
    "nan.inp": _kept("continuum", "data", "abaqus", "silent_right.inp").replace(b"11, 0.0, 0.0", b"11, nan, 0.0"),
    "torn.inp": _kept("continuum", "data", "abaqus", "silent_right.inp")[:700],
    "torn.msh": _kept("continuum", "data", "gmsh", "saveall_41.msh")[:1500],
    "beside.py": b"def double(x):\n    return {'twice': 2 * x}\n",
    "folder/here.txt": b"somebody's\n", "folder.pth/here.txt": b"somebody's\n",
}  # fmt: skip
"""Beside each input, by name."""


def written(data: object) -> str:
    """Plain data as an input file, every part written out."""
    return yaml.dump(data, Dumper=_WrittenOut, allow_unicode=True, sort_keys=False, width=10**6)


class _WrittenOut(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True
