"""The embedding study from input to report, with classical potentials; and inputs that make none."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml

from coupling.errors import DoubleCounted, InputError
from multiscale import run_study

LARGER = {"name": "ase.calculators.lj:LennardJones", "sigma": 2.3, "epsilon": 0.4, "rc": 5.0, "smooth": True}
CRYSTAL = {"species": "Cu", "structure": "fcc", "repeats": [3, 3, 3], "vacancies": [0], "rattle": "0.03 Å"}
IONS = Path(__file__).parents[1] / "atomistic" / "data"
REGION = {"kind": "atoms", "atoms": [0, 1, 2, 3, 4], "radius": "0.1 Å"}
ION = {"larger": None, "quantum": "ase.calculators.emt:EMT", "buffer": None, "regions": {"ion": REGION}}
CHARGED = {"ion": REGION | {"charge": 1}}
EXAMPLES = Path(__file__).parents[2] / "examples"


def study(**changes):
    base = {
        "study": "embedding", "title": "a vacancy", "potential": "emt", "larger": LARGER, "buffer": "2.8 Å",
        "structure": {"crystal": CRYSTAL},
        "regions": {"vacancy": {"kind": "defects", "leave": "1 Å"}},
    }  # fmt: skip
    return {key: value for key, value in (base | changes).items() if value is not None}


def run(tmp_path, **changes):
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study(**changes)), encoding="utf-8")
    return run_study(tmp_path / "study.yaml", tmp_path / "run", allow_code=True)


def test_energy_scheme_with_relaxation_buffers_and_dynamics(tmp_path):
    results = run(
        tmp_path, relax=0.5, buffers={"radii": ["1 Å", "2.8 Å", "4.5 Å"], "error": 1.0},
        dynamics={"steps": 5, "timestep": 2.0},
    )  # fmt: skip
    assert results["atoms"] == 107
    assert results["qm_atoms"] == 54
    assert results["partition_error"] < 1e-10
    assert results["max_force"] < 0.5
    assert sum(row.energy for row in results.ledger) == pytest.approx(results["energy"], abs=1e-10)
    assert [row.counting_number for row in results.ledger] == [1, 1, -1]
    assert len(results.curves["force_error"].values["radius"]) == 2
    assert len(results.curves["dynamics"].values["time"]) == 6
    along = results.curves["dynamics"].values
    assert along["total"][0] == along["conserved"][0] == 0 < along["temperature"][0] < 600
    assert along["total"][-1] - along["conserved"][-1] == pytest.approx(results["injected_energy"], abs=1e-9)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    for words in ("Who counts what", "Regions", "Force error against the buffer", "Energy in the dynamics"):
        assert words in page
    from ase.io import read

    written = read(tmp_path / "run" / "atoms" / "embedded.extxyz")
    assert (written.arrays["region"] == 1).sum() == 12
    assert written.get_potential_energy() == results["energy"]
    assert np.linalg.norm(written.get_forces(), axis=1).max() == pytest.approx(results["max_force"], abs=2e-8)
    moved = read(tmp_path / "run" / "atoms" / "dynamics.extxyz", index=":")
    assert len(moved) == 6 and all((one.arrays["region"] == 1).sum() == 12 for one in moved)
    total = np.array([one.get_potential_energy() + one.info["kinetic_eV"] for one in moved])
    np.testing.assert_allclose(total - total[0], along["total"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("scheme", ["energy", "forces"])
def test_what_comes_from_the_store_is_what_was_computed(scheme, tmp_path):
    """Also where the buffer that was asked for is not found, and its reference is the largest one."""
    asked = {"buffers": {"radii": ["1 Å", "2.8 Å", "4.5 Å"], "error": 1e-9}, "dynamics": {"steps": 2}, "scheme": scheme}
    first, again = run(tmp_path, **asked), run(tmp_path, **asked)
    assert first.reused == [] and again.reused == ["embedded structure"]
    assert again.quantities == first.quantities and again.ledger == first.ledger and again.tables == first.tables
    assert any("still errs by" in note for note in first.notes) and again.notes == first.notes
    for name, curve in first.curves.items():
        for column, values in curve.values.items():
            np.testing.assert_array_equal(again.curves[name].values[column], values)


@pytest.mark.parametrize("scheme", ["forces", "abrupt forces"])
def test_force_mixing_has_owners_but_no_energy(scheme, tmp_path):
    results = run(tmp_path, scheme=scheme, dynamics={"steps": 3})
    assert "energy" not in results.quantities
    assert sum(row.sites for row in results.ledger) == 107
    assert results["net_force"] > 0
    along = results.curves["dynamics"].values
    assert results["injected_energy"] != 0
    assert along["total"][-1] - along["conserved"][-1] == pytest.approx(results["injected_energy"], rel=1e-9)


def test_two_regions_that_overlap_are_refused_and_nothing_stays(tmp_path):
    with pytest.raises(DoubleCounted, match=r"QM\(a\), \+QM\(b\)"):
        run(tmp_path, regions={"a": {"kind": "atoms", "atoms": [0]}, "b": {"kind": "atoms", "atoms": [1]}})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"regions": {"a": {"kind": "cube"}}},
            "Unknown kind of region 'cube'; valid: atoms, defects, layer, sphere, uncertainty",
        ),
        ({"regions": {"a": {"kind": "sphere", "radius": "2 Å"}}}, "needs 'centre'"),
        ({"regions": {"a": {"kind": "atoms", "atoms": [0], "by": "coordination"}}}, "not 'by'"),
        ({"regions": {"a": {"kind": "atoms", "atoms": [999]}}}, "names atom 999"),
        ({"regions": {"a": {"kind": "sphere", "centre": [0.0, 0.0, 0.0], "radius": "0.01 Å"}}}, "has no atoms"),
        ({"regions": {}}, "regions"),
        ({"regions": {"a": {"kind": "uncertainty", "values": "none.txt", "threshold": 0.1}}}, "no file 'none.txt'"),
        ({"larger": None}, "either quantum"),
        ({"larger": None, "quantum": "gfn3-xtb"}, "Unknown quantum engine 'gfn3-xtb'"),
        ({"larger": None, "quantum": "ase.calculators.emt:EMT", "charges": {"Cu": 1.0}}, "takes no point charges"),
        ({"larger": None, "quantum": "no_such_code:A"}, "not installed"),
        ({"charges": {"Cu": 1.0}}, "charges need quantum"),
        ({"scheme": "forces", "relax": 0.1}, "mixed forces have no energy"),
        ({"buffers": {"radii": ["3 Å", "2 Å", "4 Å"]}}, "must rise"),
        ({"structure": {}}, "either file or crystal"),
        ({"structure": {"file": "none.xyz"}}, "no file 'none.xyz'"),
        ({"structure": {"crystal": CRYSTAL | {"vacancies": [108]}}}, "no atom 108; the crystal has 0 to 107"),
        ({"structure": {"crystal": CRYSTAL | {"repeats": [1000, 1000, 1000]}}}, "from 1 to 50"),
        (ION | {"structure": {"file": str(IONS / "info_charge.extxyz")}}, r"total charge of .1 e, .* charge: 1 in ion"),
        (
            ION | {"structure": {"file": str(IONS / "plain.extxyz")}, "split": "1 Å", "regions": CHARGED},
            "leave split out",
        ),
        (ION | {"quantum": {"name": "ase.calculators.emt:EMT", "charge": 1}}, "regions.NAME.charge"),
        (ION | {"structure": {"file": str(IONS / "plain.extxyz")}, "regions": CHARGED}, "takes no total charge"),
        ({"buffer": "-1 Å"}, "greater than zero"),
        ({"potential": "emt", "structure": {"crystal": {"species": "Si", "structure": "diamond"}}}, "lacks Si"),
    ],
)
def test_inputs_that_make_no_embedding_are_refused_in_one_sentence(changes, message, tmp_path):
    with pytest.raises(InputError, match=message) as caught:
        run(tmp_path, **changes)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def example(name, tmp_path, **changes):
    given = yaml.safe_load((EXAMPLES / name / "study.yaml").read_text(encoding="utf-8")) | changes
    given = {key: value for key, value in given.items() if value is not None}
    if "file" in given["structure"]:
        given["structure"] = {"file": str(EXAMPLES / name / given["structure"]["file"])}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    return run_study(tmp_path / "study.yaml", tmp_path / "run", allow_code=True)


def test_the_adsorbate_example_with_one_cheap_potential_in_itself(tmp_path):
    results = example("embedding_co_cu111", tmp_path, potential="emt", quantum="ase.calculators.emt:EMT")
    assert results["qm_atoms"] == 9
    assert results["cheap_force_error"] < 1e-10
    assert max(results.curves["force_error"].values["difference"]) < 1e-10


@pytest.mark.skipif(find_spec("tblite") is None, reason="tblite is not installed")
def test_the_silicon_example_in_a_smaller_cell(tmp_path):
    crystal = {"species": "Si", "structure": "diamond", "repeats": [2, 2, 2], "vacancies": [32], "rattle": "0.02 Å"}
    results = example("embedding_si_vacancy", tmp_path, structure={"crystal": crystal}, buffer=None, buffers=None)
    assert [row[1:] for row in results.tables[0].rows] == [(4, 4, 12, "none", 0)]
    assert results["partition_error"] < 1e-10
    again = example("embedding_si_vacancy", tmp_path, structure={"crystal": crystal}, buffer=None, buffers=None)
    assert again.reused == ["embedded structure"]
