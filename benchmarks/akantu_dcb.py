"""A double cantilever beam here and in Akantu: one mesh, one bilinear law, the same openings.

Akantu runs in a process of its own. Run as `python -m benchmarks.akantu_dcb [--json]`; about a minute.
"""

import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.output import report
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.laws.bilinear import Bilinear

_YOUNG, _POISSON = 70e9, 0.3  # Pa
_LAW = Bilinear(100.0, 1e7, 5e12)  # onset at a tenth of the final opening
_SPECIMEN = DoubleCantileverBeam(length=200, arm=10, crack=60, growth=40, fine=0.5, coarse=3.0)  # mm
_TOLERANCE = 1e-9
_NOTES = (
    "Akantu: intrinsic cohesive elements (cohesive_bilinear) along the bond; sigma_c is the peak traction, delta_0 the "
    "opening at the peak, beta = kappa = 1, penalty the stiffness; the precrack is cut in the mesh given to it.",
    "The tolerance is on the norm of the residual: ours over the internal force's norm; Akantu's over the residual "
    "right after the end has moved, which is the larger scale and so the weaker demand.",
    "Akantu's Newton converges linearly where the bond is compressed: its tangent there adds the penalty to the tensile "
    "stiffness, its traction has the penalty alone (seen in the iterations, which change with the penalty).",
    "Seconds are those of all load steps, without reading the mesh and setting up the model; one thread in Akantu.",
)


def compare(specimen: DoubleCantileverBeam = _SPECIMEN, opening: float = 5e-4, steps: int = 25) -> dict[str, object]:
    """Peak load per width and time of both codes; NaN and a note where Akantu is not there or fails.

    Args:
        specimen: Plane specimen of triangles of the first order, in mm.
        opening: Final opening of the loaded end, m.
        steps: Equal steps to it.
    """
    notes, theirs = list(_NOTES), {"loads": [], "seconds": math.nan, "iterations": math.nan}
    with tempfile.TemporaryDirectory() as folder:
        mesh = Path(folder) / "dcb.msh"
        specimen.write(mesh)
        curve, seconds = _ours(mesh, opening, steps)
        if importlib.util.find_spec("akantu") is None:
            notes.append("Akantu is not installed: pip install 'multiscale-coupling[bench]'.")
        else:
            theirs = _in_own_process(Path(folder), opening, steps, notes)
    peak = float(curve[:, 1].max())
    other = max((load for _, load in theirs["loads"]), default=math.nan)
    if theirs["loads"]:
        openings, loads = np.array(theirs["loads"]).T
        apart = np.abs(np.interp(openings, *curve.T) - loads).max() / peak
        notes.append(f"Largest difference of the two load-opening curves: {apart:.2g} of the peak.")
        notes.append(f"Akantu took {theirs['iterations']:.1f} Newton iterations a step.")
    return {
        "akantu_peak_relative_difference": abs(other / peak - 1),
        "peak_ours_N_m": peak,
        "peak_akantu_N_m": other,
        "seconds_ours": seconds,
        "seconds_akantu": theirs["seconds"],
        "solver_ours": "PETSc SNES newtonls, extrapolated start, MUMPS LU",
        "solver_akantu": "static Newton-Raphson, sparse solver of the installed build (Eigen SparseLU in the wheel)",
        "tolerance": _TOLERANCE,
        "notes": notes,
    }


def _ours(path: Path, opening: float, steps: int) -> tuple[np.ndarray, float]:
    from continuum.materials import LinearElastic
    from continuum.mesh.specimen_mesh import read_mesh
    from continuum.model import Bond, Prescribed
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.stepping import pull

    mesh = read_mesh(path, unit=1e-3, bodies=["upper", "lower"])
    loads = [Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)]
    material = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(_YOUNG, _POISSON))
    problem = CohesiveProblem(mesh, material, [Bond("bond", "upper", "lower", _LAW)], loads)
    start = time.perf_counter()
    record = pull(problem, opening, steps, balance=math.inf, peak=math.inf)  # Akantu's steps, none cut for the peak
    return np.column_stack([record.column("load"), record.column("force")]), time.perf_counter() - start


def _in_own_process(folder: Path, opening: float, steps: int, notes: list[str]) -> dict:  # type: ignore[type-arg]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "benchmarks.akantu_dcb", "--akantu", str(folder), repr(opening), str(steps)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    answer = folder / "akantu.json"
    if done.returncode or not answer.exists():
        notes.append(
            f"Akantu failed (exit {done.returncode}): {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
        )
        return {"loads": [], "seconds": math.nan, "iterations": math.nan}
    result = json.loads(answer.read_text())
    notes.extend(result["failed"])
    return result


