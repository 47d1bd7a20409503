"""An error on one rank ends all ranks, with its own words and the state kept."""

import math

import pytest

from benchmarks.attack_ranks import RANKS, cases, lived, outcome
from benchmarks.rank_probe import FAULTS


def test_every_rank_of_two_and_of_three_fails_somewhere():
    made = list(cases())
    assert len(made) == len(FAULTS) >= 12 and len({fault.place for fault in FAULTS}) == len(FAULTS)
    assert {(ranks, rank) for _, ranks, rank in made} == set(RANKS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.place)
def test_each_fault_is_made_where_there_is_something(fault):
    holder, name = fault.holder()
    assert callable(getattr(holder, name))


@pytest.mark.parametrize(
    ("place", "ranks", "rank"),
    [
        ("the residual", 2, 1),
        ("the energies", 2, 0),
        ("the writing of fields", 2, 1),
        ("the assembly of the bodies", 3, 2),
    ],
)
def test_the_ranks_do_not_wait_for_one_that_failed(place, ranks, rank):
    """Closing a file of fields together with the others was one way of waiting for ever; how soon all end, the benchmark says."""
    assert outcome(next(fault for fault in FAULTS if fault.place == place), ranks, rank, seconds=math.inf) == ""


def test_a_long_life_leaves_nothing():
    figures = lived(12)
    assert figures["long_life_runs"] == 12
    assert figures["long_life_new_modules"] == figures["long_life_new_files"] == 0
    assert figures["long_life_new_communicators"] == 0 and figures["long_life_memory_growth_MiB"] < 10
