"""The files of what atoms did: energies and forces of the study's own, marks, sizes; also of what the cache brings."""

import numpy as np
import pytest
import yaml
from ase.io import read

from atomistic import load_potential
from atomistic.frames import Frames, with_results
from benchmarks.finnis_sinclair import write_tungsten
from coupling.records import pack, unpack
from coupling.units import EV_A2
from multiscale import Results, run_study
from multiscale.sweeps.inputs import SweepInput
from tests.atomistic.conftest import write_eam_alloy

PLANE = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4}
LAW = {"study": "cohesive_law", "potential": "emt", "plane": PLANE, "openings": {"max": "4.5 Å", "points": 12}}
DISLOCATION = {
    "study": "dislocation", "potential": "W.eam.alloy", "species": "W", "structure": "bcc", "system": "screw", "radius": "12 Å",
    "results": ["core", "barrier", "peierls_stress"], "images": 3,
}  # fmt: skip
VACANCY = {
    "study": "concurrent", "potential": "Cu.eam.alloy", "species": "Cu", "structure": "fcc", "line": [1, -1, 0],
    "point_defect": {"missing": 1}, "box": {"cells": [2, 2], "level": 3},
    "methods": [{"method": "bgfc", "core": 2.0, "blend": 1.5}, {"method": "bqcf", "core": 2.0, "blend": 1.5}],
}  # fmt: skip


def run(folder, data, **changes):
    (folder / "study.yaml").write_text(yaml.safe_dump(data | changes, allow_unicode=True), encoding="utf-8")
    return run_study(folder / "study.yaml", folder / "run", allow_code=True)


def frames(results, name):
    return read(results.folder / "atoms" / f"{name}.extxyz", index=":")


def assert_potentials_own(images, potential, atol=1e-6):
    """Energies and forces are the potential's at the positions, which the file has to 1e-8 Å."""
    found = potential.evaluate(images)
    np.testing.assert_allclose([one.get_potential_energy() for one in images], found.energies, atol=atol)
    for one, forces in zip(images, found.forces, strict=True):
        np.testing.assert_allclose(one.get_forces(), forces, atol=atol)


def work(images):
    """ψ of each frame from the first closed one, eV/Å²."""
    energy = np.array([one.get_potential_energy() - one.info.get("taken_away_eV", 0.0) for one in images])
    closed = np.argmin(
        [abs(one.info["opening_A"]) + np.hypot(one.info["slip_x_A"], one.info["slip_y_A"]) for one in images]
    )
    area = np.linalg.norm(np.cross(*images[0].cell.array[:2])) * images[0].info.get("interfaces", 1)
    return (energy - energy[closed]) / area


@pytest.mark.parametrize("path", ["rigid", "relaxed"])
def test_the_structures_of_a_law_have_its_energies(path, tmp_path):
    """So have those of a run that takes the law from the cache."""
    first, again = run(tmp_path, LAW, path=path), run(tmp_path, LAW, path=path)
    assert first.reused == [] and "atomistic samples" in again.reused
    for results in (first, again):
        images, samples = frames(results, "law"), results.curves["samples"].values
        np.testing.assert_allclose(work(images) * EV_A2, samples["energy"], rtol=0, atol=1e-10)
        opening = [one.info["opening_A"] for one in images]
        np.testing.assert_allclose(opening, samples["opening"] * 1e10, rtol=0, atol=1e-4)
    assert_potentials_own(images, load_potential("emt"))
    listed = Results.load(again.folder).files
    assert [one.file for one in listed] == ["atoms/law.extxyz"]
    assert 'href="atoms/law.extxyz"' in (again.folder / "report.html").read_text(encoding="utf-8")
    if path == "relaxed":
        assert max(np.abs(one.get_forces()).max() for one in images) < 1e-3
        assert images[-1].info["traction_GPa"] == pytest.approx(samples["traction"][-1] / 1e9, abs=1e-6)


def test_a_mixed_grid_has_a_structure_a_jump(tmp_path):
    results = run(tmp_path, LAW, path="rigid", mode="mixed", slip={"tolerance": 0.5, "divisions": 4})
    images = frames(results, "law")
    jumps = np.array([[one.info[name] for name in ("opening_A", "slip_x_A", "slip_y_A")] for one in images])
    assert len(np.unique(jumps.round(6), axis=0)) == len(images) and np.all(np.diff(jumps[:, 0]) >= 0)
    assert_potentials_own(images[::9], load_potential("emt"))
    samples, straight = results.curves["samples"].values, np.hypot(*jumps[:, 1:].T) < 1e-9
    np.testing.assert_allclose(work(images)[straight] * EV_A2, samples["energy"], rtol=0, atol=1e-9)


def test_a_dislocation_leaves_its_core_its_barrier_and_its_way_under_load(tmp_path):
    potential = load_potential(str(write_tungsten(tmp_path / "W.eam.alloy")))
    results = run(tmp_path, DISLOCATION)
    (core,), band, loaded = (frames(results, name) for name in ("core", "barrier", "loaded"))
    assert_potentials_own([core, *band, *loaded], potential)
    free = core.arrays["free"] == 1
    assert free.sum() == results["free_atoms"] and len(core) == results["atoms"]
    assert np.abs(core.get_forces()[free]).max() < 2e-3 < np.abs(core.get_forces()[~free]).max()
    shell = np.array([one.info["shell_energy_eV"] for one in band])
    energy = np.array([one.get_potential_energy() for one in band]) - shell
    written = results.curves["images"].values["energy"] * core.cell[2, 2]
    np.testing.assert_allclose(energy - energy[0], written, rtol=0, atol=1e-9)
    assert [one.info["image"] for one in band] == [0, 1, 2, 3, 4]
    stress = np.array([one.info["stress_MPa"] for one in loaded])
    assert stress[0] == 0 < stress.max() < 1e-6 * results["peierls_stress"] * 2 and stress.min() < 0


