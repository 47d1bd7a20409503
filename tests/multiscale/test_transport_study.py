"""The transport of a solute in a specimen study: what it reports, and what it refuses."""

import copy
import shutil
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import yaml

from continuum.solver.checkpoint import Checkpoint
from continuum.specimens.grid import write_grid
from coupling.errors import InputError
from coupling.exchange.storage import save_law
from coupling.laws.coverage import CoverageLaw
from coupling.laws.uber import Uber
from coupling.units import AVOGADRO, GAS_CONSTANT
from multiscale import run_study
from multiscale.runtime.results import Results
from multiscale.studies import parse_study
from multiscale.studies.specimen.transport import report_filled
from multiscale.studies.specimen.watch import Watch
from tests.multiscale.test_specimen_resume import interrupted, written

MEDIUM = {"diffusivity": "1e-12 m^2/s", "partial_molar_volume": "2 cm^3/mol", "sites": "1.5e5 mol/m^3"}
JOINT = {
    "study": "specimen", "mesh": "joint.msh", "mesh_unit": "nm", "kind": "plane strain",
    "bodies": {name: {"young": "200 GPa", "poisson": 0.3} for name in ("upper", "lower")},
    "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": "law.json"}},
    "supports": [{"group": "low", "component": "y"}, {"group": "side", "component": "x"}],
    "loads": [{"group": "high", "component": "y"}],
    "loading": {"opening": "4 nm", "steps": 12, "duration": "10 s", "balance_tolerance": 0.03},
    "transport": {
        "species": "H", "temperature": "300 K", "scheme": "iterated", "tolerance": 0.3,
        "bodies": {name: dict(MEDIUM) for name in ("upper", "lower")},
        "interfaces": {"bond": {"exchange": "1 mm/s"}},
        "boundaries": [{"group": name, "potential": "-23.5 kJ/mol"} for name in ("low", "high")],
        "initial_potential": "-23.5 kJ/mol",
    },
    "output": {"fields": "none"},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("joint")
    facets = {"bond": ((0, 10), (0, 0)), "low": ((0, 10), (-10, -10)), "high": ((0, 10), (10, 10))}
    facets["side"] = ((0, 0), (-10, 10))
    bodies = {"upper": ((0, 10), (0, 10)), "lower": ((0, 10), (-10, 0))}
    axes = [np.linspace(0, 10, 3), np.linspace(-10, 10, 5)]
    write_grid(path / "joint.msh", axes, bodies, facets, element="quadrilateral")
    law = CoverageLaw([Uber(2.0, 1e-9), Uber(1.6, 1.1e-9)], np.array([0.0, 1.0]), np.array([0.0, -0.33]), 1e19, 0.2)
    save_law(law, path / "law.json")
    return path


def changed(**changes):
    study = copy.deepcopy(JOINT)
    for key, value in changes.items():
        *way, last = key.split("__")
        place = study
        for name in way:
            place = place[name]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return study


def run(folder, name, study):
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return run_study(folder / f"{name}.yaml", folder / name)


def test_slow_loading_brings_the_solute_and_costs_less_force(folder):
    slow = run(folder, "slow", JOINT)
    fast = run(folder, "fast", changed(loading__duration="1e-9 s"))
    assert slow["peak_load"] < 0.97 * fast["peak_load"]
    assert slow["H_in_bond"] > 2 * fast["H_in_bond"] > 0
    assert max(slow["H_mass_error"], fast["H_mass_error"]) < 1e-10
    assert slow["H_through_low"] + slow["H_through_high"] > 0.5 * slow["H_in_bond"]
    curve = slow.curves["solute"].values
    assert curve["time"][-1] == pytest.approx(10) and np.all(np.diff(curve["bond"]) > 0)
    assert 0.5 < slow.curves["coverage_bond"].values["coverage"].min() < 1


