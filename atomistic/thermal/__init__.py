"""Crystals at a temperature by dynamics: lattice, expansion, elastic constants, pressure, and the quasi-harmonic values."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.thermal.lattice import WarmCrystal, expansion_between, warm_crystal
    from atomistic.thermal.pressure import PressureBias, mean_pressure, pressure_bias
    from atomistic.thermal.quasi_harmonic import quasi_harmonic_expansion, quasi_harmonic_stiffness
    from atomistic.thermal.sampling import Sampling
    from atomistic.thermal.stiffness import WarmStiffness, stiffness_by_fluctuations, stiffness_by_strain

__all__ = [
    "PressureBias",
    "Sampling",
    "WarmCrystal",
    "WarmStiffness",
    "expansion_between",
    "mean_pressure",
    "pressure_bias",
    "quasi_harmonic_expansion",
    "quasi_harmonic_stiffness",
    "stiffness_by_fluctuations",
    "stiffness_by_strain",
    "warm_crystal",
]

__getattr__, __dir__ = on_first_use(__name__)
