"""`multiscale sweep|status|report`: many studies, and what has been found so far."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from multiscale.cli.answers import AllowCode, Changes, Debug, Trust, answering, errors, near, require_file, say


def sweep(
    study: Annotated[Path, typer.Argument(help="The sweep's input file, in YAML.", show_default=False)],
    output: Annotated[Path | None, typer.Option(help="The sweep's folder, instead of the input's.")] = None,
    changes: Changes = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Compute failed points again.")] = False,
    allow_code: AllowCode = False,
    trust: Trust = False,
    debug: Debug = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress and no summary.")] = False,
) -> None:
    """Run a study over ranges of its input; when started again it resumes where it stopped."""
    with answering(debug):
        require_file(study)
        from multiscale.inputs.changes import changes_of
        from multiscale.runtime.progress import display
        from multiscale.sweeps import run_sweep

        with nullcontext() if quiet else display(errors()) as progress:
            results = run_sweep(
                study,
                output,
                changes=changes_of(changes or []),
                allow_code=allow_code,
                trust=trust,
                retry_failed=retry_failed,
                progress=progress,
            )
        if not quiet:
            say(f"{results.status}")
            say(f"report: {near(results.folder / 'report.html')}")


def status(
    folder: Annotated[
        Path, typer.Argument(help="A run's or a sweep's folder, or one that holds several.", show_default=True)
    ] = Path("runs"),
    debug: Debug = False,
) -> None:
    """Show how far a sweep is and what failed; of runs, which are done, at work, stopped or failed."""
    with answering(debug):
        from multiscale.runtime.listing import states
        from multiscale.sweeps.record import MANIFEST

        if (folder / MANIFEST).is_file():
            _sweep_status(folder)
            return
        for one in states(folder):
            say(f"{near(one.folder)}: {one.state}, {one.told}")


def _sweep_status(folder: Path) -> None:
    from multiscale.sweeps import SweepResults

    found = SweepResults.load(folder)
    say(f"{found.status}")
    for values, error in found.failures[:10]:
        say(f"failed: {', '.join(f'{key} = {value}' for key, value in values.items())}: {error}")


def report(
    folder: Annotated[Path, typer.Argument(help="A run's or a sweep's folder.", show_default=False)],
    debug: Debug = False,
) -> None:
    """Write the report again, from what has been found so far."""
    with answering(debug):
        from multiscale.report import write_report
        from multiscale.runtime.results import Results
        from multiscale.sweeps import load

        found = load(folder)
        if isinstance(found, Results):
            write_report(found, folder / "report.html")
        else:
            found.write()
        say(f"report: {near(folder / 'report.html')}")
