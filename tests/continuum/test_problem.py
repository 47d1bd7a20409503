import gc
import weakref

import numpy as np
import pytest

from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Control, Prescribed
from continuum.post.fracture import released_energy_per_area
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.elasticity import grain_rotation, rotate_stiffness
from coupling.errors import InputError
from tests.continuum.specimens import curve, curve_on_two_ranks, two_blocks, uber_law

CUBIC = np.diag([124e9 if i > 2 else 99e9 for i in range(6)]).astype(float)
CUBIC[:3, :3] += 183e9
GRAIN = LinearElastic(CUBIC).rotated(grain_rotation([1, 1, -2], [1, 1, 1]))


@pytest.fixture
def blocks(tmp_path):
    path = two_blocks(tmp_path / "blocks.msh")
    return lambda bodies=("bottom", "top"): read_mesh(path, unit=1e-8, bodies=list(bodies))


def stretched(mesh, order=1, plus="top", minus="bottom", law=None):
    law = law or uber_law(3.9, 0.5e-10, shear=0.3)
    prescribed = [
        Prescribed("low", "y"),
        Prescribed("high", "y", 1.0),
        Prescribed("left", "x"),
        Prescribed("right", "x"),
    ]
    return CohesiveProblem(
        mesh, {n: GRAIN for n in mesh.bodies}, [Bond("bond", plus, minus, law)], prescribed, order=order
    )


def test_rotation_keeps_isotropy_and_composes():
    isotropic = LinearElastic.isotropic(200e9, 0.3)
    rotation = grain_rotation([1, 2, 2], [2, 1, -2])
    np.testing.assert_allclose(isotropic.rotated(rotation).stiffness_voigt, isotropic.stiffness_voigt, atol=1e-3)
    back = rotate_stiffness(rotate_stiffness(CUBIC, rotation), rotation.T)
    np.testing.assert_allclose(back, CUBIC, atol=1e-3)
    assert isotropic.plane_strain_modulus_x == pytest.approx(200e9 / (1 - 0.3**2), rel=1e-12)
    # Hooke along <111> of a cubic crystal: C'_yy = (C11 + 2 C12 + 4 C44)/3
    assert GRAIN.stiffness_voigt[1, 1] == pytest.approx((282 + 2 * 183 + 4 * 124) * 1e9 / 3, rel=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_patch_two_blocks_stretch_uniformly_on_an_irregular_mesh(blocks, order):
    """In series: load = σ/C_yy·height + opening(σ), the same stress in bodies and interface."""
    problem = stretched(blocks(), order)
    x, load = problem.vector(), 1.2e-10
    assert NewtonSolver(problem, relative=1e-13).solve(Control("load", load), x) is not None
    law, stiffness = problem.bonds[0].law, GRAIN.stiffness_voigt[1, 1] / 1e-8
    opening = 0.0
    for _ in range(50):  # Newton on the scalar series problem
        _, traction, slope = law.normal(opening)
        opening -= (traction - stiffness * (load - opening)) / (slope + stiffness)
    problem.update(x)
    np.testing.assert_allclose(problem.interfaces[0].flat_jump(problem.displacements)[:, 0], opening, rtol=1e-9)
    assert problem.reaction(x) == pytest.approx(float(law.normal(opening)[1]) * 1e-8, rel=1e-9)


@pytest.mark.parametrize("linear", ["direct", "iterative"])
def test_a_solver_is_released_with_its_communicators(blocks, linear):
    """MPI gives a process two thousand communicators; a sweep of solves that kept theirs would be killed."""
    gone = []
    for _ in range(2):
        problem = stretched(blocks())
        solver = NewtonSolver(problem, linear=linear)
        assert solver.solve(Control("load", 1e-10), problem.vector()) is not None
        gone += [weakref.ref(problem), weakref.ref(solver)]
        del problem, solver
    gc.collect()
    assert [one() for one in gone] == [None] * 4


def test_tangent_is_the_derivative_of_the_residual(blocks):
    problem = stretched(blocks())
    rng = np.random.default_rng(1)
    x = problem.vector()
    x.setArray(0.3e-10 * rng.standard_normal(x.getLocalSize()))
    direction = x.duplicate()
    direction.setArray(0.1e-10 * rng.standard_normal(x.getLocalSize()))
    problem.prescribe(0.2e-10, x)
    problem.prescribe(-0.1e-10, direction)
    for control in (Control("load", 1e-11), Control("opening", 1e-10)):
        problem.control = control
        base, moved, linear = (problem.force.duplicate() for _ in range(3))
        problem.residual(None, x, base)
        problem.linearise(None, x)
        problem.tangent.mult(None, direction, linear)
        remainders = []
        for step in (1e-2, 5e-3, 2.5e-3):
            problem.residual(None, x + step * direction, moved)
            remainders.append((moved - base - step * linear).norm())
        slopes = np.diff(np.log(remainders)) / np.log(0.5)
        assert slopes.min() > 1.8, (control, remainders)


def test_swapping_the_sides_changes_nothing(blocks):
    curves = []
    for plus, minus in (("top", "bottom"), ("bottom", "top")):
        record = pull(stretched(blocks(), plus=plus, minus=minus), 1.5e-10, 4)
        curves.append([(s.load, s.force) for s in record.steps])
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-9)


