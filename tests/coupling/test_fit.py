from dataclasses import replace

import numpy as np
import pytest

from coupling.errors import InputError
from coupling.interface.fit import Samples, fit, fit_all
from coupling.laws.bilinear import Bilinear
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.registry import closed_forms
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from coupling.laws.xu_needleman import XuNeedleman
from tests.coupling.laws import LENGTH, PEAK, WORK

SHEAR = 0.3 * WORK / LENGTH**2
SOURCES = {
    "uber": Uber(WORK, LENGTH, SHEAR),
    "xu-needleman": XuNeedleman(WORK, LENGTH, 1.7 * LENGTH),
    "ppr": ParkPaulinoRoesler(WORK, PEAK, WORK, 0.7 * PEAK, 3.2, 3.2, 0.12, 0.12),
    "bilinear": Bilinear(WORK, PEAK, 3 * PEAK / LENGTH),
}


def tabulated(law=SOURCES["uber"], shear=True, points=160):
    x = np.concatenate(
        [-0.5 * LENGTH * np.linspace(1, 0, 12, endpoint=False), 40 * LENGTH * np.linspace(0, 1, points) ** 2]
    )
    energy, traction, _ = law.normal(x)
    return TabulatedLaw(
        x, energy, traction, np.outer(np.exp(-np.maximum(x, 0) / LENGTH), [SHEAR, SHEAR]) if shear else None
    )


@pytest.mark.parametrize("kind", closed_forms())
def test_a_law_of_its_own_kind_is_found_again(kind):
    law, error = fit(SOURCES[kind], kind)
    assert error.kind == kind and error.traction < 1e-7 and error.energy < 1e-7
    for name in law.units:
        assert getattr(law, name) == pytest.approx(getattr(SOURCES[kind], name), rel=1e-6)


@pytest.mark.parametrize("kind", closed_forms())
def test_work_and_peak_of_samples_are_kept_and_the_error_is_what_it_says(kind):
    source = tabulated()
    law, error = fit(source, kind)
    assert law.work_of_separation == source.work_of_separation
    assert law.peak_traction == pytest.approx(source.peak_traction, rel=1e-14)
    x = np.linspace(0, 6.638352 * LENGTH, 20000)  # 99 % of the work of a UBER: (1+z) e^-z = 0.01
    energy, traction = (np.sqrt(np.mean((law.normal(x)[k] - source.normal(x)[k]) ** 2)) for k in (0, 1))
    assert error.traction == pytest.approx(traction / PEAK, rel=0.01, abs=1e-6)
    assert error.energy == pytest.approx(energy / WORK, rel=0.01, abs=1e-6)


@pytest.mark.parametrize(("kind", "name"), [("ppr", "alpha"), ("ppr", "normal_slope"), ("bilinear", "stiffness")])
def test_fitted_parameters_are_at_the_least_error(kind, name):
    source = tabulated()
    law, error = fit(source, kind)
    assert name in error.fitted
    x = np.linspace(0, 6.638352 * LENGTH, 4000)
    errors = [
        np.sum((replace(law, **{name: getattr(law, name) * factor}).normal(x)[1] - source.normal(x)[1]) ** 2)
        for factor in (0.98, 1.0, 1.02)
    ]
    assert errors[1] < min(errors[0], errors[2])


def test_samples_fit_as_their_law_does_and_the_best_comes_first():
    source = tabulated()
    from_samples = fit_all(Samples(source.opening, source.energy, source.traction, source.tangential_stiffness))
    assert from_samples == fit_all(source)
    tractions = [each.error.traction for each in from_samples]
    assert tractions == sorted(tractions)
    assert {from_samples[0].error.kind, from_samples[1].error.kind} == {"uber", "xu-needleman"}
    assert tractions[1] < 1e-4 and 0.001 < tractions[2] < 0.02 and from_samples[3].error.kind == "bilinear"


@pytest.mark.parametrize("kind", ["uber", "xu-needleman", "ppr"])
def test_shear_stiffness_of_the_samples_is_met(kind):
    law = fit(tabulated(), kind).law
    tangent = law.evaluate(np.zeros((1, 3))).tangent[0]
    np.testing.assert_allclose(tangent[[1, 2], [1, 2]], SHEAR, rtol=1e-10)


def test_without_shear_in_the_samples_the_form_supplies_its_own():
    source = tabulated(shear=False)
    assert fit(source, "uber").law.shear_stiffness == 0.0
    assert fit(source, "ppr").law.shear_peak_traction == fit(source, "ppr").law.peak_traction
    tangent = fit(source, "xu-needleman").law.evaluate(np.zeros((1, 3))).tangent[0]
    np.testing.assert_allclose(np.diag(tangent), tangent[0, 0])


def test_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'xu-needleman'"):
        fit(SOURCES["uber"], "xu_needleman")
