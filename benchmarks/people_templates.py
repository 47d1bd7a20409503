"""Templates of all kinds of input: written, checked, run and reported without a hand; and input keys without a description.

`python -m benchmarks.people_templates [--json] [KIND ...]`
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from typer.testing import CliRunner

from benchmarks.output import report
from multiscale.cli import app
from multiscale.cli.answers import kinds
from multiscale.cli.beginning import model_of, starter_of
from multiscale.inputs.keys import undescribed


def figures(names: list[str] | None = None) -> dict[str, object]:
    """The number of kinds, of templates that run, and of keys that nobody has described.

    Args:
        names: Kinds whose templates are run; by default all.
    """
    wanted, passing = names or list(kinds()), 0
    for kind in wanted:
        begun, fault = time.perf_counter(), template_fault(kind)
        passing += not fault
        sys.stderr.write(f"{kind}: {fault or 'passes'}, {time.perf_counter() - begun:.0f} s\n")
    found = [f"{kind}: {path}" for kind in kinds() for path in undescribed(model_of(kind))]
    sys.stderr.writelines(f"no description: {one}\n" for one in found)
    return {"kinds": len(wanted), "templates_passing": passing, "undescribed_keys": len(found)}


def template_fault(kind: str) -> str:
    """What goes wrong between `new` and `report`, in an empty folder; "" for nothing."""
    with _elsewhere():
        consent = [starter_of(kind).consent] if starter_of(kind).consent else []
        steps = (
            ["new", kind],
            ["check", f"{kind}.yaml"],
            [kinds()[kind], f"{kind}.yaml", "--output", "found", "--quiet", *consent],
            ["report", "found"],
        )
        for step in steps:
            done = CliRunner().invoke(app, step)
            if done.exit_code:
                return f"multiscale {' '.join(step)}: {done.output.strip()}"
        return "" if Path("found/report.html").is_file() else "no report"


@contextmanager
def _elsewhere() -> Iterator[None]:
    """A working folder that is empty, and goes."""
    before = Path.cwd()
    with TemporaryDirectory(prefix="templates-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("kinds", nargs="*", help="kinds whose templates are run; by default all")
    given = parser.parse_args()
    report(figures(given.kinds), given.json)
