"""The benchmark of the start: the same sample in both trees, and a reason where there is no earlier tree."""

import pytest

from benchmarks.speed_start import ROOT, cost_over_before, help_over_python, sample, seconds


def test_the_help_takes_longer_than_nothing():
    assert help_over_python(1) > 1


def test_a_python_that_fails_is_not_timed():
    with pytest.raises(Exception, match="non-zero exit status"):
        seconds("-c", "import nothing_of_that_name")


def test_the_sample_is_of_modules_that_both_trees_have(tmp_path):
    every = sample(ROOT, ROOT, 1)
    assert "tests/test_layout.py" in every and len(sample(ROOT, ROOT, 12)) == -(-len(every) // 12)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_layout.py").touch()
    assert sample(ROOT, tmp_path, 1) == ["tests/test_layout.py"]


def test_without_the_earlier_tree_there_is_a_reason():
    ratio, said = cost_over_before("no-such-commit")
    assert ratio is None and "no-such-commit" in said
