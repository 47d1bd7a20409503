"""Two Finnis-Sinclair metals in closed form, written as tables: crystals that need no file of anybody's.

Tungsten is Finnis and Sinclair's own (Philos. Mag. A 50 (1984) 45). Aluminium was fitted here, for examples and tests, to what the table
`ALUMINIUM_FIT` names, on crystals that were not relaxed; it is good for nothing else. `python -m benchmarks.finnis_sinclair` writes
the files of examples/dislocation_al and examples/dislocation_w.
"""

from pathlib import Path

import numpy as np

from coupling.contracts import FloatArray

_A, _D, _C = 1.896373, 4.400224, 3.25
_PAIR = (47.1346499, -33.7665655, 6.2541999)
_KNOTS = (6.0, 5.4, 4.8, 4.2, 3.6, 3.1, 2.75)
_CUBES = (-0.0373645518, 0.126763326, -0.0491509089, -0.157187844, 0.526345193, -0.166455883, 1.81541619)
_DENSITY_KNOTS, _DENSITY_CUBES = (6.0, 4.0), (0.0519136401, 0.335216281)
ALUMINIUM_FIT = {
    "a": (4.05, "Å"), "cohesive energy": (3.36, "eV"), "C11": (114.0, "GPa"), "C12": (62.0, "GPa"), "C44": (31.6, "GPa"),
    "intrinsic fault": (130.0, "mJ/m²"), "surface (111)": (900.0, "mJ/m²"), "vacancy": (0.72, "eV"),
}  # fmt: skip
"""What the aluminium was fitted to, besides the energies of bcc and hcp and Rose's curve from 0.82 to 1.22 a."""
EXAMPLES = Path(__file__).parents[1] / "examples"


def write_tungsten(path: Path, points: int = 4001, digits: int = 17) -> Path:
    """E = Σ V/2 - A Σ √Σφ, φ = (r - d)², V = (r - c)² (c₀ + c₁ r + c₂ r²), in the setfl format of LAMMPS.

    Args:
        path: The file.
        points: Of each table.
        digits: Of each number.
    """
    r, density = np.linspace(0, 4.5, points), np.linspace(0, 80.0, points)
    phi = np.where(r < _D, (r - _D) ** 2, 0.0)
    pair = np.where(r < _C, (r - _C) ** 2 * (_PAIR[0] + _PAIR[1] * r + _PAIR[2] * r**2), 0.0)
    head = "Finnis and Sinclair's tungsten, Philos. Mag. A 50 (1984) 45, as a table"
    return _write(
        path, head, "W", "74 183.84 3.1652 bcc", digits, (density, -_A * np.sqrt(density)), (r, phi, r * pair)
    )


def write_aluminium(path: Path, points: int = 4001, digits: int = 17) -> Path:
    """E = Σ V/2 - Σ √Σφ, where V and φ are sums of c (R - r)³ within R, in the setfl format of LAMMPS.

    Args:
        path: The file.
        points: Of each table.
        digits: Of each number.
    """
    r, density = np.linspace(0, _KNOTS[0], points), np.linspace(0, 120.0, points)
    phi, pair = _cubes(r, _DENSITY_KNOTS, _DENSITY_CUBES), _cubes(r, _KNOTS, _CUBES)
    head = "Aluminium of Finnis and Sinclair's form, for examples: fitted to a, C11, C12, C44, faults, surface, vacancy"
    return _write(path, head, "Al", "13 26.9815 4.05 fcc", digits, (density, -np.sqrt(density)), (r, phi, r * pair))


def _cubes(r: FloatArray, knots: tuple[float, ...], factors: tuple[float, ...]) -> FloatArray:
    return np.maximum(np.array(knots) - r[:, None], 0.0) ** 3 @ np.array(factors)


def _write(
    path: Path, head: str, symbol: str, crystal: str, digits: int,
    embedding: tuple[FloatArray, FloatArray], pairs: tuple[FloatArray, FloatArray, FloatArray],
) -> Path:  # fmt: skip
    (density, embedded), (r, phi, pair) = embedding, pairs
    points = len(r)
    lines = [head, "Written by benchmarks/finnis_sinclair.py", "units: metal", f"1 {symbol}"]
    lines += [f"{points} {density[1]:.17g} {points} {r[1]:.17g} {r[-1]:.17g}", crystal]
    lines += [f"{value:.{digits}g}" for table in (embedded, phi, pair) for value in table]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


FILES = {"dislocation_al/al_fs.eam.alloy": write_aluminium, "dislocation_w/w_fs.eam.alloy": write_tungsten}
"""The files of examples, and what writes them."""
SIZE = {"points": 1501, "digits": 10}
"""Of these files."""


if __name__ == "__main__":
    for name, write in FILES.items():
        write(EXAMPLES / name, **SIZE)
