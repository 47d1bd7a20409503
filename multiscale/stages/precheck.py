"""The pre-check stage: whether a potential's crystal bears what a study stands on, before the study begins."""

from coupling.findings import Finding
from coupling.records import pack, unpack
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.stages.crystal import crystal_record
from multiscale.stages.models import Models

WAY_OUT = "take another potential, or leave out what depends on it"


def precheck_finding(warning: str) -> Finding:
    """A warning of the pre-check as a finding, which does not refute."""
    return Finding(warning.removesuffix("."), "", 1.0, WAY_OUT, False)


def prechecked(
    options: LawOptions, models: Models, context: RunContext, potential: PotentialChoice | None = None
) -> tuple[str, ...]:
    """The warnings of the pre-check of a law's crystals: of its surfaces, and of a law of slip on fcc {111} the faults.

    Args:
        options: Of the law stage; its crystals are given.
        models: The study's potentials.
        context: The run.
        potential: The block's own potential; None is the study's.

    Raises:
        InputError: a crystal is unstable, or a check failed and the options say that the study then stops.
        NotConverged: a crystal or a faulted one does not relax.
    """
    from atomistic.properties.precheck import Precheck, precheck

    warnings: list[str] = []
    for place, crystal in options.crystals.items():
        cuts = [options.cuts[place]] if place in options.cuts else [options.cut("upper"), options.cut("lower")]
        record = crystal_record(crystal, models, context, potential=potential)
        planes = tuple(dict.fromkeys(tuple(cut.miller) for cut in cuts))
        faults = options.mode == "mixed" and any(len(set(map(abs, plane))) == 1 for plane in planes)
        key = request(
            "pre-check", crystal, include={"species", "structure", "file"}, potentials=[models(potential)],
            faults=faults, planes=planes,
        )  # fmt: skip

        def work(record=record, crystal=crystal, faults=faults, planes=planes) -> dict[str, object]:  # type: ignore[no-untyped-def]
            loaded = models(potential)
            assert loaded is not None  # rank 0 works, and has it
            found = precheck(
                loaded, record.atoms, record.stiffness_voigt, crystal.structure,
                faults=faults, planes=planes, conventional=record.conventional,
            )  # fmt: skip
            return pack(found)

        found = unpack(Precheck, context.cached("pre-check", key, work))
        found.require(override=options.check_fault == "report", result="law")
        warnings += found.warnings
    for warning in warnings:
        context.log.warning("%s", warning)
    return tuple(dict.fromkeys(warnings))
