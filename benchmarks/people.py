"""What people bring, and what they see: installing, engines, files of atoms and fields, reports, templates, journeys.

Run as `python -m benchmarks.people [--json]`, with a package index at hand; the seconds of each part are printed as it ends. It
gathers `people_install`, `people_engines`, `people_atoms`, `people_reports`, `people_templates` and `people_journeys`, each of
which runs alone, too. Where Chromium is not installed `report_faults` is null, and `report_reason` says so.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import people_atoms, people_engines, people_install, people_journeys, people_reports, people_templates
from benchmarks.output import report
from benchmarks.parts import gathered
from benchmarks.report_cases import KINDS


def reports() -> dict[str, object]:
    """The pages of all kinds, or why they were not looked at."""
    try:
        people_reports.chromium()
    except SystemExit as reason:
        return {"report_faults": None, "report_reason": str(reason)}
    with tempfile.TemporaryDirectory() as folder:
        return dict(people_reports.figures(KINDS, Path(folder)))


PARTS: dict[str, Callable[[], dict[str, object]]] = {
    "journeys": people_journeys.measure,
    "reports": reports,
    "templates": people_templates.figures,
    "install": people_install.measure,
    "atoms": people_atoms.measure,
    "engines": people_engines.measure,
}
"""The parts, the longest first."""


def part(name: str) -> dict[str, object]:
    """The figures of a part."""
    return PARTS[name]()


def measure() -> dict[str, object]:
    """All figures; the parts are independent of each other, and two run at a time."""
    begun = time.perf_counter()
    return gathered(part, PARTS) | {"people_seconds": time.perf_counter() - begun}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
