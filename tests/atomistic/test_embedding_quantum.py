"""The quantum engines: nothing twice, crashes resumed, failures retried and then raised."""

import inspect
import time
from importlib.util import find_spec

import numpy as np
import psutil
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic.embedding.engines import ENGINES, Engine, check_engine, engine
from atomistic.embedding.pyscf_calculator import PySCF
from atomistic.embedding.quantum import QuantumPotential, boxed
from atomistic.embedding.store import Store
from atomistic.potentials.registry import load_potential
from coupling.contracts import Potential
from coupling.errors import InputError, MissingBackend, NotConverged

HERE = "tests.atomistic.flaky_calculators"


def cluster(seed: int = 0) -> Atoms:
    atoms = bulk("Cu", cubic=True) * (2, 1, 1)
    atoms.pbc, atoms.cell = False, None
    atoms.rattle(0.05, seed=seed)
    return atoms


def test_what_was_computed_is_recalled_also_in_another_process(tmp_path, emt):
    log, folder = tmp_path / "log", tmp_path / "kept"
    first = QuantumPotential(f"{HERE}:Counting", folder=folder, log=str(log))
    assert isinstance(first, Potential)
    atoms = [cluster(0), cluster(1)]
    found, again = first.evaluate(atoms), first.evaluate(atoms)
    np.testing.assert_allclose(found.energies, emt.evaluate(atoms).energies, atol=1e-12)
    np.testing.assert_array_equal(found.forces[1], again.forces[1])
    later = QuantumPotential(f"{HERE}:Counting", folder=folder, log=str(log))
    np.testing.assert_array_equal(later.evaluate(atoms).forces[0], found.forces[0])
    assert (first.computed, first.recalled, later.computed, later.recalled) == (2, 2, 0, 2)
    assert log.read_text() == "xx"
    assert not list(folder.rglob(".*"))
    first.close()


def test_without_a_folder_it_is_recalled_in_this_process(tmp_path):
    engine = QuantumPotential(f"{HERE}:Counting", log=str(tmp_path / "log"))
    engine.evaluate([cluster()])
    engine.evaluate([cluster()])
    assert (tmp_path / "log").read_text() == "x"
    engine.close()


def test_a_damaged_file_counts_as_none(tmp_path):
    store = Store(tmp_path)
    store.put("ab12", {"energy": np.array(1.0)})
    assert float(Store(tmp_path).get("ab12")["energy"]) == 1.0
    (tmp_path / "ab" / "ab12.npz").write_bytes(b"cut short")
    assert Store(tmp_path).get("ab12") is None


def test_a_worker_that_dies_is_started_again(tmp_path, emt):
    engine = QuantumPotential(f"{HERE}:Dying", log=str(tmp_path / "log"), times=2)
    atoms = cluster()
    np.testing.assert_allclose(engine.evaluate([atoms]).energies, emt.evaluate([atoms]).energies, atol=1e-12)
    assert engine.workers[0].starts == 3
    engine.close()
    hopeless = QuantumPotential(f"{HERE}:Dying", log=str(tmp_path / "log2"), times=99)
    with pytest.raises(NotConverged, match="Cu8: its process died 3 times, the last time with status 3"):
        hopeless.evaluate([atoms])
    assert hopeless.computed == 0


def test_a_worker_that_never_answers_is_ended(tmp_path):
    log = tmp_path / "log"
    engine = QuantumPotential(f"{HERE}:Sleeping", log=str(log), answers=1, time_limit=600.0)
    engine.evaluate([cluster(1)])
    assert engine.workers[0].time_limit == 600.0
    engine.workers[0].time_limit = 4.0  # without the start of the process, which a busy machine draws out
    with pytest.raises(NotConverged, match="Cu8: no answer came in 4 s; raise time_limit"):
        engine.evaluate([cluster()])
    assert engine.workers[0].starts == 1 and engine.workers[0].pid is None
    numbers = [int(word) for word in log.read_text().split()]
    assert len(numbers) == 2
    end = time.monotonic() + 120
    while any(map(is_alive, numbers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_alive, numbers))
    engine.close()


