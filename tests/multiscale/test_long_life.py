"""Many runs in one process: after the first nothing is compiled, and no file, communicator or map stays behind."""

from pathlib import Path

import pytest

from benchmarks.attack_ranks import compiled, free_communicators, open_files
from multiscale import run_study
from tests.multiscale.specimen_cases import joint


def held():
    """What a process may only have so many of."""
    mapped = sum("/" in line for line in Path("/proc/self/maps").read_text().splitlines())
    return open_files(), mapped, free_communicators(), compiled()


@pytest.mark.parametrize("strain", ["small", "finite"])
def test_after_the_first_a_run_leaves_nothing_in_the_process(case, tmp_path, strain):
    body = {"young": "70 GPa", "poisson": 0.33, "strain": strain}
    path = case(joint(bodies={"upper": body, "lower": body}, loading={"opening": "130 µm", "steps": 4, "growth": 0.5}))
    run_study(path, tmp_path / "run")
    first = held()
    run_study(path, tmp_path / "run")
    assert held() == first
