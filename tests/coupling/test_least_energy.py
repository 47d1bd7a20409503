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
