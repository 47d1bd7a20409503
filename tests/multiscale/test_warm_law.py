"""A law at a temperature where the vibrations soften towards the peak: bridged, and said so."""

import numpy as np
import pytest

from multiscale import run_study
from multiscale.studies import parse_study

SMALL = {
    "study": "cohesive_law", "potential": "emt", "path": "relaxed", "openings": {"max": "5 Å", "points": 14},
    "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4},
}  # fmt: skip


def turns(traction):
    """How often the traction of a law turns from rising to falling or back, by more than a thousandth of its peak."""
    steps = np.diff(traction)
    signs = np.sign(steps[np.abs(steps) > 1e-3 * traction.max()])
    return int(np.sum(signs[1:] != signs[:-1]))


@pytest.mark.parametrize("temperature", [600])
def test_a_law_whose_vibrations_soften_at_the_peak_has_one_hump_below_the_static_one(temperature, tmp_path):
    results = run_study(parse_study(SMALL | {"temperature": f"{temperature} K"}, tmp_path), tmp_path / "run")
    law, static = results.curves["samples"], results.curves["static"]
    warm, cold = np.array(law.values["traction"]), np.array(static.values["traction"])
    assert turns(warm) == 1
    assert 0.8 * cold.max() < warm.max() < 0.98 * cold.max()
    (finding,) = results.findings
    assert not finding.fatal and "the peak traction among it" in finding.what
    assert f"no oscillator at {temperature} K" in finding.what and 0.1 < finding.size < 0.5


def test_work_that_a_law_with_the_gap_in_the_bulk_leaves_out_is_named_and_is_what_the_other_law_has(tmp_path):
    works, left = {}, []
    for gap in ("in law", "in bulk"):
        results = run_study(parse_study(SMALL | {"temperature": "300 K", "gap": gap}, tmp_path), tmp_path / gap)
        works[gap] = results["work_of_separation"]
        left.append([one for one in results.findings if "zero excess opening" in one.what])
    assert left[0] == [] and left[1][0].size == pytest.approx(1 - works["in bulk"] / works["in law"], rel=1e-3)
