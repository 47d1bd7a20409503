"""Ten models that count a joule wrongly and twenty that do not, on meshes of a few elements."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from continuum.fenics import MPI, dolfinx
from continuum.materials import LinearElastic, Material, StVenantKirchhoff
from continuum.mesh.specimen_mesh import Body, SpecimenMesh, read_mesh
from continuum.model import Bond, Contact, Kind, Prescribed
from continuum.solver.problem import CohesiveProblem
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.flat_contact import SphereOnFlat
from continuum.specimens.grid import write_grid
from continuum.specimens.pullout import FibrePullout
from coupling.contracts import FloatArray
from coupling.elasticity import grain_rotation, rotate_stiffness
from coupling.exchange.storage import load_law, save_law
from coupling.interface.coarse_graining import coarsen
from coupling.interface.error_bars import with_error_bars
from coupling.interface.fit import fit
from coupling.laws.count import BulkSide, Count
from coupling.laws.law import Law
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from coupling.laws.xu_needleman import XuNeedleman

NM = 1e-9
_CUBIC = np.diag([124e9 if i > 2 else 99e9 for i in range(6)]).astype(float)
_CUBIC[:3, :3] += 183e9
NICKEL = LinearElastic(_CUBIC).rotated(grain_rotation([1, 1, -2], [1, 1, 1]))
_SOFTER = LinearElastic(0.6 * _CUBIC).rotated(grain_rotation([1, 1, -2], [1, 1, 1]))
_WORK, _LENGTH = 3.9, 0.05 * NM
_MISFIT = np.array([0.01, 0.01, 0.0])
_UP = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])  # tangential 1, 2 and normal y
Build = Callable[[Path], CohesiveProblem]


def side(material: LinearElastic = NICKEL, frame: FloatArray = _UP, **changes: object) -> BulkSide:
    """Bulk of five layers and a half, in an interface's frame."""
    given: dict[str, object] = {
        "material": "Ni fcc", "fingerprint": "", "stiffness_voigt": rotate_stiffness(material.stiffness_voigt, frame),
        "spacing": 0.2 * NM, "layers": 5.5, "strain": np.zeros(3), "energy_at_peak": 0.2,
    }  # fmt: skip
    return BulkSide(**(given | changes))  # type: ignore[arg-type]


TAKEN = Count("bulk", side(), side())
NAIVE = Count("nothing", side(), side())


def from_atoms(count: Count = TAKEN) -> TabulatedLaw:
    """A table as a slab of atoms gives one."""
    opening = np.concatenate([[-0.02 * NM, -0.01 * NM], 0.7 * NM * np.linspace(0, 1, 60) ** 1.5])
    energy, traction, _ = Uber(_WORK, _LENGTH).normal(opening)
    stiffness = np.outer(np.exp(-np.maximum(opening, 0) / _LENGTH), [1.0, 1.0]) * 0.3 * _WORK / _LENGTH**2
    return TabulatedLaw(opening, energy, np.append(traction[:-1], 0.0), stiffness).counted(count)


def initially_rigid(count: Count = TAKEN) -> InitiallyRigid:
    """A law of a gap that the bulk has: linear softening."""
    opening = np.linspace(0.0, 0.3 * NM, 9)
    energy, traction = 26e9 * opening * (1 - opening / (0.6 * NM)), 26e9 * (1 - opening / (0.3 * NM))
    return InitiallyRigid(opening, energy, traction).counted(count)


def joint(
    folder: Path, height: float = 8.0, thickness: float | None = None, element: str = "quadrilateral"
) -> SpecimenMesh:
    """Two blocks of this height in nm."""
    path = folder / "joint.msh"
    ButtJoint(4.0, height, height, 2.0, thickness=thickness, element=element).write(path)  # type: ignore[arg-type]
    return read_mesh(path, unit=NM, bodies=["upper", "lower"], comm=MPI.COMM_SELF)


def pulled(
    mesh: SpecimenMesh, law: Law, *, group: str | None = "bond", upper: Material = NICKEL, lower: Material = NICKEL,
    kind: Kind | None = None, **options: object,
) -> CohesiveProblem:  # fmt: skip
    """The joint with its lower end held and its upper one pulled."""
    held = [*(Prescribed("bottom", c) for c in "xyz"[: mesh.dimension]), Prescribed("top", "y", 1.0)]
    bond = Bond(group, "upper", "lower", law, **options)  # type: ignore[arg-type]
    return CohesiveProblem(mesh, {"upper": upper, "lower": lower}, [bond], held, kind=kind)


