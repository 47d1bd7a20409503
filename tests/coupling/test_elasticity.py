"""Averages of elastic constants."""

import numpy as np
import pytest

from coupling.elasticity import cubic_averages, isotropic_stiffness, stiffness_tensor


def cubic(c11, c12, c44):
    stiffness = np.diag([c11] * 3 + [c44] * 3).astype(float)
    stiffness[:3, :3] += c12 * (1 - np.eye(3))
    return stiffness


def test_an_isotropic_solid_is_its_own_average():
    stiffness = isotropic_stiffness(70e9, 0.3)
    shear, poisson = cubic_averages(stiffness[0, 0], stiffness[0, 1], stiffness[3, 3])
    assert (shear, poisson) == pytest.approx((70e9 / 2.6, 0.3), rel=1e-12)


def test_averages_are_those_of_the_tensors_invariants():
    """G at equal strain is (C_ijij − C_iijj/3)/10; at equal stress the same of the compliance, turned over."""
    stiffness = cubic(168.4, 121.4, 75.4)
    compliance = np.linalg.inv(stiffness) / np.outer([1, 1, 1, 2, 2, 2], [1, 1, 1, 2, 2, 2])
    c, s = stiffness_tensor(stiffness), stiffness_tensor(compliance)
    voigt, flexible = ((np.einsum("ijij", t) - np.einsum("iijj", t) / 3) / 10 for t in (c, s))
    shear, poisson = cubic_averages(168.4, 121.4, 75.4)
    assert shear == pytest.approx((voigt + 1 / (4 * flexible)) / 2, rel=1e-12)
    bulk = np.einsum("iijj", c) / 9
    assert 2 * shear * (1 + poisson) == pytest.approx(3 * bulk * (1 - 2 * poisson), rel=1e-12)
