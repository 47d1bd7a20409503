"""Common cells of two lattices: what exists is found, and nothing that does not."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from ase.build import bulk

from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.hetero import hetero_interface, in_plane_turn
from atomistic.decohesion.slab import cleavage_slab
from coupling.errors import InputError

LATTICES = {
    "Al": ("fcc", 4.05), "Cu": ("fcc", 3.615), "Ni": ("fcc", 3.52), "Ag": ("fcc", 4.09), "Au": ("fcc", 4.08),
    "Fe": ("bcc", 2.87), "W": ("bcc", 3.165), "Si": ("diamond", 5.43),
    "Mg": ("hcp", 3.21), "Ti": ("hcp", 2.95), "Zn": ("hcp", 2.66),
}  # fmt: skip

PAIRS = [
    ("Al", (1, 1, 1), "Si", (1, 1, 1), 0.05),
    ("Cu", (1, 1, 1), "Ni", (1, 1, 1), 0.05),
    ("Cu", (1, 0, 0), "Ni", (1, 0, 0), 0.05),
    ("Ag", (1, 0, 0), "Fe", (1, 0, 0), 0.05),
    ("Cu", (1, 1, 1), "Fe", (1, 1, 0), 0.07),
    ("Mg", (0, 0, 1), "Al", (1, 1, 1), 0.02),
    ("Ti", (0, 0, 1), "Fe", (1, 1, 0), 0.08),
    ("Au", (1, 1, 0), "Cu", (1, 1, 0), 0.10),
    ("Al", (1, 0, 0), "Si", (1, 0, 0), 0.07),
    ("W", (1, 1, 0), "Ni", (1, 1, 1), 0.10),
    ("Zn", (1, 0, 0), "Cu", (1, 1, 0), 0.06),
]
"""The lattices of these planes have mirror lines."""
OBLIQUE = [("Cu", (3, 2, 1), "Ni", (3, 2, 1), 0.05), ("Cu", (3, 2, 1), "Ni", (3, 1, 2), 0.12)]
"""Without: one with its like, one with its mirror image."""
BOUND = 6  # of the integers of the reference, on both sides


def plane(symbol, miller, layers=3):
    structure, a = LATTICES[symbol]
    crystal = bulk(symbol, structure, a=a)
    return cleavage_slab(crystal, miller, layers, conventional=None if structure == "hcp" else a * np.eye(3))


def pair(upper, upper_miller, lower, lower_miller):
    return plane(upper, upper_miller), plane(lower, lower_miller)


def vectors(slab):
    return slab.atoms.cell.array[:2, :2]


def largest(strain):
    """Largest principal strain of xx, yy, xy."""
    return np.abs(np.linalg.eigvalsh([[strain[0], strain[2]], [strain[2], strain[1]]])).max()


def stretches(gradients):
    """(n,) largest principal strain of U in the polar decomposition F = R U; infinite for mirrors."""
    values = np.sqrt(np.linalg.eigvalsh(gradients.transpose(0, 2, 1) @ gradients))
    return np.where(np.linalg.det(gradients) > 0, np.abs(values - 1).max(axis=1), np.inf)


def by_brute_force(strained, fixed, largest_strain, largest_area=150.0):
    """Least area and least strain there, over all integer 2×2 matrices of bounded entries on both sides."""
    matrices = np.array(list(product(range(-BOUND, BOUND + 1), repeat=4))).reshape(-1, 2, 2)
    areas = np.round(np.linalg.det(matrices)).astype(int)
    unit, own = abs(np.linalg.det(fixed)), abs(np.linalg.det(strained))
    for multiple in range(1, int(largest_area / unit) + 1):
        onto = matrices[areas == multiple] @ fixed
        best = np.inf
        for count in range(1, areas.max() + 1):
            if not (1 - largest_strain) ** 2 <= multiple * unit / (count * own) <= (1 + largest_strain) ** 2:
                continue
            back = np.linalg.inv(matrices[areas == count] @ strained)
            gradients = (back[:, None] @ onto[None]).reshape(-1, 2, 2).transpose(0, 2, 1)
            near = (gradients**2).sum(axis=(1, 2)) <= 2.001 * (1 + largest_strain) ** 2  # the trace of FᵀF; U is costly
            best = min(best, stretches(gradients[near]).min(initial=np.inf))
        if best <= largest_strain:
            return multiple * unit, best
    return None


@pytest.mark.parametrize("strain", ["upper", "lower"])
@pytest.mark.parametrize("case", [*PAIRS, *OBLIQUE], ids=str)
def test_the_smallest_cell_and_its_least_strain_are_those_of_all_integer_matrices(case, strain):
    slabs = pair(*case[:4])
    planes = [vectors(slab) for slab in slabs]
    found = match_lattices(*slabs, largest_strain=case[4], strain=strain)
    area, least = by_brute_force(*(planes if strain == "upper" else planes[::-1]), case[4])
    assert found.area == pytest.approx(area, rel=1e-12)
    assert largest(found.strain) == pytest.approx(least, abs=1e-8)


@pytest.mark.parametrize("strain", ["upper", "lower"])
@pytest.mark.parametrize("case", [*PAIRS, *OBLIQUE], ids=str)
def test_the_strain_takes_the_one_cell_to_the_other_without_a_mirror(case, strain):
    slabs = pair(*case[:4])
    found = match_lattices(*slabs, largest_strain=case[4], strain=strain)
    cells = {"upper": found.upper @ vectors(slabs[0]), "lower": found.lower @ vectors(slabs[1])}
    assert all(np.linalg.det(cell) > 0 for cell in cells.values())
    (xx, yy, xy), fixed = found.strain, cells.pop("lower" if strain == "upper" else "upper")
    assert np.linalg.det(fixed) == pytest.approx(found.area, rel=1e-12)
    strained = cells[strain] @ np.array([[1 + xx, xy], [xy, 1 + yy]])
    np.testing.assert_allclose(strained @ strained.T, fixed @ fixed.T, atol=1e-10)
    other = match_lattices(*slabs[::-1], largest_strain=case[4], strain="lower" if strain == "upper" else "upper")
    np.testing.assert_array_equal([other.upper, other.lower], [found.lower, found.upper])
    np.testing.assert_array_equal(other.strain, found.strain)


@pytest.mark.parametrize("case", PAIRS, ids=str)
def test_another_code_finds_no_smaller_cell_and_no_smaller_strain(case):
    """Zur and McGill's search takes mirrored matches too; between lattices with mirror lines each is a turned one as well."""
    from pymatgen.analysis.interfaces.zsl import ZSLGenerator

    slabs = pair(*case[:4])
    found = match_lattices(*slabs, largest_strain=case[4])
    widest = dict.fromkeys(("max_area_ratio_tol", "max_length_tol", "max_angle_tol"), 3 * case[4])
    unit, least = vectors(slabs[1]), {}
    upper, lower = (slab.atoms.cell.array[:2] for slab in slabs)
    for match in ZSLGenerator(max_area=found.area * (1 + case[4]) ** 3, **widest)(upper, lower):
        film, substrate = (np.asarray(v)[:, :2] for v in (match.film_sl_vectors, match.substrate_sl_vectors))
        gradient = np.linalg.solve(film, substrate).T
        strain = np.abs(np.linalg.svd(gradient, compute_uv=False) - 1).max()
        multiple = round(abs(np.linalg.det(substrate) / np.linalg.det(unit)))
        least[multiple] = min(strain, least.get(multiple, np.inf))
    area, strain = next((n * slabs[1].area, s) for n, s in sorted(least.items()) if s <= case[4] + 1e-9)
    assert area == pytest.approx(found.area, rel=1e-9)
    assert strain == pytest.approx(largest(found.strain), abs=1e-8)


