"""Saddles between minima for scripts, which go on where they were interrupted."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coupling.contracts import Potential, Progress, silent
from multiscale.runtime.resumable import resumable

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms

    from atomistic.saddles.transition import Transition

_UNFINISHED = "unfinished_transition"


def transition(
    potential: Potential,
    first: "Atoms",
    last: "Atoms",
    *,
    free: "np.ndarray | None" = None,
    folder: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> "Transition":
    """The saddle between two minima, the path down to both, and their frequencies; `found.rate()` is its rate.

    Args:
        potential: The potential.
        first: The minimum that it leads from; it is relaxed.
        last: The one that it leads to: the same atoms in the same order.
        free: (N,) or (N, 3) True where a coordinate may move; None is all of them.
        folder: In which an interrupted search leaves what it evaluated, in a folder of its own that is gone when the search
            has ended; started again it goes on from there. None keeps nothing.
        progress: Called after each batch.
        **options: Fields of `atomistic.saddles.transition.Settings`: images=9, force=1e-4, …

    Raises:
        InputError: the ends are of different atoms, equal, or no minima; an option is unknown.
        NotConverged: a search did not end, or there is another minimum between the ends.
    """
    from atomistic.saddles import searches
    from atomistic.saddles.transition import DEFAULT, settings_of

    settings = replace(DEFAULT, **settings_of(options))
    keeping = nullcontext(potential) if folder is None else resumable(potential, Path(folder) / _UNFINISHED, _unheard)
    with keeping as asked:
        return searches.transition(asked, first, last, free=free, settings=settings, progress=progress or silent)


def _unheard(*words: object) -> None:
    """Nothing is said of what was evaluated before."""
