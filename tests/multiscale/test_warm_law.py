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


def test_where_the_temperature_adds_nothing_a_sampled_law_is_the_static_one(tmp_path, monkeypatch):
    """Measured from where it is free of traction; the paths that are sampled are the slab's and its bulk's, with their energies."""
    from atomistic.decohesion import opening_free_energy
    from atomistic.decohesion.opening_tractions import ThermalPart

    asked = []

    def none(potential, places, structures, energies, temperature, time_step, steps, *, method, **rest):
        asked.append((len(structures[0]), method, steps, places[-1] - places[0], rest.get("held")))
        energy = np.asarray(potential.evaluate(structures).energies)
        np.testing.assert_allclose(energy, energies, atol=1e-6)
        cells = np.linspace(places[0], places[-1], 200)
        nothing = np.zeros(200)
        return ThermalPart(cells, nothing, np.zeros((16, 200)), np.ones(200), temperature)

    monkeypatch.setattr(opening_free_energy, "thermal_part", none)
    warm = {"temperature": "300 K", "thermal": {"method": "metadynamics", "in_plane": 1, "steps": 300}}
    results = run_study(
        parse_study(SMALL | {"openings": {"max": "4.5 Å", "points": 12}} | warm, tmp_path), tmp_path / "run"
    )
    law, static = (results.curves[name].values for name in ("samples", "static"))
    opening, traction = (
        np.delete(law[name], np.flatnonzero(law["opening"] == 0.0)) for name in ("opening", "traction")
    )
    np.testing.assert_allclose(traction, static["traction"], atol=1e-4 * np.max(static["traction"]))
    moved = static["opening"] - opening
    np.testing.assert_allclose(moved, moved[0], atol=1e-15)
    slab, bulk = asked
    assert slab[:3] == (4, "metadynamics", 300) and slab[4].shape == (1, 4, 3) and slab[3] == pytest.approx(4.8)
    assert bulk[:3] == (4, "metadynamics", 300) and bulk[4] is None and bulk[3] < slab[3]