def test_aluminium_on_silicon_111_is_root_seven_on_two():
    """Cells whose reduced bases differ in handedness."""
    slabs = pair("Al", (1, 1, 1), "Si", (1, 1, 1))
    found = match_lattices(*slabs)
    misfit = 2 * 5.43 / (7**0.5 * 4.05) - 1
    assert found.area == pytest.approx(51.07, abs=0.005) and misfit == pytest.approx(0.0135, abs=5e-5)
    np.testing.assert_allclose(found.strain, [misfit, misfit, 0], atol=1e-12)
    made = hetero_interface(*slabs, found)
    distances = made.atoms[made.upper].get_all_distances(mic=True)
    heights = made.atoms[made.upper].positions[:, 2]
    others = (np.abs(heights - heights[:, None]) > 0.1) | np.eye(len(heights), dtype=bool)
    nearest = np.where(others, np.inf, distances).min(axis=1)
    np.testing.assert_allclose(nearest, (1 + misfit) * 4.05 / 2**0.5)  # bonds in the planes, stretched alike


@pytest.mark.parametrize("strain", ["upper", "lower"])
@pytest.mark.parametrize("case", [PAIRS[0], PAIRS[6], *OBLIQUE], ids=str)
def test_the_match_does_not_depend_on_the_plane_vectors_nor_on_the_axes(case, strain):
    upper, lower = pair(*case[:4])
    found = match_lattices(upper, lower, largest_strain=case[4], strain=strain)
    for basis, angle in (
        ([[1, 1], [0, 1]], 0.0),
        ([[0, -1], [1, 0]], 20.0),
        ([[2, 5], [1, 3]], 77.0),
        ([[-1, 0], [4, -1]], 300.0),
    ):
        atoms = upper.atoms.copy()
        atoms.rotate(angle, "z", rotate_cell=True)
        cell = atoms.cell.array.copy()
        cell[:2] = np.array(basis) @ cell[:2]
        atoms.set_cell(cell, scale_atoms=False)
        again = match_lattices(replace(upper, atoms=atoms), lower, largest_strain=case[4], strain=strain)
        assert again.area == pytest.approx(found.area, rel=1e-9)
        assert largest(again.strain) == pytest.approx(largest(found.strain), abs=1e-9)


