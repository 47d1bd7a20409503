"""Agreement of several MPI ranks: one does the work that only one may do, and all get its value or its error."""

from collections.abc import Callable
from typing import Any, cast

from coupling.errors import MultiscaleError
from coupling.launcher import is_launched

_COLLECTIVE = "raised_on_all_ranks"


def launched_communicator() -> Any:
    """The communicator of all ranks if this process was started by an MPI launcher, else None."""
    if not is_launched():
        return None
    from mpi4py import MPI

    return MPI.COMM_WORLD if MPI.COMM_WORLD.size > 1 else None


def is_root(comm: Any) -> bool:
    """Whether this rank writes the files; a single process always does."""
    return comm is None or comm.rank == 0


def on_root[T](comm: Any, work: Callable[[], T]) -> T:
    """Do the work on rank 0 and give its value to all; if it fails, it fails on all.

    Args:
        comm: mpi4py communicator, or None for a single process.
        work: Done by rank 0 alone; its value must be picklable.
    """
    if comm is None or comm.size == 1:
        return work()
    value: Any = None
    error: Exception | None = None
    if comm.rank == 0:
        try:
            value = work()
        except Exception as caught:
            error = caught
    told = error if error is None or isinstance(error, MultiscaleError) else MultiscaleError(repr(error))
    value, told = comm.bcast((value, told), root=0)
    if told is None:
        return cast(T, value)
    failure = error or told
    setattr(failure, _COLLECTIVE, True)
    raise failure


def is_collective(error: BaseException) -> bool:
    """Whether all ranks have this error at the same place, so that none waits for another."""
    return getattr(error, _COLLECTIVE, False)
