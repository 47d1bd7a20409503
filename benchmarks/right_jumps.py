"""No jump without notice: the work that instabilities cost, energy release rates of known cracks, one frame in 2D and 3D.

Run as `python -m benchmarks.right_jumps [--json]`; two to three minutes on one core.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks import right_frame, right_growth
from benchmarks.output import report
from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.solver.diagnostics import assess
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.flat_contact import SphereOnFlat
from continuum.specimens.grid import Box, write_grid
from coupling.laws.uber import Uber
from coupling.laws.xu_needleman import XuNeedleman

STEEL = LinearElastic.isotropic(200e9, 0.3)


def grid(
    axes: Sequence[np.ndarray],
    bodies: Mapping[str, Box],
    lines: Mapping[str, Box],
    bonds: Sequence[Bond],
    held: Sequence[Prescribed],
    final: float | Sequence[float],
) -> Loading:
    """The loading of steel blocks in the cells of a grid, in mm; m."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blocks.msh"
        write_grid(path, axes, bodies, lines, element="quadrilateral")
        mesh = read_mesh(path, unit=1e-3, bodies=list(bodies), comm=MPI.COMM_SELF)
    return pull(CohesiveProblem(mesh, dict.fromkeys(bodies, STEEL), bonds, held), final, 40)


def junction(second: float, length: float) -> Loading:
    """Three bodies in a T, with equal laws of an opening `length` at the peak; the two above are drawn off by 1 : `second`."""
    axes = [np.linspace(0, 2, 17), np.linspace(-1, 1, 17)]
    bodies = {"base": ((0, 2), (-1, 0)), "left": ((0, 1), (0, 1)), "right": ((1, 2), (0, 1))}
    lines = {"bottom": ((0, 2), (-1, -1)), "first": ((0, 1), (1, 1)), "second": ((1, 2), (1, 1))}
    law = XuNeedleman(100.0, length, 2 * length)
    bonds = [Bond(None, *pair, law) for pair in (("left", "base"), ("right", "base"), ("right", "left"))]
    held = [Prescribed("bottom", c) for c in "xy"] + [Prescribed(group, "x") for group in ("first", "second")]
    return grid(
        axes, bodies, lines, bonds, [*held, Prescribed("first", "y", 1.0), Prescribed("second", "y", second)], 6e-6
    )


def snap_through() -> Loading:
    """A soft block on a brittle bond, which lets go at once under a displacement."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "joint.msh"
        ButtJoint(1.0, 1.0, 1.0, 0.25).write(path)
        mesh = read_mesh(path, unit=1e-3, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "x"), Prescribed("top", "y", 1.0)]
    bodies, law = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(2e9, 0.3)), XuNeedleman(100.0, 1e-7, 2e-7)
    return pull(CohesiveProblem(mesh, bodies, [Bond("bond", "upper", "lower", law)], held), 5e-4, 20)


def bistable() -> Loading:
    """Three bars in series on two reversible bonds of nearly equal work, of which one snaps open, and closed on the way back."""
    axes = [np.linspace(0, 3, 13), np.linspace(0, 0.25, 2)]
    bodies = {name: ((i, i + 1), (0, 0.25)) for i, name in enumerate("abc")}
    lines = {"left": ((0, 0), (0, 0.25)), "right": ((3, 3), (0, 0.25)), "low": ((0, 3), (0, 0))}
    bonds = [
        Bond(None, *pair, XuNeedleman(work, 1e-7, 2e-7), "reversible")
        for *pair, work in (("b", "a", 100.0), ("c", "b", 99.0))
    ]
    held = [Prescribed("left", "x"), Prescribed("right", "x", 1.0), Prescribed("low", "y")]
    return grid(axes, bodies, lines, bonds, held, (6e-6, 0.0))


def closing(range_: float, final: Sequence[float] = (1.0,)) -> Loading:
    """A sphere of 1 µm that comes down on a flat: adhesion of an opening `range_` at the peak draws it into contact.

    `final` is in units of 1.8 times the law's final opening.
    """
    law, radius, young = Uber(0.05, range_), 1e-6, 1e9
    unit = (np.pi * 0.05 * radius**2 / (4 / 3 * young / 0.91)) ** (1 / 3)
    reach = max(2.0, 1.3 * np.sqrt(2 * radius * law.final_opening) / unit)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sphere.msh"
        SphereOnFlat(reach=reach, extent=40.0, fine=0.05, coarse=4.0, grading=0.2).write(path)
        mesh = read_mesh(path, unit=unit, bodies=["block"], comm=MPI.COMM_SELF)
    away = 1.2 * law.final_opening
    bond = Bond("bond", "block", None, law, "reversible", initial_gap=lambda p: away + p[:, 0] ** 2 / (2 * radius))
    held = [Prescribed("axis", "x"), Prescribed("base", "y", 1.0)]
    material = {"block": LinearElastic.isotropic(young, 0.3)}
    problem = CohesiveProblem(mesh, material, [bond], held, kind="axisymmetric")
    return pull(problem, [1.5 * away * part for part in final], 40)


JUMPS: dict[str, Callable[[], Loading]] = {
    "T-junction, even": lambda: junction(1.0, 2e-7),
    "T-junction, uneven": lambda: junction(0.6, 2e-7),
    "snap-through block": snap_through,
    "bistable bar, there and back": bistable,
    "closing sphere": lambda: closing(2e-9),
    "closing sphere that snaps in": lambda: closing(5e-10),
    "sphere in and out": lambda: closing(2e-9, (1.0, 0.0)),
}


def jumps() -> dict[str, object]:
    """|external work − stored − dissipated| over the work, the largest along each loading; whether the load turned back; findings."""
    records = {name: run() for name, run in JUMPS.items()}
    lost = {name: energy_balance_error(record) for name, record in records.items()}
    turned = [name for name, record in records.items() if np.diff(record.column("load")).min() < 0]
    return {
        "jump_work_lost": max(lost.values()),
        "jump_work_lost_each": lost,
        "jump_load_turned_back": turned,
        "jump_states": {name: len(record.steps) for name, record in records.items()},
        "jump_findings": [str(one) for record in records.values() for one in assess(record)],
    }


def measure() -> dict[str, object]:
    """All sections, each with its time."""
    figures: dict[str, object] = {}
    for name, section in (("jumps", jumps), ("growth", right_growth.measure), ("frame", right_frame.measure)):
        start = time.perf_counter()
        figures |= section()
        figures[f"seconds_{name}"] = time.perf_counter() - start
    return figures


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
