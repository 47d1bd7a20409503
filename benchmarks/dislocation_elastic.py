"""Stroh's fields and energy factors against closed forms that do not know of the sextic eigenvalue problem.

Run as `python -m benchmarks.dislocation_elastic [--json]`; under a second. The energy per length is b K b/4π ln(R/r₀).
"""

import sys

import numpy as np

from atomistic.dislocation import Stroh, rotated_voigt, slip_system
from benchmarks.output import report
from coupling.contracts import FloatArray

COPPER, IRON = (168.4, 121.4, 75.4), (243.4, 145.0, 116.0)
"""C11, C12, C44 in GPa."""
LOMER = np.array([[1, -1, 0], [0, 0, 1], [-1, -1, 0]]) / np.sqrt([[2], [1], [2]])
"""Rows: Burgers vector, plane normal and line of the fcc edge dislocation on (001)."""


def measure() -> dict[str, float]:
    """Isotropic displacements, and the energy factors K of copper's screw and Lomer edge and of iron's screw, GPa."""
    figures = {"stroh_isotropic_max_error": isotropic_error()}
    screw = rotated(COPPER, slip_system("fcc", "screw").frame(np.eye(3)))
    edge, threefold = rotated(COPPER, LOMER), rotated(IRON, slip_system("bcc", "screw").frame(np.eye(3)))
    pairs = {
        "Cu_screw": (tensor(screw)[2, 2], mirror_screw(screw)),
        "Cu_lomer_edge": (tensor(edge)[0, 0], mirror_edge(edge)),
        "Cu_lomer_climb": (tensor(edge)[1, 1], mirror_edge(edge) * (edge[1, 1] / edge[0, 0]) ** 0.5),
        "Fe_screw": (tensor(threefold)[2, 2], threefold_screw(threefold)),
    }
    for name, (found, right) in pairs.items():
        figures |= {f"energy_factor_{name}_GPa": float(found), f"energy_factor_{name}_reference_GPa": float(right)}
    worst = max(abs(found / right - 1) for found, right in pairs.values())
    return figures | {"energy_factor_max_relative_error": float(worst)}


def isotropic_error() -> float:
    """Largest error of the displacements of an edge and a screw in an isotropic medium, over b."""
    mu, nu, points = 26.0, 0.345, np.random.default_rng(0).normal(size=(400, 2))
    lam = 2 * mu * nu / (1 - 2 * nu)
    stroh = Stroh(cubic(lam + 2 * mu, lam, mu))
    (x, y), square = points.T, (points**2).sum(1)
    angle = np.arctan2(y, x)
    edge = np.stack([
        angle + x * y / (2 * (1 - nu) * square),
        -((1 - 2 * nu) * np.log(square) + (x**2 - y**2) / square) / (4 * (1 - nu)),
    ], axis=1) / (2 * np.pi)  # fmt: skip
    found = stroh.displacement(points, np.array([1.0, 0, 0]))[:, :2] - edge
    screw = stroh.displacement(points, np.array([0, 0, 1.0]))[:, 2] - angle / (2 * np.pi)
    return float(max(np.ptp(found, axis=0).max(), np.abs(screw).max()))


def mirror_screw(c: FloatArray) -> float:
    """K of a screw normal to a mirror plane: √(c44 c55 - c45²)."""
    return float(np.sqrt(c[3, 3] * c[4, 4] - c[3, 4] ** 2))


def mirror_edge(c: FloatArray) -> float:
    """K of an edge along x in orthotropic axes (Foreman, Acta Metall. 3 (1955) 322; Hirth and Lothe, chapter 13-3)."""
    mean = np.sqrt(c[0, 0] * c[1, 1])
    share = c[5, 5] * (mean - c[0, 1]) / (c[1, 1] * (mean + c[0, 1] + 2 * c[5, 5]))
    return float((mean + c[0, 1]) * np.sqrt(share))


def threefold_screw(c: FloatArray) -> float:
    """K of a screw along a threefold axis: √(S11/(S44 (S11 S44 - S15²))), S the compliances of plane strain.

    With S15² + S14² in the place of S15², x may point anywhere round the axis.
    """
    full = np.linalg.inv(c)
    s = full - np.outer(full[:, 2], full[2]) / full[2, 2]
    mixed = s[0, 4] ** 2 + s[0, 3] ** 2
    return float(np.sqrt(s[0, 0] / (s[3, 3] * (s[0, 0] * s[3, 3] - mixed))))


def tensor(stiffness_voigt: FloatArray) -> FloatArray:
    """The energy tensor (3, 3) by Stroh's formalism."""
    return Stroh(stiffness_voigt).energy_tensor


def rotated(constants: tuple[float, float, float], frame: FloatArray) -> FloatArray:
    """The stiffness (6, 6) of a cubic crystal in a dislocation's frame."""
    return rotated_voigt(cubic(*constants), frame)


def cubic(c11: float, c12: float, c44: float) -> FloatArray:
    """The stiffness (6, 6) of a cubic crystal along its own axes."""
    stiffness = np.diag([c11] * 3 + [c44] * 3)
    stiffness[:3, :3] += c12 * (1 - np.eye(3))
    return stiffness


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
