"""The rates study: a potential and events in; barriers, prefactors, rates with bands and diffusion out."""

from coupling.records import pack, unpack
from coupling.upscale.diffusion import save_diffusion
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.handed_on import DIFFUSION
from multiscale.runtime.records import RunFile
from multiscale.runtime.results import Results
from multiscale.stages.atoms_out import write_atoms
from multiscale.stages.crystal import crystal_record
from multiscale.stages.grain_boundary import BoundaryRecord, boundary_record
from multiscale.stages.models import Models
from multiscale.studies.rates.records import RatesRecord
from multiscale.studies.rates.report import report
from multiscale.studies.rates.schema import RatesStudy


def run(study: RatesStudy, context: RunContext) -> Results:
    """Run the study; see `RatesStudy` for its input.

    Raises:
        InputError: the potential lacks an element, or an end is no minimum.
        NotConverged: a boundary did not relax, or a saddle was not found.
    """
    results = Results("rates", study.title)
    models = Models(context, study.potential, study.trust, study.seed)
    with context.stage("atomistic"):
        boundary = _boundary(study, models, context)
        found = _events(study, boundary, models, context)
    report(results, study, found)
    for event in found.events:
        what = f"the reaction path: {event.title}; the saddle is where path_A_sqrt_u is 0"
        write_atoms(results, study.output, context, event.name, [event.frames], what)
    diffusion = found.diffusion
    if diffusion is not None:
        context.on_root(lambda: save_diffusion(diffusion, context.folder / DIFFUSION))
        results.files.append(
            RunFile(DIFFUSION, "diffusion coefficients over temperatures, for transport: diffusivity: {run: …}")
        )
    return results


def _boundary(study: RatesStudy, models: Models, context: RunContext) -> BoundaryRecord | None:
    if study.boundary is None:
        return None
    crystal = crystal_record(study.boundary.grain_boundary, models, context)
    return boundary_record(study.boundary.grain_boundary, crystal, models, context)


def _events(study: RatesStudy, boundary: BoundaryRecord | None, models: Models, context: RunContext) -> RatesRecord:
    """All events, from the cache where they are known."""
    samples = models.each_sample(lambda _: models()) if models.count else []

    def work() -> dict[str, object]:
        from multiscale.studies.rates.events import all_events

        potential = models()
        assert potential is not None  # rank 0 works, and has it
        return pack(all_events(study, potential, samples, boundary, context.progress))

    key = request(
        "rates", study, exclude={"trust"}, potentials=[models()], family=list(models.own_family()),
        boundary=None if boundary is None else boundary.frames.positions,
    )  # fmt: skip
    return unpack(RatesRecord, context.cached("rates", key, work))
