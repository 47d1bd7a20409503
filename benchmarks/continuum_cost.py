"""What one Newton iteration of the cohesive solver costs beside bare dolfinx elasticity, and two ranks.

Each case runs in processes of its own, so that times and peak memory are its own. Run as
`python -m benchmarks.continuum_cost [--json]`; about two minutes on two CPU cores.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.output import report

_DIVISIONS = 330  # of the unit square: 219,000 unknowns
_REPEATS = 3


def costs() -> dict[str, object]:
    """Newton iteration against assembly plus factorisation, memory, speed-up of two ranks."""
    with tempfile.TemporaryDirectory() as folder:
        from continuum.specimens.butt_joint import ButtJoint

        path = Path(folder) / "joint.msh"
        ButtJoint(1.0, 0.5, 0.5, 1.0 / _DIVISIONS, element="triangle").write(path)
        bare, ours, two = (_best(case, path, ranks) for case, ranks in (("bare", 1), ("ours", 1), ("ours", 2)))
    return {
        "unknowns": ours["unknowns"],
        "newton_seconds": ours["seconds"],
        "bare_seconds": bare["seconds"],
        "newton_cost_ratio": ours["seconds"] / bare["seconds"],
        "memory_MiB": ours["memory_MiB"],
        "bare_memory_MiB": bare["memory_MiB"],
        "memory_ratio": ours["memory_MiB"] / bare["memory_MiB"],
        "mpi_speedup_2": ours["seconds"] / two["seconds"],
        "mpi_max_difference": max(abs(a / b - 1) for a, b in zip(ours["answer"], two["answer"], strict=True)),
        "cost_solvers": "MUMPS LU in both, symbolic factorisation reused in both; the better median of two runs",
    }


def _best(case: str, mesh: Path, ranks: int) -> dict:  # type: ignore[type-arg]
    """The faster of two runs: what else the machine does only slows."""
    return min((_run(case, mesh, ranks) for _ in range(2)), key=lambda found: found["seconds"])


def _run(case: str, mesh: Path, ranks: int) -> dict:  # type: ignore[type-arg]
    launcher = [] if ranks == 1 else [str(Path(sys.executable).with_name("mpiexec")), "-n", str(ranks)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [*launcher, sys.executable, "-m", "benchmarks.continuum_cost", "--case", case, str(mesh)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout.strip().splitlines()[-1])


def _bare(path: Path) -> dict:  # type: ignore[type-arg]
    """Plane-strain elasticity on the whole mesh: assembly plus factorisation and solution."""
    from continuum.fenics import PETSc, dolfinx, ufl
    from continuum.mesh.specimen_mesh import read_mesh

    mesh = read_mesh(path, unit=1e-7, bodies=["upper", "lower"]).mesh
    space = dolfinx.fem.functionspace(mesh, ("P", 1, (2,)))
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    strain, test = ufl.sym(ufl.grad(u)), ufl.sym(ufl.grad(v))
    form = dolfinx.fem.form(ufl.inner(1.15e11 * ufl.tr(strain) * ufl.Identity(2) + 1.54e11 * strain, test) * ufl.dx)
    ends = dolfinx.mesh.locate_entities_boundary(mesh, 1, lambda x: np.isclose(np.abs(x[1]), 0.5e-7))
    fixed = dolfinx.fem.dirichletbc(np.zeros(2), dolfinx.fem.locate_dofs_topological(space, 1, ends), space)
    matrix = dolfinx.fem.petsc.create_matrix(form)
    solver = PETSc.KSP().create(mesh.comm)
    solver.setType("preonly")
    solver.getPC().setType("lu")
    solver.getPC().setFactorSolverType("mumps")
    right, left = matrix.createVecs()
    right.set(1.0)
    seconds = []
    for _ in range(_REPEATS + 1):
        start = time.perf_counter()
        matrix.zeroEntries()
        dolfinx.fem.petsc.assemble_matrix(matrix, form, bcs=[fixed])
        matrix.assemble()
        solver.setOperators(matrix)
        solver.solve(right, left)
        seconds.append(time.perf_counter() - start)
    return {"unknowns": matrix.size[0], "seconds": float(np.median(seconds[1:])), "answer": []}


def _ours(path: Path) -> dict:  # type: ignore[type-arg]
    """The same body cut by a cohesive interface: Newton iterations of successive steps."""
    from continuum.materials import LinearElastic
    from continuum.mesh.specimen_mesh import read_mesh
    from continuum.model import Bond, Control, Prescribed
    from continuum.solver.newton import NewtonSolver
    from continuum.solver.problem import CohesiveProblem
    from coupling.laws.xu_needleman import XuNeedleman

    mesh = read_mesh(path, unit=1e-7, bodies=["upper", "lower"])
    held = [Prescribed(group, c) for group in ("bottom", "top") for c in "x"]
    held += [Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)]
    law = XuNeedleman(3.9, 0.5e-10, 1e-10)
    material = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(200e9, 0.3))
    problem = CohesiveProblem(mesh, material, [Bond("bond", "upper", "lower", law)], held)
    solver, x, marks, seconds, answer = NewtonSolver(problem), problem.vector(), [], [], []
    solver.snes.setMonitor(lambda snes, i, norm: marks.append(time.perf_counter()))
    for load in 1e-9 * np.arange(1, _REPEATS + 2):  # m; below the first crack at the corners
        marks.clear()
        if solver.solve(Control("load", float(load)), x) is None:
            raise RuntimeError("the benchmark's step was not solved")
        seconds.append(np.diff(marks).mean())
        answer.append(problem.reaction(x))
    return {"unknowns": problem.size, "seconds": float(np.median(seconds[1:])), "answer": answer}


def _case(name: str, path: Path) -> None:
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    figures = {"bare": _bare, "ours": _ours}[name](path)
    figures["memory_MiB"] = comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    if comm.rank == 0:
        sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    if "--case" in sys.argv:
        _case(sys.argv[-2], Path(sys.argv[-1]))
    else:
        report(costs(), "--json" in sys.argv)
