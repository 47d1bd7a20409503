"""What the specimen study found: laws, loads, energies, crack growth, who counted what, warnings."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from coupling.units import SI_FACTORS
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results
from multiscale.studies.law_report import tension
from multiscale.studies.specimen.far_field import report_far_field
from multiscale.studies.specimen.film import Film
from multiscale.studies.specimen.findings import LoadingFindings, Resolution
from multiscale.studies.specimen.loading_report import (
    Frame,
    report_energies,
    report_film,
    report_growth,
    report_law_curve,
    report_loading,
    report_picture,
    report_profiles,
)
from multiscale.studies.specimen.schema import SpecimenStudy
from multiscale.studies.specimen.watch import Watch

_VISIBLE = 0.1  # displacement in the picture over the specimen's size


class Landmark(NamedTuple):
    """A number of a law that a specimen reports."""

    name: str
    unit: str
    what: str
    headline: bool = False


LANDMARKS = (
    Landmark("work_of_separation", "J/m^2", "work of separation", True),
    Landmark("peak_traction", "Pa", "peak traction of the law"),
    Landmark("opening_at_peak", "m", "opening at the peak traction"),
    Landmark("final_opening", "m", "opening beyond which the traction is zero"),
    Landmark("initial_stiffness", "Pa/m", "normal stiffness of the closed interface"),
)
"""Those of each interface."""


def landmark(law: Any, name: str) -> float:
    """A landmark of a law, SI."""
    return float(law.normal(np.zeros(1))[2][0]) if name == "initial_stiffness" else float(getattr(law, name))


def frame_of(study: SpecimenStudy) -> Frame:
    """The units of a study."""
    return Frame.of(study.kind, study.mesh_unit, "opening" if study.loads else "load factor")


def report(
    study: SpecimenStudy,
    context: RunContext,
    problem: Any,
    record: Any,
    watch: Watch,
    found: LoadingFindings,
    resolved: Resolution | None,
    results: Results,
) -> None:
    """Fill the results. Collective.

    Args:
        study: The study.
        context: Its run.
        problem: Its problem, in the last state.
        record: Its loading.
        watch: What was observed on the way.
        found: What follows from the record.
        resolved: How well the mesh resolves the process zones; None on all ranks but the first.
        results: Takes it.
    """
    frame, laws = frame_of(study), {bond.name: bond.law for bond in problem.bonds}
    works = {law.work_of_separation for law in laws.values()}
    _report_laws(results, laws)
    results.findings += found.findings
    report_growth(results, record, frame, found, works.pop() if len(works) == 1 else None)
    results.summary = _summary(study, frame, found) if study.loading.hold is None else results.summary
    report_loading(results, record, frame)
    _report_resistance(results, found, frame, study.mesh_unit)
    report_far_field(results, study.loads, problem, record, (frame.area, study.mesh_unit))
    _report_watched(results, watch, frame, study)
    state = last_state(problem, record.steps[-1].load)
    _report_ledger(results, problem, record, state, frame, found.friction)
    snapshot, profiles = watch.fields.snapshot(state), problem.profiles(state)
    results.checks += found.checks(study, laws)
    if resolved is None:
        return
    results.checks.insert(0, resolved.check)
    report_profiles(results, profiles)
    watch.film.take(snapshot, record.steps[-1].load)
    _pictures(results, context, study, snapshot, profiles, watch.film)
    _notes(results, study, laws)
    results.findings += resolved.findings


def last_state(problem: Any, load: float) -> Any:
    """The vector of unknowns of the state that the displacement fields hold."""
    x, owned = problem.vector(), problem.unknowns.owned
    parts = [field.x.array[: owned[name]] for name, field in problem.displacements.items()]
    x.setArray(np.concatenate([*parts, [load] * problem.unknowns.owns_load]))
    return x


def _summary(study: SpecimenStudy, frame: Frame, found: LoadingFindings) -> str:
    """What the specimen bears, and what its crack takes to grow."""
    bears = (
        f"a load{frame.per} of at most {{peak_load}}"
        if study.loads
        else "at most {peak_load_factor} times the tractions"
    )
    grows = "its crack needs {gc_from_fe} to grow" if found.growth is not None else "no crack grew steadily"
    return f"The specimen bears {bears}; {grows}."


def _report_laws(results: Results, laws: dict[str, Any]) -> None:
    """Landmarks and curve of each interface's law."""
    single = len(laws) == 1
    for name, law in laws.items():
        key, of = ("", "") if single else (f"{name}_", f" on {name}")
        curve = "law" if single else f"law_{name}"
        for one in LANDMARKS:
            results.add(key + one.name, landmark(law, one.name), one.unit, one.what + of, headline=one.headline)
        report_law_curve(results, curve, law, -0.1 * law.opening_at_peak)
        results.plots.append(
            Plot(f"Cohesive law{of}", "opening", _readable(law.final_opening), "traction", _stress_unit(law.peak_traction),
                 (PlotSeries(curve, "opening", "traction"),), "The normal traction without slip, before any damage.",
                 limits=tension(law))
        )  # fmt: skip


