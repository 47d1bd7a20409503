"""The thin driver: plan, hand the missing points to Dask, keep what comes back, write the results."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from coupling.contracts import Progress, silent
from coupling.errors import InputError, MultiscaleError
from multiscale.inputs.consent import NO_CONSENT, Consent
from multiscale.runtime.folders import MARKER, absent, check_folder, check_parents, mark, marked, remove_empty
from multiscale.sweeps.engine import LOGS, check_engine, check_queue, connected
from multiscale.sweeps.inputs import EngineInput, SweepInput, load_sweep
from multiscale.sweeps.journal import FILE as JOURNAL
from multiscale.sweeps.journal import Journal, stopped
from multiscale.sweeps.outcome import SweepResults
from multiscale.sweeps.plan import Plan, function_plan, plan_of
from multiscale.sweeps.record import MANIFEST, remaining_text, write_manifest
from multiscale.sweeps.tasks import DONE, FAILED, FULL, Task, perform
from multiscale.sweeps.watch import Watch

KIND = "sweep"
_WINDOW = 1000
_SHUFFLE = 20
_LOST = "Every worker that computed this point was lost; it may need more memory or time than a worker has."


def sweep(
    what: Callable[..., Any] | Mapping[str, Any] | Path | str,
    over: Any,
    folder: Path | str,
    *,
    engine: EngineInput | Mapping[str, Any] | None = None,
    title: str = "",
    formats: Sequence[str] = (),
    allow_code: bool = False,
    trust: bool = False,
    retry_failed: bool = False,
    progress: Progress | None = None,
    **constants: Any,
) -> SweepResults:
    """Vary the arguments of a function, or the input of a study.

    In a script call it under `if __name__ == "__main__":`, as the workers import the script.

    Args:
        what: A function of keyword arguments that returns a dict of numbers, or of (number, unit); or a
            study, as plain data or as an input file.
        over: Ranges by argument or by dotted key of the study; or a list of blocks that are crossed.
        folder: Where the sweep is kept. The same call resumes where it stopped.
        engine: Where it runs; by default on the cores of this machine.
        title: Heading of the report.
        formats: Files wanted beside results.nc and results.csv: "parquet", "zarr".
        allow_code: Code and commands that the study or the engine names may run.
        trust: Files that can run code when they are read may be read.
        retry_failed: Compute failed points again.
        progress: Called with the progress of the work.
        constants: Arguments of the function that are the same at all points.

    Returns:
        The results; `.dataset` is an xarray Dataset, `.failures` what went wrong.

    Raises:
        InputError: a range or a point is not valid; nothing was written.
        MultiscaleError: the disk is full, or no worker is left that could compute a point.
    """
    data = _input(over, folder, engine, title, formats)
    if not callable(what):
        if constants:
            raise InputError(
                f"{sorted(constants)[0]!r} is not an option of a sweep over a study; put it into the study."
            )
        base = str(what) if isinstance(what, str | Path) else dict(what)
        ready = SweepInput.parse(data | {"base": base}, consent=Consent(allow_code, trust))
        return run_sweep(ready, retry_failed=retry_failed, progress=progress)
    ready = SweepInput.parse(data | {"base": constants}, consent=Consent(code=True))  # all of it stands in the script
    check_engine(ready.engine, ready.output.formats)
    return _drive(function_plan(what, ready), ready, ready.output.folder, retry_failed, progress or silent)


def _input(
    over: Any, folder: Path | str, engine: EngineInput | Mapping[str, Any] | None, title: str, formats: Sequence[str]
) -> dict[str, Any]:
    """A sweep as its input file would hold it, all but the base."""
    setting = engine.model_dump(exclude_unset=True) if isinstance(engine, EngineInput) else dict(engine or {})
    output = {"folder": str(Path(folder).absolute()), "formats": list(formats)}
    return {"over": over, "title": title, "engine": setting, "output": output}


def run_sweep(
    sweep: SweepInput | Path | str,
    output: Path | str | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
    allow_code: bool = False,
    trust: bool = False,
    retry_failed: bool = False,
    progress: Progress | None = None,
) -> SweepResults:
    """Run or continue a sweep: points that are done are not computed again.

    Args:
        sweep: An input file, or a sweep already validated.
        output: The sweep's folder; by default the one that the input names.
        changes: Values by dotted key in place of or besides those of an input file, such as {"base.path": "rigid"}.
        allow_code: Code and commands that the input names may run.
        trust: Files that can run code when they are read may be read.
        retry_failed: Compute failed points again.
        progress: Called with the progress of the work.

    Raises:
        InputError: the input or a point is not valid; nothing was written.
        MultiscaleError: the disk is full, or no worker is left that could compute a point.
    """
    consent = Consent(allow_code, trust)
    if isinstance(sweep, SweepInput) and changes:
        raise InputError("changes are for an input file; this sweep has been validated, so change it before that.")
    ready = sweep if isinstance(sweep, SweepInput) else load_sweep(sweep, changes)
    ready = ready.consenting(consent) if consent != NO_CONSENT else ready
    check_engine(ready.engine, ready.output.formats)
    check_queue(ready.engine)
    folder = Path(output).absolute() if output is not None else ready.output.folder
    return _drive(plan_of(ready), ready, folder, retry_failed, progress or silent)


def _drive(plan: Plan, ready: SweepInput, folder: Path, retry_failed: bool, progress: Progress) -> SweepResults:
    check_sweep_folder(folder)
    new, journal = absent(folder), Journal(folder)
    try:
        with journal.opened(), _forgotten_if_refused(journal):
            mark(folder, KIND)
            write_manifest(plan, folder, ready.output.formats)
            _compute(plan, journal, ready.engine, folder, retry_failed, progress)
            results = SweepResults.load(folder)
            results.write()
    except OSError as error:
        raise stopped(folder, error) from error
    except KeyboardInterrupt as error:
        error.add_note(f"What is done is kept in {folder}; start the same sweep again to continue.")
        raise
    finally:
        remove_empty(new)
    return results


@contextmanager
def _forgotten_if_refused(journal: Journal) -> Iterator[None]:
    """Leave a folder that was empty as it was, if the work inside is refused before it has a point."""
    folder = journal.path.parent
    fresh = {item.name for item in folder.iterdir()} <= {JOURNAL, MARKER} and not journal.lines()
    try:
        yield
    except InputError:
        if fresh and not journal.records():
            for name in (MANIFEST, JOURNAL, MARKER):
                (folder / name).unlink(missing_ok=True)
            remove_empty([folder / LOGS])
        raise


def check_sweep_folder(folder: Path) -> None:
    """Raise `InputError` if a folder holds something that is not a sweep, or cannot be written; nothing is created."""
    check_folder(folder, "output folder", "choose another with --output")
    check_parents(folder)
    if (
        folder.is_dir()
        and any(folder.iterdir())
        and not marked(folder, KIND)
        and not (folder / MANIFEST).is_file()
        and not (folder / JOURNAL).is_file()
    ):
        raise InputError(
            f"The output folder {folder} holds files that are not a sweep's; choose another with --output."
        )


def _compute(
    plan: Plan, journal: Journal, engine: EngineInput, folder: Path, retry_failed: bool, progress: Progress
) -> None:
    """Compute what is missing, in random order.

    By chance, because neighbours share sub-results, which one worker computes while the others would
    wait, and because the time per point is then the same throughout, as the remaining time supposes.
    """
    known, tasks = journal.records(), plan.distinct
    settled = (DONE,) if retry_failed else (DONE, FAILED)
    todo = [task for address, task in tasks.items() if known.get(address, {}).get("status") not in settled]
    random.Random(_SHUFFLE).shuffle(todo)
    failed = sum(known.get(address, {}).get("status") == FAILED for address in tasks) if not retry_failed else 0
    done, start = len(tasks) - len(todo), time.monotonic()
    progress("points", done, len(tasks))
    if not todo:
        return
    journal.append([{"session": datetime.now(UTC).isoformat(timespec="seconds"), "todo": len(todo)}])
    with connected(engine, folder, len(todo)) as (client, watch):
        watch.tell = lambda waits: progress("points", done, len(tasks), waits)
        for records in _batches(client, watch, todo, engine, folder):
            kept = [record for record in records if record["status"] != FULL]
            journal.append(kept)
            for record in records:
                if record["status"] == FULL:
                    raise MultiscaleError(record["error"])
            done, failed = done + len(kept), failed + sum(record["status"] == FAILED for record in kept)
            fresh = done - len(tasks) + len(todo)
            left = (time.monotonic() - start) / fresh * (len(todo) - fresh)
            note = f"{failed} failed, {remaining_text(left)}" if failed else remaining_text(left)
            progress("points", done, len(tasks), note)


def _batches(
    client: Any, watch: Watch, todo: list[Task], engine: EngineInput, folder: Path
) -> Iterator[list[dict[str, Any]]]:
    """The journal's lines as they come; the number of points submitted to Dask at a time is limited."""
    from distributed import as_completed

    waiting = iter(todo)

    def submit(count: int) -> list[Any]:
        return [
            client.submit(
                perform, task, folder, key=f"point-{task.address}", pure=False, resources=engine.resources or None
            )
            for task in islice(waiting, count)
        ]

    running = as_completed(submit(_WINDOW), with_results=True, raise_errors=False)
    while not running.is_empty():
        watch.wait(running)
        batch = running.next_batch()
        yield [_record(future, result) for future, result in batch]
        running.update(submit(len(batch)))


def _record(future: Any, result: Any) -> dict[str, Any]:
    """The line of a point; if its workers died at every attempt, a line with that error."""
    if future.status == "finished":
        return result
    if future.status != "error":
        raise ConnectionError("the connection to the scheduler was lost")
    error = future.exception()
    reason = _LOST if type(error).__name__ == "KilledWorker" else f"{type(error).__name__}: {error}"
    return {
        "point": future.key.removeprefix("point-"),
        "status": FAILED,
        "error": " ".join(reason.split()),
        "seconds": None,
    }