def eigen(strain: FloatArray) -> FloatArray:
    """Voigt strain in mesh axes of an in-plane strain xx, yy, xy of a plane normal to y (tangential 2 is −z)."""
    return np.array([strain[0], 0, strain[1], 0, -2 * strain[2], 0])


# -- wrong ---------------------------------------------------------------------------------


def _overlapping(folder: Path) -> CohesiveProblem:
    mesh = joint(folder)
    upper, lower = (mesh.bodies[name].parent_cells for name in ("upper", "lower"))
    cells = np.sort(np.append(lower, upper[:2])).astype(np.int32)
    submesh, entity_map, _, _ = dolfinx.mesh.create_submesh(mesh.mesh, 2, cells)
    own = np.arange(submesh.topology.index_map(2).size_local, dtype=np.int32)
    larger = Body("lower", submesh, entity_map.sub_topology_to_topology(own, False))
    return pulled(replace(mesh, bodies=mesh.bodies | {"lower": larger}), Uber(_WORK, _LENGTH))


def _two_on_the_same_facets(folder: Path) -> CohesiveProblem:
    mesh = joint(folder)
    bonds = [Bond("bond", "upper", "lower", Uber(_WORK, _LENGTH)), Bond(None, "upper", "lower", Uber(0.5, _LENGTH))]
    held = [Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)]
    return CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, NICKEL), bonds, held)


def _called_as_a_body(folder: Path) -> CohesiveProblem:
    mesh = joint(folder)
    renamed = replace(mesh, facets=mesh.facets | {"upper": mesh.facets["bond"]})
    return pulled(renamed, Uber(_WORK, _LENGTH), group="upper")


def _on_a_wall(folder: Path, law: Law, **options: object) -> CohesiveProblem:
    """The lower block on a rigid foundation."""
    mesh = joint(folder, 2.0)
    bond = Bond("bottom", "lower", None, law, **options)  # type: ignore[arg-type]
    glue = Bond("bond", "upper", "lower", Uber(2 * _WORK, _LENGTH))
    held = [Prescribed("left", "x"), Prescribed("top", "y", 1.0)]
    return CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, NICKEL), [bond, glue], held)


def _naive_and_far_travelled(folder: Path) -> CohesiveProblem:
    """Naive, coarse-grained, saved, loaded and fitted."""
    save_law(coarsen(from_atoms(NAIVE), 3), folder / "law.json")
    return pulled(joint(folder), fit(load_law(folder / "law.json"), "bilinear").law, spacing="left out")


WRONG: dict[str, tuple[Build, tuple[str, ...]]] = {
    "naive law": (
        lambda f: pulled(joint(f), from_atoms(NAIVE), spacing="left out"),
        ("Nothing was taken away", "'bond'", "'upper'", "J/m²", "take the bulk away"),
    ),
    "spacing in law and in a thin mesh": (
        lambda f: pulled(joint(f, 4.0), from_atoms()),
        ("owns the closed spacing", "'bond'", "J/m²", "spacing: left out"),
    ),
    "spacing in bulk, left out of the mesh": (
        lambda f: pulled(joint(f), initially_rigid().on_spring(1e22), spacing="left out"),
        ("leaves the closed spacing", "'bond'", "J/m²", "gap: in law"),
    ),
    "spacing in bulk, on a rigid foundation": (
        lambda f: _on_a_wall(f, initially_rigid().on_spring(1e22)),
        ("half of the closed spacing", "'bottom'", "J/m²", "no elastic body"),
    ),
    "two bodies that overlap": (_overlapping, ("'upper' and 'lower'", "2 cells in common", "give each cell")),
    "two interfaces on the same facets": (
        _two_on_the_same_facets, ("'bond' and 'upper-lower'", "facets in common", "0.5 J/m²"),
    ),
    "body and interface of one name": (_called_as_a_body, ("called 'upper'", "counted 2 times")),
    "misfit without eigenstrain": (
        lambda f: pulled(joint(f), from_atoms(replace(TAKEN, plus=side(strain=_MISFIT))), spacing="left out"),
        ("strained by (0.01, 0.01, 0)", "'bond'", "'upper'", "J/m²", "misfit: relaxed"),
    ),
    "law of another stiffness": (
        lambda f: pulled(joint(f), from_atoms(), lower=_SOFTER, spacing="left out"),
        ("C33", "'bond'", "'lower'", "J/m²"),
    ),
    "naive law, coarse, saved, loaded and fitted": (
        _naive_and_far_travelled, ("Nothing was taken away", "'bond'", "J/m²"),
    ),
}  # fmt: skip
"""Each with the words that must name it."""


