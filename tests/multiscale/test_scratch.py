"""Scratch folders: one process at a time, left by an interruption, gone when the work is done."""

import os
import signal
import subprocess
import sys

import pytest

from multiscale.runtime.scratch import scratch

HOLD = """
import sys, time
from pathlib import Path
from multiscale.runtime.scratch import scratch

with scratch(Path(sys.argv[1])) as place:
    place.mkdir(parents=True)
    (place / "half").write_text("done")
    print(place.name, flush=True)
    time.sleep(600)
"""


def test_an_interruption_leaves_it_and_the_end_removes_it(tmp_path):
    with pytest.raises(KeyboardInterrupt), scratch(tmp_path / "work" / "key") as place:
        place.mkdir(parents=True)
        (place / "half").write_text("done")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path / "work") == ["key"]
    with scratch(tmp_path / "work" / "key") as place:
        assert (place / "half").read_text() == "done"
    assert not (tmp_path / "work").exists()


def test_two_at_once_have_one_each_and_a_killed_ones_is_taken_over(tmp_path):
    folder = tmp_path / "work" / "key"
    held = [subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)]
    assert held[0].stdout.readline() == "key\n"
    held.append(subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True))
    assert held[1].stdout.readline() == "key-2\n"
    with scratch(folder) as place:
        assert place.name == "key-3"
    held[0].send_signal(signal.SIGKILL)
    held[0].communicate()
    with scratch(folder) as place:
        assert place == folder and (place / "half").exists()
    assert sorted(name for name in os.listdir(tmp_path / "work") if not name.startswith(".")) == ["key-2"]
    held[1].kill()
    held[1].communicate()


def test_who_waits_for_a_lock_says_so(tmp_path):
    from multiscale.runtime.locks import exclusive, release, taken

    path, said = tmp_path / "a.lock", []
    with exclusive(path, lambda: said.append("alone")):
        pass
    held = taken(path)
    with exclusive(path, lambda: (said.append("waits"), release(path, held))):
        pass
    assert said == ["waits"]
