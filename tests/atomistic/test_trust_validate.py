"""Validation: errors that were put in come out, by group and element; the command line says what is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistic.trust import LabelSet, fit_posterior
from atomistic.trust.validate import calibration, validate
from coupling.contracts import Potential
from coupling.errors import InputError
from coupling.units import EV_A3, GPA
from tests.atomistic.radial_model import radial
from tests.atomistic.test_trust import TRUTH, crystals, noisy


@pytest.fixture(scope="module")
def labels(emt: Potential) -> LabelSet:
    return LabelSet.made(emt, crystals(12), ["bulk"] * 8 + ["surface"] * 4)


def changed(labels: LabelSet, group: str, **changes: object) -> LabelSet:
    return LabelSet(
        tuple(
            replace(one, **{k: v(getattr(one, k)) for k, v in changes.items()}) if one.group == group else one
            for one in labels
        )
    )


def test_a_perfect_potential_has_no_errors(emt: Potential, labels: LabelSet) -> None:
    found = validate(emt, labels)
    assert list(found.groups) == ["all", "bulk", "surface"]
    everything = found.groups["all"]
    for scatter in (everything.energy, everything.force, everything.stress):
        assert scatter.root_mean_square < 1e-6
    assert everything.softening == pytest.approx(1)
    assert everything.structures == 12 and everything.force.count == 12 * 12


def test_errors_that_were_put_in_come_out(emt: Potential, labels: LabelSet) -> None:
    wrong = changed(labels, "surface", forces=lambda f: f + 0.05, stress=lambda s: s + 2e-3)
    found = validate(emt, wrong)
    assert found.worst == "surface"
    assert found.groups["surface"].force.mean_absolute == pytest.approx(50)
    assert found.groups["surface"].stress.root_mean_square == pytest.approx(2e-3 * EV_A3 / GPA)
    assert found.groups["bulk"].force.mean_absolute < 1e-6
    assert found.groups["all"].force.root_mean_square == pytest.approx(50 / np.sqrt(3))


def test_energy_zeros_do_not_count_as_errors(emt: Potential, labels: LabelSet) -> None:
    shifted = LabelSet(tuple(replace(one, energy=one.energy + 4 * 7.5) for one in labels))
    found = validate(emt, shifted)
    assert found.zeros["Cu"] == pytest.approx(7.5)
    assert found.groups["all"].energy.root_mean_square < 1e-6


def test_softening_is_the_slope_of_the_forces(emt: Potential, labels: LabelSet) -> None:
    stiffer = LabelSet(tuple(replace(one, forces=one.forces / 0.8) for one in labels))
    assert validate(emt, stiffer).groups["all"].softening == pytest.approx(0.8)


def test_errors_by_element(emt: Potential) -> None:
    atoms = bulk("NiAl", "cesiumchloride", a=2.9) * (2, 1, 1)
    atoms.rattle(0.05, seed=0)
    (label,) = LabelSet.made(emt, [atoms])
    wrong = label.forces + 0.03 * (atoms.numbers == 28)[:, None]
    found = validate(emt, LabelSet((replace(label, forces=wrong),)))
    assert found.elements["Ni"].mean_absolute == pytest.approx(30)
    assert found.elements["Al"].mean_absolute < 1e-6


def test_a_molecule_has_no_stress(emt: Potential) -> None:
    found = validate(emt, LabelSet.made(emt, [Atoms("Cu2", [[0, 0, 0], [0, 0, 2.4]])], "dimer"))
    assert found.groups["dimer"].stress.count == 0
    assert "-" in found.rows()[1]


def test_calibration_of_known_noise() -> None:
    oracle = radial(TRUTH, {29: -3.0})
    posterior = fit_posterior(radial(), noisy(LabelSet.made(oracle, crystals(40))))
    new = noisy(LabelSet.made(oracle, crystals(60, seed=2)), seed=5)
    found = calibration(posterior.predict(new.structures), new)
    np.testing.assert_allclose(found.found, found.stated, atol=0.06)


def test_command_line(labels: LabelSet, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from multiscale.cli import app

    labels.save(tmp_path / "labels.xyz")
    said = CliRunner().invoke(app, ["validate", "emt", str(tmp_path / "labels.xyz")])
    assert said.exit_code == 0
    assert "worst group" in said.output and "surface" in said.output
    for arguments, words in (
        (["emt", "missing.xyz"], "There is no structure file 'missing.xyz'"),
        (["7net-o", str(tmp_path / "labels.xyz")], "Did you mean"),
    ):
        said = CliRunner().invoke(app, ["validate", *arguments])
        assert said.exit_code == 2 and words in said.output and "Traceback" not in said.output


def test_nothing_to_compare_with_is_said(emt: Potential) -> None:
    with pytest.raises(InputError, match="no labels"):
        validate(emt, LabelSet())