def test_bar_snaps_back_and_gives_back_the_work_of_separation(blocks):
    """Thin interface in a compliant bar: the load turns back, and every joule is accounted for."""
    law = uber_law(3.9, 0.5e-10)
    record = pull(stretched(blocks(), law=law), 20e-10, 60)
    assert np.diff(record.column("load")).min() < 0  # it snapped back
    assert record.column("force").max() == pytest.approx(law.peak_traction * 1e-8, rel=2e-3)
    last = record.steps[-1]
    assert last.energies.dissipated == pytest.approx(law.work_of_separation * 1e-8, rel=1e-6)
    assert last.energies.elastic < 1e-6 * last.work
    assert energy_balance_error(record) < 5e-3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m: CohesiveProblem(m, {"top": GRAIN}, [], [Prescribed("high", "y", 1)]), "No material.*bottom"),
        (lambda m: stretched(m, plus="tip"), "Unknown body 'tip'.*Did you mean 'top'"),
        (
            lambda m: CohesiveProblem(m, {n: GRAIN for n in m.bodies}, [], [Prescribed("hihg", "y", 1)]),
            "Did you mean 'high'",
        ),
        (lambda m: CohesiveProblem(m, {n: GRAIN for n in m.bodies}, [], [Prescribed("high", "z", 1)]), "component 'z'"),
        (lambda m: CohesiveProblem(m, {n: GRAIN for n in m.bodies}, [], [Prescribed("high", "y")]), "No load"),
        (
            lambda m: CohesiveProblem(
                m,
                {n: GRAIN for n in m.bodies},
                [Bond("low", "top", "bottom", uber_law(1, 1e-10))],
                [Prescribed("high", "y", 1)],
            ),
            "do not separate",
        ),
    ],
)
def test_bad_problems_are_refused(blocks, make, message):
    with pytest.raises(InputError, match=message):
        make(blocks())


def test_bad_meshes_and_materials_are_refused(blocks, tmp_path):
    with pytest.raises(InputError, match="'middle'.*valid: bottom, top"):
        blocks(("bottom", "middle"))
    with pytest.raises(InputError, match="does not exist"):
        read_mesh(tmp_path / "none.msh", unit=1.0, bodies=["a"])
    (tmp_path / "broken.msh").write_text("$MeshFormat\n4.1 0 8\n$EndMeshFormat\n$Nodes\nfoo\n")
    with pytest.raises(InputError, match="cut short"):
        read_mesh(tmp_path / "broken.msh", unit=1.0, bodies=["a"])
    with pytest.raises(InputError, match="not positive definite"):
        LinearElastic(np.diag([1.0, 1, 1, 1, 1, -1]))
    with pytest.raises(InputError, match="not perpendicular"):
        grain_rotation([1, 0, 0], [1, 1, 0])


def dcb_record(path):
    """A weak bond between aluminium arms: zone of about 5 mm, elements of 0.5 mm."""
    law = uber_law(100.0, 2e-6)
    aluminium = LinearElastic.isotropic(70e9, 0.3)
    mesh = read_mesh(path, unit=1e-3, bodies=["upper", "lower"])
    prescribed = [Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)]
    problem = CohesiveProblem(
        mesh, dict.fromkeys(mesh.bodies, aluminium), [Bond("bond", "upper", "lower", law)], prescribed
    )
    zone = 70e9 * law.work_of_separation / law.peak_traction**2
    return law, zone, pull(problem, 1e-3, 20, stop=lambda r: r.steps[-1].broken_area > 0.03)


@pytest.fixture(scope="module")
def dcb(tmp_path_factory):
    path = tmp_path_factory.mktemp("dcb") / "dcb.msh"
    DoubleCantileverBeam(length=200, arm=10, crack=60, growth=60, fine=0.5, coarse=2.5).write(path)
    return path


def test_dcb_energy_balance_gives_back_the_work_of_separation(dcb):
    law, _zone, record = dcb_record(dcb)
    assert energy_balance_error(record) < 2e-3
    assert released_energy_per_area(record) == pytest.approx(law.work_of_separation, rel=0.01)


def test_two_ranks_give_the_same_curve(dcb, tmp_path):
    _, _, record = dcb_record(dcb)
    parallel = curve_on_two_ranks("tests.continuum.test_problem", f"dcb_record({str(dcb)!r})[2]", tmp_path)
    np.testing.assert_allclose(parallel, curve(record), rtol=1e-6, atol=1e-12)
