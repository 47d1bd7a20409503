"""Many runs in one process: after the first nothing is compiled, and no file, communicator or map stays behind."""

import gc
import os
import sys
from pathlib import Path

import pytest

from multiscale import run_study
from tests.multiscale.test_specimen_study import case, joint, meshes  # noqa: F401


def held():
    """What a process may only have so many of: open files, mapped files, communicators, compiled forms."""
    gc.collect()
    return {
        "files": len(os.listdir("/proc/self/fd")),
        "maps": sum("/" in line for line in Path("/proc/self/maps").read_text().splitlines()),
        "communicators": free_communicators(),
        "compiled": {name for name in sys.modules if "libffcx" in name},
    }


def free_communicators():
    """How many more MPI can make."""
    from continuum.fenics import MPI

    made = []
    with pytest.raises(MPI.Exception):
        while True:
            made.append(MPI.COMM_SELF.Dup())
    for one in made:
        one.Free()
    return len(made)


@pytest.mark.parametrize("strain", ["small", "finite"])
def test_after_the_first_a_run_leaves_nothing_in_the_process(case, tmp_path, strain):  # noqa: F811
    body = {"young": "70 GPa", "poisson": 0.33, "strain": strain}
    path = case(joint(bodies={"upper": body, "lower": body}))
    run_study(path, tmp_path / "run")
    first = held()
    for _ in range(3):
        run_study(path, tmp_path / "run")
    assert held() == first
