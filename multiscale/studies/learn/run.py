"""The learning study: a potential, an oracle and routes in; labels, a fitted potential and its law's error bars out."""

from typing import Any

import numpy as np

from coupling.capabilities import require
from coupling.exchange.storage import save_law
from coupling.interface.error_bars import with_error_bars
from coupling.interface.rigid_path import interface_ledger, rigid_law
from coupling.units import ANGSTROM
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.locks import exclusive
from multiscale.runtime.records import Plot, PlotSeries, Table
from multiscale.runtime.results import Results
from multiscale.studies.cohesive_law.report import report_law
from multiscale.studies.learn.schema import LearnStudy

LABELS, POSTERIOR = "labels.extxyz", "posterior.npz"
_LEFT_TO_CHANCE = {"potential", "oracle", "budget", "samples"}
"""What the choice of the labels does not depend on, or depends on by its fingerprint."""


def run(study: LearnStudy, context: RunContext) -> Results:
    """Run the study; see `LearnStudy` for its input.

    Labels are kept beside the cache: a run that was killed, and one with a larger budget, goes on.

    Raises:
        InputError: potential, oracle and plane do not fit together.
        NotConverged: the oracle fails on several structures in a row, or a sample has no equilibrium.
    """
    results = Results("learn", study.title)
    context.on_root(lambda: _run(study, context, results))
    return results


def _run(study: LearnStudy, context: RunContext, results: Results) -> None:
    from atomistic.potentials import load_potential
    from atomistic.trust.learn import Rules, learn
    from atomistic.trust.notebook import Notebook
    from atomistic.trust.oracle import oracle
    from atomistic.trust.storage import save_posterior
    from atomistic.trust.surrogate import Surrogate

    potential = require(load_potential(study.potential.name, **study.potential.options), "features")
    asked = oracle(study.oracle.name, study.oracle.own, context.cache.folder / "oracle")
    context.uses(potential, asked.potential)
    task = request("learning", study, exclude=_LEFT_TO_CHANCE, potentials=[potential, asked.potential]).address
    try:
        folder = context.cache.folder / "learn" / task[:16]
        waits = lambda: context.log.warning("Another process makes the same labels; it is waited for.")  # noqa: E731
        with context.stage("learning"), exclusive(folder.with_suffix(".lock"), waits):
            notebook = Notebook(folder, asked, task)
            if notebook.entries:
                context.log.info("%d labels were there already", len(notebook.entries))
            found = learn(
                lambda labels: Surrogate.fitted(potential, labels), notebook, _routes(study, potential),
                Rules(study.threshold, study.budget, study.first), progress=context.progress,
            )  # fmt: skip
    finally:
        asked.close()
    found.labels.save(context.folder / LABELS)
    save_posterior(found.surrogate.posterior, context.folder / POSTERIOR)
    _report_labels(results, study, found, asked)
    _report_radii(results, study, found)
    with context.stage("error bars"):
        _report_law(results, study, context, found.surrogate.posterior.calibrated())


def _routes(study: LearnStudy, potential: Any) -> list[Any]:
    """The slab at the potential's own lattice, and the ways through its structures."""
    from atomistic.decohesion.rigid_path import default_openings
    from atomistic.properties.phonon import phonons
    from atomistic.trust.routes import Descent, LangevinRoute, Points, opening, rattles, slip, strains

    chosen, plane, seed = study.routes, study.plane, study.seed
    slab = _slab(study, potential)
    repeats = (*plane.repeats, 1)
    openings = default_openings(chosen.openings.max / ANGSTROM, chosen.openings.points)

    def repeated(points: Points) -> Points:
        return Points(points.group, [atoms * repeats for atoms in points.structures])

    made: list[Any] = [repeated(opening(slab, openings))]
    if chosen.slips:
        steps = np.linspace(0.0, 1.0, chosen.slips, endpoint=False) + 0.5 / chosen.slips
        made.append(repeated(slip(slab, steps[:, None] * slab.atoms.cell.array[0, :2])))
    closed = slab.atoms * repeats
    if chosen.rattles:
        made.append(rattles(closed, chosen.rattle / ANGSTROM, chosen.rattles, seed))
    if chosen.strains:
        made.append(strains(closed, chosen.strain, chosen.strains, seed))
    for distance in np.linspace(0.0, openings[-1], chosen.relaxations + 1)[1:]:
        made.append(Descent("relaxation", slab.opened(float(distance)) * repeats))
    if chosen.dynamics is not None:
        moving, opened = chosen.dynamics, (chosen.dynamics.opening or 0.0) / ANGSTROM
        step = phonons(potential, slab.repeat_unit().atoms, repeats=(2, 2, 2)).safe_time_step
        made.append(
            LangevinRoute(
                "dynamics", slab.opened(opened) * repeats, moving.temperature, step, moving.steps, moving.every, seed
            )
        )
    return made


def _slab(study: LearnStudy, potential: Any) -> Any:
    from atomistic.decohesion.slab import cleavage_slab, conventional_cell
    from atomistic.properties.bulk import equilibrium

    crystal = equilibrium(potential, study.plane.species, study.plane.structure)
    return cleavage_slab(crystal, study.plane.miller, study.plane.layers, conventional=conventional_cell(crystal))


