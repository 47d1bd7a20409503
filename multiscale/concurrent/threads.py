"""One thread for the small products of numpy and scipy, in which more only wait for each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import ThreadpoolController

_ASKED = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within it BLAS takes one thread; OpenMP, and with it torch, keeps its own number.

    Vectors of some ten thousand numbers are added in microseconds, and the threads of BLAS spin longer than that for each
    other. A number of threads that the environment gives to BLAS itself (`OPENBLAS_NUM_THREADS`, `MKL_NUM_THREADS`,
    `BLIS_NUM_THREADS`) is left as it is; `OMP_NUM_THREADS` is an upper bound, which one thread keeps.
    """
    if any(os.environ.get(name) for name in _ASKED):
        yield
        return
    import scipy.linalg  # noqa: F401  (its BLAS is loaded with it)

    with ThreadpoolController().limit(limits=1, user_api="blas"):
        yield
