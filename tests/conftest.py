"""Order and promises of the test run: fast rooms first, and a promised GPU must be there."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
_ROOMS = ("test_layout.py", "coupling", "multiscale", "continuum", "atomistic", "examples")
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by slowness, then by room; skip GPU tests without a GPU unless one is promised."""

    def rank(item: pytest.Item) -> tuple[bool, int]:
        room = item.path.relative_to(_HERE).parts[0]
        return item.get_closest_marker("slow") is not None, _ROOMS.index(room) if room in _ROOMS else len(_ROOMS)

    items.sort(key=rank)
    gpu = [item for item in items if item.get_closest_marker("gpu")]
    if gpu and not _has_gpu():
        if os.environ.get("REQUIRE_GPU") == "1":
            raise pytest.UsageError("REQUIRE_GPU=1 promises a CUDA device, and torch sees none.")
        for item in gpu:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()