def test_a_law_without_a_coverage_takes_sites_of_their_own(folder):
    law = {"kind": "uber", "work_of_separation": "2 J/m^2", "length": "1 nm"}
    layer = {"sites": "1e-5 mol/m^2", "energy": "-20 kJ/mol"}
    found = run(folder, "own", changed(interfaces__bond__law=law, transport__interfaces={"bond": layer}))
    theta = 1 / (1 + np.exp(3.5e3 / (8.31446261815324 * 300)))
    assert found["H_in_bond"] == pytest.approx(theta * 1e-5 * 10e-9, rel=1e-6)
    assert found["H_work"] == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"transport__bodies__upper__diffusivity": "-1e-12 m^2/s"}, r"'-1e-12 m\^2/s' must be greater than zero"),
        ({"transport__temperature": None}, "temperature"),
        ({"transport__bodies__upper__diffusivity": None}, "diffusivity"),
        ({"transport__bodies__upper": None}, "H has no diffusivity in 'upper'"),
        ({"transport__bodies__uper": MEDIUM}, "Unknown body in transport.bodies 'uper'; valid: lower, upper"),
        ({"transport__interfaces__bund": {}}, "Unknown interface in transport.interfaces 'bund'; valid: bond"),
        ({"transport__initial_potential": None}, "give initial .a concentration. or initial_potential"),
        ({"transport__boundaries": [{"group": "low"}]}, "give concentration, potential or flux"),
        ({"loading__duration": None}, "give loading.duration"),
        ({"loading__opening": ["4 nm", "0 nm"]}, "goes one way"),
        ({"transport__boundaries": [{"group": "bond", "flux": "1e-6 mol/(m^2*s)"}]}, "'bond' is an interface"),
        ({"transport__bodies__upper__sites": None}, "upper: the potential at 'low' needs the lattice sites"),
        (
            {"transport__initial_potential": None, "transport__initial": "2e5 mol/m^3"},
            "more than the 150000 mol/m.3 of lattice sites",
        ),
        ({"transport__species": "H\nD"}, "transport.species"),
        (
            {"transport__initial_potential": "5 kJ/mol"},
            "initial_potential: 5 kJ/mol is above the solution_energy of 'upper', 0 kJ/mol",
        ),
        (
            {"transport__boundaries": [{"group": "low", "potential": "1 kJ/mol"}]},
            "potential at 'low', 1 kJ/mol is above the solution_energy",
        ),
        (
            {"transport__boundaries": [{"group": "low", "concentration": "2e5 mol/m^3"}]},
            "200000 mol/m.3 at 'low' is more than the 150000",
        ),
        (
            {
                "transport__boundaries": [
                    {"group": "low", "potential": "-23 kJ/mol"},
                    {"group": "low", "flux": "1e-6 mol/(m^2*s)"},
                ]
            },
            "boundaries name 'low' twice",
        ),
        (
            {"transport__initial_potential": None, "transport__initial": "-1 mol/m^3"},
            "the concentration -1 mol/m.3 must not be negative",
        ),
        ({"loading__growth": 0.1}, "growth has no effect with transport"),
        ({"loading__linear_solver": "direct"}, "linear_solver has no effect with transport"),
        ({"interfaces__bond__viscosity": "1 Pa*s/m"}, "not offered beside a solute"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(changes, said):
    with pytest.raises(InputError, match=said):
        parse_study(changed(**changes))


BRIEF = {
    "loading__steps": 4, "loading__opening": "3 nm", "loading__duration": "1 s", "transport__scheme": "staggered",
    "transport__hold": "1 s", "output__fields": "vtkhdf", "loading__balance_tolerance": 0.2, "loading__peak_tolerance": 0.9,
}  # fmt: skip


@pytest.fixture(scope="module")
def brief(folder):
    return run(folder, "brief", changed(**BRIEF))


def test_the_fields_hold_concentration_and_coverage(folder, brief):
    """At the last state what they hold is the amounts of the results: lumped at the nodes of equal blocks, and means of facets."""
    with h5py.File(folder / "brief" / "fields.vtkhdf") as stored:
        root = stored["VTKHDF"]
        steps = root["upper"]["Steps"].attrs["NSteps"]
        points, last = root["upper"]["NumberOfPoints"][0], root["upper"]["PointData"]["concentration"][:]
        assert len(last) == steps * points
        x, y = root["upper"]["Points"][:, :2].T * 1e9
        facets = root["bond"]["CellData"]["coverage"][:].reshape(steps, -1)
    share = np.where((x < 1) | (x > 9), 0.25, 0.5) * np.where((y < 1) | (y > 9), 0.25, 0.5)
    assert share.sum() == pytest.approx(1)
    assert share @ last[-points:] * 1e-16 == pytest.approx(brief["H_in_upper"], rel=1e-9)
    assert facets[-1].mean() * 1e19 / AVOGADRO * 1e-8 == pytest.approx(brief["H_in_bond"], rel=1e-9)
    assert np.all(np.diff(facets.mean(axis=1)) > 0)


def test_the_start_is_what_the_potential_says_by_hand(brief):
    """c = N_L exp(μ/RT) in blocks of 100 nm², and Langmuir's coverage at the energy of the closed interface, 10 nm wide."""
    thermal, curve = GAS_CONSTANT * 300.0, brief.curves["solute"].values
    assert curve["upper"][0] == pytest.approx(1.5e5 * np.exp(-23.5e3 / thermal) * 1e-16, rel=1e-12)
    theta = 1 / (1 + np.exp((-0.33 / 1e19 * AVOGADRO + 23.5e3) / thermal))
    assert curve["bond"][0] == pytest.approx(theta * 1e19 / AVOGADRO * 1e-8, rel=1e-9)


def test_an_interrupted_loading_with_a_solute_goes_on_as_if_it_had_not_stopped(folder, brief, tmp_path, monkeypatch):
    for name in ("joint.msh", "law.json", "brief.yaml"):
        shutil.copy(folder / name, tmp_path / name)
    for owner, name, call, when in ((Watch, "__call__", 3, "after"), (Checkpoint, "save", 2, "after")):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(owner, name, interrupted(getattr(owner, name), call, when))
            run_study(tmp_path / "brief.yaml", tmp_path / "run")
    results = run_study(tmp_path / "brief.yaml", tmp_path / "run")
    assert "the first 4 steps of the loading, from an interrupted run" in results.reused
    assert written(tmp_path / "run") == written(folder / "brief")
    assert not (tmp_path / ".cache" / "unfinished").exists()


@pytest.mark.parametrize(("share", "said", "fatal"), [(0.05, False, False), (0.3, True, False), (1.3, True, True)])
def test_a_lattice_that_is_not_nearly_empty_is_told(share, said, fatal):
    """Above a tenth it is a warning, above one there is more solute than sites."""
    results = Results("specimen", "")
    transport = SimpleNamespace(filled=lambda: {"upper": share, "lower": 0.01})
    report_filled(
        parse_study(JOINT), SimpleNamespace(transport=transport, mechanics=SimpleNamespace(bonds=[None])), results
    )
    assert [(one.where, one.fatal) for one in results.findings] == ([("upper", fatal)] if said else [])
    assert results["H_largest_share_in_upper"] == share


def test_an_interface_that_no_solute_reaches_is_told(folder):
    found = run(folder, "alone", changed(transport__interfaces={}))
    assert any("'bond' is not among transport.interfaces" in note for note in found.notes)
    assert 0 < found["H_largest_share_in_upper"] < 1e-3


def test_a_boundary_that_the_mesh_has_not_is_named_before_anything_runs(folder):
    study = changed(transport__boundaries=[{"group": "lou", "potential": "-20 kJ/mol"}])
    with pytest.raises(InputError, match="lou"):
        run(folder, "lou", study)
