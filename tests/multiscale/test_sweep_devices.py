"""GPUs of the workers of a sweep, with planted lists of devices: none has another's, as long as there are enough."""

import os
from pathlib import Path

import pytest

from coupling.errors import InputError
from multiscale.sweeps.devices import VISIBLE, shares, visible_devices
from multiscale.sweeps.engine import _workers, check_engine, connected
from multiscale.sweeps.inputs import EngineInput


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (None, ["0", "1", "10"]),
        ("2,3", ["2", "3"]),
        (" GPU-1a, MIG-2b ,7", ["GPU-1a", "MIG-2b", "7"]),
        ("0,-1,2", ["0"]),
        ("", []),
        ("-1", []),
    ],
)
def test_the_devices_are_those_that_cuda_would_see(told: str | None, found: list[str], tmp_path: Path) -> None:
    for name in ("nvidia10", "nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    assert visible_devices({} if told is None else {VISIBLE: told}, tmp_path) == found


@pytest.mark.parametrize("devices", range(1, 9))
@pytest.mark.parametrize("workers", range(1, 9))
def test_no_device_is_idle_or_doubled_where_there_are_enough(devices: int, workers: int) -> None:
    given = shares([str(k) for k in range(devices)], workers)
    used = [one for share in given for one in share]
    assert len(given) == workers and all(given) and set(used) == {str(k) for k in range(devices)}
    times = [used.count(one) for one in set(used)]
    assert max(times) - min(times) <= 1 and (max(times) == 1) == (workers <= devices)


def test_points_that_use_devices_have_as_many_each() -> None:
    assert shares(list("0123"), 2, 2) == [["0", "1"], ["2", "3"]] and shares([], 2, 1) == [[], []]
    with pytest.raises(InputError, match=r"3 workers with 2 GPUs each are more than the 4 here; take workers: 2"):
        shares(list("0123"), 3, 2)


def test_an_engine_that_asks_for_too_many_is_refused_and_by_default_takes_what_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VISIBLE, "4")
    assert _workers(EngineInput.model_validate({"resources": {"GPU": 1}})) == 1
    with pytest.raises(InputError, match="2 workers with 1 GPU each are more than the 1 here"):
        check_engine(EngineInput.model_validate({"workers": 2, "resources": {"GPU": 1}}))


def test_each_worker_sees_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VISIBLE, "3,GPU-b,5")
    with connected(EngineInput.model_validate({"workers": 2}), tmp_path, 9) as (client, _):
        client.wait_for_workers(2, timeout=60)
        found = client.run(os.getenv, VISIBLE)
    assert sorted(found.values()) == ["3", "GPU-b,5"]
