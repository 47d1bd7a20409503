"""How to go on from a law: a beam of its crystals that breaks along it, as an input file."""

from typing import Any

import yaml

from multiscale.inputs.crystal import CutCrystal
from multiscale.runtime.records import NextStep
from multiscale.studies.cohesive_law.schema import CohesiveLawStudy

_BEAM = {
    "specimen": "dcb", "length": 60, "arm": 6, "crack": 12, "growth": 6, "fine": 0.15, "coarse": 3, "grading": 0.3,
}  # fmt: skip
_CUBIC = ("fcc", "bcc", "sc", "diamond", "rocksalt", "zincblende", "cesiumchloride", "fluorite")
_SOLID = {"young": "100 GPa", "poisson": 0.3}


def on_a_mesh(study: CohesiveLawStudy) -> NextStep:
    """A double cantilever beam with the study's law.

    Its bodies are the law's crystals where these are cubic and named; else they have constants to fill in.
    """
    whole = all(crystal.structure in _CUBIC for crystal in study.crystals.values())
    placed = {side: study.cut(side) for side in ("upper", "lower")}
    single = len(study.crystals) == 1
    bodies: dict[str, Any] = {
        name: _body(crystal, turned=single or name == "lower") if whole else dict(_SOLID) for name, crystal in placed.items()
    }  # fmt: skip
    spacing = {"spacing": "left out"} if study.gap == "in law" else {}
    potential = study.model_dump(mode="json", include={"potential"})["potential"]
    given = {"potential": potential["name"] if set(potential) <= {"name", "device"} else potential} if whole else {}
    text = yaml.safe_dump(
        {"study": "specimen"} | given | {
            "mesh": _BEAM, "mesh_unit": "nm", "kind": "plane strain", "bodies": bodies,
            "interfaces": {"bond": {"plus": "upper", "minus": "lower", **spacing, "law": {"run": "FOLDER"}}},
            "supports": [{"group": "end", "component": "x"}],
            "loads": [{"group": f"load_{side}", "component": "y", "factor": factor} for side, factor in (("upper", 0.5), ("lower", -0.5))],
            "loading": {"opening": "6 nm", "steps": 8},
        },
        sort_keys=False, default_flow_style=None, width=100,
    )  # fmt: skip
    return NextStep("Put this law on a mesh: save this as specimen.yaml, and multiscale run specimen.yaml", text)


def _body(crystal: CutCrystal, *, turned: bool) -> dict[str, Any]:
    """A crystal whose plane is the interface; the one on another is turned by the match."""
    named = {"crystal": {"species": crystal.species, "structure": crystal.structure}}
    if not turned:
        return named
    return named | {"grain": {"x": list(crystal.x or _across(crystal.miller)), "y": list(crystal.miller)}}


def _across(miller: tuple[int, int, int]) -> tuple[int, int, int]:
    """A direction in a plane of a cubic crystal."""
    first, second, _ = miller
    return (second, -first, 0) if first or second else (1, 0, 0)
