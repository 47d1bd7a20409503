"""Solutions that the solver must reproduce: the patch test on every element, and an exact field.

A user can run them on any machine; the tests and the benchmark do.
"""

from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from continuum.fenics import MPI, dolfinx, ufl
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import SpecimenMesh, read_mesh
from continuum.model import Bond, Control, Prescribed, Traction
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.grid import Element
from coupling.contracts import FloatArray
from coupling.elasticity import VOIGT
from coupling.errors import NotConverged
from coupling.laws.bilinear import Bilinear
from coupling.laws.tabulated import TabulatedLaw

ELEMENTS: tuple[Element, ...] = ("triangle", "quadrilateral", "tetrahedron", "hexahedron")
_YOUNG, _POISSON = 200e9, 0.3
_ELASTIC = Bilinear(1e10, 1e12, 1e15)  # linear in both directions at the jumps here


def patch_test(element: Element, geometry: int, order: int, seed: int = 0) -> float:
    """Constant strain across a glued interface of an anisotropic crystal on a shaken mesh.

    Args:
        element: One of `ELEMENTS`.
        geometry: Order of the mesh.
        order: Order of the displacement, at least that of the mesh.
        seed: Of the mesh and the strain.

    Returns:
        Largest error of the displacement over the largest displacement.
    """
    rng = np.random.default_rng(seed)
    spatial = element in ("tetrahedron", "hexahedron")
    dim = 3 if spatial else 2
    grain = _crystal(spatial)
    strain = np.zeros((3, 3))
    strain[:dim, :dim] = 1e-4 * rng.standard_normal((dim, dim))
    stress = (grain.stiffness_voigt @ [(strain[i, j] + strain[j, i]) / (1 + (i == j)) for i, j in VOIGT])[
        [[0, 5, 4], [5, 1, 3], [4, 3, 2]]
    ]
    jump = (stress[:, 1] / _ELASTIC.stiffness)[:dim]

    def exact(points: FloatArray) -> FloatArray:
        return points @ strain[:dim, :dim].T + np.where(points[:, 1:2] > 0, jump, 0.0)

    mesh = _shaken(
        ButtJoint(1.0, 0.7, 0.5, 0.35, thickness=0.6 if spatial else None, element=element, order=geometry), rng
    )
    components = "xyz"[:dim]

    def along(axis: int) -> Callable[[FloatArray], FloatArray]:
        return lambda p: exact(p)[:, axis]

    held = [Prescribed(g, c, along(i)) for g in ("top", "bottom") for i, c in enumerate(components)]
    sides = {"left": (0, -1), "right": (0, 1)} | ({"back": (2, -1), "front": (2, 1)} if spatial else {})
    pulled = [
        Traction(group, c, sign * stress[i, axis])
        for group, (axis, sign) in sides.items()
        for i, c in enumerate(components)
    ]
    problem = CohesiveProblem(
        mesh,
        dict.fromkeys(mesh.bodies, grain),
        [Bond("bond", "upper", "lower", _ELASTIC)],
        held,
        tractions=pulled,
        order=order,
    )
    _solve(problem)
    worst, scale = 0.0, 0.0
    for name, field in problem.displacements.items():
        points = field.function_space.tabulate_dof_coordinates()[:, :dim]
        wanted = points @ strain[:dim, :dim].T + (jump if name == "upper" else 0.0)
        worst = max(worst, np.abs(field.x.array.reshape(-1, dim) - wanted).max())
        scale = max(scale, np.abs(wanted).max())
    return float(worst / scale)


def _crystal(spatial: bool) -> LinearElastic:
    """A cubic crystal; turned about one axis in plane, about two in space."""
    cubic = np.diag([45e9] * 3 + [120e9] * 3)
    cubic[:3, :3] += 160e9
    about_z = np.array([[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1.0]])
    about_x = np.array([[1.0, 0, 0], [0, 0.28, 0.96], [0, -0.96, 0.28]])
    return LinearElastic(cubic).rotated(about_x @ about_z if spatial else about_z)


def _shaken(joint: ButtJoint, rng: np.random.Generator) -> SpecimenMesh:
    """The joint with its inner nodes moved at random."""
    import meshio

    with TemporaryDirectory() as folder:
        path = Path(folder) / "joint.msh"
        joint.write(path)
        with redirect_stdout(StringIO()):  # meshio prints an empty line
            source = meshio.read(path)
        points = source.points
        planes = [(0.0, joint.width), (-joint.lower, 0.0, joint.upper)] + [(0.0, joint.thickness)] * (
            joint.thickness is not None
        )
        inner = np.ones(len(points), dtype=bool)
        for axis, values in enumerate(planes):
            inner &= np.all(np.abs(points[:, axis, None] - np.array(values, dtype=float)) > 1e-9, axis=1)
        for axis in range(len(planes)):
            points[inner, axis] += 0.06 * joint.size * rng.uniform(-1, 1, inner.sum())
        meshio.write(path, source, file_format="gmsh22", binary=False)
        return read_mesh(path, unit=1.0, bodies=["upper", "lower"], comm=MPI.COMM_SELF)


