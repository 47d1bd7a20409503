"""One frame: a plane specimen and its extrusion have the same forces, from either side, for a law with a forwards and a backwards."""

import tempfile
from pathlib import Path

import numpy as np

from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.solver.problem import CohesiveProblem
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from coupling.contracts import FloatArray
from coupling.laws.mixed import MixedModeLaw

WORK, LENGTH, PERIOD = 2.0, 5e-11, 2.5e-10
UNIT, THICK = 1e-8, 0.3
OPENING, SLIP = 5e-11, 9e-11
"""m: by which the upper block is drawn off, and along."""


def lopsided() -> MixedModeLaw:
    """A law whose slip along tangential 1 is easier forwards than backwards."""
    z = np.concatenate([np.linspace(-0.8, 0, 9)[:-1], 12 * np.linspace(0, 1, 60) ** 1.5])
    wave = 2 * np.pi * np.arange(24) / 24
    barrier = 0.4 * (1 - np.cos(wave) + 0.3 * (np.sin(wave) - 0.5 * np.sin(2 * wave)))
    energy = (WORK * (1 - (1 + z) * np.exp(-z)))[:, None] + np.exp(-z)[:, None] * barrier
    normal = ((WORK * z * np.exp(-z))[:, None] - np.exp(-z)[:, None] * barrier) / LENGTH
    alike = np.ones((1, 1, 4))
    return MixedModeLaw(LENGTH * z, PERIOD * np.eye(2), energy[:, :, None] * alike, normal[:, :, None] * alike)


def forces(law: MixedModeLaw, solid: bool, swapped: bool, forwards: float = 1.0) -> FloatArray:
    """(states, 2) force and energy over the thickness while two bonded blocks are drawn apart and along."""
    kind = {"thickness": THICK, "element": "hexahedron"} if solid else {"element": "quadrilateral"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "joint.msh"
        ButtJoint(1.0, 0.5, 0.5, 0.25, **kind).write(path)  # type: ignore[arg-type]
        mesh = read_mesh(path, unit=UNIT, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y")]
    held += [Prescribed("top", "x", forwards * SLIP), Prescribed("top", "y", OPENING)]
    held += [Prescribed(face, "z") for face in ("front", "back") if solid]
    sides = ("lower", "upper") if swapped else ("upper", "lower")
    problem = CohesiveProblem(
        mesh,
        dict.fromkeys(mesh.bodies, LinearElastic.isotropic(2e13, 0.3)),
        [Bond("bond", *sides, law, "reversible")],
        held,
    )
    record = pull(problem, 1.0, 3)
    return np.array([[one.force, one.energies.total] for one in record.steps[1:]]) / (THICK * UNIT if solid else 1.0)


def measure() -> dict[str, object]:
    """Largest difference from the plane specimen, over its largest force and energy; that of slip backwards, which must be seen."""
    law = lopsided()
    plane, largest = forces(law, False, False), 0.0
    for solid, swapped in ((False, True), (True, False), (True, True)):
        other = forces(law, solid, swapped)
        largest = max(largest, float(np.max(np.abs(other - plane) / np.abs(plane).max(axis=0))))
    backwards = np.abs(forces(law, False, False, -1.0) - plane) / np.abs(plane).max(axis=0)
    return {"frame_max_relative": largest, "frame_backwards_differs": float(backwards.max())}


if __name__ == "__main__":
    import sys

    from benchmarks.output import report

    report(measure(), "--json" in sys.argv)
