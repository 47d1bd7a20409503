"""The notebook of the documentation from its first cell to its last.

Each cell shows a value, both diagrams are drawn, the law's checks pass, and its work reaches the beam unchanged and, read again,
the load is the same.
"""

from pathlib import Path

from benchmarks.journey import Held
from tools.notebook import NOTEBOOKS, run, shown

NOTEBOOK = NOTEBOOKS / "law_and_specimen.ipynb"


def journey(folder: Path) -> dict[str, Held]:
    """A law, its diagram and table, a beam of it, the loads, and the run read again."""
    cells = list(run(NOTEBOOK, folder))
    law, diagram, table, beam, loads, same = (value for kind, _, value in cells if kind == "code")
    drawn = [shown(one) for one in (diagram, loads)]
    lacking = [text for text in ("Copper (111)", "J/m") if text not in shown(law)]
    return {
        "law_checks_failed": Held(float(sum(not check.passed for check in law.checks)), 0),
        "work_changed": Held(abs(beam["work_of_separation"] / law["work_of_separation"] - 1), 1e-9),
        "diagrams_missing": Held(float(sum(text.count("<svg") != 1 for text in drawn)), 0),
        "columns_without_unit": Held(float(sum("[" not in name for name in table.columns)), 0),
        "texts_missing": Held(float(len(lacking) + ("elements in the process zone" not in shown(beam))), 0),
        "changed_when_read_again": Held(float(same is not True), 0),
    }
