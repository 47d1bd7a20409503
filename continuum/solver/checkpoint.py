"""Checkpoint of a loading: state, history, record and what an observer keeps, in one commit a rank."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from continuum.cohesive.history import History
from continuum.fenics import PETSc
from continuum.inelastic import PointState
from continuum.model import Energies, InterfaceEnergies
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, Step
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.files import read_arrays, write_arrays

_HISTORY = tuple(f.name for f in fields(History))


class Kept(Protocol):
    """What an observer of the steps has seen: committed with each step, and given back when a loading goes on."""

    @property
    def state(self) -> dict[str, Any]:
        """JSON values; on every rank its own."""
        ...

    def restore(self, state: dict[str, Any]) -> bool:
        """Take over the state of an interrupted run; False, on all ranks, where that cannot be."""
        ...


@dataclass(frozen=True)
class Committed:
    """What a checkpoint holds.

    Attributes:
        arrays: Solution, the one before, the interfaces' histories, the points of bodies with memory, and what else was given.
        record: The states so far.
        follower: State of the follower.
        kept: State of the observer.
    """

    arrays: dict[str, np.ndarray]
    record: Loading
    follower: dict[str, Any]
    kept: dict[str, Any]


class Checkpoint:
    """The last converged state of a loading on disk.

    Two generations are kept, so that an interruption between the ranks' writes leaves one whole. What is damaged
    counts as absent.

    Args:
        folder: Where `<generation>-<rank>.npz` go; made with the first of them.
        problem: The specimen.
        loading: What identifies the loading; another one's checkpoint is refused.
    """

    def __init__(self, folder: Path, problem: CohesiveProblem, loading: Any) -> None:
        self.folder, self.problem = Path(folder), problem
        self.identity = json.dumps(
            [problem.comm.size, problem.size, [i.bond.name for i in problem.interfaces], loading]
        )

    def _file(self, generation: int) -> Path:
        return self.folder / f"{generation}-{self.problem.comm.rank}.npz"

    def read(self) -> Committed | None:
        """The newest state that all ranks have whole; None without one.

        Raises:
            InputError: it is the checkpoint of another loading, specimen or number of ranks.
        """
        own = {g: found for g in (0, 1) if (found := read_arrays(self._file(g))) is not None}
        steps = {g: len(json.loads(str(found["record"]))) for g, found in own.items()}
        everyone = self.problem.comm.allgather(steps)
        whole = [(n, g) for g, n in everyone[0].items() if all(other.get(g) == n for other in everyone)]
        if not whole:
            return None
        found = own[max(whole)[1]]
        identity, follower, record, kept = (str(found.pop(name)) for name in ("identity", "state", "record", "kept"))
        if identity != self.identity:
            raise InputError(
                f"The checkpoint in {self.folder} belongs to another loading, mesh or number of ranks; "
                "restart as it was started, or remove the folder."
            )
        states = [Step(**(s | {"energies": _energies(**s["energies"])})) for s in json.loads(record)]
        return Committed(found, Loading(states), json.loads(follower), json.loads(kept))

    def save(
        self, x: "PETSc.Vec", previous: "PETSc.Vec", record: Loading, follower: dict[str, Any], kept: dict[str, Any],
        more: Mapping[str, FloatArray] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """Write the present state; `follower` and `kept` are the states of the follower and of the observer.

        Args:
            x: Solution.
            previous: The one before.
            record: The states so far.
            follower: JSON values.
            kept: JSON values.
            more: Arrays of this rank that belong to the state, under names of their own.
        """
        arrays = {"x": x.array_r, "previous": previous.array_r, **more}
        for number, interface in enumerate(self.problem.interfaces):
            arrays |= {f"{name}{number}": getattr(interface.history, name) for name in _HISTORY}
        for number, state in enumerate(self.problem.bulk.past.values()):
            arrays |= {f"body{number}_{name}": array for name, array in vars(state).items()}
        texts = {
            "identity": self.identity,
            "state": json.dumps(follower),
            "record": json.dumps([asdict(s) for s in record.steps]),
            "kept": json.dumps(kept),
        }
        write_arrays(self._file(len(record.steps) % 2), {**arrays, **texts})

    def restore(self, committed: Committed, x: "PETSc.Vec", previous: "PETSc.Vec") -> None:
        """Put a state back into the solutions and the problem."""
        x.setArray(committed.arrays["x"])
        previous.setArray(committed.arrays["previous"])
        for number, interface in enumerate(self.problem.interfaces):
            for name in _HISTORY:
                setattr(interface.history, name, committed.arrays[f"{name}{number}"])
        past = self.problem.bulk.past
        for number, name in enumerate(past):
            past[name] = PointState(**{f.name: committed.arrays[f"body{number}_{f.name}"] for f in fields(PointState)})
        self.problem.bulk.return_to(past)
        self.problem.update(x)


def _energies(
    bodies: dict[str, float], interfaces: dict[str, dict[str, float]], **losses: dict[str, float]
) -> Energies:
    return Energies(bodies, {name: InterfaceEnergies(**one) for name, one in interfaces.items()}, **losses)
