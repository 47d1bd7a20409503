"""Polycrystals: grains that fill the specimen, one broken body equal to bodies joined, uniform crystals, ranks."""

import numpy as np
import pytest

from continuum.materials import LinearElastic, Polycrystalline
from continuum.mesh.file import read_file
from continuum.mesh.inspect import inspect_mesh
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.post.output import FieldWriter
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.polycrystal import Polycrystal as Specimen
from continuum.specimens.tessellation import voronoi
from coupling.elasticity import rotate_stiffness
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear
from coupling.orientations import fibre_orientations, random_orientations
from tests.continuum.specimens import curve, curve_on_two_ranks

NICKEL = np.diag([100e9] * 3 + [125e9] * 3) + np.pad(np.full((3, 3), 147e9), (0, 3))
LAW = Bilinear(work_of_separation=2.0, peak_traction=4e9, stiffness=8e19)
PULLED = (Prescribed("left", "x"), Prescribed("bottom", "y"), Prescribed("right", "x", 1.0))


def crystals(count, seed=3):
    turned = [LinearElastic(rotate_stiffness(NICKEL, g)) for g in fibre_orientations(count, seed, np.array([0, 0, 1]))]
    return Polycrystalline(tuple(turned))


def read(path, count):
    return read_mesh(path, unit=1e-9, bodies=["grains"], grains={"grains": [f"grain_{k + 1}" for k in range(count)]})


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    path = tmp_path_factory.mktemp("ten") / "ten.msh"
    Specimen(width=10, height=10, grains=10, size=1.0, seed=1).write(path)
    return path


@pytest.fixture(scope="module")
def solid(tmp_path_factory):
    path = tmp_path_factory.mktemp("solid") / "solid.msh"
    Specimen(width=3, height=3, thickness=2, grains=5, size=0.8, seed=2).write(path)
    return path


def broken(path):
    """The record of a polycrystal of ten grains that is pulled apart."""
    problem = CohesiveProblem(read(path, 10), {"grains": crystals(10)}, [Bond(None, "grains", "grains", LAW)], PULLED)
    return pull(problem, 0.7e-9, 8, growth=0.05)


# -- geometry ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("box", "number"), [((10.0, 7.0), 60), ((3.0, 4.0, 5.0), 20)])
@pytest.mark.parametrize("lloyd", [0, 3])
def test_grains_fill_the_box_and_have_no_short_edges(box, number, lloyd):
    grains = voronoi(box, number, 4, lloyd=lloyd, shortest=0.1)
    edges = {
        tuple(sorted(e)) for f in grains.faces for e in ([f] if len(f) == 2 else zip(f, (*f[1:], f[0]), strict=True))
    }
    lengths = [np.linalg.norm(grains.vertices[a] - grains.vertices[b]) for a, b in edges]
    assert min(lengths) > 0.05
    outer = [face for face in range(len(grains.faces)) if grains.side(face) is not None]
    shared = np.bincount(np.concatenate(grains.grains), minlength=len(grains.faces))
    assert all(shared[face] == (1 if face in outer else 2) for face in range(len(grains.faces)))


def test_areas_of_grains_and_sides_are_those_of_the_specimen(ten):
    found = inspect_mesh(ten)
    assert len(found.bodies) == 10
    assert sum(body.volume for body in found.bodies) == pytest.approx(100, rel=1e-12)
    assert {group.name: pytest.approx(group.area, rel=1e-12) for group in found.groups} == dict.fromkeys(
        ("left", "right", "bottom", "top"), 10
    )
    assert min(body.smallest for body in found.bodies) > 0.3


def test_volumes_of_grains_are_that_of_the_specimen(solid):
    found = inspect_mesh(solid)
    assert sum(body.volume for body in found.bodies) == pytest.approx(18, rel=1e-12)
    assert {group.name for group in found.groups} == {"left", "right", "bottom", "top", "back", "front"}
    assert sum(group.area for group in found.groups) == pytest.approx(42, rel=1e-12)


def test_lloyds_steps_make_grains_alike():
    areas = [np.std([len(its) for its in voronoi((10, 10), 200, 1, lloyd=n, shortest=0).grains]) for n in (0, 5)]
    assert areas[1] < 0.7 * areas[0]