def test_a_vacancy_in_a_coupled_crystal_marks_who_owns_its_atoms(tmp_path):
    potential = load_potential(str(write_eam_alloy(tmp_path / "Cu.eam.alloy")))
    results = run(tmp_path, VACANCY)
    (whole,), (blended,), (forced,) = (frames(results, name) for name in ("all_atoms", "1_bgfc", "2_bqcf"))
    for one, name in ((whole, "energy"), (blended, "1_bgfc_energy")):
        assert one.info["excess_energy_eV"] == results[name]
    assert "energy" not in forced.calc.results and "excess_energy_eV" not in forced.info
    forces = potential.evaluate([forced, whole]).forces
    for one, exact in zip((forced, whole), forces, strict=True):
        own = one.arrays["region"] < 2
        np.testing.assert_allclose(one.get_forces()[own], exact[own], atol=1e-6)
    for one in (blended, forced):
        beta, region = one.arrays["beta"], one.arrays["region"]
        assert np.all((beta == 0) == (region == 0)) and np.all((beta == 1) == (region == 2))
        assert 0 < (region == 0).sum() < (region < 2).sum() < len(one)
    assert set(whole.arrays["region"]) == {0, 2} and (whole.arrays["region"] == 0).sum() == 15 * 15 - 1


def test_the_meshes_of_coupled_methods_have_their_displacements(tmp_path):
    """At the vertices that are sites of the atoms' file, both say the same."""
    import h5py

    write_eam_alloy(tmp_path / "Cu.eam.alloy")
    results = run(tmp_path, VACANCY)
    (blended,) = frames(results, "1_bgfc")
    with h5py.File(results.folder / "fields.vtkhdf") as file:
        block = file["VTKHDF/1_bgfc"]
        moved = (block["Points"][()] + block["PointData/displacement_A"][()])[:, :2]
        beta, fraction, stress = (
            block["PointData/beta"][()],
            block["CellData/fraction"][()],
            block["CellData/stress_GPa"][()],
        )
    away = np.linalg.norm(moved[:, None] - blended.positions[None, :, :2], axis=-1)
    nearest = away.argmin(axis=1)
    own = (beta < 1) & (away.min(axis=1) < 0.5)  # the missing atom has a vertex, and no atom
    assert own.sum() == (blended.arrays["region"] < 2).sum() and away.min(axis=1)[own].max() < 1e-7
    np.testing.assert_allclose(beta[own], blended.arrays["beta"][nearest[own]], atol=1e-12)
    assert np.array_equal(np.isnan(stress).any(axis=1), fraction == 0) and 0 <= fraction.min() < fraction.max() <= 1


@pytest.mark.parametrize(("asked", "there"), [(False, False), (True, True), ("automatic", False)])
def test_large_files_are_written_where_they_are_asked_for(asked, there, tmp_path, monkeypatch):
    monkeypatch.setattr("multiscale.stages.atoms_out.LARGEST", 1000)
    results = run(tmp_path, LAW, path="rigid", output={"atoms": asked})
    assert (results.folder / "atoms" / "law.extxyz").is_file() == there == bool(results.files)
    assert any("would take about" in note for note in results.notes) == (asked == "automatic")
    kept = yaml.safe_load((results.folder / "input" / "study.yaml").read_text(encoding="utf-8"))
    assert kept["output"] == {"atoms": asked, "fields": "vtkhdf"}


def test_points_of_a_sweep_take_what_their_study_asks_for_and_not_its_folder():
    data = {"base": LAW | {"output": {"folder": "elsewhere", "atoms": False}}, "over": {"seed": [1, 2]}}
    assert SweepInput.parse(data).base["output"] == {"atoms": False}


def test_frames_survive_the_store_and_the_estimate_is_near(tmp_path):
    from ase.build import bulk

    from atomistic.frames import write_frames

    structures = [
        with_results(bulk("Cu", cubic=True) * (3, 3, 3), -1.0 / 3, np.full((108, 3), 1e-3)) for _ in range(20)
    ]
    made = Frames.of(structures, {"opening_A": np.linspace(0, 1, 20)}, {"region": np.arange(108)})
    back = unpack(Frames, pack(made))
    assert (
        back.info["opening_A"].tolist() == made.info["opening_A"].tolist() and back.arrays["region"].dtype == np.int64
    )
    write_frames(tmp_path / "a.extxyz", [back, back])
    images = read(tmp_path / "a.extxyz", index=":")
    assert len(images) == 40 and images[3].get_potential_energy() == -1.0 / 3
    assert images[21].arrays["region"].tolist() == list(range(108)) and images[21].info["opening_A"] == 1 / 19
    assert (tmp_path / "a.extxyz").stat().st_size == pytest.approx(2 * made.size, rel=0.2)
