"""Journeys of people with files of their own, from beginning to end: those of `benchmarks.people_journeys`."""

from pathlib import Path

import pytest

from benchmarks.people_journeys import JOURNEYS
from coupling.errors import MissingBackend

MARKS = {"gmsh": [pytest.mark.slow], "slurm": [pytest.mark.slow, pytest.mark.slurm]}


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in JOURNEYS])
def test_a_journey_arrives(tmp_path: Path, name: str) -> None:
    """What each compares is said where it is defined."""
    try:
        held = JOURNEYS[name](tmp_path)
    except MissingBackend as reason:
        if name != "slurm":
            raise
        pytest.skip(str(reason))
    assert {what: one for what, one in held.items() if not one.good} == {}
