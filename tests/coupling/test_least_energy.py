"""A path that turns back: of the states at one opening the one of least energy, as a cusp catastrophe has it."""

import numpy as np
import pytest

from coupling.interface.least_energy import least_energy


def swallowtail(along: np.ndarray, depth: float = 0.3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """δ = s³ − 3·depth·s, T = −s: ψ = ∫T dδ is three-valued for |δ| < 2·depth^1.5; by symmetry the branches cross at 0."""
    return along**3 - 3 * depth * along, -0.75 * along**4 + 1.5 * depth * along**2, -along


def test_a_path_that_rises_is_kept_whole():
    opening = np.linspace(0, 2, 9)
    np.testing.assert_array_equal(least_energy(opening, opening**2, 2 * opening), np.arange(9))


@pytest.mark.parametrize("count", [15, 24, 61, 200])
def test_the_kept_samples_have_the_least_energy_at_their_opening(count):
    along = np.linspace(-1.5, 1.5, count)
    opening, energy, traction = swallowtail(along)
    kept = least_energy(opening, energy, traction)
    assert np.all(np.diff(opening[kept]) > 0)
    assert {0, count - 1} <= set(kept)
    for i in kept:
        roots = np.roots([1.0, 0.0, -0.9, -opening[i]])
        real = roots[np.abs(roots.imag) < 1e-9].real
        assert energy[i] <= swallowtail(real)[1].min() + 1e-12
    before, after = opening[kept][along[kept] < 0], opening[kept][along[kept] > 0]
    assert before.max() < 0 < after.min()
    assert len(kept) >= np.sum(along**2 > 0.9) - 1  # all but the fold, and one sample beside the crossing


def test_samples_beside_the_crossing_keep_their_distance():
    along = np.sort(
        np.append(np.linspace(-1.5, 1.5, 16), [-0.9487, 0.9488])
    )  # δ = ∓1e-6 beside the crossing at s² = 0.9
    opening, energy, traction = swallowtail(along)
    steps = np.diff(opening[least_energy(opening, energy, traction)])
    assert steps.min() > 1e-3


def test_two_folds_are_both_passed():
    first, second = np.linspace(-1.5, 1.5, 31), np.linspace(-1.5, 1.5, 31)[1:]
    one, two = swallowtail(first), swallowtail(second)
    shift, level = one[0][-1] - two[0][0] + 0.5, one[1][-1] - two[1][0]
    opening, energy = np.append(one[0], two[0] + shift), np.append(one[1], two[1] + level)
    kept = least_energy(opening, energy, np.append(one[2], two[2]))
    assert np.all(np.diff(opening[kept]) > 0)
    assert 61 - len(kept) > 20


def test_a_path_that_comes_out_of_a_break_falling_is_on_the_branch_between():
    """Iron (001) past the gaps without equilibrium: the opening falls to the fold's tip, then rises along the lower branch."""
    opening = np.array([0.0, 0.4, 0.7441, 1.4853, 1.4528, 1.4461, 1.4586, 1.5122, 1.6566])
    traction = np.array([0.0, 15.0, 12.985, 14.924, 13.68, 12.36, 10.035, 6.328, 2.882])
    energy = np.array([0.0, 0.5, 1.08, 3.0946, 3.0462, 3.0371, 3.0509, 3.0937, 3.1514])
    breaks = np.array([False, False, True, False, False, False, False, False])
    kept = least_energy(opening, energy, 0.1 * traction, breaks)
    assert np.all(np.diff(opening[kept]) > 0)
    np.testing.assert_array_equal(kept, [0, 1, 2, 5, 6, 7, 8])


def test_a_lone_state_between_breaks_stands_where_no_branch_is_lower():
    opening, traction = np.array([0.0, 0.1, 0.2, 0.6, 0.5, 0.7, 0.9]), np.array([0.0, 1.0, 2.0, 1.5, 1.2, 1.0, 0.5])
    breaks = np.array([False, False, True, True, False, False])
    energy = np.array([0.0, 0.05, 0.2, 0.9, 0.7, 0.9, 1.05])  # of the lone one at 0.6: more than the branch's 0.81
    np.testing.assert_array_equal(least_energy(opening, energy, traction, breaks), [0, 1, 2, 4, 5, 6])
    energy[3] = 0.75
    np.testing.assert_array_equal(least_energy(opening, energy, traction, breaks), [0, 1, 2, 3, 5, 6])
