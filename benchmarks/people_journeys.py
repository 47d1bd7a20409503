"""Journeys that people make with files of their own, from beginning to end.

Run as `python -m benchmarks.people_journeys [--json] [NAME ...]`; PyVista (the `test` extra) and FEniCSx are needed, Debian's
slurm-wlm and munge for SLURM, and no network. What each compares is said in `benchmarks.journey_NAME`. `journeys_passing`
counts the journeys whose checks all hold; of one that cannot be made here `journey_NAME_reason` says why.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks import journey_abaqus, journey_dislocation, journey_gmsh, journey_notebook, journey_slurm
from benchmarks.journey import Held
from benchmarks.output import report
from coupling.errors import MissingBackend

JOURNEYS: dict[str, Callable[[Path], dict[str, Held]]] = {
    "gmsh": journey_gmsh.journey,
    "abaqus": journey_abaqus.journey,
    "dislocation": journey_dislocation.journey,
    "slurm": journey_slurm.journey,
    "notebook": journey_notebook.journey,
}


def measure(names: Iterable[str] = JOURNEYS) -> dict[str, Any]:
    """All figures.

    Args:
        names: Of `JOURNEYS`.
    """
    figures: dict[str, Any] = {}
    passing = total = 0
    for name in names:
        total, begun = total + 1, time.perf_counter()
        try:
            with tempfile.TemporaryDirectory(prefix=f"journey-{name}-", ignore_cleanup_errors=True) as folder:
                held = JOURNEYS[name](Path(folder))
        except MissingBackend as reason:
            figures[f"journey_{name}_reason"] = str(reason)
            continue
        passing += all(one.good for one in held.values())
        figures |= {f"journey_{name}_{what}": one.figure for what, one in held.items()}
        sys.stderr.write(f"journey {name}: {time.perf_counter() - begun:.0f} s\n")
    return {"journeys": total, "journeys_passing": passing, **figures}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"journeys: {', '.join(JOURNEYS)}; by default all")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(JOURNEYS):
        parser.error(f"unknown journey {', '.join(sorted(unknown))}; valid: {', '.join(JOURNEYS)}")
    report(measure(chosen.names or JOURNEYS), chosen.json)


if __name__ == "__main__":
    main()
