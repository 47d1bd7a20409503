"""Error bars of a law from samples of it: the same interface with other members of a family of potentials."""

from collections.abc import Sequence

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.laws.law import Law
from coupling.laws.tabulated import TabulatedLaw


def with_error_bars(law: TabulatedLaw, sampled: Sequence[Law]) -> TabulatedLaw:
    """The same law with the standard deviations, at its openings, of samples of it.

    Errors that the law has already (of mean forces) are independent of these, and are added in squares.

    Args:
        law: The law that is reported.
        sampled: The same interface with each sample of the potential.

    Raises:
        InputError: fewer than two samples.
    """
    if len(sampled) < 2:
        raise InputError(f"An error bar needs two samples of the law or more, not {len(sampled)}.")
    energies, tractions, _ = (np.array(rows) for rows in zip(*(one.normal(law.opening) for one in sampled), strict=True))
    return TabulatedLaw(
        law.opening, law.energy, law.traction, law.tangential_stiffness, law.gap,
        energy_std=_together(energies.std(axis=0, ddof=1), law.energy_std),
        traction_std=_together(tractions.std(axis=0, ddof=1), law.traction_std),
    ).counted(law.count)  # fmt: skip


def _together(std: FloatArray, known: FloatArray | None) -> FloatArray:
    return std if known is None else np.hypot(std, known)