def _solve(problem: CohesiveProblem) -> "object":
    x = problem.vector()
    if NewtonSolver(problem, relative=1e-13).solve(Control("load", 1.0), x) is None:
        raise NotConverged("The verification problem was not solved; the installation of PETSc or MUMPS is broken.")
    problem.update(x)
    return x


def exact_solution_errors(
    order: int, sizes: tuple[float, ...] = (0.125, 0.0625, 0.03125), element: Element = "triangle"
) -> list[float]:
    """L2 errors of a plane-strain field with a varying traction across the interface.

    The Papkovich-Neuber field 2μu = (−yψ,x, (3−4ν)ψ − yψ,y) with ψ = cos kx sinh ky solves Navier's
    equation and has no shear on y = 0. The interface has an initial gap there that just transmits its normal
    traction 2(1−ν)ψ,y, so that the displacement is continuous.

    Args:
        order: Of the displacement.
        sizes: Element sizes.
        element: "triangle" or "quadrilateral".

    Returns:
        ‖u − u_h‖ for each size, over ‖u‖.
    """
    k, shear = 2.5, _YOUNG / (2 * (1 + _POISSON))
    amplitude = 1e-4 * 2 * shear

    def exact(x: Any, y: Any, lib: Any) -> tuple[Any, Any]:
        across, along, grown, changed = lib.cos(k * x), lib.sin(k * x), lib.sinh(k * y), lib.cosh(k * y)
        first = y * k * along * grown
        second = (3 - 4 * _POISSON) * across * grown - y * k * across * changed
        return amplitude / (2 * shear) * first, amplitude / (2 * shear) * second

    def gap(points: FloatArray) -> FloatArray:
        return amplitude * 2 * (1 - _POISSON) * k * np.cos(k * points[:, 0]) / _ELASTIC.stiffness

    errors = []

    def along(axis: int) -> Callable[[FloatArray], FloatArray]:
        return lambda p: exact(p[:, 0], p[:, 1], np)[axis]

    for size in sizes:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "joint.msh"
            ButtJoint(1.0, 0.5, 0.5, size, element=element).write(path)
            mesh = read_mesh(path, unit=1.0, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
        held = [
            Prescribed(group, component, along(i))
            for group, (i, component) in product(("top", "bottom", "left", "right"), enumerate("xy"))
        ]
        material = LinearElastic.isotropic(_YOUNG, _POISSON)
        bond = Bond("bond", "upper", "lower", _ELASTIC, initial_gap=gap)
        problem = CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, material), [bond], held, order=order)
        _solve(problem)
        squares = np.zeros(2)
        for field in problem.displacements.values():
            x, y = ufl.SpatialCoordinate(field.function_space.mesh)
            wanted = ufl.as_vector(exact(x, y, ufl))
            dx = ufl.dx(metadata={"quadrature_degree": 8})
            for i, difference in enumerate((field - wanted, wanted)):
                squares[i] += dolfinx.fem.assemble_scalar(dolfinx.fem.form(ufl.inner(difference, difference) * dx))
        errors.append(float(np.sqrt(squares[0] / squares[1])))
    return errors


def constant_stress_law(work: float, stress: float, rise: float) -> TabulatedLaw:
    """The adhesion of Maugis's theory: a constant stress.

    Args:
        work: J/m².
        stress: Pa.
        rise: Part of the range work/stress over which the stress is reached, and left; also the
            contact's compliance.
    """
    ends = np.array([-6 * rise, 0, rise, 1, 1 + rise, 1 + 4 * rise])
    z = np.unique(
        np.concatenate([np.linspace(a, b, n) for a, b, n in zip(ends, ends[1:], (41, 12, 41, 12, 8), strict=False)])
    )
    t = np.interp(z, ends, [-6, 0, 1, 1, 0, 0])
    energy = np.concatenate([[0], np.cumsum(0.5 * (t[1:] + t[:-1]) * np.diff(z))])
    energy -= energy[np.flatnonzero(z == 0)[0]]
    return TabulatedLaw(z * work / stress, energy * work, t * stress, np.zeros((len(z), 2)))
