"""What a loading shows while it runs: fields, crack fronts, process zones, J-integrals, kept through interruptions."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from coupling.files import load_arrays, read_arrays, write_arrays
from coupling.findings import Finding
from coupling.records import pack, unpack
from multiscale.studies.specimen.film import Film
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from continuum.post.solute_fields import SoluteFields

_SAVED_STATES = 24
_FILMED_CELLS = 200_000
"""Of a mesh, above which the report shows its last state alone: each state is gathered on one rank."""


class Observed(NamedTuple):
    """A number that was observed at the end of a loading."""

    name: str
    value: float
    unit: str
    what: str
    headline: bool = False


class Watch:
    """Called with each converged step and its state; what it has seen is committed with the step.

    Args:
        study: The study.
        problem: Its problem.
        fields: Writer of the fields.
        scratch: Where the states whose fields were written are kept for a run that resumes after an interruption.
        filmed: Whether the bodies are kept for the report, too, unless there are too many cells.

    Attributes:
        steps: Load, force, work and broken area by step.
        fronts: (load, crack growth, *point) of each facet on a crack front, by interface.
        zones: (load, crack growth, length) of the process zone, by interface.
        j: (load, crack growth, J-integral) at the saved states whose ring fits.
        rings: What is wrong with the rings at the others.
        calls: Steps of this run.
        film: The deformed bodies of the saved states.
        solute: Gives the fields of a solute (`continuum.post.solute_fields`), where one moves.
    """

    def __init__(self, study: SpecimenStudy, problem: Any, fields: Any, scratch: Path, *, filmed: bool = True) -> None:
        self.study, self.problem, self.fields, self.scratch = study, problem, fields, scratch
        self.steps: list[dict[str, float]] = []
        self.fronts: dict[str, list[list[float]]] = {}
        self.zones: dict[str, list[list[float]]] = {}
        self.j: list[list[float]] = []
        self.rings: list[Finding] = []
        self.calls = 0
        self.film = Film()
        self.solute: Callable[[], SoluteFields] | None = None
        cells = sum(one.function_space.mesh.topology.index_map(one.function_space.mesh.topology.dim).size_global
                    for one in problem.displacements.values())  # fmt: skip
        self._filmed = filmed and cells <= _FILMED_CELLS
        self._last = (np.inf, np.inf)
        self._written: list[int] = []

    @property
    def state(self) -> dict[str, Any]:
        """What a run that resumes needs, beside the states in the scratch folder."""
        return {
            "steps": self.steps, "fronts": self.fronts, "zones": self.zones, "j": self.j,
            "rings": [asdict(one) for one in self.rings], "last": self._last, "written": self._written,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> bool:
        """Take over what an interrupted run saw, and write its fields; False where one of its states is damaged."""
        from continuum.post.interface_fields import InterfaceFields

        files = {number: self._file(number) for number in state["written"]}
        whole = all(read_arrays(file) is not None for file in files.values())
        if not all(self.problem.comm.allgather(whole)):
            return False
        x, bonds = self.problem.vector(), len(self.problem.bonds)
        for number, file in files.items():
            stored = load_arrays(file)
            x.setArray(stored["x"])
            solute = None if self.solute is None else self.solute().like(stored)
            interfaces = [unpack(InterfaceFields, stored, f"{k}.") for k in range(bonds)]
            self.fields.write(x, float(number), interfaces, solute)
            self._take(x, state["steps"][number - 1]["load"])
        self.steps, self.fronts, self.zones, self.j = (state[name] for name in ("steps", "fronts", "zones", "j"))
        self.rings = [Finding(**one) for one in state["rings"]]
        self._last, self._written = tuple(state["last"]), state["written"]
        return True

    def numbers(self) -> list[Observed]:
        """Lengths of the process zones and the J-integral at the end, of those that there are."""
        single, found = len(self.problem.bonds) == 1, []
        for name, rows in self.zones.items():
            if rows:
                what = f"length of the process zone on {name} at the end"
                found.append(Observed("zone_length" if single else f"{name}_zone_length", rows[-1][-1], "m", what))
        what = "J-integral at the last saved state whose ring fits"
        return [*found, *(Observed("j_integral", row[-1], "J/m^2", what, True) for row in self.j[-1:])]

    def _file(self, number: int) -> Path:
        return self.scratch / f"state-{number}-{self.problem.comm.rank}.npz"

    def __call__(self, step: Any, x: Any) -> None:
        from continuum.post.fracture import crack_front, process_zone_length
        from continuum.post.interface_fields import interface_fields

        self.calls += 1
        self.steps.append({name: float(getattr(step, name)) for name in ("load", "force", "work", "broken_area")})
        fronts = self.problem.comm.bcast({n: p.tolist() for n, p in crack_front(self.problem, x).items()})
        for name, points in fronts.items():
            self.fronts.setdefault(name, []).extend([step.load, step.broken_area, *point] for point in points)
        for name, length in self.problem.comm.bcast(process_zone_length(self.problem, x)).items():
            if np.isfinite(length):
                self.zones.setdefault(name, []).append([step.load, step.broken_area, length])
        if self._is_due(step):
            number, interfaces = len(self.steps), interface_fields(self.problem, x)
            stored = {key: array for k, one in enumerate(interfaces) for key, array in pack(one, f"{k}.").items()}
            solute = None if self.solute is None else self.solute()
            stored |= {} if solute is None else solute.arrays()
            write_arrays(self._file(number), {"x": x.array_r} | stored)
            self._written = [*self._written, number]
            self.fields.write(x, float(number), interfaces, solute)  # not the load, which may come back to a value
            self._take(x, step.load)
            self._integrate(step, x, fronts)

    def _take(self, x: Any, load: float) -> None:
        if self._filmed:
            self.film.take(self.fields.snapshot(x), load)

    def _is_due(self, step: Any) -> bool:
        """Whether load or crack have moved on by their part of the way since the last saved state."""
        load, area = self._last
        way = max(abs(t) for t in self.study.loading.turning_points) / _SAVED_STATES
        moved = (
            abs(step.load - load) >= way or abs(step.broken_area - area) >= self.problem.interface_area / _SAVED_STATES
        )
        if moved:
            self._last = (step.load, step.broken_area)
        return moved

    def _integrate(self, step: Any, x: Any, fronts: dict[str, list[list[float]]]) -> None:
        """J around the crack's tip, which is the furthest point of its front along the growth."""
        from continuum.post.fracture import ring_integral
        from continuum.post.ring import Ring, check_ring

        asked = self.study.j_integral
        if asked is None:
            return
        names = dict(zip(self.study.interfaces, (bond.name for bond in self.problem.bonds), strict=True))
        points = np.array(fronts[names[asked.interface or next(iter(names))]])
        if not len(points):
            return
        direction = np.array(asked.direction) / np.linalg.norm(asked.direction)
        ring = Ring(points[np.argmax(points @ direction)], direction, asked.inner, asked.outer)
        fault = check_ring(self.problem, x, ring)
        if fault is None:
            self.j.append([step.load, step.broken_area, ring_integral(self.problem, x, ring)])
        else:
            self.rings.append(fault)
