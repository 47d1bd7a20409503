"""What a specimen takes from atoms and earlier runs: its laws and crystals, and the naive law for comparison."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from coupling.exchange.storage import save_law
from coupling.interface.naive import naive_law
from coupling.laws.law import Law
from coupling.specimen import Verdict
from coupling.units import ANGSTROM, EV_A3
from multiscale.runtime.context import RunContext
from multiscale.runtime.handed_on import law_name
from multiscale.runtime.records import Plot, PlotSeries
from multiscale.runtime.results import Results
from multiscale.stages.atoms_out import write_atoms
from multiscale.studies.law_report import report_derived, write_law
from multiscale.studies.specimen.bodies import SpecimenParts
from multiscale.studies.specimen.report import frame_of
from multiscale.studies.specimen.schema import SpecimenStudy

if TYPE_CHECKING:
    from continuum.solver.record import Loading

_CUBIC_CONSTANTS = {"C11": (0, 0), "C12": (0, 1), "C44": (3, 3)}


def prefix(names: Mapping[str, Any], name: str) -> str:
    """Prefix of the numbers of one of several."""
    return "" if len(names) == 1 else f"{name}_"


def suffix(study: SpecimenStudy, name: str) -> str:
    """What a law's files have after "law"."""
    return "" if len(study.interfaces) == 1 else name


def shown_crystals(study: SpecimenStudy, parts: SpecimenParts) -> dict[str, str]:
    """The first body of each different crystal, by the prefix of its numbers."""
    bodies = study.crystal_bodies | study.run_bodies
    first: dict[tuple[object, ...], str] = {}
    for name in parts.crystals:
        first.setdefault(bodies[name].same, name)
    return {prefix({name: None for name in first.values()}, name): name for name in first.values()}


def crystal_numbers(study: SpecimenStudy, parts: SpecimenParts) -> dict[str, tuple[float, str]]:
    """Elastic constants in Pa, and whose they are, by the names under which they are reported."""
    return {
        f"{key}{constant}": (float(parts.crystals[name].stiffness_voigt[place]), name)
        for key, name in shown_crystals(study, parts).items() for constant, place in _CUBIC_CONSTANTS.items()
    }  # fmt: skip


def report_atoms(results: Results, study: SpecimenStudy, parts: SpecimenParts, context: RunContext) -> None:
    """Laws from atoms, each with what was taken away, and the crystals of the bodies."""
    for name, derived in parts.derived.items():
        key = prefix(study.interfaces, name)
        report_derived(results, study.atoms_laws[name].atoms, derived, key)
        samples = derived.samples
        columns: dict[str, Any] = {"traction": ("Pa", samples.traction * EV_A3)}
        if samples.tangential_stiffness is not None:
            columns["shear_stiffness"] = ("eV/Å^4", samples.tangential_stiffness.min(axis=1))
            if samples.tangential_stiffness.min() < 0:
                results.notes.append(
                    "At some openings the potential's tangential stiffness is negative (the faces would slide by themselves); "
                    f"the law takes it as zero there. See the column shear_stiffness of {key}law_samples.csv."
                )
        results.add_curve(
            f"{key}law_samples", "atomistic samples of the law", opening=("m", samples.opening * ANGSTROM), **columns
        )
        own = suffix(study, name)
        context.on_root(partial(write_law, results, derived.law, context.folder, own))
        made_of = f"the structures from which the law of {name!r} was made"
        write_atoms(results, study.output, context, f"law{own}", derived.frames, made_of)
        if derived.law.count.held_rigid:
            results.notes.append(
                "The rigid path lets no atom relax: work of separation and peak traction are upper bounds; the shear resistance "
                "of a law of opening alone is its small-slip expansion."
            )
    for name, law in parts.laws.items():
        if name not in parts.derived:
            context.on_root(partial(save_law, law, context.folder / law_name(suffix(study, name))))
    for key, (value, body) in crystal_numbers(study, parts).items():
        results.add(key, value, "Pa", f"elastic constant {key[-3:]} of {body} in the crystal axes")


def naive_laws(parts: SpecimenParts) -> dict[str, Law]:
    """Of each interface whose slab was opened with relaxed atoms, the law without the bulk taken away."""
    return {
        name: naive_law(derived.atoms.slab, derived.law.count)
        for name, derived in parts.derived.items()
        if derived.atoms.slab is not None
    }


def report_naive(
    results: Results, study: SpecimenStudy, naive: Mapping[str, Law], record: "Loading", verdicts: Iterable[Verdict]
) -> None:
    """The specimen with the naive laws, which the ledger names and does not refuse here."""
    frame = frame_of(study)
    results.notes += [
        f"Naive law, not refused since it was asked for: {verdict.message}" for verdict in verdicts if verdict.error
    ]
    load, force = record.column("load"), record.column("force")
    results.add_curve("naive_loading", "loading with the naive law", opening=("m", load), load=(frame.force, force))
    for name, law in naive.items():
        key = prefix(study.interfaces, name)
        results.add(
            f"{key}naive_work",
            law.work_of_separation,
            "J/m^2",
            "work of the naive law: with the bulk's elastic energy, counted twice",
        )
    peak = float(force.max())
    results.add(
        "naive_peak_load", peak, frame.force, f"peak load{frame.per} that the naive law predicts", headline=True
    )
    results.add(
        "naive_peak_load_ratio",
        peak / cast(float, results["peak_load"]),
        "",
        "the naive law's peak load over this one",
        headline=True,
    )
    results.summary += " The naive law, which counts the bulk twice, predicts {naive_peak_load_ratio} times that load."
    lines = (PlotSeries("load_displacement", "opening", "load", "excess law: bulk taken away", "line and points"),
             PlotSeries("naive_loading", "opening", "load", "naive law: bulk counted twice", "dashed"))  # fmt: skip
    results.plots.insert(0, Plot("Who counts the bulk", "load-point opening", frame.shown, f"load{frame.per}", frame.force, lines,
                                 "The same mesh and crystal; the naive law takes the slab's own elongation for the opening."))  # fmt: skip
