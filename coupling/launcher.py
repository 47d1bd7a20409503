"""Whether this process is one of several that an MPI launcher started, found out without loading MPI."""

import os

_RANKS = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")


def is_launched() -> bool:
    """Whether an MPI launcher (of MPICH, PMIx or Open MPI) started this process."""
    return any(name in os.environ for name in _RANKS)
