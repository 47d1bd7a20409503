"""Potentials in worker processes: the same bits, what becomes of every way to fail, environments told apart."""

import ast
import pickle
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from ase import Atoms
from ase.build import bulk

import atomistic.potentials.workers
from atomistic.potentials.registry import find_potential, load_potential
from atomistic.potentials.workers import served
from atomistic.potentials.workers.process import Maker, Unmade, Worker
from coupling.contracts import Potential
from coupling.errors import ForeignError, InputError, MissingBackend, NotConverged, NotFinite
from multiscale.runtime.addresses import installed_beside

ROOT = Path(__file__).parents[2]
HERE = "tests.atomistic.flaky_calculators"
EMT = "ase.calculators.emt:EMT"


@pytest.fixture(autouse=True)
def modules_of_the_tests(monkeypatch):
    """Another Python finds what the variable says, not what pytest put on this one's path."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def elsewhere(name: str, **options):
    return load_potential(name, python=sys.executable, **options)


def structures(*symbols: str) -> list[Atoms]:
    found = []
    for seed, symbol in enumerate(symbols):
        atoms = bulk(symbol, cubic=True) * (2, 1, 1)
        atoms.rattle(0.05, seed=seed)
        found.append(atoms)
    return found


def test_another_python_gives_the_same_bits():
    given = structures("Cu", "Ni", "Au", "Cu")
    given[1].pbc = (True, True, False)
    given[2].pbc, given[2].cell = False, None
    ours, theirs = load_potential(EMT), elsewhere(EMT)
    assert isinstance(theirs, Potential) and theirs.capabilities.stress and theirs.capabilities.site_energies
    one, other = (potential.evaluate(given, site_energies=True) for potential in (ours, theirs))
    np.testing.assert_array_equal(one.energies, other.energies)
    np.testing.assert_array_equal(one.stresses, other.stresses)
    for name in ("forces", "site_energies"):
        for mine, yours in zip(getattr(one, name), getattr(other, name), strict=True):
            np.testing.assert_array_equal(mine, yours)
    assert theirs.worker.starts == 1 and other.cost.structures == 4
    theirs.close()


def test_emt_by_name_knows_its_elements():
    potential = elsewhere("emt")
    assert potential.elements == load_potential("emt").elements
    with pytest.raises(InputError, match="lacks Fe"):
        potential.evaluate([bulk("Fe")])
    potential.close()


def test_a_process_that_dies_is_started_once_more_and_then_the_structure_is_named():
    given = structures("Cu", "Ni", "Au", "Cu")
    potential = elsewhere(f"{HERE}:Brittle")
    with pytest.raises(ForeignError, match=r"Structure 2 of 4 \(Au8\).*its process died 2 times, .*status 3"):
        potential.evaluate(given)
    assert potential.worker.starts == 2
    np.testing.assert_array_equal(
        potential.evaluate(given[:2]).energies, load_potential(EMT).evaluate(given[:2]).energies
    )
    potential.close()


def test_a_process_that_dies_once_answers_all_the_same(tmp_path):
    given = structures("Cu", "Ni")
    potential = elsewhere(f"{HERE}:Dying", log=str(tmp_path / "log"), times=1)
    np.testing.assert_array_equal(potential.evaluate(given).energies, load_potential(EMT).evaluate(given).energies)
    assert potential.worker.starts == 2
    potential.close()


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("Failing", ForeignError, r"Structure 0 of 2 \(Cu8\): .*failed: RuntimeError: SCF diverged: cycle 40, see scf.out\.$"),
        ("Leaving", ForeignError, r"failed: SystemExit: 7\.$"),
        ("Endless", NotFinite, r"Structure 1 of 2 \(Au8\).*not a number"),
        ("Misshapen", ForeignError, r"its answer for 8 atoms is energy \(\), forces \(9, 3\)"),
    ],
)  # fmt: skip
def test_what_the_model_does_wrong_is_said_in_its_own_words(name, error, said):
    potential = elsewhere(f"{HERE}:{name}")
    with pytest.raises(error, match=said):
        potential.evaluate(structures("Cu", "Au"))
    potential.close()


def test_what_the_model_prints_is_no_answer(tmp_path):
    given = structures("Cu")
    potential = elsewhere(f"{HERE}:Counting", log=str(tmp_path / "log"))
    np.testing.assert_array_equal(potential.evaluate(given).energies, load_potential(EMT).evaluate(given).energies)
    potential.close()


def test_a_structure_that_takes_too_long_is_named_and_its_process_ended(tmp_path):
    log = tmp_path / "log"
    potential = elsewhere(f"{HERE}:Sleeping", log=str(log))
    potential.worker.time_limit = 4.0
    with pytest.raises(NotConverged, match=r"Structure 0 of 1 \(Cu8\).*no answer came in 4 s; raise time_limit"):
        potential.evaluate(structures("Cu"))
    assert_gone(log)
    potential.close()


def test_the_process_ends_with_its_parent(tmp_path):
    log, script = tmp_path / "log", tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom ase.build import bulk\nfrom atomistic import load_potential\n"
        f"load_potential('{HERE}:Sleeping', python=sys.executable, log={str(log)!r}).evaluate([bulk('Cu')])\n"
    )
    with subprocess.Popen([sys.executable, script]) as parent:
        end = time.monotonic() + 300
        while not (log.exists() and len(log.read_text().split()) == 2) and time.monotonic() < end:
            time.sleep(0.05)
        parent.send_signal(signal.SIGKILL)
    assert_gone(log)


def assert_gone(log: Path) -> None:
    """The calculator and what it started, whose numbers are in its log, have ended."""
    numbers = [int(word) for word in log.read_text().split()]
    end = time.monotonic() + 120
    while any(map(is_alive, numbers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert len(numbers) == 2 and not any(map(is_alive, numbers))


def is_alive(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_interrupted_question_leaves_no_answer_for_the_next(monkeypatch):
    given = structures("Cu", "Ni")
    potential = elsewhere(EMT)
    receive = served.receive

    def interrupted(pipe):
        receive(pipe)
        raise KeyboardInterrupt

    monkeypatch.setattr(served, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        potential.evaluate(given[:1])
    monkeypatch.undo()
    assert potential.worker.pid is None
    np.testing.assert_array_equal(
        potential.evaluate(given[1:]).energies, load_potential(EMT).evaluate(given[1:]).energies
    )
    potential.close()


def test_another_environment_is_another_potential(tmp_path):
    python, site = second_environment(tmp_path)
    (site / "extra_model.py").write_text("from ase.calculators.emt import EMT\n\n\nclass Extra(EMT):\n    pass\n")
    (site / "extra_model-1.0.dist-info").mkdir()
    (site / "extra_model-1.0.dist-info" / "RECORD").write_text("extra_model.py,,\n")
    with pytest.raises(MissingBackend, match="extra_model"):
        load_potential("extra_model:Extra")
    first, beside, given = (
        load_potential("extra_model:Extra", python=python),
        installed_beside(str(python)),
        structures("Cu"),
    )
    np.testing.assert_array_equal(first.evaluate(given).energies, load_potential(EMT).evaluate(given).energies)
    assert load_potential("extra_model:Extra", python=python).fingerprint == first.fingerprint
    (site / "extra_model-1.0.dist-info").rename(site / "extra_model-2.0.dist-info")
    assert load_potential("extra_model:Extra", python=python).fingerprint != first.fingerprint
    assert installed_beside(str(python)) != beside
    first.close()


def second_environment(folder: Path) -> tuple[Path, Path]:
    """A virtual environment that finds this one's packages behind its own: its Python and its site-packages."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "second"], check=True)
    (site,) = (folder / "second").glob("lib/python3*/site-packages")
    (site / "base.pth").write_text(str(Path(np.__file__).parents[1]) + "\n")
    return folder / "second" / "bin" / "python", site


