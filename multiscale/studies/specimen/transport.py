"""A specimen that is loaded while a solute moves in it: its problem, its loading, what is reported of the solute."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from continuum.model import Bond
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading, Step
    from continuum.transport import Coupled, TransportRecord
    from coupling.contracts import Progress


def with_solute(study: SpecimenStudy, name: str, bond: "Bond") -> "Bond":
    """The bond of an interface, told whether the mesh solves for the solute that its law knows."""
    from coupling.laws.law import count_of

    solved = study.transport is not None and name in study.transport.interfaces
    return replace(bond, transported=solved and count_of(bond.law).solute is not None)


def coupled_problem(study: SpecimenStudy, problem: "CohesiveProblem") -> "Coupled":
    """The problem with its solute, started."""
    from continuum.transport import Coupled, TransportProblem

    asked = study.transport
    bonds = dict(zip(study.interfaces, problem.bonds, strict=True))
    transport = TransportProblem(
        problem.mesh,
        {name: medium.medium(asked.species, asked.temperature) for name, medium in asked.bodies.items()},
        asked.temperature,
        boundaries=[one.boundary() for one in asked.boundaries],
        layers=[layer.layer(bonds[name]) for name, layer in asked.interfaces.items()],
        kind=study.kind,
    )
    coupled = Coupled(problem, transport, asked.scheme)
    if asked.initial_potential is not None:
        transport.start_at(asked.initial_potential)
    else:
        transport.start(dict.fromkeys(study.bodies, asked.initial))
    return coupled


def pull_with_solute(
    study: SpecimenStudy,
    problem: "CohesiveProblem",
    on_step: "Callable[[Step, Any], None]",
    stop: "Callable[[Loading], bool]",
    progress: "Progress",
    results: Results,
) -> "Loading":
    """Load the specimen in its duration; what the solute did goes into the results. Collective."""
    from continuum.transport import pull_slowly

    coupled, loading, asked = coupled_problem(study, problem), study.loading, study.transport
    record, solute = pull_slowly(
        coupled, loading.turning_points[-1], loading.duration, loading.steps, hold=asked.hold or 0.0,
        tolerance=asked.tolerance, progress=progress, on_step=on_step, stop=stop,
    )  # fmt: skip
    report_solute(study, coupled, record, solute, results)
    return record


def report_solute(
    study: SpecimenStudy, coupled: "Coupled", record: "Loading", solute: "TransportRecord", results: Results
) -> None:
    """Amounts, what came through the boundaries, and the coverage of each interface at the end. Collective."""
    unit = "mol" if study.kind in ("3D", "axisymmetric") else "mol/m"
    species, last = study.transport.species, solute.states[-1]
    for name, amount in last.totals.items():
        results.add(f"{species}_in_{name}", amount, unit, f"{species} in {name} at the end")
    for name, amount in last.supplied.items():
        results.add(f"{species}_through_{name}", amount, unit, f"{species} that came in through {name}")
    results.add(f"{species}_mass_error", solute.mass_error, "", f"{species} that appeared or vanished, over all of it")
    results.add(f"{species}_work", record.steps[-1].chemical, "J" if unit == "mol" else "J/m",
                f"energy that {species} brought to the interfaces")  # fmt: skip
    columns = {name: (unit, solute.column(name)) for name in last.totals}
    columns |= {f"through_{name}": (unit, solute.supplied(name)) for name in last.supplied}
    results.add_curve("solute", f"{species} in time", time=("s", solute.times), **columns)
    series = tuple(PlotSeries("solute", "time", name, name) for name in last.totals)
    results.plots.append(Plot(f"{species} in time", "time", "s", f"amount of {species}", unit, series))
    for layer, points, coverage in coupled.profiles():
        order = np.lexsort(points.T[::-1])
        places = {axis: ("m", points[order, i]) for i, axis in enumerate("xyz"[: points.shape[1]])}
        results.add_curve(
            f"coverage_{layer}", f"coverage of {layer} at the end", **places, coverage=("", coverage[order])
        )
