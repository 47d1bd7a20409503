"""The record of a learning run on disk, whole after every label: killed, it loses the one in the making."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ase import Atoms

from atomistic.trust.labels import Label
from atomistic.trust.oracle import Oracle
from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged, NotFinite
from coupling.files import read_arrays, write_arrays
from coupling.identity.addresses import is_finite


class Position(NamedTuple):
    """Where a run stands.

    Attributes:
        lap: How often the routes were begun.
        route: Which route.
        state: Where on it.
    """

    lap: int = 0
    route: int = 0
    state: Mapping[str, FloatArray] = {}


@dataclass(frozen=True)
class Entry:
    """A structure that was chosen.

    Attributes:
        structure: The structure.
        group: Its kind.
        radius: For which it was chosen, eV/Å; NaN where the model had not been asked.
        position: Where the run stood.
        label: What the oracle said; None where it failed.
        again: Whether its answer was no number, so that it is asked again when the run goes on.
    """

    structure: Atoms
    group: str
    radius: float
    position: Position
    label: Label | None
    again: bool = False


@dataclass
class Notebook:
    """What was chosen and labelled, in order; each file says for whom. One that is damaged counts as none.

    Attributes:
        folder: One file for each entry; None keeps them in memory.
        oracle: Makes the labels.
        task: Hash of all else that the choices depend on.
        entries: So far.

    Raises:
        InputError: the folder belongs to another oracle, other settings or another task.
    """

    folder: Path | None
    oracle: Oracle
    task: str = ""
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.folder is None:
            return
        self._read(self._file(0, "chosen"))  # refused before anything is asked, if it is another's
        while (entry := self._read(self._file(len(self.entries)))) is not None:
            self.entries.append(entry)

    @property
    def labels(self) -> list[Label]:
        """The labels, without failures."""
        return [entry.label for entry in self.entries if entry.label is not None]

    @property
    def structures(self) -> list[Atoms]:
        """All structures that were chosen, failures among them."""
        return [entry.structure for entry in self.entries]

    @property
    def pending(self) -> bool:
        """Whether a structure was chosen and the run ended before it had its label."""
        return self._chosen is not None

    @property
    def _chosen(self) -> Entry | None:
        return None if self.folder is None else self._read(self._file(len(self.entries), "chosen"))

    def choose(self, structure: Atoms, group: str, radius: float, position: Position) -> Entry:
        """Note the choice, then ask the oracle."""
        entry = Entry(structure, group, float(radius), position, None)
        if self.folder is not None:
            self._save(self._file(len(self.entries), "chosen"), entry)
        return self._ask(entry)

    def finish(self) -> None:
        """Ask the oracle for the label that was in the making, and for those that were no numbers."""
        for number, entry in enumerate(self.entries):
            if entry.again:
                self.entries[number] = self._asked(entry, number)
        if (chosen := self._chosen) is not None:
            self._ask(chosen)

    def _ask(self, entry: Entry) -> Entry:
        done = self._asked(entry, len(self.entries))
        self.entries.append(done)
        return done

    def _asked(self, entry: Entry, number: int) -> Entry:
        """An entry with the oracle's answer, also on disk."""
        label, again = None, False
        try:
            label = self.oracle.label(entry.structure, entry.group)
        except (NotConverged, NotFinite) as error:
            again = isinstance(error, NotFinite)
        done = Entry(entry.structure, entry.group, entry.radius, entry.position, label, again)
        if self.folder is not None:
            self._save(self._file(number), done)
            self._file(number, "chosen").unlink(missing_ok=True)
        return done

    def _file(self, number: int, kind: str = "label") -> Path:
        return self.folder / f"{kind}_{number:05d}.npz"

    def _save(self, path: Path, entry: Entry) -> None:
        atoms, (lap, route, state) = entry.structure, entry.position
        arrays = {
            "numbers": atoms.numbers, "positions": atoms.positions, "cell": atoms.cell.array, "pbc": atoms.pbc,
            "group": np.array(entry.group), "at": np.array([lap, route]), "again": np.array(entry.again),
        } | {f"state_{name}": np.asarray(value) for name, value in state.items()}  # fmt: skip
        if np.isfinite(entry.radius):
            arrays["radius"] = np.array(entry.radius)
        if entry.label is not None:
            arrays |= {"energy": np.array(entry.label.energy), "forces": entry.label.forces}
            if np.isfinite(entry.label.stress).all():
                arrays["stress"] = entry.label.stress
        if not is_finite(arrays):
            raise NotConverged(
                f"The run has reached a state of group {entry.group!r} whose result is not a number; it is not kept."
            )
        identity = {"oracle": self.oracle.name, "settings": self.oracle.settings_hash, "task": self.task}
        write_arrays(path, arrays | {"identity": np.array(json.dumps(identity))})

    def _read(self, path: Path) -> Entry | None:
        """The entry in a file; None if there is none, or it is damaged."""
        found = read_arrays(path)
        if found is None or "identity" not in found:
            return None
        self._check(json.loads(str(found["identity"])))
        atoms = Atoms(found["numbers"], found["positions"], cell=found["cell"], pbc=found["pbc"])
        state = {name.removeprefix("state_"): value for name, value in found.items() if name.startswith("state_")}
        lap, route = (int(k) for k in found["at"])
        position = Position(lap, route, state)
        group, label = str(found["group"]), None
        if "energy" in found:
            stress = found.get("stress", np.full((3, 3), np.nan))
            label = Label(atoms, float(found["energy"]), found["forces"], stress, group, self.oracle.settings_hash)
        return Entry(atoms, group, float(found.get("radius", np.nan)), position, label, bool(found.get("again", False)))

    def _check(self, identity: dict[str, str]) -> None:
        """Raise `InputError` if an entry belongs to another oracle, other settings or another task."""
        other = identity["settings"] != self.oracle.settings_hash
        if other or identity["task"] != self.task:
            raise InputError(
                f"The labels in {self.folder} were made with another {'settings of the oracle' if other else 'study'} "
                f"({identity['oracle']}), and cannot be mixed; go on with that, or take another folder."
            )
