"""A specimen that is loaded while a solute moves in it: its problem, its loading, what is reported of the solute."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coupling.findings import Finding
from coupling.laws.coverage import CoverageLaw
from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results
from multiscale.studies.specimen.schema import SpecimenStudy
from multiscale.studies.specimen.watch import Watch

if TYPE_CHECKING:
    from continuum.model import Bond
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading
    from continuum.transport import Coupled, TransportRecord
    from coupling.contracts import Progress

_ROUNDED, _LOST = 1e-6, 1e-2
"""Of all solute: mass errors above which a run warns, and is refuted."""
_DILUTE = 0.1
"""Share of the lattice sites above which their solute is not dilute."""


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
        {name: medium.medium() for name, medium in asked.bodies.items()},
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
    watch: Watch,
    unfinished: Path,
    stop: "Callable[[Loading], bool]",
    progress: "Progress",
    results: Results,
) -> "Loading":
    """Load the specimen in its duration; what the solute did goes into the results. Collective.

    Args:
        study: The study.
        problem: Its mechanics.
        watch: Told each step, and where the solute is.
        unfinished: Folder of the checkpoint from which an interrupted loading goes on.
        stop: Whether the loading is done.
        progress: Told how far it is.
        results: Takes what the solute did.
    """
    from continuum.post.solute_fields import solute_fields
    from continuum.transport import pull_slowly

    coupled, loading, asked = coupled_problem(study, problem), study.loading, study.transport
    watch.solute = lambda: solute_fields(coupled.transport)
    record, solute = pull_slowly(
        coupled, loading.turning_points[-1], loading.duration, loading.steps, hold=asked.hold or 0.0,
        tolerance=asked.tolerance, checkpoint=unfinished, progress=progress, on_step=watch, kept=watch, stop=stop,
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
    if solute.mass_error > _ROUNDED:
        what = f"{solute.mass_error:.2g} of all {species} appeared or vanished by rounding"
        change = "check diffusivity and times: in a step, far more passes through the elements than they hold"
        results.findings.append(Finding(what, "", solute.mass_error, change, solute.mass_error > _LOST))
    report_filled(study, coupled, results)
    for layer, points, coverage in coupled.profiles():
        order = np.lexsort(points.T[::-1])
        places = {axis: ("m", points[order, i]) for i, axis in enumerate("xyz"[: points.shape[1]])}
        results.add_curve(
            f"coverage_{layer}", f"coverage of {layer} at the end", **places, coverage=("", coverage[order])
        )


def report_filled(study: SpecimenStudy, coupled: "Coupled", results: Results) -> None:
    """How full the lattices are, which the transport takes to be nearly empty, and interfaces that no solute reaches. Collective."""
    species = study.transport.species
    filled = coupled.transport.filled()
    for name, share in filled.items():
        results.add(
            f"{species}_largest_share_in_{name}",
            share,
            "",
            f"most of the lattice sites of {name} that hold {species}, at the end",
        )
    fullest = max(filled, key=lambda name: filled[name], default=None)
    if fullest is not None and filled[fullest] > _DILUTE:
        what = (
            f"{species} fills {filled[fullest]:.3g} of the lattice sites, which the transport takes to be nearly empty"
        )
        change = "lower the potential, concentration or flux, or check the partial molar volume and the sites"
        results.findings.append(Finding(what, fullest, filled[fullest], change, filled[fullest] > 1.0))
    for name, bond in zip(study.interfaces, coupled.mechanics.bonds, strict=True):
        if name not in study.transport.interfaces and isinstance(bond.law, CoverageLaw):
            results.notes.append(
                f"{name!r} is not among transport.interfaces: no {species} reaches it, and it keeps its coverage of {bond.law.coverage:g}."
            )
