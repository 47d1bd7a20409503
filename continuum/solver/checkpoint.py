"""Checkpoint of a loading: state, history and record, one file a rank, written atomically."""

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from continuum.cohesive.history import History
from continuum.fenics import PETSc
from continuum.model import Energies, InterfaceEnergies
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, Step
from coupling.errors import InputError

_HISTORY = tuple(f.name for f in fields(History))


class Checkpoint:
    """The last converged state of a loading on disk.

    Two generations are kept, so that an interruption between the ranks' writes leaves one whole.

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

    def _newest(self) -> tuple[int, int] | None:
        """(steps, generation) of the newest checkpoint that all ranks have whole."""
        own = {}
        for generation in (0, 1):
            if self._file(generation).is_file():
                with np.load(self._file(generation)) as data:
                    own[generation] = len(json.loads(str(data["record"])))
        everyone = self.problem.comm.allgather(own)
        whole = [(n, g) for g, n in everyone[0].items() if all(other.get(g) == n for other in everyone)]
        return max(whole, default=None)

    def exists(self) -> bool:
        """Whether there is a checkpoint."""
        return self._newest() is not None

    def save(self, x: "PETSc.Vec", previous: "PETSc.Vec", record: Loading, state: dict[str, Any]) -> None:
        """Write the present state."""
        arrays = {"x": x.array_r, "previous": previous.array_r}
        for number, interface in enumerate(self.problem.interfaces):
            arrays |= {f"{name}{number}": getattr(interface.history, name) for name in _HISTORY}
        texts = {
            "identity": self.identity,
            "state": json.dumps(state),
            "record": json.dumps([asdict(s) for s in record.steps]),
        }
        target = self._file(len(record.steps) % 2)
        partial = target.with_suffix(".partial.npz")
        self.folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, **arrays, **texts)
        os.replace(partial, target)

    def load(self, x: "PETSc.Vec", previous: "PETSc.Vec") -> tuple[Loading, dict[str, Any]]:
        """Restore the state; returns the record so far and the follower's state.

        Raises:
            InputError: it is the checkpoint of another loading, specimen or number of ranks.
        """
        newest = self._newest()
        assert newest is not None
        _, generation = newest
        with np.load(self._file(generation)) as data:
            if str(data["identity"]) != self.identity:
                raise InputError(
                    f"The checkpoint in {self.folder} belongs to another loading, mesh or number of ranks; "
                    "restart as it was started, or remove the folder."
                )
            x.setArray(data["x"])
            previous.setArray(data["previous"])
            for number, interface in enumerate(self.problem.interfaces):
                for name in _HISTORY:
                    setattr(interface.history, name, data[f"{name}{number}"])
            steps = json.loads(str(data["record"]))
            state = json.loads(str(data["state"]))
        self.problem.update(x)
        return Loading([Step(**(s | {"energies": _energies(**s["energies"])})) for s in steps]), state


def _energies(bodies: dict[str, float], interfaces: dict[str, dict[str, float]]) -> Energies:
    return Energies(bodies, {name: InterfaceEnergies(**one) for name, one in interfaces.items()})
