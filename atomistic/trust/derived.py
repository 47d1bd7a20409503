"""What a labelled path says of reported quantities: numbers that follow from its energies and tractions.

A path is recognised by its cells. Where they differ along their normal alone, halves were moved apart: it has a work of
separation and a peak traction. Where the atoms follow cells of one volume, a crystal was sheared: it has a shear modulus.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from atomistic.trust.design import VOIGT
from coupling.contracts import FloatArray, Structure
from coupling.units import EV_A2, EV_A3

WORK, PEAK, SHEAR = "work_of_separation", "peak_traction", "shear_modulus"
_SAME = 1e-6
"""Å, or fractions of a cell: what differs by less is the same."""
_SHEARED = 0.1
"""Largest change of the volume over a path of shear, as a share of its largest strain."""
_FEWEST = {PEAK: 5, SHEAR: 3}
_DEGREE = 3
_FINE = 400
"""Points of the spline among which the peak is sought."""


@dataclass(frozen=True)
class Measure:
    """A number that follows from the energies or the tractions of a path: the largest of linear forms of them.

    Attributes:
        rows: (m, n) the forms, SI units per eV, or per eV/Å³ of tractions.
        tractions: Whether they are of the tractions.
    """

    rows: FloatArray
    tractions: bool = False

    def of(self, values: FloatArray) -> float:
        """At energies (n,) in eV, or tractions in eV/Å³."""
        return float((self.rows @ values).max())

    def slope(self, values: FloatArray) -> FloatArray:
        """(n,) its derivative by these."""
        return self.rows[int(np.argmax(self.rows @ values))]


def normal_traction(structure: Structure, forces: FloatArray, stress_voigt: FloatArray) -> FloatArray:
    """Traction across the top of a cell along its normal, in units of the stress; see `boundary_tractions`.

    It is linear: forces (3N, ...) and stresses (6, ...) may have further axes, which stay.
    """
    cell, positions = np.asarray(structure.cell, dtype=float), np.asarray(structure.positions)
    normal = np.cross(cell[0], cell[1])
    area = float(np.linalg.norm(normal))
    normal, height = normal / area, np.linalg.inv(cell)[:, 2]
    tensor = abs(np.linalg.det(cell)) * np.outer(normal, height)
    six = np.array([tensor[i, j] + (i != j) * tensor[j, i] for i, j in VOIGT])
    return (np.outer(positions @ height, normal).reshape(-1) @ forces + six @ stress_voigt) / area


def measures(structures: Sequence[Structure]) -> dict[str, Measure]:
    """What a path of n structures says, by name; nothing where it is neither an opening nor a shear.

    Of an opening, the work of separation (J/m²) is the energy of the farthest structure above the lowest over the
    area, and the peak traction (Pa) the highest point of the C² spline through the structures'. Of a shear, the
    modulus (Pa) is the curvature by the engineering shear of a least-squares cubic through the energies, over the volume.
    """
    if len(structures) < 2 or len({len(one.numbers) for one in structures}) > 1:
        return {}
    cells = np.array([np.asarray(one.cell, dtype=float) for one in structures])
    if np.abs(np.linalg.det(cells)).min() < _SAME:
        return {}
    if np.abs(cells[:, :2] - cells[0, :2]).max() < _SAME:
        return _opening(cells)
    fractions = np.array([np.asarray(one.positions) @ np.linalg.inv(np.asarray(one.cell)) for one in structures])
    return _shear(cells) if np.abs(fractions - fractions[0]).max() < _SAME else {}


def _opening(cells: FloatArray) -> dict[str, Measure]:
    normal = np.cross(cells[0, 0], cells[0, 1])
    area = float(np.linalg.norm(normal))
    heights = np.abs(cells[:, 2] @ normal) / area
    order = np.argsort(heights)
    if np.diff(heights[order]).min() < _SAME:
        return {}
    unit = np.eye(len(cells))
    found = {WORK: Measure((unit[order[-1]] - unit) / area * EV_A2)}
    if len(cells) >= _FEWEST[PEAK]:
        between = np.linspace(heights.min(), heights.max(), _FINE)
        found[PEAK] = Measure(CubicSpline(heights[order], unit[order])(between) * EV_A3, tractions=True)
    return found


def _shear(cells: FloatArray) -> dict[str, Measure]:
    """Strains about the middle cell; their signed size along the largest is γ = √2 |ε|."""
    volumes = np.abs(np.linalg.det(cells))
    gradients = np.linalg.inv(cells[len(cells) // 2]) @ cells
    strains = ((gradients + np.swapaxes(gradients, 1, 2)) / 2 - np.eye(3)).reshape(len(cells), 9)
    largest = strains[int(np.argmax(np.linalg.norm(strains, axis=1)))]
    size = float(np.linalg.norm(largest))
    if len(cells) < _FEWEST[SHEAR] or np.ptp(volumes) / volumes[0] > _SHEARED * size:
        return {}
    along = strains @ largest / size
    if np.abs(strains - along[:, None] * largest / size).max() > _SHEARED * size:
        return {}
    shear = np.sqrt(2) * along
    fit = np.linalg.pinv(np.vander(shear, min(_DEGREE, len(cells) - 1) + 1, increasing=True))
    return {SHEAR: Measure(2 * fit[2:3] / volumes[len(cells) // 2] * EV_A3)}
