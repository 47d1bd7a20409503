"""The rates study: events and their ends, refusals, what it reports and hands on to transport."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ase.build import bulk

from benchmarks import rates_delay
from continuum.fenics import MPI
from continuum.model import Energies
from continuum.solver.holding import HeldLoading
from continuum.solver.record import Loading, Step
from coupling.errors import InputError
from coupling.upscale.diffusion import DiffusionCoefficient, SoluteDiffusion, save_diffusion
from multiscale.runtime.results import Results
from multiscale.studies.load import check_study, load_study, parse_study
from multiscale.studies.rates.events import boundary_hop, vacancy_jump
from multiscale.studies.rates.schema import BoundaryHopInput
from multiscale.studies.specimen.holding import report_lifetime
from multiscale.studies.specimen.transport_input import DiffusivityOfRun

EXAMPLES = Path(__file__).parents[2] / "examples"
VACANCY = {"study": "rates", "potential": "emt", "crystal": {"species": "Cu", "structure": "fcc"}, "vacancy": True}
BOUNDARY = {"species": "Ni", "structure": "fcc", "sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]}


def script(name):
    spec = spec_from_file_location(name, EXAMPLES / name / "script.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_vacancy_jumps_to_one_of_its_twelve_neighbours():
    event = vacancy_jump(bulk("Cu", cubic=True, a=3.6), 2)
    moved = np.linalg.norm(event.last.positions - event.first.positions, axis=1)
    assert event.ways == 12 and len(event.first) == 31
    assert np.sort(moved)[-1] > 1.0 and np.sort(moved)[-2] == 0.0


def test_hops_at_a_boundary_go_along_it_or_across():
    crystal = bulk("Ni", cubic=True, a=3.52) * (2, 2, 3)
    choice = BoundaryHopInput.model_validate({"grain_boundary": BOUNDARY, "element": "H"})
    for way, along in (("along", True), ("across", False)):
        event = boundary_hop(choice, way, crystal, 1.76)
        shift = event.last.positions[-1] - event.first.positions[-1]
        assert (abs(shift[2]) <= 0.5) == along and 0.8 < np.linalg.norm(shift) < 4.5
        assert event.first.get_chemical_symbols()[-1] == "H" and len(event.first) == len(crystal) + 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"vacancy": False}, "give an event"),
        ({"crystal": None}, "crystal belongs to vacancy and interstitial"),
        ({"temperatures": ["300 K", "300 K"]}, "repeat one"),
        ({"interstitial": {"element": "Xx"}}, "Xx"),
    ],
)
def test_refusals(changes, said):
    with pytest.raises(InputError, match=said):
        check_study(parse_study({k: v for k, v in (VACANCY | changes).items() if v is not None}))


def test_examples_pass_their_checks():
    check_study(load_study(EXAMPLES / "delayed_dcb" / "study.yaml"))
    for name, potential in (("vacancy_cu", "emt"), ("hydrogen_ni", "emt")):
        check_study(script(name).study(potential))


def diffusion(solute="H"):
    at = np.array([300.0, 600.0])
    curves = [
        DiffusionCoefficient(
            name, at, factor * np.array([1e-13, 1e-10]), *(factor * np.array([1e-13, 1e-10]),) * 2, 0.0
        )
        for name, factor in (("classical", 1.0), ("harmonic quantum", 2.0))
    ]
    return SoluteDiffusion(solute, "Ni", "x", tuple(curves))


def test_transport_takes_the_diffusivity_of_a_run(tmp_path, monkeypatch):
    save_diffusion(diffusion(), tmp_path / "diffusion.json")
    monkeypatch.setattr("multiscale.runtime.handed_on.check_finished", lambda folder: None)
    best, classical = (
        DiffusivityOfRun.model_validate({"run": str(tmp_path)} | more) for more in ({}, {"treatment": "classical"})
    )
    assert best.value("H", 300.0) == pytest.approx(2e-13)
    assert classical.value("H", 600.0) == pytest.approx(1e-10)
    assert classical.value("H", 400.0) == pytest.approx(np.sqrt(1e-13 * 1e-10))  # 1/T midway
    for solute, kelvin, said in (("C", 300.0, "of H in Ni, not of C"), ("H", 900.0, "from 300 to 600 K, not at 900 K")):
        with pytest.raises(InputError, match=said):
            best.value(solute, kelvin)


SPECIMEN = {
    "study": "specimen", "mesh": {"specimen": "butt_joint", "width": 1, "lower": 1, "upper": 1, "size": 1}, "mesh_unit": "nm",
    "kind": "plane strain", "bodies": {one: {"young": "200 GPa", "poisson": 0.0} for one in ("upper", "lower")},
    "interfaces": {
        "bond": {
            "plus": "upper", "minus": "lower",
            "law": {"kind": "bilinear", "work_of_separation": "3.4 J/m^2", "peak_traction": "10 GPa", "stiffness": "200 GPa/nm"},
            "activated": {"area": "0.3 nm^2", "attempt_frequency": "10 THz", "reversible_work": "1 J/m^2", "deviation": 0.1},
        }
    },
    "supports": [{"group": "bottom", "component": "y"}, {"group": "left", "component": "x"}],
    "tractions": [{"group": "top", "component": "y", "traction": "9 GPa"}],
    "loading": {"final": 1, "steps": 1, "duration": "1e-8 ps", "hold": "1 h", "temperature": "300 K", "time_tolerance": 0.4},
    "output": {"fields": "none"},
}  # fmt: skip


def changed(path, value):
    made = {
        **SPECIMEN,
        "loading": dict(SPECIMEN["loading"]),
        "interfaces": {"bond": dict(SPECIMEN["interfaces"]["bond"])},
    }
    section, key = path.rsplit(".", 1)
    target = made["loading"] if section == "loading" else made["interfaces"]["bond"]
    if value is None:
        target.pop(key)
    else:
        target[key] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("loading.temperature", None, "need temperature, and duration"),
        ("loading.growth", 0.1, "growth has no effect with a load that is held"),
        ("bond.activated", None, "has no effect with interfaces"),
        ("bond.activated", {"attempt_frequency": "10 THz"}, "give area, the area of interface"),
    ],
)
def test_what_an_activated_loading_needs(path, value, said):
    with pytest.raises(InputError, match=said):
        parse_study(changed(path, value))


def told(lifetime):
    """The results of a specimen that lived so long, without a mesh."""
    study, results = parse_study(SPECIMEN), Results("specimen")
    problem = SimpleNamespace(bonds=[study.stored_bond("bond")], interfaces=[], comm=MPI.COMM_SELF)
    nothing = Energies({}, {})
    states = [
        Step(load, 0.0, 0.0, 0.0, nothing, 0.0, 0.0, 0, 1, time=time) for load, time in ((0, 0.0), (1, 1e-20), (1, 4.0))
    ]
    report_lifetime(study, problem, HeldLoading(Loading(states), lifetime, "it breaks"), results)
    return results


def test_a_specimen_tells_how_long_it_lives():
    found = told(4.0)
    life = found.quantities["lifetime_decades"]
    assert found["lifetime"] == 4.0 and life.value == pytest.approx(np.log10(4.0))
    assert life.uncertainty == pytest.approx(0.1 * np.log10(4e13))
    assert "lives for" in found.sentence and found["heat_taken_up"] == 0.0
    assert np.array_equal(found.curves["time"].values["time"], [0.0, 1e-20, 4.0])
    assert told(None)["held_for"] == pytest.approx(4.0)
    assert told(0.0)["broke_at"] == 1.0


def test_the_bar_is_what_a_wrong_barrier_does_to_the_closed_form(monkeypatch):
    exact = rates_delay.lifetime(6e9)
    monkeypatch.setattr(rates_delay, "SITE_AREA", 1.01 * rates_delay.SITE_AREA)
    shift = np.log10(rates_delay.lifetime(6e9) / exact)
    assert shift == pytest.approx(0.01 * np.log10(exact * rates_delay.FREQUENCY), rel=0.15)
