"""What a material with memory answers at points: stress, consistent tangent, and where the work went."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np

from coupling.contracts import FloatArray
from coupling.errors import InputError

Loss = Literal["plastic", "viscous"]
"""What a material does with the work that it does not store."""


@dataclass(frozen=True)
class PointState:
    """What points remember of their past.

    Attributes:
        strain: (n, 6) Voigt, engineering shear.
        stress: (n, 6) Pa.
        variables: (n, m) the material's own (`Inelastic.variables`).
        stored: (n,) recoverable energy, J/m³.
        lost: (n,) dissipated energy since the start, J/m³.
    """

    strain: FloatArray
    stress: FloatArray
    variables: FloatArray
    stored: FloatArray
    lost: FloatArray

    def at(self, points: Any) -> Self:
        """Of some points (an index)."""
        return replace(self, **{name: array[points] for name, array in vars(self).items()})


@dataclass(frozen=True)
class PointResponse:
    """The answer to a strain.

    Attributes:
        state: Of the points after the step; its `stress` is that of the strain.
        derivative: Makes `tangent`, which a line search does not ask for.
    """

    state: PointState
    derivative: Callable[[], FloatArray]

    @cached_property
    def tangent(self) -> FloatArray:
        """(n, 6, 6) Pa, symmetric: derivative of the stress by the strain in this step."""
        return self.derivative()


@dataclass(frozen=True, kw_only=True)
class Inelastic(ABC):
    """A small-strain material whose stress depends on the past. Its constants are in the mesh axes.

    Attributes:
        free_strain: (6,) strain without stress, Voigt, engineering shear: of heat, or of a misfit.
        loss: What becomes of the work that it does not store.
        linear: False: its stiffness is assembled at every iteration.
        isochoric: Whether it flows without a change of volume, for which elements of order 1 are too stiff.
    """

    free_strain: tuple[float, ...] = (0.0,) * 6
    loss: ClassVar[Loss]
    linear: ClassVar[bool] = False
    isochoric: ClassVar[bool] = False

    @property
    @abstractmethod
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa of a step too fast for any flow."""

    @property
    @abstractmethod
    def variables(self) -> tuple[tuple[str, int], ...]:
        """Name and number of components of each variable that `PointState.variables` holds."""

    @property
    @abstractmethod
    def depends_on_rate(self) -> bool:
        """Whether the duration of a step matters."""

    @abstractmethod
    def respond(self, strain: FloatArray, before: PointState, duration: float) -> PointResponse:
        """The answer at the end of a step.

        Args:
            strain: (n, 6) at its end.
            before: The points at its start.
            duration: Of the step, s; 0: nothing that takes time happens.
        """

    def unloaded(self, points: int) -> PointState:
        """Points without a past."""
        size = sum(count for _, count in self.variables)
        six = np.zeros((points, 6))
        return PointState(six, six.copy(), np.zeros((points, size)), np.zeros(points), np.zeros(points))

    def variable(self, state: PointState, name: str) -> FloatArray:
        """(n,) or (n, m) values of a variable, by its name.

        Raises:
            InputError: the material has none of that name.
        """
        start = 0
        for own, count in self.variables:
            if own == name:
                found = state.variables[:, start : start + count]
                return found[:, 0] if count == 1 else found
            start += count
        raise InputError(
            f"A {type(self).__name__} has no variable {name!r}; it has {', '.join(own for own, _ in self.variables)}."
        )

    # -- what every material of the continuum tells ----------------------------------------------

    @property
    def stress_free_strain_voigt(self) -> FloatArray:
        """(6,) the strain without stress."""
        return np.array(self.free_strain)

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """None in the compiled form: the numbers are in `respond`."""
        return {}

    def plane_stress(self) -> "Inelastic":
        """None.

        Raises:
            InputError: always.
        """
        raise InputError(
            f"A body with memory ({type(self).__name__}) has no plane-stress form; use plane strain, or a thin 3D mesh."
        )


def joined(*parts: FloatArray) -> FloatArray:
    """(n, m) variables from their parts (n,) or (n, k)."""
    return np.concatenate([part[:, None] if part.ndim == 1 else part for part in parts], axis=1)
