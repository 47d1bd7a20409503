"""Elastic fields of dislocations, their crystallography, and cores built from them."""

from itertools import pairwise

import numpy as np
import pytest
from ase.build import bulk

from atomistic.dislocation import SYSTEMS, Stroh, core, cylinder, oriented, rotated_voigt, slip_system
from atomistic.dislocation.stroh import full_stiffness
from coupling.errors import InputError

BURGERS = np.array([2.1, 0.4, 1.3])
CU = (168.4, 121.4, 75.4)
CELLS = {
    "fcc": bulk("Cu", "fcc", a=3.61),
    "bcc": bulk("W", "bcc", a=3.16),
    "diamond": bulk("Si", "diamond", a=5.43),
    "hcp": bulk("Mg", "hcp", a=3.2, c=5.2),
}
EVERY = [(structure, name) for structure, systems in SYSTEMS.items() for name in systems]


def cubic(c11, c12, c44):
    stiffness = np.diag([c11] * 3 + [c44] * 3).astype(float)
    stiffness[:3, :3] += c12 * (1 - np.eye(3))
    return stiffness


def isotropic(mu, nu):
    lam = 2 * mu * nu / (1 - 2 * nu)
    return cubic(lam + 2 * mu, lam, mu)


def copper_edge():
    return oriented(CELLS["fcc"], isotropic(0.3, 0.3), slip_system("fcc", "edge"))


def generic():
    """Copper in a frame without any symmetry."""
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    return Stroh(rotated_voigt(cubic(*CU), axes))


def around(n=400, radius=7.0):
    angle = np.pi * (2 * np.arange(n) + 1 - n) / n
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_isotropic_limit_is_the_closed_form():
    mu, nu, (x, y) = 26.0, 0.345, around(radius=3.0).T
    stroh, square, angle = Stroh(isotropic(mu, nu)), x**2 + y**2, np.arctan2(y, x)
    edge = np.stack([
        angle + x * y / (2 * (1 - nu) * square),
        -((1 - 2 * nu) * np.log(square) + (x**2 - y**2) / square) / (4 * (1 - nu)),
        0 * x,
    ], axis=1) / (2 * np.pi)  # fmt: skip
    found = stroh.displacement(np.stack([x, y], 1), np.array([1.0, 0, 0]))
    difference = found - edge
    assert np.ptp(difference, axis=0).max() < 1e-6
    screw = stroh.displacement(np.stack([x, y], 1), np.array([0, 0, 1.0]))
    np.testing.assert_allclose(screw[:, 2], angle / (2 * np.pi), atol=1e-7)
    np.testing.assert_allclose(stroh.energy_tensor, np.diag([mu / (1 - nu), mu / (1 - nu), mu]), rtol=1e-6, atol=1e-5)


def test_energy_factors_of_copper_are_hirth_and_lothe_s():
    """Theory of Dislocations, section 13-4: screw ⟨110⟩ of a cubic crystal, and edge along ⟨100⟩."""
    c11, c12, c44 = CU
    frame = slip_system("fcc", "screw").frame(np.eye(3))
    screw = Stroh(rotated_voigt(cubic(*CU), frame)).energy_tensor[2, 2]
    assert screw == pytest.approx((c44 * (c11 - c12) / 2) ** 0.5, rel=1e-9)
    edge = (c11 + c12) * (c44 * (c11 - c12) / (c11 * (c11 + c12 + 2 * c44))) ** 0.5
    np.testing.assert_allclose(Stroh(cubic(*CU)).energy_tensor, np.diag([edge, edge, c44]), rtol=1e-9, atol=1e-9)


def test_the_burgers_vector_closes_and_the_line_bears_no_force():
    stroh, points = generic(), around()
    u = stroh.displacement(points, BURGERS)
    steps = np.array([b - a for a, b in pairwise(u)])
    assert np.abs(steps).max() < 0.1
    ends = stroh.displacement(np.array([[-7.0, 1e-12], [-7.0, -1e-12]]), BURGERS)
    np.testing.assert_allclose(ends[0] - ends[1], BURGERS, atol=1e-10)
    traction = np.einsum("nij,nj->ni", stroh.stress(points, BURGERS)[:, :, :2], points / 7.0)
    np.testing.assert_allclose(traction.sum(0), 0, atol=1e-9 * np.abs(traction).sum())


@pytest.mark.parametrize("kind", ["dislocation", "multipoles"])
def test_fields_are_in_equilibrium(kind):
    """Second differences of u put into C_ijkl u_k,jl, whose error falls as h²."""
    stroh, centre = generic(), np.array([2.0, 1.3])

    def field(points):
        if kind == "multipoles":
            return stroh.multipoles(points, 3, 3.0).transpose(1, 0, 2)
        return stroh.displacement(points, BURGERS)[:, None]

    def residual(h):
        at = {(i, j): field((centre + h * np.array([i, j]))[None])[0] for i in (-1, 0, 1) for j in (-1, 0, 1)}
        second = np.zeros((*at[0, 0].shape, 3, 3))
        second[..., 0, 0] = (at[1, 0] + at[-1, 0] - 2 * at[0, 0]) / h**2
        second[..., 1, 1] = (at[0, 1] + at[0, -1] - 2 * at[0, 0]) / h**2
        second[..., 0, 1] = second[..., 1, 0] = (at[1, 1] + at[-1, -1] - at[1, -1] - at[-1, 1]) / (4 * h**2)
        force = np.einsum("ijkl,mkjl->mi", full_stiffness(stroh.stiffness_voigt), second)
        return np.abs(force).max() / (np.abs(second).max() * 100)

    coarse, fine = residual(0.04), residual(0.02)
    assert fine < 2e-3
    assert np.log2(coarse / fine) == pytest.approx(2, abs=0.1)


