"""Materials and kinds of analysis against closed forms."""

import errno
from types import SimpleNamespace

import numpy as np
import pytest

from continuum.fenics import MPI
from continuum.materials import CauchyBorn, LinearElastic, NeoHookean, StVenantKirchhoff
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Control, Prescribed, Traction
from continuum.post.interface_fields import interface_fields
from continuum.post.xdmf import XdmfWriter
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.specimens.butt_joint import ButtJoint
from coupling.elasticity import isotropic_stiffness
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear

YOUNG, POISSON = 70e9, 0.3
GLUE = Bilinear(1e10, 1e12, 1e18)  # so stiff that nothing opens
PLANE = [Prescribed("left", "x"), Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)]


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joint")

    def make(thickness=None):
        path = folder / f"joint-{thickness}.msh"
        ButtJoint(
            1.0, 0.5, 0.5, 0.34, thickness=thickness, element="hexahedron" if thickness else "quadrilateral"
        ).write(path)
        return read_mesh(path, unit=1.0, bodies=["upper", "lower"], comm=MPI.COMM_SELF)

    return make


def solve(problem, load=1.0):
    x = problem.vector()
    assert NewtonSolver(problem, relative=1e-12).solve(Control("load", load), x) is not None
    return x


def problem(mesh, material, held=PLANE, **options):
    bond = Bond("bond", "upper", "lower", GLUE)
    return CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, material), [bond], held, **options)


@pytest.mark.parametrize(
    ("kind", "modulus"),
    [("plane strain", YOUNG / (1 - POISSON**2)), ("plane stress", YOUNG)],
)
def test_a_bar_in_plane_strain_and_in_plane_stress(joint, kind, modulus):
    """Pulled along y, free to contract along x: stress over strain is E/(1 − ν²), or E."""
    p = problem(joint(), LinearElastic.isotropic(YOUNG, POISSON), kind=kind)
    assert p.reaction(solve(p, 1e-3)) == pytest.approx(modulus * 1e-3, rel=1e-6)


def test_a_bar_in_space(joint):
    held = [Prescribed("left", "x"), Prescribed("back", "z"), Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)]
    p = problem(joint(0.6), LinearElastic.isotropic(YOUNG, POISSON), held)
    assert p.reaction(solve(p, 1e-3)) == pytest.approx(0.6 * YOUNG * 1e-3, rel=1e-6)


def test_lames_cylinder_under_inner_pressure(tmp_path):
    """Axisymmetric tube, plane strain along its axis, second order: radial displacement of Lamé."""
    import meshio

    path = tmp_path / "tube.msh"
    ButtJoint(1.0, 0.25, 0.25, 0.125, order=2).write(path)
    mesh = meshio.read(path)
    mesh.points[:, 0] += 1.0  # inner radius 1, outer 2
    meshio.write(path, mesh, file_format="gmsh22", binary=False)
    specimen = read_mesh(path, unit=1.0, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    pressure, a, b = 1e6, 1.0, 2.0
    p = problem(
        specimen,
        LinearElastic.isotropic(YOUNG, POISSON),
        [Prescribed("top", "y"), Prescribed("bottom", "y")],
        tractions=[Traction("left", "pressure", pressure)],
        kind="axisymmetric",
        order=2,
    )
    x = solve(p)
    p.update(x)
    field = p.displacements["upper"]
    radius = field.function_space.tabulate_dof_coordinates()[:, 0]
    factor = (1 + POISSON) / YOUNG * pressure * a**2 / (b**2 - a**2)
    wanted = factor * ((1 - 2 * POISSON) * radius + b**2 / radius)
    np.testing.assert_allclose(field.x.array.reshape(-1, 2)[:, 0], wanted, rtol=2e-4)
    # the work of the pressure is twice the stored energy (Clapeyron), on a whole revolution
    assert p.displaced(x) == pytest.approx(2 * p.energies(x).elastic, rel=1e-6)
    assert p.displaced(x) == pytest.approx(
        2 * np.pi * a * 0.5 * pressure * factor * ((1 - 2 * POISSON) * a + b**2 / a), rel=2e-4
    )


def test_held_bar_under_thermal_strain(joint):
    """Between fixed ends: σ_yy = −E α ΔT/(1 − ν) in plane strain; free: no energy."""
    hot = LinearElastic.isotropic(YOUNG, POISSON).heated(2e-5, 50.0)
    p = problem(joint(), hot)
    x = solve(p, 0.0)
    assert p.reaction(x) == pytest.approx(-YOUNG * 2e-5 * 50.0 / (1 - POISSON), rel=1e-6)
    held = [Prescribed("left", "x"), Prescribed("bottom", "y"), Prescribed("back", "z"), Prescribed("right", "x", 1.0)]
    free = problem(joint(0.6), hot, held)
    assert abs(free.energies(solve(free, 2e-5 * 50.0)).elastic) < 1e-10 * YOUNG * (2e-5 * 50) ** 2


def test_neo_hookean_bar_follows_its_closed_form(joint):
    """Plane strain, free sides: stretch λ and the width's w minimise W, so P = ∂W/∂λ."""
    p = problem(joint(), NeoHookean(YOUNG, POISSON))
    stretch = 0.2
    from scipy.optimize import minimize_scalar

    lame, shear = isotropic_stiffness(YOUNG, POISSON)[0, 1], YOUNG / 2 / (1 + POISSON)

    def energy(length, width):
        log = np.log(length * width)
        return 0.5 * shear * (length**2 + width**2 + 1 - 3 - 2 * log) + 0.5 * lame * log**2

    best = minimize_scalar(
        lambda w: energy(1 + stretch, w) / YOUNG, bounds=(0.5, 1.2), method="bounded", options={"xatol": 1e-12}
    )
    wanted = (energy(1 + stretch + 1e-6, best.x) - energy(1 + stretch - 1e-6, best.x)) / 2e-6
    assert p.reaction(solve(p, stretch)) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("material", ["st-venant", "neo-hooke", "cauchy-born"])
def test_a_turned_body_has_no_stress(joint, material):
    third = np.zeros((6, 6, 6))
    third[:3, :3, :3] = -1e11
    solid = {
        "st-venant": StVenantKirchhoff(isotropic_stiffness(YOUNG, POISSON)),
        "neo-hooke": NeoHookean(YOUNG, POISSON),
        "cauchy-born": CauchyBorn(isotropic_stiffness(YOUNG, POISSON), third),
    }[material]
    angle = 0.3
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) - np.eye(2)
    held = [Prescribed(g, c, lambda p, i=i: (p @ turn.T)[:, i]) for g in ("top", "bottom") for i, c in enumerate("xy")]
    p = problem(joint(), solid, held)
    x = p.vector()
    solver = NewtonSolver(p)
    for load in (0.25, 0.5, 0.75, 1.0):
        assert solver.solve(Control("load", load), x) is not None
    assert p.energies(x).elastic < 1e-10 * YOUNG


