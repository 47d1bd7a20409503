"""The ledger of a cohesive problem: what it refuses, and that its J/m² are those that the elements then find."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from continuum.cohesive.surface import averaged
from continuum.fenics import MPI, PETSc, dolfinx
from continuum.materials import LinearElastic, StVenantKirchhoff
from continuum.mesh.specimen_mesh import Body, read_mesh
from continuum.model import Bond, Control, Prescribed, Traction
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.grid import write_grid
from coupling.elasticity import grain_rotation, rotate_stiffness
from coupling.errors import DoubleCounted, InputError, Uncounted
from coupling.laws.bilinear import Bilinear
from coupling.laws.count import BulkSide, Count
from coupling.laws.xu_needleman import XuNeedleman

NM = 1e-9
CUBIC = np.diag([124e9 if i > 2 else 99e9 for i in range(6)]).astype(float)
CUBIC[:3, :3] += 183e9
GRAIN = LinearElastic(CUBIC).rotated(grain_rotation([1, 1, -2], [1, 1, 1]))  # its mirror plane is the mesh's
FRAME = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])  # tangential 1, 2 and normal of an interface normal to y
C33 = float(GRAIN.stiffness_voigt[1, 1])
SPACING, LAYERS = 0.2 * NM, 5.0
RISE = Bilinear(4.0, 30e9, 1e21)
"""A law that is linear up to its peak."""
PART = 0.5
"""Of the peak traction, where energies are compared: they go with its square."""


def side(**changes) -> BulkSide:
    given = {
        "material": "Ni fcc", "fingerprint": "", "stiffness_voigt": rotate_stiffness(GRAIN.stiffness_voigt, FRAME),
        "spacing": SPACING, "layers": LAYERS, "strain": np.zeros(3), "energy_at_peak": 0.0,
    }  # fmt: skip
    return BulkSide(**(given | changes))


COUNT = Count("bulk", side(), side())
LAW = RISE.counted(COUNT)


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("joints")

    def make(upper=8.0, lower=8.0, thickness=None, comm=MPI.COMM_SELF):
        path = folder / f"joint-{upper}-{lower}-{thickness}.msh"
        if not path.exists():
            element = "hexahedron" if thickness else "quadrilateral"
            ButtJoint(2.0, upper, lower, 4.0, thickness=thickness, element=element).write(path)
        return read_mesh(path, unit=NM, bodies=["upper", "lower"], comm=comm)

    return make


def sides_held(mesh):
    return [Prescribed(group, component) for group, component in
            (("left", "x"), ("right", "x"), ("bottom", "y"), *((("back", "z"), ("front", "z")) if mesh.dimension == 3 else ()))]  # fmt: skip


def column(mesh, law=LAW, materials=None, **options):
    """The joint as a column that does not contract, under a traction of the law's peak a unit of load."""
    bond = Bond(
        "bond", "upper", "lower", law, **{key: options.pop(key) for key in ("spacing", "misfit") if key in options}
    )
    given = {"upper": GRAIN, "lower": GRAIN} | (materials or {})
    return CohesiveProblem(
        mesh, given, [bond], sides_held(mesh), tractions=[Traction("top", "y", law.peak_traction)], **options
    )


def solved(problem, load=PART):
    x = problem.vector()
    assert NewtonSolver(problem, relative=1e-12).solve(Control("load", load), x) is not None
    return x


def energy_per_area(problem, load=PART):
    """All energy at a load, J/m²."""
    return problem.energies(solved(problem, load)).total / problem.interface_area


def error_of(problem, kind):
    found = [v for v in problem.counting.verdicts if v.kind == kind]
    assert len(found) == 1, problem.counting.verdicts
    return found[0]


# -- the J/m² of the verdicts are those of the elements --------------------------------------


def test_a_spacing_meshed_too_adds_the_energy_that_the_ledger_says(joint):
    """The same column with and without the 0.2 nm that the law owns."""
    with pytest.raises(
        DoubleCounted, match="owns the closed spacing .0.2 nm. and the mesh of 'upper' and 'lower' holds it too"
    ):
        column(joint())
    wrong, right = column(joint(), counting="reported"), column(joint(7.9, 7.9), spacing="left out")
    assert right.counting.errors == ()
    added = energy_per_area(wrong) - energy_per_area(right)
    assert error_of(wrong, "double counted").size * PART**2 == pytest.approx(added, rel=1e-8)


