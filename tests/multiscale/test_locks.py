"""Locks: one process at a time works in a folder, and a killed one holds nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from multiscale import run_study
from multiscale.runtime.folders import MARKER
from multiscale.runtime.locks import release, taken
from tests.multiscale.test_workspace import study

pytestmark = pytest.mark.usefixtures("toy")


ALTERNATING = """
import sys
from pathlib import Path
from coupling.errors import InputError
from multiscale.runtime.workspace import Workspace

place, who, rounds = Path(sys.argv[1]), sys.argv[2], 0
while rounds < 40:
    space = Workspace(place)
    try:
        space.claim()
    except InputError as error:
        assert "Another run" in str(error), error
        continue
    assert sorted(item.name for item in space.partial.iterdir()) == [".multiscale", "log.txt"]
    (space.partial / "who").write_text(who)
    (space.partial / "results.json").write_text("whole")
    if rounds % 3 == 2:
        assert space.fail() == space.failed
    else:
        space.publish()
        assert (place / "who").read_text() == who
    space.release()
    rounds += 1
"""


def test_two_processes_alternate_in_one_folder(tmp_path):
    (tmp_path / "alternating.py").write_text(ALTERNATING)
    place = tmp_path / "runs" / "out"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    both = [
        subprocess.Popen(
            [sys.executable, tmp_path / "alternating.py", place, who],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in ("one", "two")
    ]
    assert [(done.communicate(timeout=600)[1], done.returncode) for done in both] == [("", 0)] * 2
    assert {item.name for item in place.parent.iterdir()} <= {"out", "out.failed"}
    assert (place / "who").read_text() in ("one", "two") and json.loads((place / MARKER).read_text())["state"] == "done"


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    code = "import os, sys\nfrom pathlib import Path\nfrom multiscale.runtime.workspace import Workspace\n"
    code += "Workspace(Path(sys.argv[1])).claim()\nos.kill(os.getpid(), 9)\n"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "out"], env=environment, check=False)
    assert done.returncode == -9 and (tmp_path / ".out.run.lock").is_file() and (tmp_path / "out.partial").is_dir()
    run_study(study(tmp_path))
    assert sorted(item.name for item in tmp_path.iterdir()) == [".cache", "case.yaml", "out"]


def test_a_lock_is_held_by_one_and_leaves_no_file(tmp_path):
    path = tmp_path / "new" / "lock"
    handle = taken(path, wait=False)
    with pytest.raises(BlockingIOError):
        taken(path, wait=False)
    release(path, handle)
    assert not path.exists()
    release(path, taken(path, wait=False))
