"""Attacks on what users trust: bad and hostile inputs, kills, damaged stores, races, errors on one rank of several.

Run as `python -m benchmarks.attack [--json]`; under ten minutes on two CPU cores. It gathers `attack_inputs`,
`attack_stores` and `attack_ranks`, each of which runs alone, too.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks import attack_inputs, attack_ranks, attack_stores
from benchmarks.output import report


def measure() -> dict[str, object]:
    """All figures; the parts are independent of each other, and two run at a time, the longest first."""
    found: dict[str, object] = {}
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        parts = [pool.submit(part.measure) for part in (attack_stores, attack_ranks, attack_inputs)]
        for part in parts:
            found |= part.result()
    return found


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
