"""How fast a Newton step of the cohesive solver is: against LU, against bare dolfinx, in space; and how many steps it takes.

Times are CPU seconds of one thread, in one process, the competitors by turns, the best of each. `newton_symmetric_over_lu` is an
iteration of the solver as it is, LDLᵀ whose factors serve several iterations, over one with an LU at each iteration;
`newton_factorised_each_time_symmetric_over_lu` is what the symmetry alone gives. Run as
`python -m benchmarks.speed_continuum [--json]`; under four minutes on two quiet cores.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.bare_cohesive import BareNewton
from benchmarks.output import report
from continuum.fenics import PETSc
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import SpecimenMesh, read_mesh
from continuum.model import Bond, Control, Prescribed
from continuum.post.fracture import released_energy_per_area
from continuum.reference.analytic import dcb_beam
from continuum.solver.newton import LinearSolver, NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.laws.xu_needleman import XuNeedleman

_LAW = XuNeedleman(3.9, 0.5e-10, 1e-10)
_YOUNG, _POISSON = 200e9, 0.3
_UNIT = 1e-7
_PLANE = 200  # divisions of the unit square: 81,000 unknowns
_SPACE = (17, 34, 69)  # divisions of the unit cube: up to a million unknowns
_ROUNDS = 3
_LOAD = 1e-9  # m a step; below the first crack at the corners


def _joint(divisions: int, in_space: bool) -> SpecimenMesh:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "joint.msh"
        kind = {"thickness": 1.0, "element": "hexahedron"} if in_space else {"element": "triangle"}
        ButtJoint(1.0, 0.5, 0.5, 1.0 / divisions, **kind).write(path)  # type: ignore[arg-type]
        return read_mesh(path, unit=_UNIT, bodies=["upper", "lower"])


class _Solver:
    """Our solver on a joint, in load control.

    Args:
        mesh: The joint.
        linear: See `NewtonSolver`.
        symmetric: Whether it may make use of it; else it factorises by LU.
        keeps: Whether factors serve more than one Newton iteration.
    """

    def __init__(self, mesh: SpecimenMesh, linear: LinearSolver, symmetric: bool = True, keeps: bool = True) -> None:
        across = "xz" if mesh.dimension == 3 else "x"
        held = [Prescribed(group, c) for group in ("bottom", "top") for c in across]
        held += [Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)]
        material = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(_YOUNG, _POISSON))
        self.problem = CohesiveProblem(mesh, material, [Bond("bond", "upper", "lower", _LAW)], held)
        self.problem.tangent.has_friction = not symmetric  # it is then factorised by LU
        self.solver, self.x = NewtonSolver(self.problem, linear=linear), self.problem.vector()
        self.marks: list[float] = []
        self.keeps = keeps
        self.solver.snes.setMonitor(self._mark)

    def _mark(self, snes: "PETSc.SNES", iteration: int, norm: float) -> None:
        self.marks.append(time.process_time())
        if not self.keeps:
            snes.getKSP().getPC().getPythonContext().renew()

    def solve(self, load: float) -> list[float]:
        """CPU seconds of each Newton iteration of a step to a load."""
        self.marks.clear()
        if self.solver.solve(Control("load", load), self.x) is None:
            raise RuntimeError(f"the benchmark's step was not solved: {self.solver.reason}")
        return np.diff(self.marks).tolist()

    @property
    def factor_entries(self) -> int:
        """Entries of the factors (MUMPS: INFOG(29))."""
        factor = self.solver.snes.getKSP().getPC().getPythonContext().inner.getPC().getFactorMatrix()
        entries = factor.getMumpsInfog(29)
        return entries if entries >= 0 else -1_000_000 * entries


def newton() -> dict[str, object]:
    """A Newton iteration in the plane: ours, with LDLᵀ or LU at each iteration, and bare dolfinx by turns."""
    mesh = _joint(_PLANE, False)
    ours, alone = _Solver(mesh, "direct"), _Solver(mesh, "direct", keeps=False)
    unsymmetric = _Solver(mesh, "direct", symmetric=False, keeps=False)
    bare = BareNewton(mesh, _LAW, _YOUNG, _POISSON)
    seconds: dict[str, list[float]] = {"symmetric": [], "alone": [], "lu": [], "bare": []}
    for number in range(_ROUNDS + 1):
        load = _LOAD * (number + 1)
        taken = {
            "symmetric": float(np.mean(ours.solve(load))),
            "alone": float(np.mean(alone.solve(load))),
            "lu": float(np.mean(unsymmetric.solve(load))),
            "bare": bare.solve(load)[1],
        }
        for name, value in taken.items() if number else ():  # the first has the orderings
            seconds[name].append(value)
    ours.problem.update(ours.x)
    displacements = [ours.problem.displacements[name].x.array[1::2] for name in ("upper", "lower")]
    opening = float(np.abs(displacements[0]).max() - np.abs(displacements[1]).max())
    best = {name: min(values) for name, values in seconds.items()}
    return {
        "unknowns_plane": ours.problem.size,
        "seconds_per_newton_plane": best["symmetric"],
        "newton_symmetric_over_lu": best["symmetric"] / best["lu"],
        "newton_factorised_each_time_symmetric_over_lu": best["alone"] / best["lu"],
        "factor_entries_symmetric_over_lu": ours.factor_entries / unsymmetric.factor_entries,
        "newton_over_bare_dolfinx": best["symmetric"] / best["bare"],
        "bare_max_difference": abs(opening / bare.opening() - 1),
    }


def cantilever() -> dict[str, object]:
    """How many steps a double cantilever beam takes, of at most 60 nominal ones, and what it loses by that."""
    law, young, poisson = XuNeedleman(100.0, 2e-6, 4e-6), 70e9, 0.3
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dcb.msh"
        DoubleCantileverBeam(length=200, arm=10, crack=60, growth=50, fine=1.6, coarse=3.0).write(path)
        mesh = read_mesh(path, unit=1e-3, bodies=["upper", "lower"])
    loads = [Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)]
    material = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(young, poisson))
    record = pull(CohesiveProblem(mesh, material, [Bond("bond", "upper", "lower", law)], loads, order=2), 9e-4, 60)
    beam = dcb_beam(law, young / (1 - poisson**2), 0.01, 0.06, np.linspace(1e-5, 6.5e-4, 65)).max()
    return {
        "dcb_steps": len(record.steps) - 1,
        "dcb_peak_relative_error": abs(record.column("force").max() / beam - 1),
        "dcb_gc_relative_error": abs(released_energy_per_area(record) / law.work_of_separation - 1),
        "dcb_energy_balance_error": energy_balance_error(record),
    }


def space() -> dict[str, object]:
    """A Newton iteration in space by multigrid, from small to a million unknowns."""
    sizes, seconds = [], []
    for divisions in _SPACE:
        ours = _Solver(_joint(divisions, True), "iterative")
        seconds.append(float(np.mean(ours.solve(_LOAD)[1:])))  # the first iteration makes the grids
        sizes.append(ours.problem.size)
        if ours.solver.left_multigrid:
            raise RuntimeError("multigrid did not solve the benchmark's equations")
        del ours
    return {
        "unknowns_3d": sizes[-1],
        "seconds_per_newton_3d": seconds[-1],
        "memory_GiB_3d": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "growth_exponent_3d": float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0]),
        "seconds_per_newton_by_unknowns_3d": dict(zip(map(str, sizes), seconds, strict=True)),
    }


def measure() -> dict[str, object]:
    """All figures."""
    return {**newton(), **cantilever(), **space()}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
