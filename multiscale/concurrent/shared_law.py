"""The continuum's law on several MPI ranks: the first solves, all evaluate their share of the elements."""

from typing import Any

import numpy as np

from atomistic.cauchy_born import CauchyBornLaw
from coupling.contracts import FloatArray
from coupling.errors import MultiscaleError

_WORTH = 500
"""Fewer elements are not shared."""


class SharedLaw:
    """A law of rank 0, whose gradients are split over all ranks; the others are in `serve` meanwhile.

    Args:
        law: What is evaluated; pickled to the other ranks.
        comm: mpi4py communicator.
    """

    def __init__(self, law: CauchyBornLaw, comm: Any) -> None:
        self.law, self.comm, self.volume = law, comm, law.volume
        comm.bcast(("law", law), root=0)

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """W (n,) and P (n, 3, 3) of F (n, 3, 3); see `CauchyBornLaw`."""
        if len(gradients) < _WORTH:
            return self.law.evaluate(gradients)
        self.comm.bcast(("evaluate", None), root=0)
        mine = self.comm.scatter(np.array_split(np.asarray(gradients, dtype=float), self.comm.size), root=0)
        answers = self.comm.gather(_answer(self.law, mine), root=0)
        for answer in answers:
            if isinstance(answer, MultiscaleError):
                raise answer
        energies, stresses = zip(*answers, strict=True)
        return np.concatenate(energies), np.concatenate(stresses)


def serve(comm: Any) -> int:
    """Evaluate what rank 0 asks for until it releases this rank; the number of shares evaluated."""
    law, shares = None, 0
    while (told := comm.bcast(None, root=0)) is not None:
        if told[0] == "law":
            law = told[1]
        else:
            comm.gather(_answer(law, comm.scatter(None, root=0)), root=0)
            shares += 1
    return shares


def release(comm: Any) -> None:
    """End `serve` on the other ranks; called by rank 0 however its work has ended."""
    comm.bcast(None, root=0)


def _answer(law: Any, gradients: FloatArray) -> Any:
    """The law's values, or its error, which rank 0 raises."""
    try:
        return law.evaluate(gradients)
    except MultiscaleError as error:
        return error
    except Exception as error:  # the other ranks wait for an answer
        return MultiscaleError(repr(error))
