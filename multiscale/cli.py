"""The command line: `multiscale run|sweep|status|report|distil|learn|validate|check|schema|potentials|version`."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from coupling.errors import MultiscaleError
from multiscale import validation

app = typer.Typer(
    name="multiscale",
    help="From a graph-neural-network potential to a fracture load.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_Study = Annotated[Path, typer.Argument(help="The input file, in YAML.", show_default=False)]
_Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
_Output = Annotated[Path | None, typer.Option(help="The run's folder, instead of the input's.")]
_Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress and no summary.")]
_INTERRUPTED = 130
_GRACE_SECONDS = 1.0


@app.command()
def run(study: _Study, output: _Output = None, debug: _Debug = False, quiet: _Quiet = False) -> None:
    """Run a study: results, curves, fields and a report in one folder."""
    _run(study, output, debug, quiet)


@app.command()
def distil(study: _Study, output: _Output = None, debug: _Debug = False, quiet: _Quiet = False) -> None:
    """Train a small, fast student of a potential; interrupted, it resumes where it stopped."""
    _run(study, output, debug, quiet, "distil")


@app.command()
def learn(study: _Study, output: _Output = None, debug: _Debug = False, quiet: _Quiet = False) -> None:
    """Label where a potential cannot be trusted, and fit it; interrupted, it resumes where it stopped."""
    _run(study, output, debug, quiet, "learn")


@app.command()
def sweep(
    study: Annotated[Path, typer.Argument(help="The sweep's input file, in YAML.", show_default=False)],
    output: Annotated[Path | None, typer.Option(help="The sweep's folder, instead of the input's.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Compute points again that failed.")] = False,
    debug: _Debug = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress and no summary.")] = False,
) -> None:
    """Run a study over ranges of its input; started again, it resumes where it stopped."""
    with _answering(debug):
        from multiscale.runtime.progress import display
        from multiscale.sweeps import run_sweep

        with nullcontext() if quiet else display(_errors()) as progress:
            results = run_sweep(study, output, retry_failed=retry_failed, progress=progress)
        if not quiet:
            _say(f"{results.status}")
            _say(f"report: {_near(results.folder / 'report.html')}")


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(help="A sweep's folder.", show_default=False)], debug: _Debug = False
) -> None:
    """Say how far a sweep is, and what failed."""
    with _answering(debug):
        from multiscale.sweeps import SweepResults

        found = SweepResults.load(folder)
        _say(f"{found.status}")
        for values, error in found.failures[:10]:
            _say(f"failed: {', '.join(f'{key} = {value}' for key, value in values.items())}: {error}")


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A run's or a sweep's folder.", show_default=False)],
    debug: _Debug = False,
) -> None:
    """Write the report again, from what has been found so far."""
    with _answering(debug):
        from multiscale.report import write_report
        from multiscale.runtime.results import Results
        from multiscale.sweeps import load

        found = load(folder)
        if isinstance(found, Results):
            write_report(found, folder / "report.html")
        else:
            found.write()
        _say(f"report: {_near(folder / 'report.html')}")


def _run(study: Path, output: Path | None, debug: bool, quiet: bool, only: str = "") -> None:
    with _answering(debug):
        _require_kind(study, only)
        from multiscale.runtime.parallel import is_root, launched_communicator
        from multiscale.runtime.progress import display
        from multiscale.runtime.runs import REPORT, run_study

        comm = launched_communicator()
        with _ending_all_ranks(comm), nullcontext() if quiet or not is_root(comm) else display(_errors()) as progress:
            results = run_study(study, output, progress=progress, comm=comm)
        if is_root(comm) and not quiet:
            _summarise(results, results.folder / REPORT)


def _require_kind(study: Path, only: str) -> None:
    from coupling.errors import InputError
    from multiscale.inputs import load_study

    if only and (kind := load_study(study).study) != only:
        raise InputError(f"{study} is a {kind!r} study, not {only!r}; use `multiscale run`.")


@app.command()
def check(study: _Study, debug: _Debug = False) -> None:
    """Validate an input file and all that it names, without computing."""
    with _answering(debug):
        from multiscale.inputs import check_study, load_study
        from multiscale.inputs.load import read_yaml
        from multiscale.runtime.workspace import Workspace

        data = read_yaml(study)
        if isinstance(data, dict) and "over" in data:
            _say(_checked_sweep(study))
            return
        ready = load_study(study)
        check_study(ready)
        Workspace(ready.output.folder).check()
        _say(f"{study} is a valid {ready.study} study; its output goes to {_near(ready.output.folder)}.")


def _checked_sweep(file: Path) -> str:
    from multiscale.sweeps import load_sweep
    from multiscale.sweeps.driver import check_folder
    from multiscale.sweeps.plan import describe, plan_of

    ready = load_sweep(file)
    plan = plan_of(ready)
    check_folder(ready.output.folder)
    return f"{file} is a valid sweep of {len(plan.tasks)} points, {describe(plan.axes)}; its output goes to {_near(ready.output.folder)}."


@app.command()
def schema(
    study: Annotated[str | None, typer.Argument(help="Kind of study; by default all.", show_default=False)] = None,
) -> None:
    """Print the JSON Schema of the input files."""
    with _answering(False):
        from multiscale.studies import STUDIES, study_kind

        if study is not None:
            document = study_kind(study).schema.model_json_schema()
        else:
            document = {"oneOf": [kind.schema.model_json_schema() for kind in STUDIES.values()]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


@app.command()
def potentials(
    card: Annotated[str | None, typer.Option(help="Show what this potential is good for, and what not.")] = None,
) -> None:
    """List the interatomic potentials and whether they are installed."""
    with _answering(False):
        from atomistic.potentials.cards import card as card_of
        from atomistic.potentials.registry import list_potentials

        if card is not None:
            _say(str(card_of(card)))
            return
        for entry in list_potentials():
            missing = "" if entry.available else f" (not installed: {entry.install})"
            _say(f"{entry.name:<14} {entry.description}{missing}")


mesh = typer.Typer(help="Meshes of specimens.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(mesh, name="mesh")


@mesh.command()
def inspect(
    file: Annotated[Path, typer.Argument(help="The mesh file.", show_default=False)],
    body: Annotated[
        list[str] | None, typer.Option(help="A group that is a body (repeat); by default those that part the cells.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the coordinates, such as mm.")] = None,
    law: Annotated[
        Path | None, typer.Option(help="A saved cohesive law, whose process zone is to be resolved.")
    ] = None,
    interface: Annotated[
        str | None, typer.Option(help="Group on which the law acts; by default all between bodies.")
    ] = None,
    young: Annotated[str | None, typer.Option(help='Young\'s modulus, such as "70 GPa".')] = None,
    poisson: Annotated[float, typer.Option(help="Poisson's ratio; 0 for plane stress.")] = 0.3,
    plane_stiffness: Annotated[float | None, typer.Option(help="Stiffness of a closed plane in Pa/m, for N.")] = None,
    debug: _Debug = False,
) -> None:
    """Check a mesh and print its bodies, interfaces, groups and sizes."""
    with _answering(debug):
        from multiscale.mesh_report import mesh_lines

        for line in mesh_lines(file, body or None, unit, law, interface, young, poisson, plane_stiffness):
            _say(line)


@app.command()
def version() -> None:
    """Print the versions of this program and of what it stands on."""
    with _answering(False):
        from multiscale.runtime.provenance import versions

        for name, number in versions().items():
            _say(f"{name} {number}")


def main() -> None:
    """The entry point of the command `multiscale`."""
    app()


@contextmanager
def _answering(debug: bool) -> Iterator[None]:
    """Turn an error into one sentence on stderr and an exit status."""
    try:
        yield
    except typer.Exit:
        raise
    except (Exception, KeyboardInterrupt) as error:
        if debug:
            _errors().print_exception()
        _complain(error)
        raise typer.Exit(_status(error)) from None


def _complain(error: BaseException) -> None:
    notes = " ".join(getattr(error, "__notes__", []))
    if isinstance(error, KeyboardInterrupt):
        text = f"Interrupted. {notes or 'Nothing was written.'}"
    elif isinstance(error, MultiscaleError):
        text = f"Error: {error} {notes}".rstrip()
    else:
        fault = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".:")
        text = f"Error: unexpected {fault}; run again with --debug for the details. {notes}".rstrip()
    _errors().print(text, markup=False, highlight=False, soft_wrap=True)


def _status(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return _INTERRUPTED
    return error.exit_status if isinstance(error, MultiscaleError) else 1


@contextmanager
def _ending_all_ranks(comm: Any) -> Iterator[None]:
    """Let no rank wait for one that failed: that one ends all, after the first has had its say."""
    from multiscale.runtime.parallel import is_collective, is_root

    try:
        yield
    except BaseException as error:
        if comm is None or (is_collective(error) and is_root(comm)):
            raise
        if is_collective(error):
            raise typer.Exit(_status(error)) from None
        if not is_root(comm):
            time.sleep(_GRACE_SECONDS)
        _complain(error)
        sys.stderr.flush()
        comm.Abort(_status(error))


def _summarise(results: Any, report: Path) -> None:
    from multiscale.report.page import quantity_text

    for quantity in results.quantities.values():
        if quantity.headline:
            _say(f"{quantity.description}: {quantity_text(quantity)}")
    for name in results.reused:
        _say(f"reused from an earlier run: {name}")
    _say(f"report: {_near(report)}")
    for warning in results.warnings:
        _say(f"WARNING: {warning}")


def _near(path: Path) -> str:
    """A path as short as it can be said from here."""
    return min(str(path), os.path.relpath(path), key=len)


def _say(text: str) -> None:
    Console().print(text, markup=False, highlight=False, soft_wrap=True)


def _errors() -> Console:
    return Console(stderr=True)


validation.register(app, _answering, _say)