def test_a_spacing_that_nobody_has_lacks_the_energy_that_the_ledger_says(joint):
    law = replace(RISE, gap="in bulk").counted(COUNT)
    with pytest.raises(Uncounted, match="the mesh leaves it out"):
        column(joint(7.9, 7.9), law, spacing="left out")
    wrong, right = column(joint(7.9, 7.9), law, spacing="left out", counting="reported"), column(joint(), law)
    assert right.counting.errors == ()
    lacking = energy_per_area(right) - energy_per_area(wrong)
    assert error_of(wrong, "uncounted").size * PART**2 == pytest.approx(lacking, rel=1e-8)


def test_a_naive_law_has_the_energy_of_its_layers_beside_the_bodies(joint):
    """The naive law is the law in series with its slab's layers: 1/K' = 1/K + 10 d/C33."""
    naive = Bilinear(4.0, 30e9, 1 / (1 / RISE.stiffness + 2 * LAYERS * SPACING / C33)).counted(
        Count("nothing", side(), side())
    )
    with pytest.raises(DoubleCounted, match="5 layers of Ni fcc.*'upper'.*5 layers of Ni fcc.*'lower'"):
        column(joint(), naive, spacing="left out")
    wrong, right = (column(joint(), law, spacing="left out", counting="reported") for law in (naive, LAW))
    added = energy_per_area(wrong) - energy_per_area(right)
    assert sum(v.size for v in wrong.counting.errors) * PART**2 == pytest.approx(added, rel=1e-8)


def test_another_stiffness_is_off_by_what_the_ledger_says(joint):
    """A body that is just the five layers: its energy less the one that was taken away."""
    soft = LinearElastic(0.7 * GRAIN.stiffness_voigt)
    problem = column(joint(LAYERS * SPACING / NM, 8.0), materials={"upper": soft}, spacing="left out")
    said = next(v for v in problem.counting.verdicts if v.kind == "mismatch" and "C33" in v.message)
    x = solved(problem)
    has = problem.energies(x).bodies["upper"] / problem.interface_area
    taken = side().elastic_energy(PART * LAW.peak_traction)
    assert said.body == "upper" and said.size * PART**2 == pytest.approx(has - taken, rel=1e-8)


STRAIN = np.array([0.012, -0.007, 0.0])  # xx along the mesh's x, yy along −z


def test_a_misfit_has_the_energy_that_the_ledger_says(joint):
    """At rest, the film's body with the opposite stress-free strain; along cube axes, where no shear of the column is held."""
    cube = LinearElastic(CUBIC)
    sides = side(strain=STRAIN, stiffness_voigt=CUBIC), side(stiffness_voigt=CUBIC)
    film, bulk = RISE.counted(Count("bulk", *sides)), {"upper": cube, "lower": cube}
    with pytest.raises(Uncounted, match=r"strained by \(0.012, -0.007, 0\).*'upper' does not carry"):
        column(joint(), film, bulk, spacing="left out")
    without = column(joint(), film, bulk, spacing="left out", counting="reported")
    assert column(joint(), film, bulk, spacing="left out", misfit="relaxed").counting.errors == ()
    eigen = LinearElastic(CUBIC, np.array([-STRAIN[0], 0, -STRAIN[1], 0, 0, 0]))
    right = column(joint(), film, {"upper": eigen, "lower": cube}, spacing="left out")
    assert right.counting.errors == ()
    at_rest = [energy_per_area(problem, 0.0) for problem in (right, without)]
    assert at_rest[1] == pytest.approx(0.0, abs=1e-12)
    assert error_of(without, "uncounted").size == pytest.approx(at_rest[0], rel=1e-8)


def test_what_is_neglected_is_printed_with_its_share(joint):
    problem = column(joint(), negligible=0.02)
    assert problem.counting.errors == ()
    share = error_of(problem, "neglected").size / (16 * NM * LAW.peak_traction**2 / (2 * C33))
    assert (
        share == pytest.approx(SPACING / (16 * NM), rel=1e-9)
        and "1.25 % of what" in error_of(problem, "neglected").message
    )
    with pytest.raises(InputError, match="negligible = 1.5"):
        column(joint(), negligible=1.5)
    with pytest.raises(InputError, match="'loose'.*valid: reported, strict"):
        column(joint(), counting="loose")


