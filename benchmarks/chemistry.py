"""Interfaces with chemistry: boundaries, solutes, laws with them, transport, polycrystals, and which phase there is.

Run as `python -m benchmarks.chemistry [--json]`; two parts at a time, and the seconds of each are printed as it ends. It gathers
`chemistry_boundaries`, `chemistry_segregation`, `chemistry_laws`, `chemistry_transport`, `chemistry_polycrystal` and
`chemistry_phases`, each of which runs alone, too.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import (
    chemistry_boundaries,
    chemistry_laws,
    chemistry_phases,
    chemistry_polycrystal,
    chemistry_segregation,
    chemistry_transport,
)
from benchmarks.output import report
from benchmarks.parts import gathered

PARTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "polycrystal": chemistry_polycrystal.measure,
    "transport": chemistry_transport.measure,
    "phases": chemistry_phases.measure,
    "laws": chemistry_laws.measure,
    "boundaries": chemistry_boundaries.measure,
    "segregation": chemistry_segregation.measure,
}
"""The parts, the longest first."""


def part(name: str) -> dict[str, Any]:
    """The figures of a part."""
    return PARTS[name]()


def measure() -> dict[str, Any]:
    """All figures; the parts are independent of each other, and two run at a time."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come: two on two cores leave none for more threads
    begun = time.perf_counter()
    return gathered(part, PARTS) | {"chemistry_seconds": time.perf_counter() - begun}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
