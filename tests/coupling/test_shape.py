"""Laws of several maxima are named; smooth ones, and noise below the threshold, are not."""

import numpy as np
import pytest

from coupling.interface.rigid_path import PathSamples
from coupling.interface.shape import PROMINENCE, shape_findings
from coupling.units import EV_A3, GPA

OPENING = np.concatenate([[-0.2, -0.1], np.linspace(0, 6, 61)])
WHOLE = (OPENING * np.exp(1 - OPENING / 0.6) / 0.6) * 25 * GPA / EV_A3


def samples(traction: np.ndarray) -> PathSamples:
    return PathSamples(OPENING, np.zeros_like(OPENING), traction, 1.0, (1, 1))


def bump(height: float, at: float, width: float) -> np.ndarray:
    """A Gaussian of a height in GPa."""
    return height * GPA / EV_A3 * np.exp(-((OPENING - at) ** 2) / (2 * width**2))


def test_one_peak_says_nothing() -> None:
    assert shape_findings(samples(WHOLE)) == []


def test_two_maxima_are_named_with_their_tractions() -> None:
    (found,) = shape_findings(samples(bump(23.4, 0.5, 0.2) + bump(28.5, 1.5, 0.2)), "bond")
    assert not found.fatal and found.where == "bond"
    assert "2 maxima (23.4 GPa at 0.50 Å, 28.5 GPa at 1.50 Å)" in str(found) and "DFT" in str(found)


def test_oscillations_between_samples_are_told_apart_from_maxima() -> None:
    zigzag = WHOLE * (1 + 0.2 * (-1.0) ** np.arange(len(OPENING)))
    (found,) = shape_findings(samples(zigzag))
    assert "than the samples resolve" in found.what and found.change.startswith("take more openings")


@pytest.mark.parametrize(("share", "named"), [(0.5, False), (3.0, True)])
def test_the_threshold_is_the_prominence(share: float, named: bool) -> None:
    """A bump on the falling branch, where the traction is nearly gone: its height is its prominence."""
    found = shape_findings(samples(WHOLE + bump(share * PROMINENCE * 25, 5.5, 0.2)))
    assert bool(found) == named


def test_a_traction_that_comes_back_to_zero_has_no_maximum_there() -> None:
    """Faces that repel each other once apart."""
    assert shape_findings(samples(WHOLE - bump(3.0, 4.0, 0.4))) == []
