"""What a command says goes where its output leads, or the reason is told; what it computed does not depend on it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = f"{sys.executable} -m multiscale potentials"


def shell(line: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment)


def test_a_reader_that_stops_early_is_no_error():
    done = shell(f"{COMMAND} | true; echo ${{PIPESTATUS[0]}}")
    assert done.stdout == "0\n" and done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_an_output_that_cannot_be_written_is_named():
    done = shell(f"{COMMAND} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == "Error: What was to be said could not be written to the output (No space left on device).\n"
