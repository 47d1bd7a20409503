"""The order of the rooms of `multiscale`, and that one file makes a concurrent method or a defect."""

from pathlib import Path

import multiscale
from benchmarks.house_layout import import_graph, sources
from multiscale.concurrent.methods import method_kinds
from multiscale.studies.concurrent.defects import defect_kinds
from multiscale.studies.concurrent.schema import ConcurrentStudy

HOME = Path(multiscale.__file__).parent
FLOOR = {
    "inputs": 1, "runtime": 1, "surrogate": 1, "concurrent": 2, "report": 2, "stages": 2, "studies": 3, "sweeps": 4,
    "scripting": 4, "cli": 5, "__main__": 6,
}  # fmt: skip


def files(folder):
    return {path.stem for path in (HOME / folder).glob("*.py")} - {"__init__"}


def test_no_room_knows_one_above_or_beside_it():
    known = {
        (one.split(".")[1], other.split(".")[1])
        for one, others in import_graph(sources()).items()
        for other in others
        if one.startswith("multiscale.") and other.startswith("multiscale.")
    }
    assert known and [(one, other) for one, other in known if one != other and FLOOR[other] >= FLOOR[one]] == []


def test_a_file_is_a_method_or_a_defect_that_the_input_file_can_name():
    schema = ConcurrentStudy.model_json_schema()
    assert files("concurrent/methods") == set(method_kinds())
    assert set(schema["$defs"]["MethodInput"]["properties"]["method"]["enum"]) == set(method_kinds())
    assert files("studies/concurrent/defects") == set(defect_kinds()) <= set(schema["properties"])
