"""The boundary study: a potential and two grains in; structure, energy, excess volume and solute out."""

from multiscale.inputs.segregation import SegregationInput
from multiscale.runtime.context import RunContext
from multiscale.runtime.crystals import CrystalRecord, SampledCrystal, save_crystals
from multiscale.runtime.handed_on import CRYSTALS
from multiscale.runtime.results import Results
from multiscale.stages.atoms_out import write_atoms
from multiscale.stages.boundary_solute import boundary_solute
from multiscale.stages.crystal import crystal_record
from multiscale.stages.grain_boundary import BoundaryRecord, boundary_record
from multiscale.stages.models import Models
from multiscale.stages.solute import check_solute
from multiscale.studies.boundary.report import report
from multiscale.studies.boundary.schema import BoundaryStudy
from multiscale.studies.boundary.solute_report import report_solute


def run(study: BoundaryStudy, context: RunContext) -> Results:
    """Run the study; see `BoundaryStudy` for its input.

    Raises:
        InputError: there is no such boundary.
        NotConverged: no structure of it relaxed.
    """
    results = Results("boundary", study.title)
    models = Models(context, study.potential, None, study.seed)
    if study.solute is not None:
        check_solute(study.solute, models, context)
    with context.stage("atomistic"):
        crystal = crystal_record(study.grain_boundary, models, context)
        boundary = boundary_record(study.grain_boundary, crystal, models, context)
    report(results, study, crystal, boundary)
    what = "the periodic cell with two equal boundaries; lower is 1 in the lower grain"
    write_atoms(results, study.output, context, "boundary", [boundary.frames], what)
    what = "all structures that were found, by rising energy, in the cells in which they were searched"
    write_atoms(results, study.output, context, "candidates", list(boundary.found), what)
    if study.solute is not None:
        _solute(study.solute, study, results, crystal, boundary, models, context)
    context.on_root(
        lambda: save_crystals({"grain_boundary": SampledCrystal(crystal, (), ())}, context.folder / CRYSTALS)
    )
    return results


def _solute(
    choice: SegregationInput, study: BoundaryStudy, results: Results, crystal: CrystalRecord, boundary: BoundaryRecord,
    models: Models, context: RunContext,
) -> None:  # fmt: skip
    """Energies and occupation of the solute, and their files."""
    with context.stage("solute"):
        found = boundary_solute(choice, boundary, crystal, study.seed, models, context)
    report_solute(results, found)
    record, walk = found.record, found.walk
    for place in (record.bulk, record.boundary, record.surface):
        if place is not None:
            what = f"a {choice.element} atom on each different site: {place.name}, by rising energy"
            write_atoms(results, study.output, context, f"solute_{place.name}", list(place.frames), what)
    pairs = [] if record.pairs is None else list(record.pairs.frames)
    write_atoms(results, study.output, context, "solute_pairs", pairs, "two atoms on each different pair of sites")
    ends = [] if walk is None else list(walk.frames)
    write_atoms(results, study.output, context, "solute_walkers", ends, "where some walks ended, not relaxed")