def test_stress_is_that_of_the_displacement():
    stroh, point, h = generic(), np.array([[1.0, -2.0]]), 1e-4
    slopes = [
        (stroh.displacement(point + s, BURGERS) - stroh.displacement(point - s, BURGERS))[0] / (2 * h)
        for s in np.eye(2) * h
    ]
    distortion = np.stack([*slopes, np.zeros(3)], axis=1)
    np.testing.assert_allclose(stroh.distortion(point, BURGERS)[0], distortion, atol=1e-7)
    stress = np.einsum("ijkl,kl->ij", full_stiffness(stroh.stiffness_voigt), distortion)
    np.testing.assert_allclose(stroh.stress(point, BURGERS)[0], stress, atol=1e-4)


def test_displacements_are_matscipy_s():
    from matscipy.dislocation import AnisotropicDislocation

    system = slip_system("fcc", "60")
    frame, points = system.frame(np.eye(3)), around(50)
    burgers, _ = system.vectors(np.eye(3))
    theirs = AnisotropicDislocation(frame, system.plane, system.line, burgers @ frame, *CU)
    at = np.column_stack([points, np.zeros(len(points))])
    difference = Stroh(rotated_voigt(cubic(*CU), frame)).displacement(points, burgers) - theirs.displacement(at)
    np.testing.assert_allclose(difference, 0, atol=1e-9)


@pytest.mark.parametrize(("structure", "name"), EVERY)
def test_each_slip_system_is_one_of_its_crystal(structure, name):
    cell, system = CELLS[structure], slip_system(structure, name)
    crystal = oriented(cell, isotropic(0.3, 0.3), system)
    b = crystal.burgers
    assert np.linalg.det(crystal.axes) == pytest.approx(1)
    assert abs(b[1]) < 1e-12 and b[0] > -1e-12 and b[2] > -1e-12
    np.testing.assert_allclose(crystal.partials.sum(0), b, atol=1e-12)
    shortest = np.linalg.norm(b)
    lattice = np.array(list(np.ndindex(5, 5, 5))) - 2
    lengths = np.linalg.norm(lattice @ crystal.lattice, axis=1)
    assert shortest == pytest.approx(np.sort(lengths)[1], rel=1e-9)
    points, _ = crystal.fill(30.0)
    density = len(cell) / cell.get_volume() * np.pi * 30**2 * crystal.length
    assert len(points) == pytest.approx(density, rel=0.02)
    assert np.abs(points[:, 1] - crystal.plane_height).min() > 0.3


@pytest.mark.parametrize(("structure", "name"), [(s, n) for s, n in EVERY if SYSTEMS[s][n].partials])
def test_between_partials_lies_the_fault_and_not_atom_on_atom(structure, name):
    crystal = oriented(CELLS[structure], isotropic(0.3, 0.3), slip_system(structure, name))
    wide = cylinder(crystal, 50.0, shell=5.0, separation=40.0)
    found = core(wide, wide.atoms)
    np.testing.assert_allclose(found.positions, [-20, 20], atol=0.5)
    middle = np.flatnonzero(np.linalg.norm(wide.points, axis=1) < 8)
    distances = wide.atoms.get_distances(int(middle[0]), middle[1:], mic=True)
    nearest = min(wide.atoms.get_distances(int(k), middle[middle != k], mic=True).min() for k in middle)
    assert len(distances) and nearest > 0.9 * crystal.nearest


def test_the_screw_of_bcc_is_put_where_it_reverses_the_winding():
    crystal = oriented(CELLS["bcc"], isotropic(0.3, 0.3), slip_system("bcc", "screw"))
    built = cylinder(crystal, 15.0, shell=4.0)
    triangle = np.argsort(np.linalg.norm(built.points, axis=1))[:3]
    order = triangle[np.argsort(np.arctan2(*built.points[triangle].T[::-1]))]
    rise = {which: np.diff(atoms.positions[order, 2]) / crystal.length % 1
            for which, atoms in (("perfect", built.perfect), ("core", built.atoms))}  # fmt: skip
    np.testing.assert_allclose(rise["perfect"], 1 / 3, atol=1e-6)
    np.testing.assert_allclose(rise["core"], 2 / 3, atol=1e-6)


def test_a_core_can_be_moved_by_one_valley():
    crystal = oriented(CELLS["fcc"], isotropic(0.3, 0.3), slip_system("fcc", "60"))
    start = cylinder(crystal, 30.0, shell=8.0, separation=8.0)
    moved = start.advanced(start.atoms)
    elastic = start.placed(crystal.glide_period)
    np.testing.assert_allclose(moved.positions, elastic.positions, atol=1e-9)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: slip_system("fcc", "prismatic_edge"), "Unknown slip system of fcc 'prismatic_edge'; valid: 30, 60"),
        (lambda: slip_system("fluorite", "edge"), "Unknown crystal structure with slip systems 'fluorite'"),
        (lambda: oriented(CELLS["bcc"], isotropic(0.3, 0.3), slip_system("fcc", "edge")), "is not fcc"),
        (lambda: oriented(CELLS["bcc"], cubic(1.0, 1.2, 0.5), slip_system("bcc", "edge")), "not elastically stable"),
        (lambda: cylinder(copper_edge(), 12, shell=8, separation=9),
         "A radius of 12 Å is too small for the core"),
        (lambda: cylinder(copper_edge(), 22, shell=0),
         "shell of 0 Å"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused(act, message):
    with pytest.raises(InputError, match=message):
        act()
