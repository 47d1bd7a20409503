"""One study from input to report, in a folder that is either whole or marked as failed."""

import logging
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from coupling.contracts import Progress, silent
from coupling.errors import CountingError, InputError
from coupling.files import write_text
from coupling.findings import refute
from multiscale.inputs.base import Study
from multiscale.inputs.consent import NO_CONSENT, Consent
from multiscale.runtime.addresses import input_hashes
from multiscale.runtime.cache import Cache
from multiscale.runtime.context import RunContext
from multiscale.runtime.disk import disk_full, full_disk
from multiscale.runtime.handed_on import kept_files
from multiscale.runtime.log import RunLog, run_logger
from multiscale.runtime.parallel import is_collective, is_root, launched_communicator, on_root
from multiscale.runtime.provenance import provenance
from multiscale.runtime.records import NextStep
from multiscale.runtime.results import Results
from multiscale.runtime.shown_units import in_units
from multiscale.runtime.workspace import Workspace
from multiscale.studies.load import check_consent, check_study, load_study
from multiscale.studies.registry import study_kind

INPUT = "input"
REPORT = "report.html"
_GRACE_SECONDS = 2.5
_BETWEEN_RANKS = 0.5


def run_study(
    study: Study | Path | str,
    output: Path | str | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
    allow_code: bool = False,
    trust: bool = False,
    progress: Progress | None = None,
    comm: Any = None,
) -> Results:
    """Run a study and write its folder: input, results, curves, fields, log, report.

    Under an MPI launcher all ranks call this; rank 0 writes. In a script that may fail on one rank
    alone, start Python with `-m mpi4py`, so that the others do not wait for it.

    Args:
        study: An input file, or a study already validated.
        output: The run's folder; by default the one that the input names.
        changes: Values by dotted key in place of or besides those of an input file, such as {"loading.steps": 20}.
        allow_code: Code and commands that the input names may run.
        trust: Files that can run code when they are read may be read.
        progress: Takes the advance of the work.
        comm: mpi4py communicator; by default all ranks if started by an MPI launcher.

    Returns:
        The results; `results.folder` is where they lie.

    Raises:
        InputError: the input, or the output folder, cannot be used; nothing was written.
        Refuted: the result fails its own checks; it lies, whole, in `<output>.failed`.
        MultiscaleError: the study failed, or the disk is full; what there was is in `<output>.failed`.
    """
    comm = comm if comm is not None else launched_communicator()
    ready = on_root(comm, lambda: _checked(study, changes, Consent(allow_code, trust)))
    space = Workspace(Path(output).absolute() if output is not None else ready.output.folder)
    claimed: list[logging.Handler] = []
    on_root(comm, lambda: claimed.append(space.claim()))
    handler = claimed[0] if claimed else logging.NullHandler()
    log = run_logger(handler)
    shown = progress if progress is not None and is_root(comm) else silent
    context = RunContext(space.partial, Cache(space.cache, log), shown, log, comm)
    try:
        results = _run(ready, context)
        on_root(comm, space.publish)
    except BaseException as error:
        _leave(space, context, error)
        full = full_disk(error, space.final.parent, space.cache) if isinstance(error, Exception) else None
        if full is not None:
            raise disk_full(full, "run", error) from error
        raise
    finally:
        space.release()
    results.folder = space.final
    return results


def _checked(study: Study | Path | str, changes: Mapping[str, Any] | None, consent: Consent) -> Study:
    if isinstance(study, Study) and changes:
        raise InputError("changes are for an input file; this study has been validated, so change it before that.")
    ready = study if isinstance(study, Study) else load_study(study, changes=changes)
    if consent != NO_CONSENT:
        ready = ready.consenting(consent)
    check_study(ready)
    check_consent(ready)
    return ready


def _run(study: Study, context: RunContext) -> Results:
    """Keep the input, do the work, write results and report."""
    started = datetime.now(UTC)
    context.log.info("study %r: %s", study.study, study.title)
    inputs = context.on_root(lambda: input_hashes(study, study.files()))
    record = context.on_root(lambda: keep_input(study, context.folder / INPUT))
    with context.stage("total"):
        results = in_units(study_kind(study.study).run(study, context), study.units)
        if context.comm is not None:
            context.comm.Barrier()
    results.study, results.title = study.study, results.title or study.title
    results.input, results.reused = record, list(context.reused)
    results.onward += [
        NextStep("Change its input, and run it again", "multiscale run FOLDER/input/study.yaml --output FOLDER-again"),
        NextStep(
            "Read its numbers in Python", 'import multiscale as ms\n\nresults = ms.load("FOLDER")\nresults.to_pandas()'
        ),
    ]
    ranks = 1 if context.comm is None else context.comm.size
    results.provenance = context.on_root(
        lambda: provenance(started, context.seconds, study.seed, ranks, context.potentials, inputs)
    )
    context.on_root(lambda: _write(results, context.folder))
    context.on_root(lambda: refute(results.findings))
    context.log.info("finished")
    return results


def _write(results: Results, folder: Path) -> None:
    from multiscale.report import write_report

    results.write(folder)
    write_report(results, folder / REPORT)


def keep_input(study: Study, folder: Path) -> dict[str, Any]:
    """The validated input with copies of its files: a study that can be run again as it stands, elsewhere."""
    record = study.model_dump(mode="json", exclude={"output": {"folder"}})
    folder.mkdir()
    for file in study.files():
        shutil.copyfile(file, folder / file.name)
    for run in study.runs():
        (folder / run.name).mkdir()
        for file in kept_files(run):
            shutil.copyfile(file, folder / run.name / file.name)
    write_text(folder / "study.yaml", yaml.safe_dump(record, sort_keys=False, allow_unicode=True))
    return record


def _leave(space: Workspace, context: RunContext, error: BaseException) -> None:
    """Keep a failed run as such, on whichever rank can: the others may be waiting for this one.

    Of a run that its input makes impossible, nothing stays.
    """
    log = context.log
    if not context.is_root:
        if is_collective(error):
            return
        time.sleep(_GRACE_SECONDS + _BETWEEN_RANKS * context.comm.rank)  # one after the other
        if not space.partial.exists():
            return  # an earlier one has kept it
        log = run_logger(RunLog(space.partial))
    log.error("failed: %s", error or type(error).__name__, exc_info=error)
    if isinstance(error, InputError | CountingError):
        space.discard()
    elif (left := space.fail()) is not None:
        error.add_note(f"What was done until then lies in {left}.")
    elif space.is_published:
        error.add_note(f"The run had ended; its results lie in {space.final}.")
