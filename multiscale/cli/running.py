"""`multiscale run|distil|learn`: one study."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from coupling.errors import InputError
from multiscale.cli.answers import (
    AllowCode,
    Changes,
    Debug,
    Output,
    Quiet,
    StudyFile,
    Trust,
    answering,
    ending_all_ranks,
    errors,
    near,
    require_file,
    say,
)


def _command(about: str, only: str = "") -> Callable[..., None]:
    """A command that runs a study, of one kind alone where that is named."""

    def command(
        study: StudyFile,
        output: Output = None,
        changes: Changes = None,
        allow_code: AllowCode = False,
        trust: Trust = False,
        debug: Debug = False,
        quiet: Quiet = False,
    ) -> None:
        with answering(debug):
            run_file(study, output, changes or [], allow_code=allow_code, trust=trust, quiet=quiet, only=only)

    command.__name__, command.__doc__ = only or "run", about
    return command


run = _command("Run a study: results, curves, fields and a report in one folder.")
distil = _command("Train a small, fast student of a potential; an interrupted run resumes where it stopped.", "distil")
learn = _command(
    "Label structures on which a potential cannot be trusted, and fit it to them; an interrupted run resumes where it stopped.",
    "learn",
)


def run_file(
    study: Path, output: Path | None = None, texts: Sequence[str] = (), *,
    allow_code: bool = False, trust: bool = False, quiet: bool = False, only: str = "",
) -> None:  # fmt: skip
    """Run an input file, with its progress and its results on the terminal.

    Args:
        study: The file.
        output: The run's folder; by default the one that the input names.
        texts: Changes as `--set` takes them, KEY=VALUE.
        allow_code: Code that the input names may run.
        trust: Files that can run code when they are read may be read.
        quiet: Print nothing but warnings and errors.
        only: The one kind of study that is taken; "" for any.

    Raises:
        InputError: there is no such file, it is not valid, or of another kind.
    """
    require_file(study)
    from multiscale.inputs.changes import changes_of
    from multiscale.runtime.parallel import is_root, launched_communicator
    from multiscale.runtime.progress import display
    from multiscale.studies import load_study
    from multiscale.studies.runs import REPORT, run_study

    changes = changes_of(list(texts))
    if only and (kind := load_study(study, changes=changes).study) != only:
        raise InputError(f"{study} is a {kind!r} study, not {only!r}; use `multiscale run`.")
    comm = launched_communicator()
    with ending_all_ranks(comm), nullcontext() if quiet or not is_root(comm) else display(errors()) as progress:
        results = run_study(
            study, output, changes=changes, allow_code=allow_code, trust=trust, progress=progress, comm=comm
        )
    if is_root(comm) and not quiet:
        _summarise(results, results.folder / REPORT)


def _summarise(results: Any, report: Path) -> None:
    from multiscale.runtime.numbers import amount_text, check_texts

    if results.summary:
        say(results.sentence)
    for quantity in results.quantities.values():
        if quantity.headline:
            say(f"{quantity.description}: {amount_text(quantity)}")
    for check in results.checks:
        figure, limit = check_texts(check)
        say(f"{'passed' if check.passed else 'FAILED'}: {check.name} {figure}, {limit}")
    for name in results.reused:
        say(f"reused from an earlier run: {name}")
    say(f"report: {near(report)}")
    for warning in results.warnings:
        say(f"WARNING: {warning}")
