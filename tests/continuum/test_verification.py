import numpy as np
import pytest

from continuum.reference.verification import ELEMENTS, exact_solution_errors, patch_test


@pytest.mark.parametrize("element", ELEMENTS)
@pytest.mark.parametrize(("geometry", "order"), [(1, 1), (1, 2), (2, 2)])
def test_patch_constant_strain_across_a_glued_interface(element, geometry, order):
    assert patch_test(element, geometry, order) < 1e-10


@pytest.mark.parametrize(("order", "slope"), [(1, 2.0), (2, 3.0)])
@pytest.mark.parametrize("element", ["triangle", "quadrilateral"])
def test_errors_fall_with_the_order_of_the_elements(element, order, slope):
    errors = exact_solution_errors(order, (0.125, 0.0625, 0.03125), element)
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(slope, abs=0.1)
