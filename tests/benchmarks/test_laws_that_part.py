"""Iron (001), whose crystal parts before its plane opens, and whose law has a fold behind that, from atoms to files."""

import re
from dataclasses import replace

import numpy as np
import pytest
import yaml

import multiscale as ms
from benchmarks.wheel import wheel_file
from coupling.exchange.storage import load_law
from coupling.interface.branches import LeftOut
from multiscale.inputs.law_options import LawOptions
from multiscale.studies.law_findings import AGREE, law_findings


@pytest.fixture(scope="module")
def iron():
    potential = ms.load_potential(str(wheel_file("Fe_mm.eam.fs")))
    plane = ms.cleave(ms.crystal(potential, "Fe", "bcc"), (0, 0, 1), layers=6)
    return ms.derived_law(potential, plane, path="relaxed", largest_opening="6 Å")


def test_the_law_has_no_traction_that_interpolation_made(iron):
    law, slab = iron.law, iron.atoms.slab
    opening = np.linspace(0.0, law.opening[-1], 40001)
    energy, traction, _ = law.normal(opening)
    assert iron.law_consistency < AGREE
    assert traction.min() > -2e-3 * law.peak_traction and np.diff(energy).min() > -1e-6 * law.work_of_separation
    assert slab.left_out and all(isinstance(one, LeftOut) and one.parts for one in slab.left_out)
    assert np.all(np.diff(iron.static.opening) > 0)


def test_no_traction_is_higher_than_one_in_equilibrium(iron):
    law, slab = iron.law, iron.atoms.slab
    assert law.peak_traction == law.count.equilibrium_traction
    assert law.peak_traction == pytest.approx(slab.traction.max() * 160.2177e9, rel=6e-3)
    assert law.peak_traction < 20.2235e9  # the strength of the evenly stretched crystal
    assert f"{law.peak_traction / 1e9:.4g} GPa" in law.count.beyond
    naive = ms.naive_law(slab, law.count)
    assert naive.peak_traction < 1.002 * law.peak_traction
    assert naive.count.equilibrium_until > 0 and naive.count.equilibrium_traction == law.count.equilibrium_traction


def test_thickness_is_looked_at(iron):
    thickness = iron.atoms.thickness
    assert thickness.layers == (6, 10) and not thickness.chosen and 0.0 < thickness.moved[0] < 0.02
    thin = replace(iron, atoms=replace(iron.atoms, thickness=replace(thickness, moved=(0.0123,))))
    (said,) = [one for one in law_findings(LawOptions(path="relaxed"), thin) if "thick enough" in one.what]
    assert "6 layers are not thick enough: with 10" in said.what and "1.2%" in said.what and said.size == 0.0123
    good = replace(iron, atoms=replace(iron.atoms, thickness=replace(thickness, moved=(0.004,))))
    assert not any("thick enough" in one.what for one in law_findings(LawOptions(path="relaxed"), good))


def test_the_run_says_that_the_crystal_parts_and_its_files_agree(tmp_path):
    study = {
        "study": "cohesive_law", "potential": str(wheel_file("Fe_mm.eam.fs")), "path": "relaxed",
        "plane": {"species": "Fe", "structure": "bcc", "miller": [0, 0, 1], "layers": 6},
    }  # fmt: skip
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    results = ms.run_study(tmp_path / "study.yaml", tmp_path / "run")
    law = load_law(tmp_path / "run" / "law.json")
    assert results["highest_equilibrium_traction"] == results["peak_traction"] == law.peak_traction
    assert "The crystal parts before the interface" in results.summary and "interface parts" not in results.summary
    text = (tmp_path / "run" / "law_abaqus.inp").read_text()
    own = float(re.search(r"itself: .* work_of_separation = (\S+) J", text)[1])
    assert own == pytest.approx(law.work_of_separation, rel=1e-9)