def is_alive(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("limit", [0.0, -1.0, float("nan"), float("inf")])
def test_a_time_limit_that_is_none_is_refused(limit):
    with pytest.raises(InputError, match="time limit"):
        QuantumPotential(f"{HERE}:Counting", time_limit=limit)


def test_the_time_limit_changes_no_address():
    one, other = (QuantumPotential(f"{HERE}:Counting", log="x", time_limit=limit) for limit in (5.0, 6.0))
    assert one.fingerprint == other.fingerprint


def test_failed_self_consistency_is_tried_with_safer_settings_and_then_raised(tmp_path, emt):
    log = str(tmp_path / "log")
    patient = QuantumPotential(f"{HERE}:Restless", log=log, safer=({"damping": 0.3}, {"damping": 0.7}))
    atoms = cluster()
    np.testing.assert_allclose(patient.evaluate([atoms]).energies, emt.evaluate([atoms]).energies, atol=1e-12)
    assert patient.repeated == 2
    patient.close()
    tired = QuantumPotential(f"{HERE}:Restless", log=log, safer=({"damping": 0.3},))
    with pytest.raises(NotConverged, match=r"Cu8 in 2 attempts.*self-consistency was not reached"):
        tired.evaluate([atoms])
    tired.close()


def test_two_workers_share_the_work(tmp_path, emt):
    pair = QuantumPotential(f"{HERE}:Counting", workers=2, log=str(tmp_path / "log"))
    atoms = [cluster(k) for k in range(6)]
    np.testing.assert_allclose(pair.evaluate(atoms).energies, emt.evaluate(atoms).energies, atol=1e-12)
    pair.close()
    assert all(worker.pid is None for worker in pair.workers)


def test_options_that_the_class_does_not_take_are_refused():
    with pytest.raises(InputError, match="cannot be started with the options"):
        QuantumPotential(f"{HERE}:Counting", colour="red").evaluate([cluster()])


def test_unknown_and_missing_engines_are_refused(monkeypatch):
    with pytest.raises(InputError, match=r"Unknown quantum engine 'gfn1-xtd'.*Did you mean 'gfn1-xtb'"):
        engine("gfn1-xtd")
    monkeypatch.setitem(ENGINES, "absent", Engine("absent", "absent_code:A", ("absent_code",), "gpaw"))
    with pytest.raises(
        MissingBackend, match=r"absent_code, which is not installed; pip install 'multiscale-coupling\[gpaw\]'"
    ):
        QuantumPotential("absent")
    with pytest.raises(MissingBackend, match="no_such_module"):
        engine("no_such_module.sub:Class")
    with pytest.raises(InputError, match="0 workers"):
        QuantumPotential("ase.calculators.emt:EMT", workers=0)
    assert all(one.extra in ("tblite", "pyscf", "gpaw") for name, one in ENGINES.items() if name != "absent")


def test_vacuum_is_put_where_nothing_is_periodic_and_distances_stay():
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.pbc = (True, True, False)
    found = boxed(atoms, 12.0)
    assert found.pbc.all()
    assert found.cell.lengths()[2] == pytest.approx(np.ptp(atoms.positions[:, 2]) + 12.0)
    np.testing.assert_allclose(found.get_all_distances(), atoms.get_all_distances(), atol=1e-12)
    assert 6.0 - 1e-9 < found.positions[:, 2].min()


@pytest.mark.skipif(find_spec("gpaw") is None, reason="gpaw is not installed")
def test_gpaw_gives_forces_that_are_the_gradient_and_no_stress_where_it_has_none():
    atoms, step = bulk("Si"), 0.02
    atoms.rattle(0.03, seed=1)
    engine = QuantumPotential("gpaw", basis="szp(dzp)", kpts=(2, 2, 2))
    displaced = [atoms.copy(), atoms.copy()]
    for one, sign in zip(displaced, (1, -1), strict=True):
        one.positions[0, 2] += sign * step
    found = engine.evaluate([atoms, *displaced])
    engine.close()
    slope = (found.energies[2] - found.energies[1]) / (2 * step)
    np.testing.assert_allclose(found.forces[0][0, 2], slope, rtol=0.02)
    assert np.isnan(found.stresses[0]).all()


def test_options_that_an_engine_would_leave_unread_are_refused():
    with pytest.raises(
        InputError, match=r"option of the quantum engine gfn2-xtb 'total_charge'.*Did you mean 'charge'"
    ):
        check_named("gfn2-xtb", total_charge=1)
    with pytest.raises(InputError, match="quantum engine pyscf 'functional'; valid: .*xc"):
        check_named("pyscf", functional="pbe")
    with pytest.raises(InputError, match=r"cannot be started.*option .*'asap_cut'.*Did you mean 'asap_cutoff'"):
        QuantumPotential("ase.calculators.emt:EMT", asap_cut=True).evaluate([cluster()])
    with pytest.raises(InputError, match="option of calculator 'ase.calculators.lj:LennardJones' 'sigmma'"):
        load_potential("ase.calculators.lj:LennardJones", sigmma=2.0)
    with pytest.raises(InputError, match="'folder' says where files go"):
        check_engine("ase.calculators.emt:EMT", {"folder": "/tmp/elsewhere"})


def check_named(name: str, **options: object) -> None:
    ENGINES[name].check_options(options)


def test_the_options_of_our_own_calculator_are_those_that_it_takes():
    taken = set(inspect.signature(PySCF.__init__).parameters) - {"self"}
    assert set(ENGINES["pyscf"].takes) == taken and ENGINES["pyscf"].total_charge in taken


@pytest.mark.skipif(find_spec("tblite") is None, reason="tblite is not installed")
def test_the_options_of_xtb_are_those_that_it_has():
    from tblite.ase import TBLite

    assert set(ENGINES["gfn1-xtb"].takes) == set(TBLite.default_parameters) - {"method"}


@pytest.mark.skipif(find_spec("tblite") is None, reason="tblite is not installed")
def test_an_ion_is_an_ion_to_both_models():
    """Against tblite itself; the ion has one electron fewer."""
    from ase.build import molecule
    from tblite.ase import TBLite

    ion = molecule("CH4")
    ion.numbers[0] = 7
    engine, cheap = QuantumPotential("gfn2-xtb"), load_potential("gfn1-xtb", accuracy=0.1)
    for potential, method in ((engine, "GFN2-xTB"), (cheap, "GFN1-xTB")):
        ion.calc = TBLite(method=method, charge=1, accuracy=0.1, verbosity=0)
        found, neutral = potential.with_charge(1).evaluate([ion]), potential.evaluate([ion])
        assert found.energies[0] == pytest.approx(ion.get_potential_energy(), abs=1e-6)
        np.testing.assert_allclose(found.forces[0], ion.get_forces(), atol=1e-5)
        assert abs(neutral.energies[0] - found.energies[0]) > 1
        assert potential.with_charge(1).fingerprint != potential.fingerprint
    engine.close()
    with pytest.raises(InputError, match="takes no total charge"):
        QuantumPotential("gfn2-xtb", charge=1).with_charge(1)