def test_cauchy_born_softens_as_its_third_order_constants_say(joint):
    third = np.zeros((6, 6, 6))
    third[1, 1, 1] = -8e11
    held = [*PLANE, Prescribed("right", "x")]
    p = problem(joint(), CauchyBorn(isotropic_stiffness(YOUNG, POISSON), third), held)
    e = 0.02
    green, stretch = e + e**2 / 2, 1 + e
    c22 = isotropic_stiffness(YOUNG, POISSON)[1, 1]
    assert p.reaction(solve(p, e)) == pytest.approx(stretch * (c22 * green - 8e11 * green**2 / 2), rel=1e-6)


def test_cauchy_born_turns_with_the_crystal():
    rng = np.random.default_rng(1)
    third = rng.standard_normal((6, 6, 6))
    third = sum(third.transpose(p) for p in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))) * 1e9
    angle = 0.7
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    solid = CauchyBorn(isotropic_stiffness(YOUNG, POISSON), third)
    strain = rng.standard_normal((3, 3))
    strain = 0.01 * (strain + strain.T)

    def cubic(material, tensor):
        e = np.array([tensor[i, j] * (1 if i == j else 2) for i, j in ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))])
        return np.einsum("ijk,i,j,k", material.third_voigt, e, e, e)

    assert cubic(solid.rotated(turn), turn @ strain @ turn.T) == pytest.approx(cubic(solid, strain), rel=1e-10)


def test_stress_of_the_output_is_the_true_stress(joint, tmp_path):
    p = problem(joint(), NeoHookean(YOUNG, POISSON), [*PLANE, Prescribed("right", "x")])
    x = solve(p, 0.1)
    fields = XdmfWriter(p, tmp_path)
    fields.write(x, 1.0, interface_fields(p, x))
    stress = fields.snapshot(x)["upper"].stress
    np.testing.assert_allclose(stress[:, 1, 1], p.reaction(x), rtol=1e-6)  # the width stays 1
    assert (tmp_path / "upper.xdmf").is_file()


def test_fields_stop_before_a_disk_is_full(joint, tmp_path, monkeypatch):
    """HDF5 printed pages and ended the process when it could not close its file."""
    p = problem(joint(), NeoHookean(YOUNG, POISSON), [*PLANE, Prescribed("right", "x")])
    fields, x = XdmfWriter(p, tmp_path), p.vector()
    fields.write(x, 1.0, ())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr("continuum.post.output.shutil.disk_usage", lambda folder: SimpleNamespace(free=4096))
    with pytest.raises(OSError, match="No space left") as caught:
        fields.write(x, 2.0, ())
    assert caught.value.errno == errno.ENOSPC
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda j: problem(j(), NeoHookean(YOUNG, POISSON), kind="plane stress"),
            "NeoHookean has no plane-stress form",
        ),
        (
            lambda j: problem(j(), LinearElastic.isotropic(YOUNG, POISSON), kind="shell"),
            "Unknown kind of analysis 'shell'",
        ),
        (
            lambda j: problem(j(0.6), LinearElastic.isotropic(YOUNG, POISSON), kind="plane strain"),
            "dimension 3 does not fit",
        ),
        (
            lambda j: problem(j(), LinearElastic.isotropic(YOUNG, POISSON), order=3),
            "order 3 is not offered; valid: 1, 2",
        ),
        (lambda j: LinearElastic.isotropic(-1.0, 0.3), "Young's modulus -1.0"),
        (lambda j: LinearElastic.isotropic(1.0, 0.5), "Poisson's ratio 0.5"),
        (lambda j: LinearElastic(-isotropic_stiffness(1.0, 0.3)), "not positive definite"),
        (lambda j: CauchyBorn(isotropic_stiffness(1.0, 0.3), np.zeros((6, 6))), "third-order constants must be"),
    ],
)
def test_bad_materials_and_kinds_are_refused(joint, make, message):
    with pytest.raises(InputError, match=message):
        make(joint)


def test_a_grain_that_couples_the_plane_with_shear_out_of_it_is_refused(joint):
    cubic = np.diag([45e9] * 3 + [120e9] * 3)
    cubic[:3, :3] += 160e9
    tilt = np.array([[1.0, 0, 0], [0, 0.28, 0.96], [0, -0.96, 0.28]])
    with pytest.raises(InputError, match="couples the plane with shear out of it"):
        problem(joint(), LinearElastic(cubic).rotated(tilt))
