"""The theories that solutions are compared with: beams, adhesion of spheres, peeling; and a sphere solved against them."""

import numpy as np
import pytest

from continuum.reference.adhesion import pull_off
from continuum.reference.analytic import dcb_beam, dmt_pull_off, jkr_pull_off, kendall_force, maugis_pull_off
from continuum.reference.verification import constant_stress_law
from coupling.errors import InputError
from coupling.laws.xu_needleman import XuNeedleman


def test_beam_theory_tends_to_the_corrected_crack_length():
    """P → √(w E' h³/12)/(a + 0.677 h) for long cracks; what the zone takes off falls, at last as 1/a."""
    law, excess = XuNeedleman(1.0, 2e-7, 4e-7), []
    for crack in (0.4, 0.8):
        slender = 2 * crack**2 / 3 * np.sqrt(12 / 70e9 / 0.01**3)
        peak = dcb_beam(law, 70e9, 0.01, crack, np.linspace(0.2, 1.4, 100) * slender).max()
        excess.append(1 - peak * (crack + 0.677 * 0.01) / np.sqrt(70e9 * 0.01**3 / 12))
    assert 0 < excess[-1] < 0.02
    assert 1.6 < excess[0] / excess[1] < 2.1


def test_theories_of_adhesion_agree_in_their_limits():
    work, radius, modulus = 0.05, 1e-6, 1e9
    unit = (np.pi * work * (4 / 3 * modulus) ** 2 / radius) ** (1 / 3)
    assert maugis_pull_off(work, radius, modulus, 10 * unit) == pytest.approx(jkr_pull_off(work, radius), rel=1e-3)
    assert maugis_pull_off(work, radius, modulus, 5e-4 * unit) == pytest.approx(dmt_pull_off(work, radius), rel=1e-3)
    force = kendall_force(50.0, 1e9, 1e-4, 0.3)
    assert force**2 / (2 * 1e9 * 1e-4) + force * (1 - np.cos(0.3)) == pytest.approx(50.0, rel=1e-12)


def test_weakly_adhering_sphere_against_maugis():
    """λ = 0.1: nearly Derjaguin's 2πwR; the adhesive stress is the law's plateau."""
    work, radius, young, poisson = 0.05, 1e-6, 1e9, 0.3
    modulus = young / (1 - poisson**2)
    stress = 0.05 * (np.pi * work * (4 / 3 * modulus) ** 2 / radius) ** (1 / 3)
    force = pull_off(constant_stress_law(work, stress, 0.05), young, poisson, radius).force
    assert force == pytest.approx(maugis_pull_off(work, radius, modulus, stress), rel=0.02)
    with pytest.raises(InputError, match="shape 'cube' is not offered"):
        pull_off(constant_stress_law(work, stress, 0.05), young, poisson, radius, shape="cube")