def _report_resistance(results: Results, found: LoadingFindings, frame: Frame, unit: str) -> None:
    area, resistance = found.swept_area, found.resistance
    if not len(area):
        results.notes.append("No crack grew in this loading, so there is no R-curve.")
        return
    results.add_curve(
        "r_curve", "energy per newly swept area", crack_growth=(frame.area, area), resistance=("J/m^2", resistance)
    )
    shown = unit if frame.area == "m" else frame.area
    results.plots.append(
        Plot("R-curve", "swept area" + frame.per, shown, "energy per new area", "J/m^2",
             (PlotSeries("r_curve", "crack_growth", "resistance", "", "line and points"),),
             "What the interfaces took up between two states, over the area that opened.")
    )  # fmt: skip


def _report_watched(results: Results, watch: Watch, frame: Frame, study: SpecimenStudy) -> None:
    """Crack fronts, process zones and J-integrals of all steps."""
    for one in watch.numbers():
        results.add(one.name, one.value, one.unit, one.what, headline=one.headline)
    load = ("load", "m") if study.loads else ("load_factor", "")
    start = (load, ("crack_growth", frame.area))
    for name, rows in watch.fronts.items():
        axes = [(axis, "m") for axis in "xyz"[: study.dimension]]
        _add_rows(
            results, f"front_{name}", f"facets on the crack front of {name!r}, state after state", (*start, *axes), rows
        )
    for name, rows in watch.zones.items():
        _add_rows(
            results,
            f"zone_{name}",
            f"process zone of {name!r}: from its front to the broken part",
            (*start, ("length", "m")),
            rows,
        )
    if study.j_integral is None:
        return
    if watch.rings:
        share = f"{len(watch.rings)} of {len(watch.rings) + len(watch.j)} states have no J-integral. The last of them"
        results.findings.append(replace(watch.rings[-1], what=f"{share}: {watch.rings[-1].what}", fatal=not watch.j))
    elif not watch.j:
        results.notes.append(
            "No J-integral: nothing broke through, so that there was no crack tip to centre the ring on."
        )
    if not watch.j:
        return
    _add_rows(results, "j_integral", "J-integral at the saved states", (*start, ("j", "J/m^2")), watch.j)


def _add_rows(
    results: Results, name: str, what: str, columns: tuple[tuple[str, str], ...], rows: list[list[float]]
) -> None:
    if rows:
        values = np.array(rows)
        results.add_curve(name, what, **{column: (unit, values[:, i]) for i, (column, unit) in enumerate(columns)})


def _report_ledger(results: Results, problem: Any, record: Any, state: Any, frame: Frame, friction: float) -> None:
    """The ledger of bodies, spacings and interfaces with the energies that the solver found, and its verdicts."""
    results.ledger, results.ledger_unit = list(problem.ledger_rows(state)), frame.energy
    for verdict in problem.counting.verdicts:
        results.notes.append(f"{'WARNING: ' if verdict.warns else ''}Counting: {verdict.message}")
    report_energies(results, record, frame, "law", friction)


def _pictures(
    results: Results, context: RunContext, study: SpecimenStudy, snapshot: Any, profiles: Any, film: Film
) -> None:
    """The specimen at the end, if it is plane, and in the states before, from all sides."""
    points = np.concatenate([body.points for body in snapshot.values()])
    most = max(float(np.abs(body.displacement).max()) for body in snapshot.values())
    magnified = float(f"{max(1.0, _VISIBLE * float(np.ptp(points, axis=0).max()) / most):.1g}") if most > 0 else 1.0
    stress = max(float(np.abs(body.stress[:, 1, 1]).max()) for body in snapshot.values())
    if study.dimension == 2:
        report_picture(results, context.folder, snapshot, profiles, study.mesh_unit, _stress_unit(stress), magnified)
    report_film(results, context.folder, film, frame_of(study), magnified)


def _readable(length: float) -> str:
    """A unit of length in which this is above one."""
    return next((unit for unit in ("m", "mm", "µm", "nm") if length >= SI_FACTORS["length"][unit]), "Å")


def _stress_unit(stress: float) -> str:
    return next((unit for unit in ("GPa", "MPa", "kPa") if stress >= SI_FACTORS["stress"][unit]), "Pa")


def _notes(results: Results, study: SpecimenStudy, laws: dict[str, Any]) -> None:
    for name, law in laws.items():
        if law.gap == "in bulk":
            stiffness = float(law.normal(np.zeros(1))[2][0])
            results.notes.append(
                f"The law on {name} leaves the gap to the bulk and should be rigid at first; here it has a stiff branch of "
                f"{stiffness:.4g} Pa/m, a compliance of {1 / stiffness:.4g} m/Pa that is added to the specimen's."
            )
    if any(interface.viscosity for interface in study.interfaces.values()):
        results.notes.append("Viscous regularisation was on; its share of the work is in the table of the energies.")
