"""One study from input to report, in a folder that is either whole or marked as failed."""

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from coupling.contracts import Potential, Progress, silent
from coupling.errors import InputError
from coupling.findings import refute
from coupling.identity.addresses import Request
from multiscale.inputs import Study, check_study, load_study
from multiscale.runtime.addresses import input_hashes, shown_name
from multiscale.runtime.cache import Cache, Key, default_folder
from multiscale.runtime.files import write_text
from multiscale.runtime.parallel import is_collective, is_root, launched_communicator, on_root
from multiscale.runtime.provenance import provenance
from multiscale.runtime.results import Results
from multiscale.runtime.workspace import Workspace
from multiscale.studies import study_kind

INPUT = "input"
REPORT = "report.html"
_GRACE_SECONDS = 3.0


@dataclass
class RunContext:
    """What a study works with.

    Attributes:
        folder: The run's folder for now; the same for all ranks. It moves when the run ends.
        cache: Store of intermediate results; use `cached` rather than this.
        progress: Takes the advance of the work; silent on all ranks but the first.
        log: The run's log; silent on all ranks but the first.
        comm: mpi4py communicator, None for a single process.
        reused: What came from the cache.
        seconds: Wall time by stage.
        potentials: Fingerprint by name of the potentials that were used; on the first rank.
    """

    folder: Path
    cache: Cache
    progress: Progress = silent
    log: logging.Logger = field(default_factory=lambda: _logger(logging.NullHandler()))
    comm: Any = None
    reused: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    potentials: dict[str, str] = field(default_factory=dict)
    _computed: set[Path] = field(default_factory=set, init=False)

    @property
    def is_root(self) -> bool:
        """Whether this rank writes the files."""
        return is_root(self.comm)

    def on_root[T](self, work: Callable[[], T]) -> T:
        """Do the work on rank 0 alone; all get its value, or its error."""
        return on_root(self.comm, work)

    def uses(self, *potentials: Potential | None) -> None:
        """Note potentials whose numbers the results hang on, for the results' provenance; None is passed over."""
        self._note([(shown_name(one), one.fingerprint) for one in potentials if one is not None])

    def cached(self, what: str, key: Key, compute: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """An intermediate result, from the cache or computed on rank 0; the same on all ranks.

        Args:
            what: What it is, for the log and the report, e.g. "cohesive law".
            key: All that determines it, as `multiscale.runtime.addresses.request` builds it; its potentials are noted.
            compute: Makes it: numpy arrays and JSON values by name.
        """
        if isinstance(key, Request):
            self._note(key.potentials)
        value, reused = self.on_root(lambda: self.cache.get_or_compute(key, compute))
        entry = self.cache.path(key)
        earlier = reused and entry not in self._computed
        if not reused:
            self._computed.add(entry)
        if earlier and what not in self.reused:
            self.reused.append(what)
        self.log.info("%s: %s", what, "reused from an earlier run" if earlier else "reused" if reused else "computed")
        return value

    def _note(self, potentials: Iterable[tuple[str, str]]) -> None:
        for name, fingerprint in potentials:
            if fingerprint not in self.potentials.values():
                number = sum(known.split(" (")[0] == name for known in self.potentials)
                self.potentials[f"{name} ({number + 1})" if number else name] = fingerprint

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage and log it; the seconds go into the results."""
        self.log.info("%s: begins", name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
            self.log.info("%s: %.1f s", name, self.seconds[name])


def run_study(
    study: Study | Path | str,
    output: Path | str | None = None,
    *,
    progress: Progress | None = None,
    comm: Any = None,
) -> Results:
    """Run a study and write its folder: input, results, curves, fields, log, report.

    Under an MPI launcher all ranks call this; rank 0 writes. In a script that may fail on one rank
    alone, start Python with `-m mpi4py`, so that the others do not wait for it.

    Args:
        study: An input file, or a study already validated.
        output: The run's folder; by default the one that the input names.
        progress: Takes the advance of the work.
        comm: mpi4py communicator; by default all ranks if started by an MPI launcher.

    Returns:
        The results; `results.folder` is where they lie.

    Raises:
        InputError: the input cannot be used; nothing was written.
        Refuted: the result does not stand before its own checks; it lies, whole, in `<output>.failed`.
        MultiscaleError: the study failed; what there was is in `<output>.failed`.
    """
    comm = comm if comm is not None else launched_communicator()
    ready = on_root(comm, lambda: _checked(study))
    space = Workspace(Path(output).absolute() if output is not None else ready.output.folder)
    claimed: list[logging.Handler] = []
    on_root(comm, lambda: claimed.append(space.claim()))
    handler = claimed[0] if claimed else logging.NullHandler()
    log = _logger(handler)
    shown = progress if progress is not None and is_root(comm) else silent
    context = RunContext(space.partial, Cache(default_folder(space.final), log), shown, log, comm)
    try:
        results = _run(ready, context)
        on_root(comm, space.publish)
    except BaseException as error:
        _leave(space, context, error)
        raise
    finally:
        handler.close()
    results.folder = space.final
    return results


def _checked(study: Study | Path | str) -> Study:
    ready = study if isinstance(study, Study) else load_study(study)
    check_study(ready)
    return ready


def _run(study: Study, context: RunContext) -> Results:
    """Keep the input, do the work, write results and report."""
    started = datetime.now(UTC)
    context.log.info("study %r: %s", study.study, study.title)
    record = study.model_dump(mode="json", exclude={"output"})
    inputs = context.on_root(lambda: input_hashes(study, study.files()))
    context.on_root(lambda: keep_input(study, record, context.folder / INPUT))
    with context.stage("total"):
        results = study_kind(study.study).run(study, context)
        if context.comm is not None:
            context.comm.Barrier()
    results.study, results.title = study.study, results.title or study.title
    results.input, results.reused = record, list(context.reused)
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


def keep_input(study: Study, record: Mapping[str, Any], folder: Path) -> None:
    """The validated input with copies of its files: a study that can be run again as it stands."""
    folder.mkdir()
    for file in study.files():
        if (folder / file.name).exists():
            raise InputError(f"Two input files are called {file.name!r}; rename one, so that both can be kept.")
        shutil.copyfile(file, folder / file.name)
    write_text(folder / "study.yaml", yaml.safe_dump(dict(record), sort_keys=False, allow_unicode=True))


def _leave(space: Workspace, context: RunContext, error: BaseException) -> None:
    """Keep a failed run as such, on whichever rank can: the others may be waiting for this one.

    Of a run that its input makes impossible, nothing stays.
    """
    context.log.error("failed: %s", error or type(error).__name__, exc_info=error)
    if not context.is_root:
        if is_collective(error):
            return
        time.sleep(_GRACE_SECONDS)
    if isinstance(error, InputError):
        space.discard()
    elif space.fail():
        error.add_note(f"What was done until then lies in {space.failed}.")


def _logger(handler: logging.Handler) -> logging.Logger:
    """A logger of this run alone: it has no parent, so nothing of the user's logging is touched."""
    log = logging.Logger("multiscale", logging.INFO)
    log.addHandler(handler)
    return log
