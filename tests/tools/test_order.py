"""The order of the test run: every worker begins with fast rooms, and takes a share of the long tests early."""

from pathlib import Path
from types import SimpleNamespace

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
