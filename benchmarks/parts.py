"""Parts of a benchmark, each in a process of its own, two at a time."""

import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

Figures = dict[str, Any]


def gathered(part: Callable[[str], Figures], names: Iterable[str]) -> Figures:
    """The figures of all parts and `NAME_seconds` of each, which are told as it ends.

    Args:
        part: Makes the figures of one; a function of a module, which another process can import.
        names: The parts, the longest first.
    """
    found: Figures = {}
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for figures in pool.map(partial(timed, part), names):
            found |= figures
    return found


def timed(part: Callable[[str], Figures], name: str) -> Figures:
    """The figures of a part, and its seconds."""
    begun = time.perf_counter()
    found = part(name)
    seconds = time.perf_counter() - begun
    sys.stderr.write(f"{name}: {seconds:.0f} s\n")
    return found | {f"{name}_seconds": seconds}
