"""Bodies with memory on the mesh: patch, energy, ranks, restart, cost; a beam that relaxes between its fast and its slow limit.

Run as `python -m benchmarks.memory_mesh [--json]`. Keys:

patch_error         largest relative difference of a point's stress from that of the material point led alike, all materials
energy_balance      external work against all that bodies and interface keep and lose, the worst material
objectivity_error   of stresses along a path seen in turned axes
ranks_difference    of a plastic joint's load on two ranks, over the largest
resume_identical    whether an interrupted loading ends at the same bits
rate_limits_error   of the peak loads of a relaxing beam, fast and slow, against elastic beams of E0 and E_inf
rate_peaks          peak loads over that of E0, from fast to slow
plastic_cost_ratio  CPU seconds of a Newton iteration with J2 over one of elastic bodies, each with a factorisation of its own
plastic_cost_over_kept_factors  the same over elastic iterations that keep their factors
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.output import report
from continuum.fenics import MPI
from continuum.inelastic import (
    Inelastic,
    LinearHardening,
    Plastic,
    PowerHardening,
    RatePower,
    SlipHardening,
    SlippingCrystal,
    SlipSystems,
    Viscoelastic,
    lead,
)
from continuum.materials import BodyMaterial, LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Control, Prescribed
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.contracts import FloatArray
from coupling.elasticity import grain_rotation, isotropic_stiffness, strain_tensor, strain_voigt
from coupling.laws.uber import Uber

E, NU, UNIT = 200e9, 0.3, 1e-6
DURATION = 10.0
DURATIONS = (1e-4, 0.3, 3.0, 30.0, 1e6)
"""s to the beam's largest opening; its relaxation time is 1 s."""
MATERIALS: dict[str, Inelastic] = {
    "hardening": Plastic(E, NU, PowerHardening(1e9, 0.2, E), 1e9),
    "perzyna": Plastic(E, NU, RatePower(LinearHardening(8e8), 1e-3, 0.1)),
    "crystal": SlippingCrystal(
        isotropic_stiffness(E, NU), SlipSystems.of("fcc"), SlipHardening(5e8, 8e8, 5e9, 2.0), 1e-3, 0.05
    ),
    "maxwell": Viscoelastic(E / 2, (E / 2,), (3.0,), NU),
}


def joint(folder: Path, material: BodyMaterial, *, size: float = 0.2, uniform: bool = False) -> CohesiveProblem:
    """A joint pulled along y: its ends held along x, or all of it, so that it stretches uniformly."""
    path = folder / f"joint_{size}.msh"
    if not path.exists():
        ButtJoint(1.0, 0.5, 0.5, size, element="triangle").write(path)
    mesh = read_mesh(path, unit=UNIT, bodies=["upper", "lower"])
    held = ("bottom", "top", "left", "right") if uniform else ("bottom", "top")
    prescribed = [Prescribed("bottom", "y"), Prescribed("top", "y", 1.0), *(Prescribed(group, "x") for group in held)]
    bond = Bond("bond", "upper", "lower", Uber(20.0, 1e-9, 1e18))
    return CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, material), [bond], prescribed, order=2)


def patch_error(folder: Path) -> float:
    """Of two steps of a uniform stretch, at all points."""
    errors = []
    for material in MATERIALS.values():
        problem, strains = joint(folder, material, uniform=True), [0.0]
        solver, x = NewtonSolver(problem, relative=1e-12), problem.vector()
        for load in (3e-9, 8e-9):
            problem.begin(2.0)
            if solver.solve(Control("load", load), x) is None:
                raise RuntimeError(solver.reason)
            problem.commit(x)
            strains.append((load - problem.jumps[0][0, 0]) / UNIT)
        path = lead(material, np.array([0.0, 2.0, 4.0]), np.outer(strains, [0, 1, 0, 0, 0, 0]))
        for memory in problem.bulk.memories.values():
            errors.append(np.abs(memory.committed.stress - path.stress[-1]).max() / np.abs(path.stress[-1]).max())
    return float(max(errors))


def objectivity_error() -> float:
    """Of all materials, along a path of six strains of any direction."""
    turn, errors = grain_rotation(np.array([1.0, 2, 2]), np.array([2.0, 1, -2])), []
    path = np.cumsum(2e-3 * np.random.default_rng(2).standard_normal((6, 6)), axis=0)
    seen = np.array([strain_voigt(turn @ strain_tensor(one) @ turn.T) for one in path])
    for material in MATERIALS.values():
        other = material.turned(turn) if isinstance(material, SlippingCrystal) else material
        own, turned = (_tensors(lead(m, np.arange(6.0), p).stress) for m, p in ((material, path), (other, seen)))
        expected = np.einsum("ij,njk,lk->nil", turn, own, turn)
        errors.append(np.abs(turned - expected).max() / np.abs(expected).max())
    return float(max(errors))


def _tensors(stress: FloatArray) -> FloatArray:
    return np.array([strain_tensor(one * [1, 1, 1, 2, 2, 2]) for one in stress])


