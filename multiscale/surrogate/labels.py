"""Known values of a quantity at points."""

from dataclasses import dataclass

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError


@dataclass(frozen=True)
class Labels:
    """Values of one quantity at points, from one source.

    Attributes:
        points: (n, d) coordinates: whatever the quantity is a smooth function of.
        values: (n,).
        errors: (n,) standard deviations of the values; None: they are exact.

    Raises:
        InputError: the shapes do not fit, or a number is not finite.
    """

    points: FloatArray
    values: FloatArray
    errors: FloatArray | None = None

    def __post_init__(self) -> None:
        points, values = np.asarray(self.points, dtype=float), np.asarray(self.values, dtype=float)
        if points.ndim != 2 or values.shape != (len(points),):
            raise InputError(
                f"Points of shape {points.shape} and values of shape {values.shape} do not belong together; give (n, d) "
                "points and (n,) values."
            )
        errors = np.zeros(len(points)) if self.errors is None else np.asarray(self.errors, dtype=float)
        if errors.shape != values.shape or np.any(errors < 0):
            raise InputError("The errors of labels are one standard deviation a value, none below zero.")
        for what, array in (("points", points), ("values", values), ("errors", errors)):
            if not np.isfinite(array).all():
                raise InputError(f"The {what} of labels hold a number that is not finite; leave that label out.")
        for name, array in (("points", points), ("values", values), ("errors", errors)):
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def distinct(self) -> int:
        """How many different points there are."""
        return len(np.unique(self.points, axis=0))

    @property
    def centre(self) -> float:
        """Mean of the values."""
        return float(self.values.mean())

    @property
    def scale(self) -> float:
        """Standard deviation of the values; 1 where they are all equal."""
        return float(self.values.std()) or 1.0

    def joined(self, points: FloatArray, values: FloatArray) -> "Labels":
        """With further, exact ones."""
        assert self.errors is not None  # set when made
        return Labels(
            np.vstack([self.points, points]),
            np.concatenate([self.values, values]),
            np.concatenate([self.errors, np.zeros(len(values))]),
        )
