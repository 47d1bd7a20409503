"""The variance brake: no hill where a trigger is above its limit, and that place is kept for the oracle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.trust.triggers import Trigger, above
from coupling.contracts import FloatArray
from coupling.errors import InputError


@dataclass(frozen=True)
class Brake:
    """Where a potential is not to be trusted the bias does not grow, so that it pushes no walker there or beyond.

    Walkers may still come there on their own. A free energy is not known where they were braked.

    Attributes:
        trigger: Says where: above its limit, or not a number.
        places: How many structures to keep.
    """

    trigger: Trigger
    places: int = 100

    def __post_init__(self) -> None:
        if self.places < 0:
            raise InputError(f"{self.places} places cannot be kept; give 0 or more.")

    def levels(self, structures: Sequence[Atoms]) -> tuple[FloatArray, NDArray[np.bool_]]:
        """(R,) values of the trigger, and whether each is above the limit."""
        values = np.asarray(self.trigger.values(structures), dtype=float)
        return values, above(values, self.trigger.limit)


@dataclass(frozen=True)
class BrakedPlace:
    """A place where no hill was put.

    Attributes:
        structure: For the oracle.
        values: (d,) of the variables.
        level: Of the trigger.
        step: When.
        walker: Whose.
    """

    structure: Atoms
    values: FloatArray
    level: float
    step: int
    walker: int
