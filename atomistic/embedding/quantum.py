"""A quantum code as a potential: cached, in a process of its own, with safer settings when self-consistency fails."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from threading import TIMEOUT_MAX
from typing import Any

import numpy as np
from ase import Atoms

from atomistic.embedding.engines import Engine, check_charges, engine
from atomistic.embedding.store import Store, address
from atomistic.potentials.fingerprint import fingerprint
from atomistic.potentials.inputs import checked
from atomistic.potentials.workers.process import (
    TIME_LIMIT,
    Failed,
    Maker,
    TooLong,
    Unmade,
    Worker,
    WorkerDied,
    WorkerRequest,
)
from coupling.capabilities import require, require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Structure
from coupling.errors import InputError, NotConverged

VACUUM = 12.0
"""Å of vacuum around a cluster for codes that want all directions periodic or none."""


class QuantumPotential:
    """A `Potential` whose numbers come from a quantum code.

    Args:
        name: A key of `atomistic.embedding.engines.ENGINES`, or "module:Class" of an ASE calculator.
        folder: Where results are kept for later runs; None keeps them for this process.
        workers: Processes that compute at the same time.
        safer: Options of the second, third, … attempt, instead of the engine's own.
        time_limit: Seconds for one attempt at one structure; a process that takes longer is ended.
        **options: For the calculator, over the engine's own.

    Attributes:
        computed: How many calculations were made.
        recalled: How many came from the store.
        repeated: How many attempts were made with safer settings.

    Raises:
        InputError: the engine is unknown.
        MissingBackend: it is not installed.
    """

    cutoff = float("inf")

    def __init__(
        self, name: str, *, folder: Path | None = None, workers: int = 1,
        safer: Sequence[Mapping[str, Any]] | None = None, time_limit: float = TIME_LIMIT, **options: Any,
    ) -> None:  # fmt: skip
        if workers < 1:
            raise InputError(f"{workers} workers compute nothing; give at least 1.")
        if not 0 < time_limit <= TIMEOUT_MAX:
            raise InputError(f"A time limit of {time_limit} s is not one; give seconds, up to {TIMEOUT_MAX:g}.")
        self.engine: Engine = engine(name)
        self.name = name
        self.elements = frozenset(range(1, self.engine.largest + 1))
        self.engine.check_options(options)
        self._given = options
        self.options = dict(self.engine.options) | options
        self.safer = tuple(self.engine.safer if safer is None else safer)
        self.fingerprint = fingerprint(
            "quantum", self.engine.calculator, self.options | {"safer": self.safer}, self.engine.libraries,
            code=(self.engine.calculator.partition(":")[0],),
        )  # fmt: skip
        self.capabilities = Capabilities(
            stress=self.engine.gives_stress(self.options),
            point_charges=self.engine.charges,
            total_charge=bool(self.engine.total_charge) and self.engine.total_charge not in options,
        )
        self.computed = self.recalled = self.repeated = 0
        self.store = Store(folder)
        self.workers = [Worker(time_limit=time_limit) for _ in range(workers)]
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self.workers:
            self._idle.put(worker)
        self._ions: dict[int, QuantumPotential] = {}

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """Evaluate all structures; see `coupling.contracts.Potential`.

        Raises:
            InputError: a structure cannot be evaluated, or site energies or features are asked for.
            NotConverged: the code fails with its safest settings too, dies, or takes longer than the limit.
        """
        require_asked(self, site_energies, features)
        start = time.perf_counter()
        given = checked(structures, self.elements, self.name)
        atoms = [self._ready(one) for one in given]
        with ThreadPoolExecutor(len(self.workers)) as pool:
            found = list(pool.map(lambda one: self._one(one, None, None), atoms))
        seconds = time.perf_counter() - start
        return Evaluation(
            np.array([float(one["energy"]) for one in found]),
            tuple(np.array(one["forces"]) for one in found),
            np.array([_rescaled(*row) for row in zip(found, atoms, given, strict=True)]),
            Cost(len(atoms), sum(map(len, atoms)), len(atoms), seconds),
        )

    def evaluate_in_charges(
        self, structure: Structure, charges: FloatArray, places: FloatArray
    ) -> tuple[float, FloatArray, FloatArray, Cost]:
        """A finite structure among point charges.

        Args:
            structure: Atoms without periodicity.
            charges: (Q,) e.
            places: (Q, 3) Å.

        Returns:
            Energy with the atoms' interaction with the charges but not that of the charges among
            themselves, eV; forces on atoms (N, 3) and on charges (Q, 3), eV/Å; what it cost.

        Raises:
            InputError: the engine takes no point charges.
            NotConverged: the code fails with its safest settings too.
        """
        check_charges(self.engine)
        start = time.perf_counter()
        (atoms,) = checked([structure], self.elements, self.name)
        found = self._one(atoms, np.array(charges, dtype=float), np.array(places, dtype=float))
        cost = Cost(1, len(atoms), 1, time.perf_counter() - start)
        return float(found["energy"]), np.array(found["forces"]), np.array(found["charge_forces"]), cost

    def with_charge(self, charge: int) -> "QuantumPotential":
        """The same code for structures with a total charge, by the same processes; see `coupling.capabilities.IonPotential`.

        Raises:
            InputError: it takes none, or has one by its options.
        """
        require(self, "total_charge")
        if not charge:
            return self
        if charge not in self._ions:
            ion = QuantumPotential(self.name, safer=self.safer, **self._given | {self.engine.total_charge: charge})
            ion.workers, ion._idle, ion.store = self.workers, self._idle, self.store
            self._ions[charge] = ion
        return self._ions[charge]

    def as_ase(self) -> Any:
        """An ASE calculator of this potential."""
        from atomistic.potentials.as_ase import PotentialCalculator

        return PotentialCalculator(self)

    def close(self) -> None:
        """End the worker processes; the next evaluation starts them again."""
        for worker in self.workers:
            worker.stop()

    def _ready(self, atoms: Atoms) -> Atoms:
        partly = atoms.pbc.any() and not atoms.pbc.all()
        return boxed(atoms, VACUUM) if (partly and self.engine.boxed) or self.engine.name == "gpaw" else atoms

    def _one(self, atoms: Atoms, charges: FloatArray | None, places: FloatArray | None) -> dict[str, Any]:
        key = address(self.fingerprint, atoms, charges, places)
        kept = self.store.get(key)
        if kept is not None:
            self.recalled += 1
            return kept
        stressed = bool(atoms.pbc.any()) and atoms.cell.rank == 3
        request = WorkerRequest([atoms], [stressed], charges=charges, places=places)
        worker = self._idle.get()
        try:
            answer = self._attempts(worker, request, atoms)
        finally:
            self._idle.put(worker)
        self.store.put(key, answer)
        self.computed += 1
        return answer

    def _attempts(self, worker: Worker, request: WorkerRequest, atoms: Atoms) -> dict[str, FloatArray]:
        """The answer with the options as given, else with ever safer ones."""
        reason, (module, _, name) = "", self.engine.calculator.partition(":")
        for attempt, settings in enumerate([{}, *self.safer]):
            self.repeated += attempt > 0
            try:
                return worker.answers(Maker(module, name, self.options | dict(settings)), request)[0]
            except TooLong as error:
                raise NotConverged(
                    f"{self.name} on {atoms.get_chemical_formula()}: {error}; raise time_limit if it needs longer."
                ) from error
            except WorkerDied as error:
                raise NotConverged(
                    f"{self.name} on {atoms.get_chemical_formula()}: {error}; it may lack memory."
                ) from error
            except (Unmade, InputError) as error:
                said = str(error).rstrip(".")
                raise InputError(f"{self.name!r} cannot be started with the options {self.options}: {said}.") from error
            except Failed as error:
                reason = str(error)
        raise NotConverged(
            f"{self.name} failed on {atoms.get_chemical_formula()} in {len(self.safer) + 1} attempts with ever safer "
            f"settings ({reason}); give other options, or a region without dangling bonds (termination hydrogen)."
        )


def _rescaled(found: Mapping[str, Any], computed: Atoms, given: Atoms) -> FloatArray:
    """The stress over the volume of the cell that was given, not of the box that was computed; NaN without one."""
    if given.cell.rank < 3 or "stress" not in found:
        return np.full((3, 3), np.nan)
    return np.array(found["stress"]) * (computed.get_volume() / given.get_volume())


def boxed(atoms: Atoms, vacuum: float) -> Atoms:
    """A copy with vacuum in every direction that is not periodic, and a full cell."""
    from atomistic.potentials.neighbours import effective_cell

    copy, periodic = atoms.copy(), atoms.pbc.copy()
    cell = effective_cell(np.where(periodic[:, None], copy.cell.array, 0.0), periodic)
    for axis in np.flatnonzero(~periodic):
        along = copy.positions @ cell[axis] / np.linalg.norm(cell[axis])
        cell[axis] *= (np.ptp(along) + vacuum) / np.linalg.norm(cell[axis])
        copy.positions += cell[axis] / np.linalg.norm(cell[axis]) * (vacuum / 2 - along.min())
    copy.cell = cell
    copy.pbc = True if periodic.any() else False
    return copy