# -- the table -----------------------------------------------------------------------------


@pytest.mark.parametrize("thickness", [None, 2.0])
def test_rows_have_the_energies_that_the_solver_found(joint, thickness):
    """The slab has the law's energy and that of the layers under the present traction, which are taken away again."""
    problem = column(joint(thickness=thickness), spacing="left out")
    x = solved(problem)
    rows, energies = (
        {(row.region, row.counting_number): row.energy for row in problem.ledger_rows(x)},
        problem.energies(x),
    )
    layers = side().elastic_energy(PART * LAW.peak_traction) * problem.interface_area
    assert rows["bulk upper at bond", -1] == pytest.approx(-layers, rel=1e-8)
    assert rows["slab of bond", 1] == pytest.approx(energies.interfaces["bond"].total + 2 * layers, rel=1e-8)
    assert rows["body lower", 1] == energies.bodies["lower"]
    assert sum(rows.values()) == pytest.approx(energies.total, rel=1e-12)


def test_energies_of_two_interfaces_stand_apart(tmp_path):
    path, x = tmp_path / "stack.msh", (0.0, 2.0)
    bodies = {"low": (x, (0.0, 4.0)), "middle": (x, (4.0, 8.0)), "high": (x, (8.0, 12.0))}
    lines = {"weak": (x, (4.0, 4.0)), "strong": (x, (8.0, 8.0)), "bottom": (x, (0.0, 0.0)), "top": (x, (12.0, 12.0))}
    write_grid(path, [np.array([0.0, 1, 2]), np.arange(0.0, 13.0, 2.0)], bodies, lines, element="quadrilateral")
    mesh = read_mesh(path, unit=NM, bodies=list(bodies), comm=MPI.COMM_SELF)
    weak, strong = XuNeedleman(1.0, 0.05 * NM, 0.1 * NM), XuNeedleman(4.0, 0.05 * NM, 0.1 * NM)
    bonds = [Bond("weak", "middle", "low", weak), Bond("strong", "high", "middle", strong)]
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "x"), Prescribed("top", "y", 1.0)]
    problem = CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, GRAIN), bonds, held)
    last = {}
    record = pull(problem, 3 * NM, 20, on_step=lambda step, x: last.update(x=x))
    energies = record.steps[-1].energies
    assert energies.interfaces["weak"].dissipated == pytest.approx(1.0 * 2 * NM, rel=1e-6)
    assert (
        0 < energies.interfaces["strong"].dissipated < 1e-3 * energies.interfaces["weak"].dissipated
    )  # damaged a little by its peak
    assert energies.dissipated == sum(one.dissipated for one in energies.interfaces.values())
    rows = {row.region: row.energy for row in problem.ledger_rows(last["x"])}
    assert rows["interface weak"] == pytest.approx(energies.interfaces["weak"].total, rel=1e-9)
    assert sum(rows.values()) == pytest.approx(energies.total, rel=1e-9)


# -- what two have, names, frames ----------------------------------------------------------


def test_facets_of_two_bonds_are_refused_also_where_one_has_no_group(joint):
    mesh = joint()
    for group in (None, "glue"):
        both = replace(mesh, facets=mesh.facets | {"glue": mesh.facets["bond"][:1]})
        bonds = [Bond("bond", "upper", "lower", RISE), Bond(group, "upper", "lower", RISE)]
        with pytest.raises(DoubleCounted, match="'bond' and .* have 1 facets in common, on which up to 4 J/m²"):
            CohesiveProblem(both, dict.fromkeys(mesh.bodies, GRAIN), bonds, [Prescribed("top", "y", 1.0)])
    with pytest.raises(DoubleCounted, match="2 interfaces are called 'bond'"):
        CohesiveProblem(
            mesh, dict.fromkeys(mesh.bodies, GRAIN), [Bond("bond", "upper", "lower", RISE)] * 2, [Prescribed("top", "y", 1.0)],
            counting="reported",
        )  # fmt: skip