# -- right ---------------------------------------------------------------------------------


def _fibre(folder: Path) -> CohesiveProblem:
    path = folder / "fibre.msh"
    FibrePullout(radius=4.0, matrix=12.0, length=8.0, free=2.0, fine=2.0, coarse=4.0).write(path)
    mesh = read_mesh(path, unit=NM, bodies=["fibre", "matrix"], comm=MPI.COMM_SELF)
    around = np.array([[0, 1.0, 0], [0, 0, 1.0], [1.0, 0, 0]])  # the frame of an interface normal to the radius
    turned = np.array([[0, -1.0, 0], [0, 0, -1.0], [1.0, 0, 0]])
    iso = LinearElastic.isotropic(200e9, 0.3)
    law = from_atoms(Count("bulk", side(iso, turned), side(iso, around)))
    bond = Bond("bond", "matrix", "fibre", law, spacing="left out")
    held = [Prescribed("axis", "x"), Prescribed("base", "y"), Prescribed("pulled", "y", 1.0)]
    return CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, iso), [bond], held, kind="axisymmetric")


def _bent(folder: Path) -> CohesiveProblem:
    """A curved interface."""
    mesh = joint(folder)
    for geometry in (mesh.mesh.geometry, *(body.mesh.geometry for body in mesh.bodies.values())):
        x, y = geometry.x[:, 0] / (4 * NM), geometry.x[:, 1] / (8 * NM)
        geometry.x[:, 1] += 2 * NM * x * (1 - x) * (1 - np.abs(y))
    return pulled(mesh, XuNeedleman(_WORK, _LENGTH, 2 * _LENGTH))


def _inclined(folder: Path) -> CohesiveProblem:
    """The whole joint turned by 30°, its grains with it."""
    mesh, c, s = joint(folder), np.cos(np.pi / 6), np.sin(np.pi / 6)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])
    for geometry in (mesh.mesh.geometry, *(body.mesh.geometry for body in mesh.bodies.values())):
        geometry.x[:] = geometry.x @ turn
    grain = NICKEL.rotated(turn.T)
    return pulled(mesh, from_atoms(), upper=grain, lower=grain, spacing="left out")


def _two_crystals(folder: Path) -> CohesiveProblem:
    """A strained film on a softer crystal; its body has the opposite stress-free strain."""
    film = LinearElastic(NICKEL.stiffness_voigt, -eigen(_MISFIT))
    law = from_atoms(Count("bulk", side(strain=_MISFIT), side(_SOFTER)))
    return pulled(joint(folder), law, upper=film, lower=_SOFTER, spacing="left out")


def _adhesion(folder: Path) -> CohesiveProblem:
    """Half of a cylinder above a rigid flat, with an initial gap."""
    path = folder / "contact.msh"
    SphereOnFlat(reach=4.0, extent=40.0, fine=1.0, coarse=8.0, grading=0.3).write(path)
    mesh = read_mesh(path, unit=NM, bodies=["block"], comm=MPI.COMM_SELF)
    law, apart = Uber(0.05, 0.2 * NM), lambda p: p[:, 0] ** 2 / (100 * NM)
    bond = Bond("bond", "block", None, law, history="reversible", initial_gap=apart)
    return CohesiveProblem(mesh, {"block": NICKEL}, [bond], [Prescribed("axis", "x"), Prescribed("base", "y", -1.0)])


