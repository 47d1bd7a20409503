"""A polycrystal: one material, with other constants in each grain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from continuum.materials.material import BodyMaterial, Material
from coupling.contracts import FloatArray
from coupling.errors import InputError


@dataclass(frozen=True)
class Polycrystalline:
    """Grains of one kind of material; to the body's form each constant is one number, or array, a cell.

    Attributes:
        grains: The material of each, in the mesh's axes.

    Raises:
        InputError: no grain, or grains of several kinds of material.
    """

    grains: Sequence[BodyMaterial]

    def __post_init__(self) -> None:
        kinds = {type(grain).__name__ for grain in self.grains}
        if len(kinds) != 1:
            raise InputError(
                f"A polycrystal is of one kind of material, and its grains are of {', '.join(sorted(kinds)) or 'none'}; give each "
                "grain the same, with constants of its own."
            )

    @property
    def linear(self) -> bool:
        """Whether its grains are."""
        return self.grains[0].linear

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa at rest, the mean of its grains."""
        return np.mean([grain.stiffness_voigt for grain in self.grains], axis=0)

    @property
    def stress_free_strain_voigt(self) -> FloatArray:
        """(6,) the mean of its grains."""
        return np.mean([grain.stress_free_strain_voigt for grain in self.grains], axis=0)

    @property
    def parameters(self) -> dict[str, FloatArray]:
        """Arrays whose first axis is the grains'."""
        each = [grain.parameters for grain in self.grains]
        return {name: np.array([one[name] for one in each]) for name in each[0]}

    def energy(self, gradient: Any, values: Mapping[str, Any]) -> Any:
        """That of the grain, its constants being those of the cell."""
        return cast(Material, self.grains[0]).energy(gradient, values)

    def plane_stress(self) -> "Polycrystalline":
        """All grains in plane stress."""
        return Polycrystalline(tuple(grain.plane_stress() for grain in self.grains))
