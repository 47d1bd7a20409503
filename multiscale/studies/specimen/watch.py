"""What a loading shows while it runs: fields, crack fronts, process zones, J-integrals, kept through interruptions."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from coupling.findings import Finding
from multiscale.runtime.files import write_text
from multiscale.studies.specimen.schema import SpecimenStudy

_SAVED_STATES = 24


class Watch:
    """Called with each converged step and its state.

    Args:
        study: The study.
        problem: Its problem.
        fields: Writer of the fields.
        path: Where the observations are kept for a run that goes on after an interruption.
        on_root: Does work on rank 0 alone.

    Attributes:
        steps: Load, force, work and broken area by step.
        fronts: (load, crack growth, *point) of each facet on a crack front, by interface.
        zones: (load, crack growth, length) of the process zone, by interface.
        j: (load, crack growth, J-integral) at the saved states whose ring fits.
        rings: What is wrong with the rings at the others.
        calls: Steps of this run.
    """

    def __init__(
        self, study: SpecimenStudy, problem: Any, fields: Any, path: Path, on_root: Callable[..., Any]
    ) -> None:
        self.study, self.problem, self.fields, self.path, self.on_root = study, problem, fields, path, on_root
        kept = on_root(self._read)
        self.steps: list[dict[str, float]] = kept.get("steps", [])
        self.fronts: dict[str, list[list[float]]] = kept.get("fronts", {})
        self.zones: dict[str, list[list[float]]] = kept.get("zones", {})
        self.j: list[list[float]] = kept.get("j", [])
        self.rings = [Finding(**one) for one in kept.get("rings", [])]
        self.calls, self._last = 0, (np.inf, np.inf)

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}

    def __call__(self, step: Any, x: Any) -> None:
        from continuum.post.fracture import crack_front, process_zone_length

        self.calls += 1
        self.steps.append({name: float(getattr(step, name)) for name in ("load", "force", "work", "broken_area")})
        fronts = self.problem.comm.bcast({n: p.tolist() for n, p in crack_front(self.problem, x).items()})
        for name, points in fronts.items():
            self.fronts.setdefault(name, []).extend([step.load, step.broken_area, *point] for point in points)
        for name, length in self.problem.comm.bcast(process_zone_length(self.problem, x)).items():
            if np.isfinite(length):
                self.zones.setdefault(name, []).append([step.load, step.broken_area, length])
        if self._is_due(step):
            self.fields.write(x, float(len(self.steps)))  # not the load, which may come back to a value
            self._integrate(step, x, fronts)
        self.on_root(self._keep)

    def _keep(self) -> None:
        rings = [asdict(one) for one in self.rings]
        kept = {"steps": self.steps, "fronts": self.fronts, "zones": self.zones, "j": self.j, "rings": rings}
        write_text(self.path, json.dumps(kept))

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