def _cut(source: Path, target: Path) -> None:
    """The mesh in m, its precrack cut, all triangles anticlockwise, the bond left whole."""
    import meshio

    mesh = meshio.read(source)
    tags = {kind: mesh.cell_data_dict["gmsh:physical"][kind] for kind in ("triangle", "line")}
    triangles, lines = mesh.cells_dict["triangle"].copy(), mesh.cells_dict["line"].copy()
    group = {name: int(value[0]) for name, value in mesh.field_data.items()}
    points = mesh.points * 1e-3
    faces = [np.unique(lines[tags["line"] == group[name]]) for name in ("precrack", "bond")]
    doubled = np.setdiff1d(*faces)
    twin = np.arange(len(points))
    twin[doubled] = len(points) + np.arange(len(doubled))
    points = np.vstack([points, points[doubled]])
    for cells, kind, name in ((triangles, "triangle", "lower"), (lines, "line", "load_lower")):
        below = tags[kind] == group[name]
        cells[below] = twin[cells[below]]
    a, b, c = (points[triangles[:, i]] for i in range(3))
    clockwise = (b - a)[:, 0] * (c - a)[:, 1] < (b - a)[:, 1] * (c - a)[:, 0]
    triangles[clockwise] = triangles[clockwise][:, ::-1]
    kept = tags["line"] != group["precrack"]
    numbers = [tags["triangle"], tags["line"][kept]]
    cut = meshio.Mesh(
        points,
        [("triangle", triangles), ("line", lines[kept])],
        cell_data={"gmsh:physical": numbers, "gmsh:geometrical": numbers},
        field_data=mesh.field_data,
    )
    meshio.write(target, cut, file_format="gmsh22", binary=False)


def _input() -> str:
    """Akantu's materials in SI units."""
    elastic = "".join(
        f"material elastic [\n name = {name}\n E = {_YOUNG!r}\n nu = {_POISSON!r}\n rho = 1.0\n]\n"
        for name in ("upper", "lower")
    )
    cohesive = {
        "name": "bond",
        "sigma_c": _LAW.peak_traction,
        "G_c": _LAW.work_of_separation,
        "delta_0": _LAW.opening_at_peak,
        "beta": 1.0,
        "kappa": 1.0,
        "penalty": _LAW.stiffness,
    }
    lines = "".join(f" {key} = {value}\n" for key, value in cohesive.items())
    inserter = "cohesive_inserter [\n cohesive_surfaces = [bond]\n]\n"
    return f"model solid_mechanics_model_cohesive [\n{inserter}{elastic}material cohesive_bilinear [\n{lines}]\n]\n"


def _akantu(folder: Path, opening: float, steps: int) -> None:
    """Akantu's side: load steps on the cut mesh, its curve written to akantu.json."""
    import akantu

    _cut(folder / "dcb.msh", folder / "cut.msh")
    (folder / "material.dat").write_text(_input())
    akantu.parseInput(str(folder / "material.dat"))
    mesh = akantu.Mesh(2)
    mesh.read(str(folder / "cut.msh"))
    model = akantu.SolidMechanicsModelCohesive(mesh)
    model.initFull(_analysis_method=akantu._static, _is_extrinsic=False)
    solver = model.getNonLinearSolver("static")
    solver.set("max_iterations", 60)
    solver.set("threshold", _TOLERANCE)
    solver.set("convergence_type", akantu.SolveConvergenceCriteria.residual)
    upper, lower = _loaded(mesh.getNodes(), mesh.getConnectivity(akantu._triangle_3))
    x, fixed, moved = mesh.getNodes(), model.getBlockedDOFs(), model.getDisplacement()
    fixed[x[:, 0] > x[:, 0].max() - 1e-9, 0] = True
    fixed[upper | lower, 1] = True
    loads, iterations, failed = [(0.0, 0.0)], 0, []
    start = time.perf_counter()
    for now in np.linspace(0, opening, steps + 1)[1:]:
        moved[upper, 1], moved[lower, 1] = now / 2, -now / 2
        try:
            model.solveStep("static")
        except akantu.NLSNotConvergedException as error:
            failed.append(f"Akantu's Newton iteration did not converge at an opening of {now:.4g} m: {error}")
            break
        iterations += solver.getInt("nb_iterations")
        loads.append((float(now), float(abs(model.getInternalForce()[upper, 1].sum()))))
    answer = {
        "loads": loads,
        "seconds": time.perf_counter() - start,
        "iterations": iterations / max(1, len(loads) - 1),
        "failed": failed,
    }
    (folder / "akantu.json").write_text(json.dumps(answer))


def _loaded(points: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of the loaded end in the upper and in the lower arm, as masks."""
    middle = points[triangles, 1].mean(axis=1)
    masks = []
    for arm in (middle > 0, middle < 0):
        mask = np.zeros(len(points), dtype=bool)
        mask[triangles[arm].ravel()] = True
        masks.append(mask & (points[:, 0] < points[:, 0].min() + 1e-9))
    return masks[0], masks[1]


if __name__ == "__main__":
    if "--akantu" in sys.argv:
        place, final, count = sys.argv[-3:]
        _akantu(Path(place), float(final), int(count))
    else:
        figures = compare()
        known = {
            key: None if isinstance(value, float) and math.isnan(value) else value for key, value in figures.items()
        }
        report(known, "--json" in sys.argv)