def test_the_seed_decides(tmp_path):
    meshes = []
    for seed in (1, 1, 2):
        path = tmp_path / f"{len(meshes)}.msh"
        Specimen(width=4, height=4, grains=6, size=1, seed=seed).write(path)
        meshes.append(read_file(path).points)
    np.testing.assert_array_equal(meshes[0], meshes[1])
    assert meshes[0].shape != meshes[2].shape or not np.allclose(meshes[0], meshes[2])


# -- one broken body ---------------------------------------------------------------------------


def test_a_junction_has_a_node_for_each_grain_and_boundaries_are_all_facets_between_grains(ten):
    mesh = read(ten, 10)
    facets, pairs = mesh.grain_boundaries("grains")
    found = inspect_mesh(ten)
    assert len(facets) == sum(item.facets for item in found.interfaces)
    assert len(np.unique(pairs, axis=0)) == len(found.interfaces)
    grains = mesh.bodies["grains"]
    nodes = sum(len(np.unique(cells)) for cells in read_file(ten).cells.values())
    assert grains.mesh.topology.index_map(0).size_global == nodes
    assert set(grains.grain) == set(range(10))


@pytest.mark.parametrize(("element", "thickness"), [("quadrilateral", None), ("tetrahedron", 1.0)])
def test_two_grains_are_a_butt_joint(tmp_path, element, thickness):
    path = tmp_path / "joint.msh"
    ButtJoint(width=1, upper=2, lower=3, size=0.5, element=element, thickness=thickness).write(path)
    upper, lower = LinearElastic.isotropic(200e9, 0.3), LinearElastic.isotropic(100e9, 0.2)
    held = [Prescribed("bottom", "y"), Prescribed("left", "x"), Prescribed("top", "y", 1.0)]
    if thickness:
        held.append(Prescribed("back", "z"))
    records = []
    for grains in (None, {"grains": ["upper", "lower"]}):
        mesh = read_mesh(path, unit=1e-9, bodies=list(grains or ("upper", "lower")), grains=grains)
        materials = {"grains": Polycrystalline((upper, lower))} if grains else {"upper": upper, "lower": lower}
        sides = ("grains", "grains") if grains else ("upper", "lower")
        problem = CohesiveProblem(mesh, materials, [Bond("bond", *sides, LAW)], held)
        records.append(pull(problem, 1.2e-9, 8))
    for name in ("load", "force", "work", "broken_area"):
        expected = records[0].column(name)
        np.testing.assert_allclose(records[1].column(name), expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    assert records[0].column("broken_area")[-1] > 0.9 * (1e-18 if thickness else 1e-9)


@pytest.mark.parametrize("order", [1, 2])
def test_uniform_crystals_with_stiff_boundaries_become_one_solid(ten, order):
    steel, mesh, strain, modulus = LinearElastic.isotropic(200e9, 0.3), read(ten, 10), 1e-3, 200e9 / (1 - 0.09)
    wanted, differences = np.diag([1.0, 0, 0.3]) * modulus * strain, []
    for stiffness in (1e24, 1e25):
        stiff = Bilinear(
            work_of_separation=1e-5 * stiffness / 1e18, peak_traction=1e-13 * stiffness, stiffness=stiffness
        )
        problem = CohesiveProblem(
            mesh,
            {"grains": Polycrystalline((steel,) * 10)},
            [Bond(None, "grains", "grains", stiff)],
            PULLED,
            order=order,
        )
        last = []
        record = pull(problem, strain * 10e-9, 1, on_step=lambda step, x, last=last: last.append(x.copy()))
        writer = FieldWriter(problem)
        writer.update(last[-1])
        stress = writer.stresses["grains"].x.array.reshape(-1, 3, 3)
        off = [np.abs(stress - wanted).max(), abs(record.column("force")[-1] / 10e-9 - modulus * strain)]
        differences.append(np.array(off) / (modulus * strain))
    assert (differences[1] < 1e-4).all()
    np.testing.assert_allclose(differences[0] / differences[1], 10, rtol=0.01)  # to nothing as 1/k


def test_each_grain_has_its_own_stiffness(ten):
    mesh = read(ten, 10)
    moduli = np.linspace(1e9, 2e9, 10)
    grains = Polycrystalline(tuple(LinearElastic.isotropic(e, 0.0) for e in moduli))
    problem = CohesiveProblem(mesh, {"grains": grains}, [Bond(None, "grains", "grains", LAW)], PULLED)
    x = problem.vector()
    field = problem.displacements["grains"]
    field.interpolate(lambda at: np.array([1e-3 * at[0], 0 * at[1]]))
    x.setArray(np.append(field.x.array, 0.0))
    areas = {body.name: body.volume * 1e-18 for body in inspect_mesh(ten).bodies}
    wanted = sum(0.5 * e * 1e-6 * areas[f"grain_{k + 1}"] for k, e in enumerate(moduli))
    assert problem.energies(x).elastic == pytest.approx(wanted, rel=1e-9)


def test_a_solid_polycrystal_breaks_and_keeps_its_energy(solid):
    mesh = read_mesh(solid, unit=1e-9, bodies=["grains"], grains={"grains": [f"grain_{k + 1}" for k in range(5)]})
    turned = Polycrystalline(tuple(LinearElastic(rotate_stiffness(NICKEL, g)) for g in random_orientations(5, 1)))
    held = (*PULLED, Prescribed("back", "z"))
    record = pull(CohesiveProblem(mesh, {"grains": turned}, [Bond(None, "grains", "grains", LAW)], held), 0.5e-9, 6)
    assert record.column("force").argmax() < len(record.steps) - 1
    assert energy_balance_error(record) < 0.01


def test_ten_grains_break_and_two_ranks_find_the_same(ten, tmp_path):
    record = broken(ten)
    assert energy_balance_error(record) < 0.01
    assert record.column("force")[-1] < 0.7 * record.column("force").max()
    parallel = curve_on_two_ranks("tests.continuum.test_polycrystal", f"broken({str(ten)!r})", tmp_path)
    np.testing.assert_allclose(parallel, curve(record), rtol=1e-6, atol=1e-12)


# -- refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"grains": 1}, "polycrystal of 1 grain has no boundary"),
        ({"size": 0.0}, "size = 0.0 of a Polycrystal must be a positive length"),
        ({"seed": -1}, "seed = -1 of a Polycrystal must not be negative"),
        ({"size": 30.0}, "no larger than the shortest edge"),
        ({"element": "hexahedron"}, "kind of element"),
    ],
)
def test_impossible_polycrystals_are_refused(tmp_path, change, words):
    good = {"width": 10.0, "height": 10.0, "grains": 6, "size": 1.0, "seed": 1}
    with pytest.raises(InputError, match=words):
        Specimen(**(good | change)).write(tmp_path / "no.msh")
    assert not (tmp_path / "no.msh").exists()


