"""`multiscale run|distil|learn`: one study."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from coupling.errors import InputError
from multiscale.cli.answers import (
    AllowCode,
    Debug,
    Output,
    Quiet,
    StudyFile,
    Trust,
    answering,
    ending_all_ranks,
    errors,
    near,
    say,
)
from multiscale.inputs.consent import Consent


def _command(about: str, only: str = "") -> Callable[..., None]:
    """A command that runs a study, of one kind alone where that is named."""

    def command(
        study: StudyFile,
        output: Output = None,
        allow_code: AllowCode = False,
        trust: Trust = False,
        debug: Debug = False,
        quiet: Quiet = False,
    ) -> None:
        _run(study, output, Consent(allow_code, trust), debug, quiet, only)

    command.__name__, command.__doc__ = only or "run", about
    return command


run = _command("Run a study: results, curves, fields and a report in one folder.")
distil = _command("Train a small, fast student of a potential; an interrupted run resumes where it stopped.", "distil")
learn = _command(
    "Label structures on which a potential cannot be trusted, and fit it to them; an interrupted run resumes where it stopped.",
    "learn",
)


def _run(study: Path, output: Path | None, consent: Consent, debug: bool, quiet: bool, only: str) -> None:
    with answering(debug):
        _require_kind(study, only)
        from multiscale.runtime.parallel import is_root, launched_communicator
        from multiscale.runtime.progress import display
        from multiscale.studies.runs import REPORT, run_study

        comm = launched_communicator()
        with ending_all_ranks(comm), nullcontext() if quiet or not is_root(comm) else display(errors()) as progress:
            results = run_study(
                study, output, allow_code=consent.code, trust=consent.trust, progress=progress, comm=comm
            )
        if is_root(comm) and not quiet:
            _summarise(results, results.folder / REPORT)


def _require_kind(study: Path, only: str) -> None:
    from multiscale.studies import load_study

    if only and (kind := load_study(study).study) != only:
        raise InputError(f"{study} is a {kind!r} study, not {only!r}; use `multiscale run`.")


def _summarise(results: Any, report: Path) -> None:
    from multiscale.report.page import quantity_text

    for quantity in results.quantities.values():
        if quantity.headline:
            say(f"{quantity.description}: {quantity_text(quantity)}")
    for name in results.reused:
        say(f"reused from an earlier run: {name}")
    say(f"report: {near(report)}")
    for warning in results.warnings:
        say(f"WARNING: {warning}")
