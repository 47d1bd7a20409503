"""The order of the test run: every worker begins with fast rooms, and takes a share of the long tests early."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import conftest
from tests.conftest import dealt

ROOT = Path(__file__).parents[1]


def items(file: str, count: int, slow: bool = False) -> list[SimpleNamespace]:
    found = SimpleNamespace(path=ROOT / file, slow=slow, get_closest_marker=lambda name: slow or None)
    return [SimpleNamespace(**vars(found), number=k) for k in range(count)]


def test_two_workers_share_every_room_and_no_module():
    fast = items("coupling/test_a.py", 3) + items("coupling/test_b.py", 2) + items("coupling/test_c.py", 1)
    slow = items("atomistic/test_d.py", 1, slow=True) + items("multiscale/test_e.py", 1, slow=True)
    rest = items("multiscale/test_e.py", 4) + items("multiscale/test_f.py", 4)
    order = dealt(fast + slow + rest, 2)
    halves = order[:8], order[8:]
    for half in halves:
        assert [item.slow for item in half] == [False] * 3 + [True] + [False] * 4
        assert {item.path.parent.name for item in half[:3]} == {"coupling"}
    assert not {(item.path, item.slow) for item in halves[0]} & {(item.path, item.slow) for item in halves[1]}
    assert dealt(order, 1) == order
    assert sorted(map(id, order)) == sorted(map(id, fast + slow + rest))


def gpu_item() -> SimpleNamespace:
    item = items("atomistic/test_gpu.py", 1)[0]
    item.get_closest_marker, item.added = (lambda name: name == "gpu" or None), []
    item.add_marker = item.added.append
    return item


def test_a_promised_gpu_must_be_there(monkeypatch):
    """Without the promise its tests are skipped, and say why; with it they are an error."""
    monkeypatch.setattr(conftest, "_has_gpu", lambda: False)
    monkeypatch.delenv("REQUIRE_GPU", raising=False)
    item = gpu_item()
    conftest.pytest_collection_modifyitems([item])
    assert [(one.name, one.kwargs) for one in item.added] == [("skip", {"reason": "no CUDA device"})]
    monkeypatch.setenv("REQUIRE_GPU", "1")
    with pytest.raises(pytest.UsageError, match="promises a CUDA device"):
        conftest.pytest_collection_modifyitems([gpu_item()])
    monkeypatch.setattr(conftest, "_has_gpu", lambda: True)
    item = gpu_item()
    conftest.pytest_collection_modifyitems([item])
    assert item.added == []
