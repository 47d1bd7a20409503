"""Rates: saddles and prefactors, quantum nuclei, delayed fracture.

Run as `python -m benchmarks.rates [--json]`; two parts at a time, and the seconds of each are printed as it ends. It gathers
`rates_saddles`, `rates_quantum` and `rates_delay`, each of which runs alone, too.
"""

import os
import sys
import time
from importlib import import_module
from typing import Any

from benchmarks.output import report
from benchmarks.parts import gathered

PARTS = ("rates_quantum", "rates_delay", "rates_saddles")
"""The parts, the longest first."""


def part(name: str) -> dict[str, Any]:
    """The figures of a part."""
    found: dict[str, Any] = import_module(f"benchmarks.{name}").measure()
    return found


def measure() -> dict[str, Any]:
    """All figures; the parts are independent of each other, and two run at a time."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come: two on two cores leave none for more threads
    begun = time.perf_counter()
    return gathered(part, PARTS) | {"rates_seconds": time.perf_counter() - begun}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
