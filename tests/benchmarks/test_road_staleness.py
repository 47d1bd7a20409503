"""Nothing stale is reused, and nothing is computed again for nothing."""

import pytest

from benchmarks.road_staleness import CHANGES, measure, scenes


def test_the_changes_are_fifteen_and_five_and_each_is_made_once():
    assert sum(change.alters for change in CHANGES) == 15 and sum(not change.alters for change in CHANGES) == 5
    made = [change.name for changes in scenes() for change in changes]
    assert sorted(made) == sorted(change.name for change in CHANGES) and len(set(made)) == 20


@pytest.mark.slow
def test_what_is_reused_is_true():
    figures = measure()
    wanted = {"stale_reused": 0, "needlessly_recomputed": 0, "staleness_without_effect": 0, "staleness_changes": 20}
    assert wanted == {name: figures[name] for name in wanted}, figures["staleness_named"]