def test_cells_at_the_limits_are_found_and_beyond_them_not():
    slabs = pair("Al", (1, 1, 1), "Si", (1, 1, 1))
    for strain in ("upper", "lower"):
        found = match_lattices(*slabs, strain=strain)
        reach = largest(found.strain)
        again = match_lattices(*slabs, strain=strain, largest_area=found.area, largest_strain=reach)
        np.testing.assert_array_equal([again.upper, again.lower], [found.upper, found.lower])
        for limits in ({"largest_area": found.area * (1 - 1e-6)}, {"largest_strain": reach * (1 - 1e-6)}):
            with pytest.raises(InputError, match="no common cell up to"):
                match_lattices(
                    *slabs, strain=strain, **({"largest_area": found.area, "largest_strain": reach} | limits)
                )


def test_of_equal_strains_the_axes_turn_least_so_that_a_crystal_goes_on_and_is_no_twin():
    nickel = plane("Ni", (1, 1, 1))
    for other in (nickel, plane("Cu", (1, 1, 1)), plane("Ag", (1, 1, 1))):
        found = match_lattices(nickel, other, largest_strain=0.2)
        np.testing.assert_array_equal(found.upper, found.lower)
    for strain in ("upper", "lower"):
        slabs = pair("Al", (1, 1, 1), "Si", (1, 1, 1))
        found = match_lattices(*slabs, strain=strain)
        upper, lower = (n @ vectors(slab) for n, slab in zip((found.upper, found.lower), slabs, strict=True))
        turn = np.degrees(np.subtract(*(np.arctan2(v[0, 1], v[0, 0]) for v in (lower, upper))))
        assert turn * (1 if strain == "upper" else -1) == pytest.approx(np.degrees(np.arctan(3**0.5 / 5)), abs=1e-9)


