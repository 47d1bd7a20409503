"""The ledger's benchmark: every wrong model is named before a solution, no right one is refused; and it can fail."""

import pytest

from benchmarks import road_ledger
from benchmarks.road_models import NAIVE, RIGHT, WRONG, from_atoms, joint, pulled


def test_ten_wrong_models_are_named_and_twenty_right_ones_pass():
    said = []
    figures = road_ledger.measure(said.append)
    assert (len(WRONG), len(RIGHT)) == (10, 20)
    assert figures == {"wrong_models": 10, "wrong_models_named": 10, "right_models": 20, "right_models_refused": 0}, (
        said
    )


def test_a_right_model_among_the_wrong_ones_and_a_wrong_one_among_the_right_ones_would_show(monkeypatch):
    right, wrong = "excess law, spacing left out, plane strain", "naive law"
    monkeypatch.setattr(road_ledger, "WRONG", {right: (RIGHT[right], WRONG[wrong][1])})
    monkeypatch.setattr(road_ledger, "RIGHT", {wrong: WRONG[wrong][0]})
    figures = road_ledger.measure()
    assert (figures["wrong_models_named"], figures["right_models_refused"]) == (0, 1)


def test_a_wrong_model_that_is_solved_first_would_show():
    def solved_first(folder):
        assert road_ledger.refused(RIGHT["closed form, curved interface"]) == ""
        return pulled(joint(folder), from_atoms(NAIVE), spacing="left out")

    with pytest.raises(AssertionError, match="solved before its ledger"):
        road_ledger.told(solved_first)
