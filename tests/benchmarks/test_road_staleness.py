"""Nothing stale is reused, and nothing is computed again for nothing."""

import pytest

from benchmarks.road_staleness import CHANGES, measure, scenes


def test_the_changes_are_fifteen_and_five_and_each_is_made_once():
    assert sum(change.alters for change in CHANGES) == 15 and sum(not change.alters for change in CHANGES) == 5
    made = [change.name for changes in scenes() for change in changes]
    assert sorted(made) == sorted(change.name for change in CHANGES) and len(set(made)) == 20


@pytest.mark.slow
def test_what_is_reused_is_true():
    """What changes nothing, one of each kind that does, our own code and another's version; `benchmarks.road_staleness` makes all."""
    nothing, each_kind, *alone = scenes()
    own = next(scene for scene in alone if scene[0].name == "code of coupling")
    version = next(scene for scene in alone if scene[0].name == "version of numpy")
    chosen = [nothing, each_kind, own, version]
    figures = measure(chosen)
    wanted = {"stale_reused": 0, "needlessly_recomputed": 0, "staleness_without_effect": 0}
    assert wanted == {name: figures[name] for name in wanted}, figures["staleness_named"]
    assert figures["staleness_changes"] == sum(map(len, chosen)) == 12