def overlapping(mesh):
    """The mesh with an upper cell in the lower body, too."""
    cells = np.append(mesh.bodies["lower"].parent_cells, mesh.bodies["upper"].parent_cells[:1]).astype(np.int32)
    submesh, entity_map, _, _ = dolfinx.mesh.create_submesh(mesh.mesh, mesh.dimension, np.sort(cells))
    own = np.arange(submesh.topology.index_map(mesh.dimension).size_local, dtype=np.int32)
    lower = Body("lower", submesh, entity_map.sub_topology_to_topology(own, False))
    return replace(mesh, bodies=mesh.bodies | {"lower": lower})


def test_cells_of_two_bodies_are_refused(joint):
    with pytest.raises(DoubleCounted, match="'upper' and 'lower' have 1 cells in common"):
        column(overlapping(joint()))


def test_a_body_called_as_an_interface_is_refused(joint):
    mesh = joint()
    renamed = replace(mesh, facets=mesh.facets | {"upper": mesh.facets["bond"]})
    with pytest.raises(DoubleCounted, match="2 bodies or interfaces are called 'upper'"):
        CohesiveProblem(
            renamed,
            dict.fromkeys(mesh.bodies, GRAIN),
            [Bond("upper", "upper", "lower", RISE)],
            [Prescribed("top", "y", 1.0)],
        )


def test_nothing_is_solved_before_the_ledger_is_made(joint):
    PETSc.Log.begin()
    solves = lambda: PETSc.Log.Event("SNESSolve").getPerfInfo()["count"]  # noqa: E731
    before = solves()
    with pytest.raises(DoubleCounted):
        column(joint())
    assert solves() == before
    solved(column(joint(), spacing="left out"))
    assert solves() > before  # the counter counts


def curved(tmp_path, height):
    """The joint bent into an arc that rises by `height` over its width of 20."""
    import meshio

    path = tmp_path / f"arc-{height}.msh"
    ButtJoint(20.0, 40.0, 40.0, 2.0).write(path)
    source = meshio.read(path)
    x = source.points[:, 0] / 20.0
    source.points[:, 1] += 4 * height * x * (1 - x) * (1 - np.abs(source.points[:, 1]) / 40.0)
    meshio.write(path, source, file_format="gmsh22", binary=False)
    return read_mesh(path, unit=NM, bodies=["upper", "lower"], comm=MPI.COMM_SELF)


def test_curved_interfaces_are_counted_but_not_compared(tmp_path):
    """The slope is 4 h/L at the ends: 8.5° and 14° for h = 0.75 and 1.25 of L = 20."""
    other = {"upper": LinearElastic(0.5 * GRAIN.stiffness_voigt)}
    flat, bent = (column(curved(tmp_path, height), materials=other, spacing="left out") for height in (0.75, 1.25))
    assert "mismatch" in [v.kind for v in flat.counting.verdicts] and "mismatch" not in [
        v.kind for v in bent.counting.verdicts
    ]
    assert "curved" in error_of(bent, "not compared").message
    naive = RISE.counted(Count("nothing", side(), side()))
    with pytest.raises(DoubleCounted, match="Nothing was taken away"):
        column(curved(tmp_path, 1.25), naive, spacing="left out")
    assert "neglected" in [v.kind for v in column(curved(tmp_path, 1.25)).counting.verdicts]  # 0.2 nm of 80


