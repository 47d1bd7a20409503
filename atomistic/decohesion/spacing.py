"""How the closed spacing of an interface stretches and shears as bulk: what finite elements that own it carry."""

from dataclasses import dataclass

import numpy as np

from atomistic.decohesion.bulk_path import bulk_structures
from atomistic.decohesion.jumps import NORMAL_FIRST, Series
from atomistic.decohesion.vibrations import Statistics, vibrational
from coupling.contracts import FloatArray, Progress, silent

_PRESSED, _STRONG = -0.1, 0.96  # of the weaker crystal's strength: the normal tractions sampled
_SHEAR = 1e-4  # eV/Å³: shear traction of the compliance's central differences


@dataclass(frozen=True)
class SpacingResponse:
    """The bulk in the closed spacing, of two crystals half of either's; atomistic units.

    Attributes:
        traction: (m,) static normal tractions, rising, among them 0, eV/Å³.
        stretch: (m,) from the closed interface, Å.
        shear_compliance: (2, 2) shear along x, y per traction, at no normal traction, Å⁴/eV.
        thickness: Of the closed spacing, Å.
        free_energy: (m,) its vibrational free energy, up to a constant, eV/Å²; None: static.
    """

    traction: FloatArray
    stretch: FloatArray
    shear_compliance: FloatArray
    thickness: float
    free_energy: FloatArray | None = None


def spacing_response(
    series: Series, points: int = 32, *, temperature: float | None = None, in_plane: int = 2,
    statistics: Statistics = "quantum", progress: Progress = silent,
) -> SpacingResponse:  # fmt: skip
    """The response of the closed spacing's share of each crystal, up to the weaker one's strength.

    Args:
        series: The slab and its bulk.
        points: Normal tractions in tension.
        temperature: K, of the vibrations; None is static.
        in_plane: In-plane repeats of the vibrating supercell; along the normal the slab's own.
        statistics: Quantum or classical.
        progress: Told after each sweep.
    """
    strength = float(series.strengths.min())
    tractions = strength * np.concatenate([np.linspace(_PRESSED, 0, 4)[:-1], np.linspace(0, _STRONG, points)])
    shears = _SHEAR * np.array([[0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]])
    stretch, compliance, thickness = np.zeros(len(tractions)), np.zeros((2, 2)), 0.0
    free = None if temperature is None else np.zeros(len(tractions))
    for k, (repeats, unit) in enumerate(series.cell.crystals):
        share = repeats / len(series.cell.bodies) - series.layers[k]
        closed = series.closed.bulks[k].cell.array[2]
        opened = bulk_structures(series.potential, unit, tractions, progress=progress)
        stretch += share * np.array([atoms.cell[2, 2] - closed[2] for atoms in opened])
        sheared = bulk_structures(series.potential, unit, shears, tolerance=1e-7, progress=progress)
        vectors = np.array([atoms.cell.array[2, NORMAL_FIRST] for atoms in sheared])[:, 1:]
        compliance += share * (vectors[::2] - vectors[1::2]).T / (2 * _SHEAR)
        thickness += share * float(closed[2])
        if free is not None:
            along = max(1, round(repeats))
            supercell = (in_plane, in_plane, along)
            own = vibrational(
                series.potential, opened, supercell, temperature or 0.0, statistics=statistics, progress=progress
            )
            free += share * np.where(own.harmonic, own.free_energy, np.nan) / (along * in_plane**2 * series.cell.area)
    return SpacingResponse(tractions, stretch, compliance, thickness, free)
