"""Transport of a solute on the mesh: closed forms, conserved amounts, one rank against two, and a crack from fast to slow.

Run as `python -m benchmarks.chemistry_transport [--json] [--figure FILE]`; some 80 s on one core. Two ranks are started with
the MPI launcher beside Python. The figure is the fracture energy of `chemistry_dcb` against the rate.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks import chemistry_dcb
from benchmarks.output import report
from continuum.fenics import MPI
from continuum.materials.linear_elastic import LinearElastic
from continuum.mesh.specimen_mesh import SpecimenMesh, read_mesh
from continuum.model import Control, Prescribed
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.specimens.grid import write_grid
from continuum.transport import (
    HeldSolute,
    HydrostaticStress,
    Medium,
    SoluteLayer,
    TransportProblem,
    TransportRecord,
    Trap,
    diffuse,
)
from coupling.units import GAS_CONSTANT

TEMPERATURE, DIFFUSIVITY, LENGTH, HEIGHT = 300.0, 1e-9, 1e-3, 1e-4
TIME = LENGTH**2 / DIFFUSIVITY
ACROSS, ROWS = 100, 40
"""Elements across the membrane, and over the height of the beam."""


def membrane(folder: Path) -> TransportRecord:
    """A membrane 1 mm thick with 1 mol/m³ on one side, empty at first, until the flow is steady."""
    faces = {"left": ((0, 0), (0, 0.1)), "right": ((1, 1), (0, 0.1))}
    axes = [np.linspace(0, 1, ACROSS + 1), np.linspace(0, 0.1, 2)]
    write_grid(folder / "slab.msh", axes, {"slab": ((0, 1), (0, 0.1))}, faces, element="quadrilateral")
    mesh = read_mesh(folder / "slab.msh", unit=1e-3, bodies=["slab"])
    boundaries = [HeldSolute("left", 1.0), HeldSolute("right", 0.0)]
    problem = TransportProblem(mesh, {"slab": Medium(DIFFUSIVITY)}, TEMPERATURE, boundaries=boundaries)
    problem.start({"slab": 0.0})
    return diffuse(problem, 4 * TIME)


def time_lag_error(record: TransportRecord) -> float:
    """Of L²/6D, from what has come out when the flow is steady."""
    came = -record.supplied("right")[-1] / HEIGHT
    return float(abs((record.times[-1] - came * LENGTH / DIFFUSIVITY) / (TIME / 6) - 1))


@dataclass(frozen=True)
class Bending:
    """A beam of height 1 mm bent in plane strain; SI.

    Attributes:
        young: Pa.
        poisson: Poisson's ratio.
        curvature: 1/m; 0.4 % in the outer fibre.
        volume: V_H, m³/mol.
    """

    young: float = 200e9
    poisson: float = 0.3
    curvature: float = 8.0
    volume: float = 2e-6

    def power(self, y: np.ndarray) -> np.ndarray:
        """σ_h V_H/RT of beam theory, which is exact."""
        stress = (1 + self.poisson) / 3 * self.young / (1 - self.poisson**2) * self.curvature * y
        return stress * self.volume / (GAS_CONSTANT * TEMPERATURE)

    def mechanics(self, mesh: SpecimenMesh) -> CohesiveProblem:
        """The beam under its curvature."""
        bow = self.poisson / (1 - self.poisson) / 2
        items = [
            Prescribed("left", "x"), Prescribed("right", "x", lambda p: 2e-3 * p[:, 1]),
            Prescribed("left", "y", lambda p: -bow * p[:, 1] ** 2),
        ]  # fmt: skip
        problem = CohesiveProblem(mesh, {"beam": LinearElastic.isotropic(self.young, self.poisson)}, [], items, order=2)
        x = problem.vector()
        NewtonSolver(problem).solve(Control("load", self.curvature), x)
        problem.update(x)
        return problem


def oriani(folder: Path) -> tuple[float, TransportRecord]:
    """Largest error of c = c₀ exp(σ_h V_H/RT) in a closed beam that was bent, and its way there."""
    axes = [np.linspace(0, 2, 5), np.linspace(-0.5, 0.5, ROWS + 1)]
    faces = {"left": ((0, 0), (-0.5, 0.5)), "right": ((2, 2), (-0.5, 0.5))}
    write_grid(folder / "beam.msh", axes, {"beam": ((0, 2), (-0.5, 0.5))}, faces, element="quadrilateral")
    mesh, bending = read_mesh(folder / "beam.msh", unit=1e-3, bodies=["beam"]), Bending()
    problem = TransportProblem(mesh, {"beam": Medium(DIFFUSIVITY, bending.volume)}, TEMPERATURE)
    problem.start({"beam": 1.0})
    problem.drive(HydrostaticStress(bending.mechanics(mesh), problem.spaces)())
    record = diffuse(problem, 10 * TIME)
    power = bending.power(problem.spaces["beam"].tabulate_dof_coordinates()[:, 1])
    outer = power.max()
    exact = outer / np.sinh(outer) * np.exp(power)  # its mean is the 1 mol/m³ that the beam holds
    return float(np.abs(problem.concentrations()["beam"] / exact - 1).max()), record


def joined(folder: Path) -> TransportRecord:
    """Two bodies with traps and between them a layer with sites, a finite rate and a diffusivity, on all ranks."""
    comm = MPI.COMM_WORLD
    if comm.rank == 0:
        bodies = {"first": ((0, 0.5), (0, 0.1)), "second": ((0.5, 1), (0, 0.1))}
        faces = {"bond": ((0.5, 0.5), (0, 0.1)), "left": ((0, 0), (0, 0.1)), "right": ((1, 1), (0, 0.1))}
        axes = [np.linspace(0, 1, 11), np.linspace(0, 0.1, 5)]
        write_grid(folder / "joined.msh", axes, bodies, faces, element="triangle")
    comm.barrier()
    mesh = read_mesh(folder / "joined.msh", unit=1e-3, bodies=["first", "second"])
    medium = Medium(DIFFUSIVITY, sites=1e4, traps=(Trap(2.0, 25e3),))
    layer = SoluteLayer("bond", "second", "first", sites=1e-3, energy=-20e3, exchange=1e-5, diffusivity=1e-9)
    problem = TransportProblem(
        mesh, dict.fromkeys(mesh.bodies, medium), TEMPERATURE, boundaries=[HeldSolute("left", 1.0), HeldSolute("right", 0.0)],
        layers=[layer],
    )  # fmt: skip
    problem.start(dict.fromkeys(mesh.bodies, 0.0))
    return diffuse(problem, 0.3 * TIME, tolerance=np.inf, largest=0.05 * TIME)


def ends(record: TransportRecord) -> list[list[float]]:
    """What each state holds and has let in and out."""
    return [[s.time, *s.totals.values(), *s.supplied.values()] for s in record.states]


def on_two_ranks(folder: Path) -> list[list[float]]:
    """`ends` of `joined` with two ranks."""
    launcher = Path(sys.executable).with_name("mpiexec")
    command = [launcher, "-n", "2", sys.executable, "-m", "benchmarks.chemistry_transport", "--ranks", str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run(command, check=True, env=environment, cwd=Path(__file__).parents[1])
    found: list[list[float]] = json.loads((folder / "ends.json").read_text(encoding="utf-8"))
    return found


def from_fast_to_slow(folder: Path, figure: Path | None) -> dict[str, Any]:
    """What the crack of `chemistry_dcb` costs at each rate, and at the ends against its law."""
    fast, slow = chemistry_dcb.fast_and_slow()
    points = chemistry_dcb.measured(folder)
    energies = [point.energy for point in points]
    if figure is not None:
        draw(points, fast, slow, figure)
    return {
        "fast_gc_error": abs(energies[0] / fast - 1),
        "slow_gc_error": abs(energies[-1] / slow - 1),
        "gc_is_monotone": all(np.diff(energies) < 0),
        "opening_rates_m_s": [point.rate for point in points],
        "fracture_energies_J_m2": energies,
        "dcb_mass_error": max(point.mass_error for point in points),
    }


def draw(points: list[chemistry_dcb.Point], fast: float, slow: float, path: Path) -> None:
    """Fracture energy against rate, between the two ends of the law."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.semilogx([p.rate for p in points], [p.energy for p in points], "o-")
    for energy, name, at, above in ((fast, "W(θ₀)", points[-1], -13), (slow, "W(μ)", points[0], 5)):
        axes.axhline(energy, color="0.5", linewidth=0.8, linestyle="--")
        axes.annotate(name, (at.rate, energy), textcoords="offset points", xytext=(0, above), ha="center", color="0.3")
    axes.set(xlabel="opening rate (m/s)", ylabel="fracture energy (J/m²)")
    figure.savefig(path)


def measure(figure: Path | None = None) -> dict[str, Any]:
    """All figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        through, (profile, bent), both = membrane(folder), oriani(folder), joined(folder)
        alone, together = np.array(ends(both)), np.array(on_two_ranks(folder))
        crack = from_fast_to_slow(folder, figure)
    return {
        "time_lag_error": time_lag_error(through),
        "oriani_error": profile,
        "mass_error": max(crack["dcb_mass_error"], *(record.mass_error for record in (through, bent, both))),
        "ranks_difference": float((np.abs(together - alone) / np.abs(alone).max(axis=0)).max()),
        **crack,
    }


if __name__ == "__main__":
    if "--ranks" in sys.argv:
        target = Path(sys.argv[-1])
        found = ends(joined(target))
        if MPI.COMM_WORLD.rank == 0:
            (target / "ends.json").write_text(json.dumps(found), encoding="utf-8")
    else:
        where = Path(sys.argv[sys.argv.index("--figure") + 1]) if "--figure" in sys.argv else None
        report(measure(where), "--json" in sys.argv)
