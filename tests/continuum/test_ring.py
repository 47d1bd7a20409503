"""Rings of J-integrals: where they may lie, on one rank and on two."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed, Traction
from continuum.post.fracture import crack_front, ring_integral
from continuum.post.ring import Ring, check_ring
from continuum.solver.problem import CohesiveProblem
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.laws.bilinear import Bilinear

ALUMINIUM, STEEL = LinearElastic.isotropic(70e9, 0.33), LinearElastic.isotropic(200e9, 0.3)
LAW = Bilinear(1e3, 20e6, 1e13)
ALONG = np.array([1.0, 0.0])


@pytest.fixture(scope="module")
def beam(tmp_path_factory):
    path = tmp_path_factory.mktemp("ring") / "dcb.msh"
    DoubleCantileverBeam(60, 3, 20, 25, fine=1.0, coarse=2.0, element="quadrilateral").write(path)
    return path


def opened(path, comm=MPI.COMM_SELF):
    """The beam with a crack that has begun to grow; its tip."""
    mesh = read_mesh(path, unit=1e-3, bodies=["upper", "lower"], comm=comm)
    held = [Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)]
    problem, last = (
        CohesiveProblem(
            mesh, dict.fromkeys(mesh.bodies, ALUMINIUM), [Bond("bond", "upper", "lower", LAW)], held, order=2
        ),
        {},
    )
    pull(problem, 1.5e-3, 8, growth=0.05, on_step=lambda step, x: last.update(x=x))
    front = comm.bcast(crack_front(problem, last["x"])["bond"])
    return problem, last["x"], front[front[:, 0].argmax()]


def told(path, comm=MPI.COMM_SELF):
    problem, x, tip = opened(path, comm)
    rings = [Ring(tip, ALONG, *radii) for radii in ((0.002, 0.003), (0.009, 0.013), (0.012, 0.05))]
    return [str(check_ring(problem, x, ring)) for ring in rings] + [
        f"{ring_integral(problem, x, ring):.6g}" for ring in rings
    ]


def test_two_ranks_check_a_ring_alike(beam, tmp_path):
    script = tmp_path / "parallel.py"
    script.write_text(
        "import json, sys\nfrom tests.continuum.test_ring import told\nfrom continuum.fenics import MPI\n"
        f"found = told({str(beam)!r}, MPI.COMM_WORLD)\nassert MPI.COMM_WORLD.allgather(found)[0] == found\n"
        "if MPI.COMM_WORLD.rank == 0:\n    json.dump(found, open(sys.argv[1], 'w'))\n"
    )
    launcher = Path(sys.executable).with_name("mpiexec")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [launcher, "-n", "2", sys.executable, script, tmp_path / "out.json"], check=True, env=environment, timeout=300
    )
    zone, good, far, *_ = found = json.loads((tmp_path / "out.json").read_text())
    assert "lies in the process zone" in zone and good == "None" and "reaches" in far
    assert found == told(beam)


def ring_of(problem, tip, outer):
    return check_ring(problem, problem.vector(), Ring(np.array(tip), ALONG, outer / 2, outer))


def test_what_a_ring_must_not_reach(tmp_path):
    """Two blocks on each other; the crack grows along x between them. Nothing is opened: only the room counts here."""
    path = tmp_path / "joint.msh"
    ButtJoint(1.0, 1.0, 1.0, 0.125).write(path)
    mesh = read_mesh(path, unit=1.0, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    bond = [Bond("bond", "upper", "lower", LAW)]

    def joined(held, tractions=(), materials=(STEEL, STEEL)):
        return CohesiveProblem(
            mesh, dict(zip(("upper", "lower"), materials, strict=True)), bond, held, tractions=tractions
        )

    whole = joined([Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)])
    end = ring_of(whole, (0.25, 0.0), 0.6)
    assert "not along the crack, 250 mm from the tip" in end.what and end.size == pytest.approx(1 - 0.25 / 0.6)
    assert "reaches" not in ring_of(whole, (0.5, 0.0), 0.49).what  # free and held along x: nothing that a ring sees
    loaded = joined([Prescribed("bottom", "x"), Prescribed("bottom", "y")], [Traction("top", "y", 1e6)])
    assert "a loaded boundary of body 'upper', 400 mm" in ring_of(loaded, (0.5, 0.6), 0.45).what
    assert "reaches" not in ring_of(whole, (0.5, 0.6), 0.45).what
    upright = np.array([0.0, 1.0])  # a crack that crosses the bond sees it where the two sides differ
    for materials, sees in (((STEEL, STEEL), False), ((STEEL, ALUMINIUM), True)):
        problem = joined(
            [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)], materials=materials
        )
        found = check_ring(problem, problem.vector(), Ring(np.array([0.5, -0.3]), upright, 0.2, 0.4))
        assert ("reaches" in found.what) is sees
