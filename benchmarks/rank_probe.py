"""A small specimen that breaks under MPI, with an error on one rank; for `attack_ranks`.

Run under an MPI launcher as `python -m benchmarks.rank_probe FAULT RANK FOLDER`.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from coupling.errors import NotConverged

STUDY: dict[str, Any] = {
    "study": "specimen",
    "mesh": "joint.msh",
    "mesh_unit": "mm",
    "kind": "plane strain",
    "bodies": {name: {"young": "70 GPa", "poisson": 0.33} for name in ("upper", "lower")},
    "interfaces": {
        "bond": {
            "plus": "upper", "minus": "lower",
            "law": {"kind": "bilinear", "work_of_separation": "1 kJ/m^2", "peak_traction": "20 MPa", "stiffness": "1e4 MPa/mm"},
        }
    },
    "supports": [{"group": "bottom", "component": c} for c in ("x", "y")] + [{"group": "top", "component": "x"}],
    "loads": [{"group": "top", "component": "y"}],
    "loading": {"opening": "130 µm", "steps": 4, "growth": 0.5},
}  # fmt: skip
INJECTED = "injected"
"""A file with the moment of the error, by `time.time`."""


@dataclass(frozen=True)
class Fault:
    """An error at one place.

    Attributes:
        place: What the run is at.
        module: Where the function is that fails.
        attribute: Its name there, with dots.
        error: What it raises, its words apart.
        passed: Calls before it.
    """

    place: str
    module: str
    attribute: str
    error: Callable[[str], BaseException] = RuntimeError
    passed: int = 2

    def words(self, rank: int) -> str:
        """What the error says, by which the true cause is known."""
        return f"{self.place} failed on rank {rank}"

    def holder(self) -> tuple[Any, str]:
        """What holds the function, and the function's name in it."""
        *path, name = self.attribute.split(".")
        return reduce(getattr, path, import_module(self.module)), name


_PROBLEM, _RUN, _OUTPUT = "continuum.solver.problem", "multiscale.studies.specimen.run", "continuum.post.output"
FAULTS = (
    Fault("the distribution of the mesh", "continuum.mesh.specimen_mesh", "_body", passed=1),
    Fault("the assembly of the bodies", "continuum.solver.bulk", "Bulk._compile", passed=0),
    Fault("the residual", _PROBLEM, "CohesiveProblem.residual", ValueError),
    Fault("the Jacobian", _PROBLEM, "CohesiveProblem.linearise", ZeroDivisionError),
    Fault("a law", "coupling.laws.bilinear", "Bilinear.evaluate", NotConverged, 20),
    Fault("the test of convergence", "continuum.solver.newton", "_Convergence.__call__", MemoryError),
    Fault("the history", _PROBLEM, "CohesiveProblem.commit"),
    Fault("the energies", _PROBLEM, "CohesiveProblem.energies", NotConverged),
    Fault("the checkpoint", "continuum.solver.checkpoint", "Checkpoint.save", OSError),
    Fault("the crack front", "continuum.post.fracture", "crack_front", KeyError),
    Fault("the evaluation of fields", _OUTPUT, "FieldWriter.update"),
    Fault("the writing of fields", "continuum.post.vtkhdf_fields", "VtkHdfWriter.write", OSError),
    Fault("the last state", "multiscale.studies.specimen.report", "last_state", IndexError, 0),
    Fault("the gathering of fields", _OUTPUT, "FieldWriter._gather", TypeError, 1),
)
"""In the order in which a run comes to them."""


def inject(fault: Fault, rank: int, folder: Path) -> None:
    """Let a function of this process raise the fault's error."""
    holder, name = fault.holder()
    whole, calls = getattr(holder, name), []

    def failing(*arguments: Any, **named: Any) -> Any:
        calls.append(None)
        if len(calls) <= fault.passed:
            return whole(*arguments, **named)
        (folder / INJECTED).write_text(repr(time.time()))
        raise fault.error(fault.words(rank))

    setattr(holder, name, failing)


def write_study(folder: Path) -> None:
    """The input and its mesh."""
    from continuum.specimens.butt_joint import ButtJoint

    ButtJoint(1, 1, 1, 0.5).write(folder / STUDY["mesh"])
    (folder / "study.yaml").write_text(yaml.safe_dump(STUDY), encoding="utf-8")


def fail(place: str, rank: int, folder: Path) -> None:
    """Run the study on all ranks; on one of them a function fails."""
    from continuum.fenics import MPI
    from multiscale.cli import main

    if MPI.COMM_WORLD.rank == rank:
        inject(next(fault for fault in FAULTS if fault.place == place), rank, folder)
    sys.argv[1:] = ["run", str(folder / "study.yaml"), "--output", str(folder / "run"), "--quiet"]
    main()


if __name__ == "__main__":
    fail(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
