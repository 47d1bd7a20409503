"""A tiny mesh, a valid fracture study on it, and toy studies that cost nothing."""

import json
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import yaml

from coupling.errors import InputError, NotConverged
from coupling.ledger import LedgerRow
from multiscale.inputs import Study
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import Picture, Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies import STUDIES, StudyKind
from tests.multiscale.specimen_cases import case, meshes, whole

__all__ = ["case", "meshes", "whole"]  # fixtures of specimen studies

MESH = """$MeshFormat
2.2 0 8
$EndMeshFormat
$PhysicalNames
6
1 1 "bond"
1 2 "load_upper"
1 3 "load_lower"
1 4 "end"
2 5 "upper"
2 6 "lower body"
$EndPhysicalNames
$Nodes
6
1 0 -1 0
2 1 -1 0
3 0 0 0
4 1 0 0
5 0 1 0
6 1 1 0
$EndNodes
$Elements
9
1 1 2 1 1 3 4
2 1 2 2 2 3 5
3 1 2 3 3 1 3
4 1 2 4 4 2 4
5 1 2 4 4 4 6
6 2 2 5 5 3 4 6
7 2 2 5 5 3 6 5
8 2 2 6 6 1 2 4
9 2 2 6 6 1 4 3
$EndElements
"""
GRAIN = {"x": [1, 1, -2], "y": [1, 1, 1]}
GOOD: dict[str, Any] = {
    "study": "fracture",
    "title": "A test",
    "potential": "emt",
    "mesh": "tiny.msh",
    "mesh_unit": "nm",
    "kind": "plane strain",
    "bodies": {name: {"crystal": {"species": "Ni", "structure": "fcc"}, "grain": GRAIN} for name in ("upper", "lower body")},
    "interfaces": {
        "bond": {
            "plus": "upper", "minus": "lower body",
            "law": {"atoms": {"plane": {"species": "Ni", "structure": "fcc", "miller": [1, 1, 1], "layers": 12}}},
        }
    },
    "supports": [{"group": "end", "component": "x"}],
    "loads": [{"group": "load_upper", "component": "y", "factor": 0.5}],
    "loading": {"opening": "60 nm"},
}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n" + b"not really a picture"


@pytest.fixture
def good() -> dict[str, Any]:
    return json.loads(json.dumps(GOOD))  # no shared parts, which YAML would write as aliases


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the tiny mesh."""
    (tmp_path / "tiny.msh").write_text(MESH)
    return tmp_path


@pytest.fixture
def write(folder: Path) -> Callable[[object], Path]:
    """Write an input file, from data or as text, beside the mesh."""

    def to_file(content: object) -> Path:
        text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        path = folder / "case.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


class ToyStudy(Study):
    """Computes nothing much, and fails as told."""

    study: Literal["toy"]
    mode: Literal["good", "diverges", "input", "bug", "interrupt"] = "good"


FAILURES = {
    "diverges": NotConverged("Newton stopped at step 3."),
    "input": InputError("The law does not fit the mesh."),
    "bug": KeyError("lost"),
    "interrupt": KeyboardInterrupt(),
}


def run_toy(study: ToyStudy, context: RunContext) -> Results:
    (context.folder / "state.txt").write_text(study.title)
    law = context.cached("toy law", {"law": 1}, lambda: {"opening": np.linspace(0, 3e-10, 7), "peak": 2e9})
    context.progress("toy", 1, 1)
    if study.mode != "good":
        raise FAILURES[study.mode]
    return toy_results(law["opening"], context.folder)


def toy_results(opening: np.ndarray, folder: Path) -> Results:
    """Results with something of every kind."""
    results = Results("toy")
    results.add("peak", np.float64(29.8e9), "Pa", "peak <traction>", uncertainty=0.4e9, headline=True)
    results.add("steps", np.int64(7), "", "steps")
    results.add("law", "7net", "", "potential")
    results.add_curve("law", "cohesive law", opening=("m", opening), traction=("Pa", 1e10 * np.sin(opening * 1e10)))
    series = (
        PlotSeries("law", "opening", "traction", "law"),
        PlotSeries("law", "opening", "traction", "atoms", "points"),
    )
    results.plots.append(Plot("Cohesive law", "opening", "Å", "traction", "GPa", series, "A caption."))
    (folder / "deformed.png").write_bytes(PNG)
    results.pictures.append(Picture("deformed.png", "Deformed specimen"))
    results.ledger = [LedgerRow("GNN", "slab", 1, 12.0, -5.5), LedgerRow("FE", "bulk", -1, 11.0, None)]
    results.ledger_unit = "eV"
    results.tables.append(Table("Energy balance", ("owner", "J/m"), (("stored", 1.25e-7), ("broken", None), ("n", 3))))
    results.notes.append("A note & more.")
    return results


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the toy study for one test."""
    module = types.ModuleType("toy_study_of_the_tests")
    module.run = run_toy  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(STUDIES, "toy", StudyKind(ToyStudy, module.__name__))
    monkeypatch.delenv("MULTISCALE_CACHE", raising=False)
    yield
