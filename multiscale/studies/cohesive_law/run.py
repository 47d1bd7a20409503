"""The cohesive-law study: a potential and an interface in, a law, its fits and its ledger out."""

from coupling.interface.fit import fits_of
from coupling.laws.mixed import MixedModeLaw
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import SampledCrystal, save_crystals
from multiscale.runtime.handed_on import CRYSTALS
from multiscale.runtime.results import Results
from multiscale.stages import sampled
from multiscale.stages.atoms_out import write_atoms
from multiscale.stages.bars import bar_findings
from multiscale.stages.law import derive_law
from multiscale.stages.models import Models
from multiscale.studies.cohesive_law.onward import on_a_mesh
from multiscale.studies.cohesive_law.report import report_law, report_mixed
from multiscale.studies.cohesive_law.schema import CohesiveLawStudy
from multiscale.studies.cohesive_law.solute_report import report_solute
from multiscale.studies.law_report import law_ledger, report_derived, write_law


def run(study: CohesiveLawStudy, context: RunContext) -> Results:
    """Run the study; see `CohesiveLawStudy` for its input.

    Raises:
        InputError: potential and crystals do not make a law.
        NotConverged: some equilibrium of the relaxed path was not found.
    """
    results = Results("cohesive_law", study.title)
    models = Models(context, study.potential, study.trust, study.seed)
    with context.stage("atomistic"):
        derived = derive_law(study.law_options, models, context, study.seed)
    report_derived(results, study, derived)
    if study.trust is not None:
        results.notes.append(sampled.note(study.trust))
        results.findings += bar_findings(derived.bars)
    report_law(results, derived.law, fits_of(derived.law))
    if isinstance(derived.law, MixedModeLaw):
        report_mixed(results, derived.law, derived.atoms.refinements, context.folder, context.is_root)
    if derived.solute is not None:
        report_solute(results, derived.law, derived.solute)
    results.ledger = law_ledger(derived)
    write_atoms(results, study.output, context, "law", derived.frames, "the structures from which the law was made")
    results.onward.append(on_a_mesh(study))
    context.on_root(lambda: write_law(results, derived.law, context.folder))
    family = models.own_family()
    crystals = {
        place: SampledCrystal(crystal, tuple(one[place] for one in derived.sampled_crystals), family)
        for place, crystal in derived.crystals.items()
    }
    context.on_root(lambda: save_crystals(crystals, context.folder / CRYSTALS))
    return results
