"""A specimen under a load that is held while its sites break: its loading, and how long it lives."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.findings import Finding
from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results
from multiscale.studies.specimen.report import frame_of
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from continuum.solver.holding import HeldLoading
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading
    from coupling.contracts import Progress

_GIVEN = 0.01  # of the surfaces' energy: what heat gave of it is told from there on


def held(
    study: SpecimenStudy,
    problem: "CohesiveProblem",
    watch: Any,
    unfinished: Path,
    stop: "Callable[[Loading], bool]",
    progress: "Progress",
    results: Results,
) -> "Loading":
    """Load the specimen, hold the load; how long it lived goes into the results. Collective."""
    from continuum.solver.holding import hold_load

    loading = study.loading
    found = hold_load(
        problem, loading.turning_points[-1], loading.hold, ramp=loading.duration, steps=loading.steps,
        tolerance=loading.time_tolerance, linear=loading.linear_solver, checkpoint=unfinished, progress=progress,
        on_step=watch, kept=watch, stop=stop,
    )  # fmt: skip
    report_lifetime(study, problem, found, results)
    return found.record


def report_lifetime(study: SpecimenStudy, problem: "CohesiveProblem", found: "HeldLoading", results: Results) -> None:
    """Lifetime with its bar, what the sites broke for, and the course in time. Collective."""
    frame, record = frame_of(study), found.record
    times, whole = found.times, float(found.times[-1])
    lasted = max(whole - float(study.loading.duration), 0.0)
    if found.lifetime is None:
        results.add("held_for", lasted, "s", "time for which the specimen bore the load", headline=True)
        results.summary = "The specimen bore the load for {held_for}."
    elif found.lifetime == 0:
        results.add(
            "broke_at",
            record.steps[-1].load / study.loading.turning_points[-1],
            "",
            "part of the load at which the specimen broke on the way to it",
            headline=True,
        )
        results.summary = "The specimen broke on the way to the load, at {broke_at} of it."
    else:
        results.add(
            "lifetime", found.lifetime, "s", "time under the whole load until the specimen broke", headline=True
        )
        deviation, attempts = barrier_deviation(study, problem), _attempts(problem)
        bar = deviation * float(np.log10(max(found.lifetime * attempts, 1.0)))
        results.add(
            "lifetime_decades", np.log10(found.lifetime), "", "its logarithm to base 10, in s", uncertainty=bar or None
        )
        results.summary = (
            "Under the load the specimen lives for {lifetime} (its logarithm to base 10 is {lifetime_decades})."
        )
        if not bar:
            results.notes.append(
                "The lifetime has no error bar: give deviation to activated, or laws whose potential is sampled."
            )
    _report_heat(problem, results, frame.energy)
    force = record.column("force") if study.loads else record.column("load")
    unit = frame.force if study.loads else ""
    results.add_curve(
        "time", "load and crack growth in time", time=("s", times), load=(unit, force),
        crack_growth=(frame.area, record.column("broken_area")),
    )  # fmt: skip
    results.plots.append(
        Plot("Crack growth in time", "time", "s", "crack growth", frame.area,
             (PlotSeries("time", "time", "crack_growth", "", "line and points"),),
             f"Counted from the beginning of the loading; at {study.loading.temperature:g} K.")
    )  # fmt: skip


def barrier_deviation(study: SpecimenStudy, problem: "CohesiveProblem") -> float:
    """Standard deviation of the barriers over themselves: what is stated, and that of the laws' works over their members."""
    found = [0.0]
    for item, bond in zip(study.interfaces.values(), problem.bonds, strict=True):
        if item.activated is None:
            continue
        works = [one.work_of_separation for one in getattr(bond.law, "members", ())]
        sampled = float(np.std(works, ddof=1) / np.mean(works)) if len(works) > 1 else 0.0
        found.append(float(np.hypot(item.activated.deviation, sampled)))
    return max(found)


def _attempts(problem: "CohesiveProblem") -> float:
    return max(bond.activation.attempt_frequency for bond in problem.bonds if bond.activation is not None)


def _report_heat(problem: "CohesiveProblem", results: Results, unit: str) -> None:
    """Energy of the new surfaces that fluctuations gave, and not the load: each site broke below its barrier. Collective."""
    from coupling.interface.activation import secant

    own = np.zeros(2)
    for interface in problem.interfaces:
        bond, history, weights = interface.bond, interface.history, interface.weights.ravel()
        if bond.activation is not None and len(weights):
            kappa = np.maximum(history.largest, 1e-9 * bond.law.opening_at_peak)
            lost = secant(bond.law, kappa).lost
            own += [weights @ lost, weights @ (lost - history.spent)]
    surfaces, heat = (float(value) for value in problem.comm.allreduce(own))
    results.add("heat_taken_up", heat, unit, "energy of broken sites that heat gave, and not the load")
    share = heat / surfaces if surfaces > 0 else 0.0
    works = [
        (b.activation.reversible_work, b.law.work_of_separation) for b in problem.bonds if b.activation is not None
    ]
    if share > _GIVEN and all(work == 0 for work, _ in works):
        results.findings.append(Finding(
            f"Heat gave {share:.2g} of the energy of the new surfaces: with reversible_work: 0 they must never bond again, or the faces "
            "would close faster than they open", "", share, "give reversible_work, their energy in the place where they part", False,
        ))  # fmt: skip
