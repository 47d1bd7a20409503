"""A potential that a script already holds, in place of one that an input file names; nothing is stored."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from coupling.contracts import Potential, Progress, silent
from coupling.identity.addresses import Request
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.cache import Cache, Cached
from multiscale.runtime.context import RunContext


class Given:
    """Stands for `multiscale.stages.models.Models` with one potential and no samples.

    Args:
        potential: The potential.
    """

    count = 0

    def __init__(self, potential: Potential) -> None:
        self._potential = potential

    def __call__(self, choice: PotentialChoice | None = None) -> Potential:
        """The potential."""
        return self._potential

    def name(self, choice: PotentialChoice | None = None) -> str:
        """Its name, without folders."""
        return Path(self._potential.name).name

    def fingerprint(self, choice: PotentialChoice | None = None) -> str:
        """Its fingerprint."""
        return self._potential.fingerprint

    def each_sample[T](self, work: Callable[[int], T]) -> list[T]:
        """Nothing: there are no samples."""
        return []


class _Nothing(Cache):
    """A cache that keeps nothing: a script holds what it computed."""

    def get_or_compute(self, key: Request | Mapping[str, Any], compute: Callable[[], Mapping[str, Any]]) -> Cached:
        return Cached(dict(compute()), False)


def context(folder: Path, progress: Progress | None) -> RunContext:
    """A context for stages that a script runs by itself.

    Args:
        folder: For what an interrupted path leaves while it runs.
        progress: Called with the progress of the work; None for no output.
    """
    return RunContext(folder, _Nothing(folder), progress or silent)
