"""The attack on the stores: no damage crashes a reader or gives a wrong number; and the attack can find such."""

import random

import pytest

from benchmarks import attack_mutations
from benchmarks.attack_kills import differing, write_cases
from benchmarks.attack_mutations import STORES, Stored, mutated
from multiscale import run_study


def test_no_damage_of_any_store_crashes_or_gives_a_wrong_number(tmp_path):
    figures, said = attack_mutations.measure(tmp_path, 6 * len(STORES), seed=3)
    assert figures == {"mutations": 6 * len(STORES), "mutation_crashes": 0, "mutation_wrong": 0}, said


def test_stores_that_believe_all_or_crash_would_show(tmp_path, monkeypatch):
    def write(folder):
        (folder / "number").write_text("1234567890" * 20)

    believing = Stored(write, lambda folder: (folder / "number").read_bytes())
    crashing = Stored(write, lambda folder: int((folder / "number").read_text()))
    monkeypatch.setattr(attack_mutations, "STORES", {"believing": believing, "crashing": crashing})
    figures, said = attack_mutations.measure(tmp_path, 40)
    assert (
        figures["mutation_wrong"] > 20 and figures["mutation_crashes"] > 2 and len(said) == sum(figures.values()) - 40
    )


def test_a_mutation_changes_something():
    chance = random.Random(1)
    assert all(mutated(b"0123456789" * 10, chance) != b"0123456789" * 10 for _ in range(300))


@pytest.mark.parametrize("kind", ["law"])
def test_a_changed_curve_is_a_difference(kind, tmp_path):
    path = write_cases(tmp_path / "cases")[kind]
    for name in ("one", "two"):
        run_study(path, tmp_path / name / "out")
    assert differing(tmp_path / "one" / "out", tmp_path / "two" / "out") == []
    curve = sorted((tmp_path / "two" / "out" / "curves").iterdir())[0]
    curve.write_text(curve.read_text().replace("1", "2", 1))
    assert differing(tmp_path / "one" / "out", tmp_path / "two" / "out") == [f"curves/{curve.name}"]
