"""What a study works with: folder, cache, progress, log, ranks."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coupling.contracts import Potential, Progress, silent
from coupling.identity.addresses import Request
from multiscale.runtime.addresses import shown_name
from multiscale.runtime.cache import Cache, Key
from multiscale.runtime.log import run_logger
from multiscale.runtime.parallel import is_root, on_root
from multiscale.runtime.scratch import scratch


@dataclass
class RunContext:
    """What a study works with.

    Attributes:
        folder: The run's folder for now; the same for all ranks. It moves when the run ends.
        cache: Store of intermediate results; use `cached` rather than this.
        progress: Called with the progress of the work; silent on all ranks but the first.
        log: The run's log; silent on all ranks but the first.
        comm: mpi4py communicator, None for a single process.
        reused: What came from the cache.
        seconds: Wall time by stage.
        potentials: Fingerprint by name of the potentials that were used; on the first rank.
    """

    folder: Path
    cache: Cache
    progress: Progress = silent
    log: logging.Logger = field(default_factory=lambda: run_logger(logging.NullHandler()))
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
        """Note potentials that the results depend on, for their provenance; None is ignored."""
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

    @contextmanager
    def scratch(self, key: Request) -> Iterator[Path]:
        """The folder of unfinished work (`multiscale.runtime.scratch`), the same on all ranks.

        Args:
            key: All that determines the work.
        """
        with ExitStack() as held:
            yield self.on_root(lambda: held.enter_context(scratch(self.cache.folder / "unfinished" / key.address)))

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