@pytest.mark.parametrize("strain", ["upper", "lower"])
@pytest.mark.parametrize("case", [PAIRS[0], PAIRS[7], PAIRS[9], OBLIQUE[1]], ids=str)
def test_axes_strain_and_registry_of_a_turned_cell_agree(case, strain):
    """What the law hands to the mesh: the turn of either crystal, the strain in its own axes, the period of registry."""
    slabs = dict(zip(("upper", "lower"), pair(*case[:4]), strict=True))
    found = match_lattices(*slabs.values(), largest_strain=case[4], strain=strain)
    made = hetero_interface(*slabs.values(), found)
    fixed, (xx, yy, xy) = made.atoms.cell.array[:2], found.strain
    for place, integers in (("upper", found.upper), ("lower", found.lower)):
        stretch = np.array([[1 + xx, xy], [xy, 1 + yy]]) if place == strain else np.eye(2)
        turn = in_plane_turn(slabs[place], integers, fixed)[:2, :2]
        np.testing.assert_allclose(integers @ vectors(slabs[place]) @ stretch @ turn.T, fixed[:, :2], atol=1e-9)
    lower = made.atoms[~made.upper]
    for shift in made.shifts:
        moved = lower.copy()
        moved.positions += shift
        both = (lower + moved).get_all_distances(mic=True)[: len(lower), len(lower) :]
        np.testing.assert_allclose(both.min(axis=1), 0, atol=1e-9)


def test_the_x_axes_choose_between_a_crystal_and_its_twin():
    crystal, cube = bulk("Ni", "fcc", a=3.52), 3.52 * np.eye(3)
    along, sixty = (cleavage_slab(crystal, (1, 1, 1), 3, conventional=cube, x=x) for x in ([1, -1, 0], [1, 0, -1]))
    for lower, continues in ((along, True), (sixty, False)):
        found = match_lattices(along, lower)
        cells = found.upper @ vectors(along), found.lower @ vectors(lower)
        np.testing.assert_allclose(*cells, atol=1e-12)
        assert np.allclose(along.axes, lower.axes) is continues


def test_a_mirrored_lattice_is_no_match():
    """Cu(321) and Cu(312) are mirror images: equal by their lengths and angles, and no rotation takes one to the other."""
    assert largest(match_lattices(*pair("Cu", (3, 2, 1), "Cu", (3, 2, 1)), largest_strain=0).strain) < 1e-12
    lengths = [sorted(np.linalg.norm(vectors(slab), axis=1)) for slab in pair("Cu", (3, 2, 1), "Cu", (3, 1, 2))]
    np.testing.assert_allclose(*lengths)
    with pytest.raises(InputError, match="no common cell"):
        match_lattices(*pair("Cu", (3, 2, 1), "Cu", (3, 1, 2)), largest_strain=1e-3, largest_area=60.0)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"strain": "both"}, "'both'; valid: lower, upper"),
        ({"largest_strain": 1.0}, "largest strain of 1 cannot"),
        ({"largest_strain": -0.1}, "largest strain of -0.1 cannot"),
        ({"largest_area": np.inf}, "largest area of inf"),
        ({"largest_area": np.nan}, "largest area of nan"),
    ],
)
def test_limits_that_make_no_sense_are_refused(limits, message):
    with pytest.raises(InputError, match=message):
        match_lattices(*pair("Cu", (1, 1, 1), "Ni", (1, 1, 1)), **limits)


def test_an_interface_strains_the_crystal_that_was_matched_so():
    slabs = pair("Cu", (1, 1, 1), "Ni", (1, 1, 1))
    for strain, fixed in (("upper", slabs[1]), ("lower", slabs[0])):
        found = match_lattices(*slabs, strain=strain)
        made = hetero_interface(*slabs, found)
        assert np.linalg.det(made.atoms.cell.array[:2, :2]) == pytest.approx(fixed.area) == pytest.approx(made.area)
        wrong = "lower" if strain == "upper" else "upper"
        with pytest.raises(InputError, match=f"matched with the {strain} crystal strained, not the {wrong} one"):
            hetero_interface(*slabs, found, strain=wrong)
