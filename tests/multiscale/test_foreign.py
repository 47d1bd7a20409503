"""Errors of code that is not ours come out as that code's own, in one sentence; the log has its place."""

import numpy as np
import pytest
import yaml
from ase.build import bulk
from ase.calculators.emt import EMT
from typer.testing import CliRunner

from atomistic import load_potential
from atomistic.embedding.quantum import QuantumPotential
from atomistic.potentials.batched import BatchedPotential, BatchOutput
from atomistic.potentials.serial import SerialPotential
from coupling.errors import ForeignError, InputError, NotConverged, NotFinite, foreign
from multiscale.cli import app
from multiscale.sweeps.tasks import perform

FLAKY = "tests.atomistic.flaky_calculators"


def law_study(folder, name):
    """A cohesive law by one of the flaky calculators."""
    study = {
        "study": "cohesive_law",
        "potential": f"{FLAKY}:{name}",
        "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4},
        "openings": {"max": "4.5 Å", "points": 12},
    }
    (folder / "law.yaml").write_text(yaml.safe_dump(study))
    return ["run", str(folder / "law.yaml"), "--output", str(folder / "out"), "--quiet", "--allow-code"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Failing", "The calculator '{}:Failing' failed: RuntimeError: SCF diverged: cycle 40, see scf.out."),
        ("Leaving", "The calculator '{}:Leaving' tried to end the program (SystemExit: 7)."),
        ("Unmade", "The calculator '{}:Unmade' failed: RuntimeError: no licence."),
    ],
)
def test_a_calculator_s_error_is_its_own(name, said, tmp_path):
    done = CliRunner().invoke(app, law_study(tmp_path, name))
    assert done.exit_code == 1 and done.stdout == ""
    assert done.stderr.startswith(f"Error: {said.format(FLAKY)} ") and done.stderr.count("\n") == 1
    log = (tmp_path / "out.failed" / "log.txt").read_text()
    assert "flaky_calculators.py" in log and "Traceback" in log


def test_a_model_s_error_is_its_own():
    def model(batch):
        raise IndexError("species 14 is not in the table")

    potential = BatchedPotential("net", frozenset(range(1, 119)), 5.0, "net 1", model, "cpu", "float64", 1000.0)
    with pytest.raises(ForeignError, match="model of potential 'net' failed: IndexError: species 14") as caught:
        potential.evaluate([bulk("Cu")])
    assert isinstance(caught.value.__cause__, IndexError)


def test_what_is_said_on_purpose_and_an_interrupt_pass_as_they_are():
    for error in (InputError("no"), NotConverged("no"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, foreign("calculator 'x'"):
            raise error
        assert caught.value is error


def test_a_quantum_code_that_ends_its_program_says_so():
    """It was "its process died 3 times", and three calculations were lost."""
    potential = QuantumPotential(f"{FLAKY}:Leaving", safer=())
    with pytest.raises(NotConverged, match=r"SystemExit: 7"):
        potential.evaluate([bulk("Cu", cubic=True)])
    assert potential.workers[0].starts == 1
    potential.close()


def test_a_calculator_that_works_is_not_touched():
    found = load_potential(f"{FLAKY}:Counting", log="/dev/null").evaluate([bulk("Cu")])
    assert np.isfinite(found.energies).all()


def test_a_function_that_ends_the_program_is_named(tmp_path, monkeypatch):
    (tmp_path / "leaving.py").write_text("def leave(x):\n    raise SystemExit(7)\n")
    (tmp_path / "case.yaml").write_text("study: function\ncall: leaving:leave\narguments: {x: 1}\n")
    done = CliRunner().invoke(
        app, ["run", str(tmp_path / "case.yaml"), "--output", str(tmp_path / "out"), "--allow-code"]
    )
    assert done.exit_code == 1 and "SystemExit: 7" in done.stderr and done.stderr.count("\n") == 1


def test_a_point_of_a_sweep_that_ends_the_program_is_a_failed_point(tmp_path):
    class Leaving:
        address = "a"

        def compute(self, folder):
            raise SystemExit(7)

    record = perform(Leaving(), tmp_path)
    assert (record["status"], record["error"]) == ("failed", "unexpected SystemExit: 7")


class Diverging(EMT):
    """Gives no number for the force on the last atom, or for the energy, of any structure but a crystal's cell."""

    lost = "forces"

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        if len(self.atoms) > 1:
            self.results[self.lost] = (
                np.array(self.results[self.lost]) * np.nan if self.lost == "energy" else _holed(self)
            )


def _holed(calculator):
    forces = calculator.results["forces"].copy()
    forces[-1, 1] = np.inf
    return forces


@pytest.mark.parametrize(("lost", "said"), [("energy", "the energy nan"), ("forces", "on atom 3")])
def test_an_answer_that_is_no_number_names_potential_and_structure(lost, said):
    calculator = Diverging()
    calculator.lost = lost
    potential = SerialPotential("diverging", frozenset({29}), 5.0, "diverging", calculator)
    crystal = bulk("Cu")
    assert np.isfinite(potential.evaluate([crystal]).energies).all()
    with pytest.raises(
        NotFinite, match=r"Structure 1 of 2 \(Cu4, shortest distance 2\.55 Å\): potential 'diverging'"
    ) as caught:
        potential.evaluate([crystal, bulk("Cu", cubic=True)])
    assert said in str(caught.value)


def test_a_model_s_answer_that_is_no_number_is_named_too():
    def model(batch):
        return BatchOutput(np.array([np.nan]), np.zeros((1, 3)), np.zeros((1, 3, 3)))

    potential = BatchedPotential("net", frozenset(range(1, 119)), 5.0, "net 2", model, "cpu", "float64", 1000.0)
    with pytest.raises(NotFinite, match=r"Structure 0 of 1 \(Cu, one atom\): potential 'net' gives the energy nan"):
        potential.evaluate([bulk("Cu")])
