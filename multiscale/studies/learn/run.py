"""The learning study: from a potential, an oracle and routes to labels, a fitted potential and its law's error bars."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from coupling.capabilities import require
from coupling.exchange.storage import save_law
from coupling.interface.error_bars import with_error_bars
from coupling.interface.fit import fits_of
from coupling.interface.rigid_path import PathSamples, interface_ledger, rigid_law
from coupling.laws.tabulated import TabulatedLaw
from coupling.ledger import LedgerRow
from coupling.units import ANGSTROM
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.locks import exclusive
from multiscale.runtime.records import RunFile
from multiscale.runtime.results import Results
from multiscale.studies.cohesive_law.report import report_law
from multiscale.studies.learn.report import (
    OracleCheck,
    report_diagnosis,
    report_labels,
    report_oracle,
    report_radii,
    report_verdict,
)
from multiscale.studies.learn.routes import closed_interface, routes_of
from multiscale.studies.learn.schema import LearnStudy

if TYPE_CHECKING:
    from atomistic.trust.oracle import Oracle
    from atomistic.trust.posterior import Posterior
    from atomistic.trust.routes import Route

LABELS, POSTERIOR = "labels.extxyz", "posterior.npz"
_LEFT_TO_CHANCE = {"potential", "oracle", "budget", "samples", "check_oracle"}
"""What the choice of the labels does not depend on, or depends on by its fingerprint."""


def run(study: LearnStudy, context: RunContext) -> Results:
    """Run the study; see `LearnStudy` for its input.

    Labels are kept beside the cache: a run that was killed resumes, and so does one with a larger budget.

    Raises:
        InputError: potential, oracle and plane do not fit together.
        NotConverged: the oracle fails on several structures in a row, or a sample has no equilibrium.
    """
    results = Results("learn", study.title)
    context.on_root(lambda: _run(study, context, results))
    return results


def _run(study: LearnStudy, context: RunContext, results: Results) -> None:
    from atomistic.decohesion.rigid_path import default_openings
    from atomistic.trust.learn import Rules, learn
    from atomistic.trust.notebook import Notebook
    from atomistic.trust.oracle import oracle
    from atomistic.trust.storage import save_posterior
    from atomistic.trust.surrogate import Surrogate

    potential = student(study)
    asked = oracle(study.oracle.name, study.oracle.own, context.cache.folder / "oracle")
    context.uses(potential, asked.potential)
    task = request("learning", study, exclude=_LEFT_TO_CHANCE, potentials=[potential, asked.potential]).address
    try:
        folder = context.cache.folder / "learn" / task[:16]
        waits = lambda: context.log.warning("Waiting for another process that makes the same labels.")  # noqa: E731
        with context.stage("learning"), exclusive(folder.with_suffix(".lock"), waits):
            routes = routes_of(study, potential)
            checked = _asked(asked, study, routes)
            notebook = Notebook(folder, asked, task)
            if notebook.entries:
                context.log.info("%d labels were there already", len(notebook.entries))
            found = learn(
                lambda labels: Surrogate.fitted(potential, labels, halt=study.halt, factors=study.weights), notebook, routes,
                Rules(study.threshold, study.budget, study.first), progress=context.progress,
            )  # fmt: skip
    finally:
        asked.close()
    found.labels.save(context.folder / LABELS)
    results.files.append(RunFile(LABELS, "the labels, which trust and learn read"))
    posterior = found.surrogate.posterior
    save_posterior(posterior, context.folder / POSTERIOR)
    report_labels(results, study, found, posterior, asked, checked)
    openings = default_openings(study.routes.openings.max / ANGSTROM, study.routes.openings.points)
    report_radii(results, study, found, openings * ANGSTROM)
    report_oracle(results, checked)
    report_diagnosis(results, posterior)
    if study.plane is None and study.routes.interface is None:
        report_verdict(results, law=False)
        return
    with context.stage("error bars"):
        fitted = _fitted_law(study, context, posterior.calibrated())
    results.notes += fitted.warnings
    report_law(results, fitted.law, fits_of(fitted.law))
    report_verdict(results, law=True)
    results.ledger = list(fitted.ledger)
    save_law(fitted.law, context.folder / "law.json")


def student(study: LearnStudy) -> Any:
    """The potential, in double precision unless told otherwise: a readout that is far from its first amplifies rounding."""
    from atomistic.potentials import load_potential

    name, options = study.potential.name, study.potential.options
    potential = require(load_potential(name, **options), "features")
    offers = potential.capabilities
    if offers.dtype == "float32" and "float64" in offers.dtypes and "dtype" not in options:
        potential = require(load_potential(name, **options, dtype="float64"), "features")
    return potential


def _asked(asked: "Oracle", study: LearnStudy, routes: "list[Route]") -> "OracleCheck":
    """Whether the oracle's forces are its energy's gradient, on structures of the routes that are far from rest."""
    from atomistic.trust.gradients import check_gradients
    from atomistic.trust.routes import Points

    points = [route.structures[-1] for route in routes if isinstance(route, Points)]
    rattled = [route.structures[-1] for route in routes if isinstance(route, Points) and route.group.endswith("rattle")]
    chosen = (rattled + points)[: study.check_oracle]
    return OracleCheck(tuple(check_gradients(asked, chosen, study.seed)), asked.computed)


@dataclass(frozen=True)
class _FittedLaw:
    """The law of the fitted potential.

    Attributes:
        law: With error bars.
        ledger: Who counts which layer spacing.
        warnings: Where the labels say nothing of it.
    """

    law: TabulatedLaw
    ledger: tuple[LedgerRow, ...]
    warnings: tuple[str, ...]


def _fitted_law(study: LearnStudy, context: RunContext, posterior: "Posterior") -> _FittedLaw:
    """The law with error bars, each sample at its own lattice."""
    from atomistic.decohesion.rigid_path import default_openings, rigid_path

    chosen = study.routes.interface.openings if study.plane is None else study.routes.openings
    openings = default_openings(chosen.max / ANGSTROM)
    fitted = posterior.mean_potential()
    before, after = (closed_interface(study, one) for one in (posterior.potential, fitted))
    warnings = drifted(before, after, study.routes.strain)
    paths: list[PathSamples] = []
    for potential in (fitted, *posterior.sample(study.samples, study.seed)):
        paths.append(rigid_path(potential, closed_interface(study, potential), openings, shear=not paths))
        context.progress("samples", len(paths) - 1, study.samples)
    law = with_error_bars(rigid_law(paths[0]), [rigid_law(path) for path in paths[1:]])
    return _FittedLaw(law, tuple(interface_ledger(paths[0]).rows()), tuple(warnings))


def drifted(labelled: Any, fitted: Any, strain: float) -> list[str]:
    """A warning where the fitted crystal is farther from the labelled one than the labels' strains reach."""
    drift = float(np.sqrt(fitted.area / labelled.area)) - 1
    if abs(drift) <= strain:
        return []
    return [
        f"WARNING: the fitted crystal's lattice is {drift:+.1%} off the one whose planes were labelled, and the labels' strains reach "
        f"{strain:.1%}: the labels say nothing about the law there, and its error bars do not show that. Start from a "
        "potential closer to the oracle, or label crystals at the oracle's lattice first."
    ]