def test_a_surface_that_closes_on_itself_has_no_frame():
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    normal = np.column_stack([np.cos(angle), np.sin(angle)])
    first = np.column_stack([normal[:, 1], -normal[:, 0]])
    frame = np.stack([normal, first, 0 * first], axis=1)[:, None]
    assert averaged(MPI.COMM_SELF, frame, np.ones((12, 1)))[1] == pytest.approx(np.pi)
    half, spread = averaged(MPI.COMM_SELF, frame[:3], np.ones((3, 1)))
    np.testing.assert_allclose(half[2, :2], normal[1], atol=1e-12)
    np.testing.assert_allclose(half @ half.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(half) == pytest.approx(1) and spread == pytest.approx(np.pi / 6)


def test_the_frame_of_an_inclined_interface_is_its_own(joint):
    """The whole joint turned by 30°: the same verdicts from a stiffness and a misfit turned with it."""
    angle = np.pi / 6
    turn = np.array(
        [[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )  # rows: joint's axes in the mesh
    mesh = joint()
    for geometry in (mesh.mesh.geometry, *(body.mesh.geometry for body in mesh.bodies.values())):
        geometry.x[:] = geometry.x @ turn
    film = RISE.counted(Count("bulk", side(strain=STRAIN), side()))
    upper = LinearElastic(GRAIN.stiffness_voigt, np.array([-STRAIN[0], 0, -STRAIN[1], 0, 0, 0])).rotated(turn.T)
    bond = Bond("bond", "upper", "lower", film, spacing="left out")
    given = {"upper": upper, "lower": GRAIN.rotated(turn.T)}
    problem = CohesiveProblem(mesh, given, [bond], [Prescribed("top", "y", 1.0)])
    assert [v.kind for v in problem.counting.verdicts if v.kind != "not linear"] == []
    with pytest.raises(Uncounted, match="strained"):
        CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, GRAIN), [bond], [Prescribed("top", "y", 1.0)])


def test_a_body_of_finite_strain_is_compared_at_rest(joint):
    finite = StVenantKirchhoff(0.9 * GRAIN.stiffness_voigt)
    problem = column(joint(), materials={"upper": finite}, spacing="left out")
    assert {v.body for v in problem.counting.verdicts if v.kind == "mismatch"} == {"upper"}


def test_a_foundation_lacks_half_of_a_spacing_left_to_the_bulk(joint):
    """A wall in the place of the lower body."""
    law = replace(RISE, gap="in bulk").counted(COUNT)
    held = [Prescribed("left", "x"), Prescribed("top", "y", 1.0)]
    mesh = joint()
    with pytest.raises(Uncounted, match="half of the closed spacing .0.1 nm..*there is no elastic body"):
        CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, GRAIN), [Bond("bottom", "lower", None, law)], held)
    in_law = Bond("bottom", "lower", None, LAW, spacing="left out")
    assert CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, GRAIN), [in_law], held).counting.errors == ()


def test_unknown_words_of_a_bond_are_refused():
    with pytest.raises(InputError, match="'left'.*Did you mean 'left out'"):
        Bond("bond", "upper", "lower", RISE, spacing="left")
    with pytest.raises(InputError, match="'relax'.*Did you mean 'relaxed'"):
        Bond("bond", "upper", "lower", RISE, misfit="relax")


def verdicts_of(path):
    """What two ranks and one must agree on."""
    mesh = read_mesh(path, unit=NM, bodies=["upper", "lower"])
    naive = RISE.counted(Count("nothing", side(strain=STRAIN), side(layers=2.5)))
    problem = column(mesh, naive, materials={"upper": LinearElastic(0.7 * GRAIN.stiffness_voigt)}, counting="reported")
    x = solved(problem)
    return [v.message for v in problem.counting.verdicts], [row.energy for row in problem.ledger_rows(x)]


def test_two_ranks_agree_with_one(tmp_path):
    path, script = tmp_path / "joint.msh", tmp_path / "parallel.py"
    ButtJoint(2.0, 8.0, 8.0, 0.5).write(path)
    script.write_text(
        "import json, sys\nfrom continuum.fenics import MPI\nfrom tests.continuum.test_counting import verdicts_of\n"
        f"found = MPI.COMM_WORLD.allgather(verdicts_of({str(path)!r}))\n"
        "if MPI.COMM_WORLD.rank == 0:\n    json.dump(found, open(sys.argv[1], 'w'))\n"
    )
    launcher = Path(sys.executable).with_name("mpiexec")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [launcher, "-n", "2", sys.executable, script, tmp_path / "out.json"], check=True, env=environment, timeout=600
    )
    messages, energies = verdicts_of(path)
    for their_messages, their_energies in json.loads((tmp_path / "out.json").read_text()):
        assert their_messages == messages and len(messages) > 3
        np.testing.assert_allclose(
            [e for e in their_energies if e is not None], [e for e in energies if e is not None], rtol=1e-8
        )
