"""A session of Gmsh that leaves the process as it was."""

import ctypes
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gmsh_session() -> Iterator[None]:
    """Begin Gmsh and end it; what the process does at SIGPIPE stays as it was.

    Gmsh lets SIGPIPE end the process from then on: the next write to a connection whose other side is gone, as of a
    sweep's worker, would kill it without a word. Python's own interface to signals serves the main thread alone, so that C's is used.
    """
    import gmsh

    before = _handler(signal.SIGPIPE)
    gmsh.initialize(interruptible=False)
    _handle(signal.SIGPIPE, before)
    try:
        yield
    finally:
        gmsh.finalize()


_handler, _handle = ctypes.pythonapi.PyOS_getsig, ctypes.pythonapi.PyOS_setsig
_handler.argtypes, _handler.restype = [ctypes.c_int], ctypes.c_void_p
_handle.argtypes, _handle.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p
