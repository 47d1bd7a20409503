"""Orientations: misorientations of known rotations, coincidences and Brandon's criterion; impossible ones are refused."""

import numpy as np
import pytest

from coupling.elasticity import isotropic_stiffness, rotate_stiffness
from coupling.errors import InputError
from coupling.orientations import (
    checked_rotation,
    coincidences,
    cubic_rotations,
    deviations,
    fibre_orientations,
    hexagonal_rotations,
    misorientations,
    of_quaternions,
    random_orientations,
    symmetry_rotations,
    within_brandon,
)

GRIMMER = {  # angle in degrees and axis of least rotation; Grimmer, Acta Cryst. A 30 (1974) 685, table 1
    3: [(60.0, (1, 1, 1))],
    5: [(36.87, (1, 0, 0))],
    7: [(38.21, (1, 1, 1))],
    9: [(38.94, (1, 1, 0))],
    11: [(50.48, (1, 1, 0))],
    13: [(22.62, (1, 0, 0)), (27.80, (1, 1, 1))],
    15: [(48.19, (2, 1, 0))],
    17: [(28.07, (1, 0, 0)), (61.93, (2, 2, 1))],
    19: [(26.53, (1, 1, 0)), (46.83, (1, 1, 1))],
    21: [(21.79, (1, 1, 1)), (44.42, (2, 1, 1))],
    25: [(16.26, (1, 0, 0)), (51.68, (3, 3, 1))],
    27: [(31.59, (1, 1, 0)), (35.43, (2, 1, 0))],
    33: [(20.05, (1, 1, 0)), (33.56, (3, 1, 1)), (58.99, (1, 1, 0))],
}
NICKEL = np.diag([100e9] * 3 + [125e9] * 3) + np.pad(np.full((3, 3), 147e9), (0, 3))


def about(axis, degrees):
    """The rotation of column vectors about an axis."""
    half = np.radians(degrees) / 2
    return of_quaternions(np.append(np.cos(half), np.sin(half) * np.array(axis) / np.linalg.norm(axis))[None])[0]


@pytest.mark.parametrize("sigma", GRIMMER)
def test_coincidences_are_those_of_the_table(sigma):
    found = coincidences(sigma)
    angles, axes = misorientations(np.tile(np.eye(3), (len(found), 1, 1)), found, cubic_rotations())
    order = np.argsort(angles)
    assert np.degrees(angles[order]) == pytest.approx([angle for angle, _ in GRIMMER[sigma]], abs=0.005)
    wanted = [np.array(axis) / np.linalg.norm(axis) for _, axis in GRIMMER[sigma]]
    np.testing.assert_allclose(axes[order], wanted, atol=1e-9)


def test_misorientation_is_the_angle_between_and_knows_the_symmetry():
    first = random_orientations(40, 1)
    turn = np.array([about((1, 2, 3), angle) for angle in np.linspace(0.1, 30, 40)])
    second = np.einsum("nij,njk,kl->nil", first, turn, cubic_rotations()[7])
    angles, axes = misorientations(first, second, cubic_rotations())
    np.testing.assert_allclose(np.degrees(angles), np.linspace(0.1, 30, 40), rtol=1e-9)
    np.testing.assert_allclose(axes, np.tile(np.array([3, 2, 1]) / np.sqrt(14), (40, 1)), atol=1e-7)
    swapped, _ = misorientations(second, first, cubic_rotations())
    np.testing.assert_allclose(swapped, angles, rtol=1e-9)


def test_no_cubic_misorientation_exceeds_mackenzies_limit_and_their_mean_is_his():
    # Mackenzie, Biometrika 45 (1958) 229: at most 62.80 degrees, mean 40.74
    angles, _ = misorientations(random_orientations(20000, 2), random_orientations(20000, 3), cubic_rotations())
    assert np.degrees(angles).max() < 62.80
    assert np.degrees(angles).mean() == pytest.approx(40.74, abs=0.3)


def test_brandons_criterion_ends_where_it_should():
    base = random_orientations(1, 4)
    limit = 15 / np.sqrt(3)
    for angle, is_within in ((0.0, True), (limit - 0.01, True), (limit + 0.01, False)):
        other = base @ coincidences(3)[0] @ about((1, 0.3, 0.2), angle)
        assert within_brandon(base, other, 3)[0] == is_within
        assert np.degrees(deviations(base, other, 3)[0]) == pytest.approx(angle, abs=1e-5)
        assert within_brandon(other, base, 3)[0] == is_within


def test_textures_are_rotations_with_their_axis_along_z():
    fibre = fibre_orientations(50, 5, np.array([1, 1, 0]))
    for one in (*fibre, *random_orientations(50, 5)):
        checked_rotation(one)
    np.testing.assert_allclose(fibre @ (np.array([1, 1, 0]) / np.sqrt(2)), np.tile([0, 0, 1], (50, 1)), atol=1e-12)
    # C44 along a <110> fibre keeps a mirror plane across z: no plane strain couples with shear out of it
    turned = rotate_stiffness(NICKEL, fibre[3])
    assert np.abs(turned[np.ix_([0, 1, 2, 5], [3, 4])]).max() < 1e-3


def test_symmetry_of_a_stiffness():
    assert len(symmetry_rotations(NICKEL)) == 24
    assert len(symmetry_rotations(isotropic_stiffness(1e9, 0.3))) == 24
    hexagonal = np.diag([162e9, 162e9, 181e9, 47e9, 47e9, 35e9])  # titanium
    hexagonal[:3, :3] += [[0, 92e9, 69e9], [92e9, 0, 69e9], [69e9, 69e9, 0]]
    assert len(symmetry_rotations(hexagonal)) == 12
    assert len(hexagonal_rotations()) == 12
    assert len(symmetry_rotations(rotate_stiffness(NICKEL, about((1, 2, 3), 20)))) < 24


@pytest.mark.parametrize(
    ("matrix", "words"),
    [(np.diag([1.0, 1, -1]), "is no rotation"), (2 * np.eye(3), "is no rotation"), (np.eye(2), "3×3 matrix")],
)
def test_what_is_no_rotation_is_refused(matrix, words):
    with pytest.raises(InputError, match=words):
        checked_rotation(matrix)


@pytest.mark.parametrize("sigma", [0, 2, 51])
def test_a_sigma_that_is_none_is_refused(sigma):
    with pytest.raises(InputError, match=f"Σ{sigma} is no coincidence"):
        coincidences(sigma)


def test_a_fibre_without_direction_is_refused():
    with pytest.raises(InputError, match="is no direction"):
        fibre_orientations(2, 1, np.zeros(3))