def broken(folder: Path, kind: str = "hardening", steps: int = 20, **how: Any) -> Loading:
    """A joint of a material that is pulled until it opens."""
    rate = 1e-8 / DURATION if MATERIALS[kind].depends_on_rate else None
    return pull(joint(folder, MATERIALS[kind]), 1e-8, steps, rate=rate, **how)


def resume_identical(folder: Path) -> bool:
    """Of a plastic and of a relaxing joint."""

    def interrupt(step: Any, x: Any) -> None:
        if step.load > 5e-9:
            raise KeyboardInterrupt

    same = []
    for kind in ("hardening", "maxwell"):
        whole = broken(folder, kind, checkpoint=folder / f"whole_{kind}")
        try:
            broken(folder, kind, checkpoint=folder / f"cut_{kind}", on_step=interrupt)
        except KeyboardInterrupt:
            resumed = broken(folder, kind, checkpoint=folder / f"cut_{kind}")
            same.append(resumed.steps == whole.steps)
    return len(same) == 2 and all(same)


def ranks_difference(folder: Path) -> float:
    """Largest difference of the loads at equal steps, over the largest."""
    own = broken(folder, steps=6).column("force")
    launcher = Path(sys.executable).with_name("mpiexec")
    command = [str(launcher), "-n", "2", sys.executable, "-m", "benchmarks.memory_mesh", "--on-ranks", str(folder)]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=300)
    other = np.array(json.loads((folder / "ranks.json").read_text()))
    return float(np.abs(own - other).max() / np.abs(own).max()) if own.shape == other.shape else float("inf")


def beam(folder: Path, material: BodyMaterial, duration: float | None) -> float:
    """Peak load of a beam that is opened in a time, N/m."""
    path = folder / "beam.msh"
    if not path.exists():
        DoubleCantileverBeam(length=30, arm=3, crack=10, growth=6, fine=0.2, coarse=1.5).write(path)
    mesh = read_mesh(path, unit=1e-3, bodies=["upper", "lower"])
    prescribed = [Prescribed("end", "x"), Prescribed("end", "y")]
    prescribed += [Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)]
    bond = Bond("bond", "upper", "lower", Uber(100.0, 100.0 / (np.e * 3e6), 3e11))
    problem = CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, material), [bond], prescribed)
    record = pull(problem, 6e-3, 60, rate=None if duration is None else 6e-3 / duration, peak=2e-3)
    return float(record.column("force").max())


def rate_limits(folder: Path) -> dict[str, Any]:
    """A beam whose modulus falls from 2 to 1 GPa, against elastic ones."""
    relaxing = Viscoelastic(1e9, (1e9,), (1.0,), 0.4)
    peaks = [beam(folder, relaxing, duration) for duration in DURATIONS]
    fast, slow = (beam(folder, LinearElastic.isotropic(young, 0.4), None) for young in (2e9, 1e9))
    return {
        "rate_limits_error": max(abs(peaks[0] / fast - 1), abs(peaks[-1] / slow - 1)),
        "rate_peaks": [peak / fast for peak in peaks],
    }


def seconds_of_iteration(folder: Path, material: BodyMaterial, keeps: bool) -> float:
    """CPU seconds of a Newton iteration, the mean of a few steps from where a plastic joint flows; the best of two."""
    problem = joint(folder, material, size=1 / 100)
    unloaded = problem.bulk.past
    solver, best = NewtonSolver(problem), np.inf
    if not keeps:
        solver.snes.setMonitor(lambda snes, number, norm: snes.getKSP().getPC().getPythonContext().renew())
    for _ in range(2):
        x, spent, count = problem.vector(), 0.0, 0
        problem.bulk.return_to(unloaded)
        for load in np.arange(1, 9) * 0.5e-9:
            begun = time.process_time()
            found = solver.solve(Control("load", load), x)
            if found is None:
                raise RuntimeError(solver.reason)
            if load > 2e-9:
                spent, count = spent + time.process_time() - begun, count + found
            problem.commit(x)
        best = min(best, spent / count)
    return best


def measure() -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        balances = {kind: energy_balance_error(broken(folder, kind, balance=1e-3)) for kind in MATERIALS}
        elastic = LinearElastic.isotropic(E, NU)
        plastic = seconds_of_iteration(folder, Plastic(E, NU, PowerHardening(5e8, 0.2, E)), keeps=False)
        return {
            "patch_error": patch_error(folder),
            "energy_balance": max(balances.values()),
            "energy_balance_each": balances,
            "objectivity_error": objectivity_error(),
            "ranks_difference": ranks_difference(folder),
            "resume_identical": resume_identical(folder),
            **rate_limits(folder),
            "plastic_cost_ratio": plastic / seconds_of_iteration(folder, elastic, keeps=False),
            "plastic_cost_over_kept_factors": plastic / seconds_of_iteration(folder, elastic, keeps=True),
        }


def _on_ranks(folder: Path) -> None:
    forces = broken(folder, steps=6).column("force").tolist()
    if MPI.COMM_WORLD.rank == 0:
        (folder / "ranks.json").write_text(json.dumps(forces))


if __name__ == "__main__":
    if "--on-ranks" in sys.argv:
        _on_ranks(Path(sys.argv[-1]))
    else:
        report(measure(), "--json" in sys.argv)
