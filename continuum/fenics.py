"""FEniCSx and PETSc, imported in the one order that works.

The PyPI wheel `dolfinx-solver-real` wants `dolfinx_solver` imported first; a conda
`fenics-dolfinx` has no such module. Every module of this package imports FEniCSx from here.
"""

import os
import shutil
import sys

from coupling.launcher import is_launched

# The just-in-time compiler of forms is called "ninja"/"cc" by name: the environment's own come first.
if shutil.which("ninja") is None:
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", "")

# A process alone opens no port for others: MPICH's transports over the network are asked for by those with others alone.
if _alone := not (is_launched() or "UCX_TLS" in os.environ):
    os.environ["UCX_TLS"] = "self,sm"

# Signals are the program's: PETSc's handler would abort at SIGTERM.
os.environ["PETSC_OPTIONS"] = f"{os.environ.get('PETSC_OPTIONS', '')} -no_signal_handler".strip()

try:
    import dolfinx_solver  # noqa: F401
except ModuleNotFoundError:
    pass

import basix
import basix.ufl
import dolfinx
import dolfinx.fem.petsc
import ufl
from mpi4py import MPI
from petsc4py import PETSc

if _alone:  # programs that this one starts may be launched with others
    del os.environ["UCX_TLS"]

if PETSc.ScalarType is not float and not issubclass(PETSc.ScalarType, float):
    raise ImportError("The cohesive solver needs a PETSc with real scalars; install dolfinx-solver-real.")

__all__ = ["MPI", "PETSc", "basix", "dolfinx", "ufl"]