def _report_labels(results: Results, study: LearnStudy, found: Any, asked: Any) -> None:
    add, labels = results.add, found.labels
    add("labels", len(labels), "", f"labels by {asked.name}", headline=True)
    add(
        "below_threshold",
        found.below,
        "",
        "routes followed to their ends with nothing new above the threshold",
        headline=True,
    )
    add("laps", found.laps, "", "times the routes were followed")
    add("labels_computed", asked.computed, "", "labels computed in this run")
    add("oracle_seconds", asked.cost.seconds, "s", "time of the oracle in this run")
    add("oracle_atoms", asked.cost.atom_evaluations, "", "atoms computed by the oracle in this run")
    add("settings_hash", labels.settings_hash, "", "settings of the oracle, the same for all labels")
    groups, failed = labels.groups, sum(entry.label is None for entry in found.entries)
    weights = found.surrogate.posterior.weights
    rows = tuple((group, groups.count(group), round(weights[group], 3)) for group in dict.fromkeys(groups))
    results.tables.append(Table("Labels", ("group", "labels", "weight of each"), rows, "Every group counts alike."))
    if failed:
        results.notes.append(f"WARNING: the oracle failed on {failed} structures, which were passed over.")
    if not found.below:
        results.notes.append(
            f"WARNING: the budget of {study.budget} labels was spent before all radii were below {study.threshold:g} eV/Å; "
            "run again with a larger one, it resumes where it stopped."
        )
    noise = found.surrogate.posterior.widths.force
    add("force_noise", noise, "eV/Å", "force errors that the readout cannot learn away")
    results.notes.append(
        f"The radius holds 90 % of what labels can still settle of a force; {noise:.2g} eV/Å of each component the readout "
        "cannot represent, which more labels do not change. labels.extxyz and posterior.npz can be used by other studies (trust)."
    )


def _report_radii(results: Results, study: LearnStudy, found: Any) -> None:
    openings = _openings(study) * ANGSTROM
    columns = {"before": found.before["opening"], "after": found.after["opening"]}
    results.add_curve(
        "radii",
        "radius along the opening path",
        opening=("m", openings),
        **{k: ("eV/Å", v) for k, v in columns.items()},
    )
    lines = tuple(PlotSeries("radii", "opening", name, label, "line and points")
                  for name, label in (("before", f"after the first {study.first} labels"), ("after", "at the end")))  # fmt: skip
    caption = "Largest radius of a force in each structure; a structure that is labelled keeps what the noise leaves."
    results.plots.append(Plot("Where the potential can be trusted", "opening", "Å", "radius", "eV/Å", lines, caption))
    rows = tuple(
        (group, f"{found.before[group].max():.3g}", f"{found.after[group].max():.3g}") for group in found.before
    )
    results.tables.append(Table("Largest radius", ("group", "before, eV/Å", "after, eV/Å"), rows))
    results.add(
        "largest_radius_before",
        float(max(v.max() for v in found.before.values())),
        "eV/Å",
        "largest radius after the first labels",
    )
    results.add(
        "largest_radius",
        float(max(v.max() for v in found.after.values())),
        "eV/Å",
        "largest radius at the end",
        headline=True,
    )


def _openings(study: LearnStudy) -> np.ndarray:
    from atomistic.decohesion.rigid_path import default_openings

    return default_openings(study.routes.openings.max / ANGSTROM, study.routes.openings.points)


def _report_law(results: Results, study: LearnStudy, context: RunContext, posterior: Any) -> None:
    """The law of the fitted potential, with error bars, each sample at its own lattice."""
    from atomistic.decohesion.rigid_path import default_openings, rigid_path

    openings = default_openings(study.routes.openings.max / ANGSTROM)
    results.notes.extend(
        drifted(_slab(study, posterior.potential), _slab(study, posterior.mean_potential()), study.routes.strain)
    )
    paths = []
    for potential in (posterior.mean_potential(), *posterior.sample(study.samples, study.seed)):
        paths.append(rigid_path(potential, _slab(study, potential), openings, shear=not paths))
        context.progress("samples", len(paths) - 1, study.samples)
    law = with_error_bars(rigid_law(paths[0]), [rigid_law(path) for path in paths[1:]])
    report_law(results, law)
    results.ledger = list(interface_ledger(paths[0]).rows())
    save_law(law, context.folder / "law.json")


def drifted(labelled: Any, fitted: Any, strain: float) -> list[str]:
    """A warning where the fitted crystal is farther from the labelled one than the labels' strains reach."""
    drift = float(np.sqrt(fitted.area / labelled.area)) - 1
    if abs(drift) <= strain:
        return []
    return [
        f"WARNING: the fitted crystal's lattice is {drift:+.1%} off the one whose planes were labelled, and the labels' strains reach "
        f"{strain:.1%}: nothing is known of the law there, and its error bars do not say so. Start from a potential nearer to the "
        "oracle, or label crystals at the oracle's lattice first."
    ]