def test_what_cannot_be_made_there_is_refused_with_the_reason(tmp_path):
    weights = tmp_path / "net.model"
    weights.write_bytes(b"weights")
    silent = tmp_path / "python"
    silent.write_text("#!/bin/sh\necho 'no numpy here' >&2\nexit 1\n")
    silent.chmod(0o755)
    for name, options, said in (
        (f"{HERE}:Unmade", {}, "cannot be made under .*RuntimeError: no licence"),
        ("no_such_module:Class", {}, "No module named 'no_such_module'"),
        ("ase.calculators.lj:LennardJones", {"sigmma": 2.0}, "'sigmma'.*Did you mean 'sigma'"),
        ("emt", {"python": silent}, r"did not start.*status 1 \(no numpy here\); it needs Python 3.10"),
        ("emt", {"python": tmp_path / "absent"}, "is no Python interpreter that can be run"),
        ("zbl", {}, "cannot run under another Python; those that can: .*mace:"),
        (f"mace:{weights}", {}, "pass trust=True"),
        (f"mace:{weights}", {"trust": True, "hed": "a"}, "'hed'; valid: head, time_limit"),
        ("emt", {"time_limit": -1.0}, "time limit of -1.0 is none"),
    ):
        with pytest.raises(InputError, match=said):
            load_potential(name, **{"python": sys.executable} | options)


def test_what_is_not_installed_here_says_that_another_python_may_have_it(tmp_path):
    (tmp_path / "uma.pt").write_bytes(b"weights")
    with pytest.raises(MissingBackend, match=r"needs fairchem, .*python: PATH, of another Python .*docs/potentials.md"):
        find_potential(f"uma:{tmp_path / 'uma.pt'}")


def test_nothing_but_numbers_comes_back():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(pickle.dumps({"energy": 1.0}) * 10)
        with pytest.raises(served.Garbled):
            served.receive(ours)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        head = b'[{}, {"energy": ["|O", [1]]}]'
        theirs.sendall(served._LENGTH.pack(served._MAGIC, len(head)) + head)
        with pytest.raises(served.Garbled, match="an array of"):
            served.receive(ours)


def test_a_worker_is_no_rank_of_a_launcher(monkeypatch):
    monkeypatch.setenv("PMI_RANK", "1")
    worker = Worker()
    with pytest.raises(Unmade, match="'NoneType' object has no attribute"):
        worker.facts(Maker("os", "getenv", {"key": "PMI_RANK"}))
    worker.stop()


@pytest.mark.parametrize("name", ["served.py", "models.py", "lammps_calculator.py"])
def test_what_runs_elsewhere_needs_nothing_of_ours(name):
    tree = ast.parse((Path(atomistic.potentials.workers.__file__).parent / name).read_text(encoding="utf-8"))
    top = {
        part.split(".")[0]
        for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)
        for part in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }  # fmt: skip
    models = {"mace", "sevenn", "orb_models", "fairchem", "mattersim", "torch", "lammps"}
    assert top <= set(sys.stdlib_module_names) | {"numpy", "ase"} | models