def test_one_grain_and_unknown_bodies_are_refused(ten):
    with pytest.raises(InputError, match="The polycrystal 'grains' has 1 grain"):
        read_mesh(ten, unit=1e-9, bodies=["grains"], grains={"grains": ["grain_1"]})
    with pytest.raises(InputError, match="body that has grains"):
        read_mesh(ten, unit=1e-9, bodies=["grains"], grains={"gains": ["grain_1", "grain_2"]})


def test_materials_that_do_not_fit_the_grains_are_refused(ten):
    bonds = [Bond(None, "grains", "grains", LAW)]
    with pytest.raises(InputError, match="has 10 grains, and the polycrystal of its material 9"):
        CohesiveProblem(read(ten, 10), {"grains": crystals(9)}, bonds, PULLED)
    with pytest.raises(InputError, match="of one kind of material"):
        Polycrystalline(())
    tilted = [LinearElastic(rotate_stiffness(NICKEL, g)) for g in random_orientations(10, 1)]
    with pytest.raises(InputError, match="grain 1' couples the plane with shear out of it"):
        CohesiveProblem(read(ten, 10), {"grains": Polycrystalline(tuple(tilted))}, bonds, PULLED)


def test_facets_inside_a_grain_are_no_boundary(ten):
    with pytest.raises(InputError, match="boundaries of the polycrystal 'grains' do not separate two of its grains"):
        CohesiveProblem(read(ten, 10), {"grains": crystals(10)}, [Bond("left", "grains", "grains", LAW)], PULLED)
