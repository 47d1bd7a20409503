"""Small specimens for the tests of the continuum room."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import meshio
import numpy as np

from coupling.laws.tabulated import TabulatedLaw
from coupling.units import SI_FACTORS


def uber_law(work: float, length: float, shear: float = 0.0) -> TabulatedLaw:
    """A UBER law from 0.6 lengths of compression to 14 of opening."""
    x = length * np.concatenate([np.linspace(-0.6, 0, 12, endpoint=False), 14 * np.linspace(0, 1, 60) ** 1.5])
    z = x / length
    traction = work / length * z * np.exp(-z)
    stiffness = shear * work / length**2 * np.exp(-np.clip(z, 0, None))
    return TabulatedLaw(x, work * (1 - (1 + z) * np.exp(-z)), traction, np.column_stack([stiffness, stiffness]))


def two_blocks(path, n=3, seed=0):
    """A unit square of triangles, cut at y = 0.5 into `top` and `bottom`, inner nodes shaken."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, n + 1), np.linspace(0, 1, 2 * n + 1), indexing="ij")
    points = np.column_stack([x.ravel(), y.ravel(), 0 * x.ravel()])
    inner = (points[:, 0] > 0.01) & (points[:, 0] < 0.99) & (np.abs(points[:, 1] % 0.5 - 0.25) < 0.24)
    points[inner, :2] += rng.uniform(-0.2, 0.2, (inner.sum(), 2)) / (2 * n)
    node = lambda i, j: i * (2 * n + 1) + j  # noqa: E731
    triangles, bodies = [], []
    for i in range(n):
        for j in range(2 * n):
            a, b, c, d = node(i, j), node(i + 1, j), node(i + 1, j + 1), node(i, j + 1)
            triangles += [(a, b, c), (a, c, d)]
            bodies += [1 if j < n else 2] * 2
    lines = [(node(i, n), node(i + 1, n)) for i in range(n)]
    tags = [3] * n
    for j, tag in ((0, 4), (2 * n, 5)):
        lines += [(node(i, j), node(i + 1, j)) for i in range(n)]
        tags += [tag] * n
    for i, tag in ((0, 6), (n, 7)):
        lines += [(node(i, j), node(i, j + 1)) for j in range(2 * n)]
        tags += [tag] * (2 * n)
    names = {
        "bottom": (1, 2),
        "top": (2, 2),
        "bond": (3, 1),
        "low": (4, 1),
        "high": (5, 1),
        "left": (6, 1),
        "right": (7, 1),
    }
    physical = [np.array(bodies), np.array(tags)]
    mesh = meshio.Mesh(
        points,
        [("triangle", np.array(triangles)), ("line", np.array(lines))],
        cell_data={"gmsh:physical": physical, "gmsh:geometrical": physical},
        field_data={name: np.array(value) for name, value in names.items()},
    )
    meshio.write(path, mesh, file_format="gmsh22", binary=False)
    return path


def curve(record):
    """(states, 3) load, force and work."""
    return np.array([(step.load, step.force, step.work) for step in record.steps])


def curve_on_two_ranks(module, expression, folder):
    """The `curve` of the record that an expression makes on two ranks, with the names of a module."""
    script = folder / "parallel.py"
    script.write_text(
        "import json, sys\nfrom continuum.fenics import MPI\nfrom tests.continuum.specimens import curve\n"
        f"from {module} import *\nrecord = {expression}\n"
        "if MPI.COMM_WORLD.rank == 0:\n    json.dump(curve(record).tolist(), open(sys.argv[1], 'w'))\n"
    )
    launcher = Path(sys.executable).with_name("mpiexec")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [launcher, "-n", "2", sys.executable, script, folder / "out.json"], check=True, env=environment, timeout=300
    )
    return np.array(json.loads((folder / "out.json").read_text()))


def lengths(text: str) -> list[float]:
    """The lengths that a message names, m."""
    return [
        float(number) * SI_FACTORS["length"][unit] for number, unit in re.findall(r"([\d.]+) (m|mm|µm|nm|Å)\b", text)
    ]
