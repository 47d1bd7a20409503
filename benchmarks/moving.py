"""Trust wherever atoms move: dynamics against closed forms, metals at 300 K, triggers and learning, free energies.

Run as `python -m benchmarks.moving [--json]`; two parts at a time, and the seconds of each are printed as it ends. Each of the
parts runs alone, too; one that is not here yet is left out, and said so.
"""

import os
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from benchmarks.output import report
from benchmarks.parts import gathered

PARTS = ("moving_metals", "moving_trust", "moving_free_energy", "moving_exact")
"""Modules of this folder with a function `measure`, the longest first."""


def present() -> tuple[str, ...]:
    """The parts that are there."""
    return tuple(name for name in PARTS if find_spec(f"benchmarks.{name}") is not None)


def part(name: str) -> dict[str, Any]:
    """The figures of a part."""
    found: dict[str, Any] = import_module(f"benchmarks.{name}").measure()
    return found


def measure() -> dict[str, Any]:
    """All figures; the parts are independent of each other, and two run at a time."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come: two on two cores leave none for more threads
    begun, names = time.perf_counter(), present()
    sys.stderr.writelines(f"{name}: not here, left out\n" for name in PARTS if name not in names)
    return gathered(part, names) | {"moving_seconds": time.perf_counter() - begun}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