def _stack(folder: Path) -> CohesiveProblem:
    """Three bodies, two interfaces, none of them a named group."""
    path, x = folder / "stack.msh", (0.0, 4.0)
    bodies = {"low": (x, (0.0, 4.0)), "middle": (x, (4.0, 8.0)), "high": (x, (8.0, 12.0))}
    lines = {"bottom": (x, (0.0, 0.0)), "top": (x, (12.0, 12.0))}
    axes = [np.array([0.0, 2, 4]), np.arange(0.0, 13.0, 2.0)]
    write_grid(path, axes, bodies, lines, element="quadrilateral")
    mesh = read_mesh(path, unit=NM, bodies=list(bodies), comm=MPI.COMM_SELF)
    bonds = [
        Bond(None, "high", "middle", from_atoms(), spacing="left out"),
        Bond(None, "low", "middle", Uber(_WORK, _LENGTH)),
    ]
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "y", 1.0)]
    return CohesiveProblem(mesh, dict.fromkeys(mesh.bodies, NICKEL), bonds, held)


def _older_file(folder: Path) -> CohesiveProblem:
    """A law file of version 1, as it was written before laws carried a count."""
    path = folder / "law.json"
    path.write_text(
        '{"format": "multiscale-coupling cohesive law", "version": 1, "kind": "uber", "gap": "in law", "parameters": '
        '{"work_of_separation [J/m^2]": 3.9, "length [m]": 5e-11, "shear_stiffness [Pa/m]": 1e20}}'
    )
    return pulled(joint(folder), load_law(path))


def _sampled_and_fitted(folder: Path) -> CohesiveProblem:
    law = with_error_bars(from_atoms(), [from_atoms(), from_atoms()])
    save_law(fit(law, "xu-needleman").law, folder / "law.json")
    return pulled(joint(folder), load_law(folder / "law.json"), spacing="left out")


def _contact(folder: Path) -> CohesiveProblem:
    law = fit(Uber(_WORK, _LENGTH), "bilinear").law
    return pulled(joint(folder), law, kind="plane stress", contact=Contact(1e22), friction=0.3, viscosity=0.0)


RIGHT: dict[str, Build] = {
    "excess law, spacing left out, plane strain": lambda f: pulled(joint(f), from_atoms(), spacing="left out"),
    "excess law in 3D, hexahedra": lambda f: pulled(joint(f, 4.0, 4.0, "hexahedron"), from_atoms(), spacing="left out"),
    "excess law, axisymmetric": _fibre,
    "closed form, curved interface": _bent,
    "closed form with contact and friction, plane stress": _contact,
    "closed form in 3D, tetrahedra": lambda f: pulled(
        joint(f, 4.0, 4.0, "tetrahedron"), ParkPaulinoRoesler(_WORK, 26e9, _WORK, 20e9)
    ),
    "law of a rigid path": lambda f: pulled(
        joint(f), from_atoms(replace(TAKEN, held_rigid=True)), lower=_SOFTER, spacing="left out"
    ),
    "spacing in bulk, on a spring": lambda f: pulled(joint(f, 4.0), initially_rigid().on_spring(1e22)),
    "chain of planes, left out of the mesh": lambda f: pulled(joint(f), coarsen(from_atoms(), 5), spacing="left out"),
    "triangle of a chain, planes meshed": lambda f: pulled(joint(f), coarsen(from_atoms(), 20, softening="bilinear")),
    "spacing meshed too, negligible": lambda f: pulled(joint(f, 40.0), from_atoms()),
    "two crystals, misfit carried": _two_crystals,
    "two crystals, misfit relaxed": lambda f: pulled(
        joint(f), from_atoms(replace(TAKEN, plus=side(strain=_MISFIT))), spacing="left out", misfit="relaxed"
    ),
    "inclined interface between turned grains": _inclined,
    "rigid foundation, spacing in law": lambda f: _on_a_wall(f, from_atoms(), spacing="left out"),
    "adhesion with an initial gap": _adhesion,
    "three bodies, interfaces without groups": _stack,
    "file of an older version": _older_file,
    "error bars, fitted, saved and loaded": _sampled_and_fitted,
    "finite strain, the stiffness that was taken away": lambda f: pulled(
        joint(f), from_atoms(), upper=StVenantKirchhoff(NICKEL.stiffness_voigt), spacing="left out"
    ),
}
"""None of them counts a joule twice, or not at all, beyond what may be neglected."""
