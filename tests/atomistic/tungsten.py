"""Finnis and Sinclair's tungsten (Philos. Mag. A 50 (1984) 45), written as a table: a bcc crystal for tests."""

from pathlib import Path

import numpy as np

_A, _D, _C = 1.896373, 4.400224, 3.25
_PAIR = (47.1346499, -33.7665655, 6.2541999)


def write_tungsten(path: Path) -> Path:
    """E = Σ V/2 - A Σ √Σφ, φ = (r - d)², V = (r - c)² (c₀ + c₁ r + c₂ r²), in the setfl format of LAMMPS."""
    points, densest = 4001, 80.0
    r, density = np.linspace(0, 4.5, points), np.linspace(0, densest, points)
    phi = np.where(r < _D, (r - _D) ** 2, 0.0)
    pair = np.where(r < _C, (r - _C) ** 2 * (_PAIR[0] + _PAIR[1] * r + _PAIR[2] * r**2), 0.0)
    lines = ["Finnis-Sinclair tungsten", "1984", "for tests", "1 W"]
    lines += [f"{points} {densest / (points - 1)} {points} {4.5 / (points - 1)} 4.5", "74 183.84 3.1652 bcc"]
    lines += [f"{value:.16e}" for table in (-_A * np.sqrt(density), phi, r * pair) for value in table]
    path.write_text("\n".join(lines) + "\n")
    return path
