"""Order and promises of the test run: fast rooms first, long tests early, and a promised GPU must be there."""

import os
import signal
from itertools import groupby
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault(
    "MPIR_CVAR_ENABLE_HEAVY_YIELD", "1"
)  # ranks that wait leave the cores to others: there are fewer than processes
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a run in the background, whose processes would never hear it
    signal.signal(signal.SIGINT, signal.default_int_handler)
_ROOMS = ("test_layout.py", "test_declared.py", "coupling", "slow", "examples", "multiscale", "atomistic", "continuum")
"""Folders of tests and, as "slow", the marked tests of all of them: seconds first, then what would end alone as the last."""
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by room, and deal the modules to the workers; skip GPU tests without a GPU unless one is promised."""
    items.sort(key=_rank)
    items[:] = dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    gpu = [item for item in items if item.get_closest_marker("gpu")]
    if gpu and not _has_gpu():
        if os.environ.get("REQUIRE_GPU") == "1":
            raise pytest.UsageError("REQUIRE_GPU=1 promises a CUDA device, and torch sees none.")
        for item in gpu:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


def dealt(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The sorted tests in as many parts as there are workers, which get equal parts at first and then take from the others' ends.

    Each part has its share of every room, in the same order; a module, whose tests share fixtures, stays in one part.
    """
    parts: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for _, room in groupby(items, key=_rank):
        begun = [len(part) for part in parts]
        for _, module in groupby(room, key=lambda item: item.path):
            k = min(range(workers), key=lambda k: (len(parts[k]) - begun[k], len(parts[k])))
            parts[k].extend(module)
    return [item for part in parts for item in part]


def _rank(item: pytest.Item) -> int:
    room = "slow" if item.get_closest_marker("slow") else item.path.relative_to(_HERE).parts[0]
    return _ROOMS.index(room) if room in _ROOMS else len(_ROOMS)


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
