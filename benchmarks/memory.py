"""Bulk with memory: points against closed forms, bodies on meshes, shielding, time and temperature.

Run as `python -m benchmarks.memory [--json]`; two parts at a time, and the seconds of each are printed as it ends. It gathers
`memory_shielding`, `memory_mesh`, `memory_relaxation` and `memory_points`, each of which runs alone, too.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import memory_mesh, memory_points, memory_relaxation, memory_shielding
from benchmarks.output import report
from benchmarks.parts import gathered

PARTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "shielding": memory_shielding.strengths,
    "shielding_mesh": memory_shielding.mesh_spread,
    "mesh": memory_mesh.measure,
    "relaxation": memory_relaxation.measure,
    "points": memory_points.measure,
}
"""The parts, the longest first."""


def part(name: str) -> dict[str, Any]:
    """The figures of a part."""
    return PARTS[name]()


def measure() -> dict[str, Any]:
    """All figures; the parts are independent of each other, and two run at a time."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come: two on two cores leave none for more threads
    begun = time.perf_counter()
    return gathered(part, PARTS) | {"memory_seconds": time.perf_counter() - begun}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
