"""Bars of laws and specimens from held-out labelled paths: given, or withheld with a finding."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtri

from atomistic.trust.bars import HeldOut
from coupling.interface.error_bars import with_error_bars
from multiscale.stages.bars import barred, barred_law
from multiscale.studies.specimen.bars import ErrorBars, _checked, _of_laws
from tests.coupling.test_spread import tabulated

LAW = with_error_bars(tabulated(4.0), [tabulated(3.9), tabulated(4.1)])
STDS = {"work_of_separation": LAW.work_of_separation_std, "peak_traction": LAW.peak_traction_std}


def held(name: str, true: float, error: float) -> dict[str, HeldOut]:
    """Nineteen paths that are off by this much, of which the parameters know nothing."""
    values = np.full(19, true)
    return {name: HeldOut(name, values, values + error * np.linspace(-1, 1, 19), np.zeros(19))}


def test_a_law_takes_the_deviations_of_its_bars() -> None:
    """The 18th of 19 errors, 0.4 J/m², on the whole ψ; tractions have no paths, and none."""
    known = held("work_of_separation", 4.0, 0.4)
    law, (work, peak) = barred_law(LAW, STDS, known)
    assert work.radius == known["work_of_separation"].bar(LAW.work_of_separation, STDS["work_of_separation"]).radius
    assert law.work_of_separation_std == pytest.approx(work.radius / ndtri(0.95))
    factor = law.work_of_separation_std / LAW.work_of_separation_std
    np.testing.assert_allclose(law.energy_std, factor * LAW.energy_std)
    assert not peak.given and law.traction_std is None and LAW.traction_std is not None
    np.testing.assert_array_equal(law.energy, LAW.energy)


def test_a_quantity_without_paths_has_no_deviation() -> None:
    found = barred({}, "shear_modulus", 40e9, 1e9)
    assert found.std is None and "0 of the labelled paths" in found.bar.withheld


def test_a_specimen_withholds_what_its_paths_do_not_bear_out() -> None:
    """C44 and the work have paths, the peak has none; what no path can tell stays as it is."""
    study = SimpleNamespace(
        interfaces={"bond": None}, crystal_bodies={"body": SimpleNamespace(same="crystal")}, run_bodies={}
    )
    crystals = {"body": SimpleNamespace(stiffness_voigt=40e9 * np.eye(6))}
    parts = SimpleNamespace(laws={"bond": LAW}, derived={"bond": None}, crystals=crystals)
    plain = ErrorBars(STDS | {"C44": 1e9, "C11": 2e9, "peak_load": 3.0}, {"bond": LAW}, ())
    paths = held("work_of_separation", 4.0, 0.4) | held("shear_modulus", 40e9, 4e9)
    found = _of_laws(study, parts, _checked(study, parts, plain, paths))
    assert set(found.std) == {"work_of_separation", "C44", "C11", "peak_load"}
    assert found.std["C11"] == 2e9 and found.std["C44"] > 1e9
    assert found.std["work_of_separation"] == pytest.approx(found.laws["bond"].work_of_separation_std, rel=1e-12)
    (finding,) = found.findings
    assert "peak traction is withheld" in str(finding) and finding.where == "bond" and not finding.fatal
