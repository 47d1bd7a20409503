"""The cohesive-law study beyond the examples: resumed, mixed, warm, initially rigid, from files."""

import numpy as np
import pytest
import yaml

from atomistic import load_potential
from atomistic.decohesion.mixed_path import refined_slip_grid
from atomistic.decohesion.slab import cleavage_slab, conventional_cell, read_crystal
from atomistic.properties.bulk import equilibrium
from coupling.errors import InputError
from coupling.exchange.storage import load_law
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.mixed_in_bulk import MixedInBulk
from coupling.wrapped import Wrapped
from multiscale import run_study
from multiscale.runtime.resumable import ResumablePotential, resumable
from multiscale.studies import parse_study

PLANE = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 6}
RELAXED = {
    "study": "cohesive_law", "potential": "emt", "plane": PLANE, "path": "relaxed", "openings": {"max": "4.5 Å", "points": 20},
}  # fmt: skip


class Interrupted(Wrapped):
    """A potential that stops after some batches, as a killed run does, and counts structures."""

    def __init__(self, potential, left):
        super().__init__(potential)
        self.left, self.evaluated = left, 0

    def evaluate(self, structures, *, site_energies=False, features=False):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        self.evaluated += len(structures)
        return super().evaluate(structures, site_energies=site_energies, features=features)


@pytest.fixture(scope="module")
def emt():
    return load_potential("emt")


def copper(emt):
    crystal = equilibrium(emt, "Cu", "fcc")
    return cleavage_slab(crystal, (1, 1, 1), 4, conventional=conventional_cell(crystal))


def test_an_interrupted_path_goes_on_in_its_middle(emt, tmp_path):
    """After four batches of a rigid path, the second run evaluates the rest and gives the same bits."""
    from atomistic.decohesion.rigid_path import default_openings, rigid_path

    slab = copper(emt)
    openings, folder, said = default_openings(5.0, 40), tmp_path / "unfinished", []
    whole = Interrupted(emt, -1)
    reference = rigid_path(whole, slab, openings)
    first = Interrupted(emt, 4)
    with pytest.raises(KeyboardInterrupt), resumable(first, folder, said.append) as kept:
        rigid_path(kept, slab, openings)
    assert len(list(folder.glob("*.npz"))) == 4
    second = Interrupted(emt, -1)
    with resumable(second, folder, lambda *words: said.append(words[0] % words[1:])) as kept:
        resumed = rigid_path(kept, slab, openings)
    assert first.evaluated + second.evaluated == whole.evaluated and second.evaluated > 0
    np.testing.assert_array_equal(resumed.energy, reference.energy)
    np.testing.assert_array_equal(resumed.tangential_stiffness, reference.tangential_stiffness)
    assert said == [f"{first.evaluated} structures were reused from an interrupted run"]
    assert not folder.exists()


def test_a_damaged_answer_and_another_structure_are_evaluated(emt, tmp_path):
    slab = copper(emt)
    counted = Interrupted(emt, -1)
    kept = ResumablePotential(counted, tmp_path)
    one = kept.evaluate([slab.atoms, slab.opened(1.0)])
    (file,) = tmp_path.glob("*.npz")
    again = kept.evaluate([slab.atoms, slab.opened(1.0)])
    assert counted.evaluated == 2 and kept.reused == 0
    later = ResumablePotential(counted, tmp_path)
    later.evaluate([slab.atoms, slab.opened(1.0)])
    assert counted.evaluated == 2 and later.reused == 2
    for a, b in zip(one.forces, again.forces, strict=True):
        np.testing.assert_array_equal(a, b)
    kept.evaluate([slab.atoms, slab.opened(1.0 + 1e-12)])
    assert counted.evaluated == 4
    file.write_bytes(b"half")
    kept.evaluate([slab.atoms, slab.opened(1.0)])
    assert counted.evaluated == 6


def test_the_grid_refines_where_its_error_is_and_stays_in_its_budget(emt):
    slab = copper(emt)
    coarse = np.array([-0.1, 0.0, 0.4, 1.0, 2.2, 5.0])
    options = {"divisions": 4, "tolerance": 0.003}
    counted = Interrupted(emt, -1)
    grid, history = refined_slip_grid(counted, slab, coarse, slab.atoms.cell.array[:2, :2], budget=900, **options)
    errors = [max(h.opening_error, h.slip_error) for h in history]
    assert counted.evaluated == history[-1].evaluations <= 900
    assert len(history) > 1 and errors[-1] < 0.5 * errors[0]
    assert len(grid.opening) == history[-1].openings and grid.energy.shape[1] == history[-1].divisions
    with pytest.raises(InputError, match="more than the budget of 50"):
        refined_slip_grid(emt, slab, coarse, slab.atoms.cell.array[:2, :2], budget=50, **options)


def test_a_mixed_mode_study_gives_a_law_of_opening_and_slip(tmp_path):
    study = {
        "study": "cohesive_law", "potential": "emt", "plane": PLANE | {"layers": 4}, "mode": "mixed",
        "openings": {"max": "5 Å", "points": 14}, "slip": {"tolerance": 1e-4, "budget": 600},
    }  # fmt: skip
    results = run_study(parse_study(study, tmp_path), tmp_path / "run")
    law = load_law(tmp_path / "run" / "law.json")
    assert isinstance(law, MixedModeLaw)
    slid = law.evaluate(
        np.array([[0.3e-10, 0.4e-10, 0.0], [0.3e-10, 0.4e-10, 0.0]]) + [[0, 0, 0], [0, *law.lattice[0]]]
    )
    assert slid.energy[0] == pytest.approx(slid.energy[1], rel=1e-9)  # the crystal's period
    finding, fault = results.findings
    assert "an intrinsic stacking fault of" in fault.what
    assert not finding.fatal and finding.size == results["grid_error"] > 1e-4
    assert (
        "0.0001 is wanted" in finding.what and "budget of 600" in finding.what and finding.what in results.warnings[0]
    )
    assert 0 < results["gamma_surface_highest"] < results["work_of_separation"]
    assert (tmp_path / "run" / "gamma_surface.png").stat().st_size > 5000
    assert "Refinement of the grid" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_relaxed_mixed_mode_study_takes_the_bulk_away_as_a_vector_in_law_and_in_bulk(tmp_path):
    study = {
        "study": "cohesive_law", "potential": "emt", "plane": PLANE | {"layers": 4}, "mode": "mixed", "path": "relaxed",
        "openings": {"max": "4.5 Å", "points": 14}, "slip": {"divisions": 4, "tolerance": 0.9, "budget": 200},
    }  # fmt: skip
    laws, found = {}, {}
    for gap in ("in law", "in bulk"):
        found[gap] = run_study(parse_study(study | {"gap": gap}, tmp_path), tmp_path / gap)
        laws[gap] = load_law(tmp_path / gap / "law.json")
    assert isinstance(laws["in law"], MixedModeLaw) and isinstance(laws["in bulk"], MixedInBulk)
    assert laws["in bulk"].work_of_separation == pytest.approx(laws["in law"].work_of_separation, rel=1e-12)
    assert laws["in bulk"].peak_traction == pytest.approx(laws["in law"].peak_traction, rel=0.01)
    assert laws["in bulk"].opening_at_peak < 0.6 * laws["in law"].opening_at_peak
    counts = {gap: law.count for gap, law in laws.items()}
    assert {count.taken_away for count in counts.values()} == {"bulk"}
    assert counts["in bulk"].plus.layers == counts["in law"].plus.layers + 0.5 == 2.0
    assert counts["in law"].plus.energy_at_peak > 0.1 and found["in law"]["traction_route_difference"] < 0.05
    assert found["in law"]["jumps_without_equilibrium"] > 0


def test_gap_in_bulk_moves_the_opening_and_keeps_the_work(tmp_path):
    laws = {}
    for gap in ("in law", "in bulk"):
        run_study(parse_study(RELAXED | {"gap": gap}, tmp_path), tmp_path / gap)
        laws[gap] = load_law(tmp_path / gap / "law.json")
    assert laws["in bulk"].kind == "initially-rigid" and laws["in bulk"].gap == "in bulk"
    assert laws["in bulk"].work_of_separation == pytest.approx(laws["in law"].work_of_separation, rel=5e-3)
    assert laws["in bulk"].initial_traction == pytest.approx(laws["in law"].peak_traction, rel=0.05)
    assert not (tmp_path / "in bulk" / "law_moose.i").exists()
    assert "No moose block" in (tmp_path / "in bulk" / "report.html").read_text(encoding="utf-8")


def test_a_cold_law_is_the_static_one_and_a_warm_one_is_weaker(tmp_path):
    works, small = {}, RELAXED | {"plane": PLANE | {"layers": 4}, "openings": {"max": "4.5 Å", "points": 14}}
    for temperature in ("0 K", "300 K"):
        study = small | {"temperature": temperature, "thermal": {"in_plane": 2, "statistics": "classical"}}
        works[temperature] = run_study(parse_study(study, tmp_path), tmp_path / temperature)["work_of_separation"]
    static = run_study(parse_study(small, tmp_path), tmp_path / "static")["work_of_separation"]
    assert works["0 K"] == pytest.approx(static, rel=1e-4)
    assert 0.85 * static < works["300 K"] < 0.99 * static


def test_a_crystal_from_a_file_is_the_named_one(emt, tmp_path):
    equilibrium(emt, "Cu", "fcc", conventional=True).write(tmp_path / "cu.cif")
    plane = {"file": "cu.cif", "miller": [1, 1, 1], "layers": 4}
    short = {"study": "cohesive_law", "potential": "emt", "openings": {"max": "4.5 Å", "points": 14}}
    works = []
    for k, chosen in enumerate((plane, PLANE | {"layers": 4})):
        (tmp_path / "case.yaml").write_text(yaml.safe_dump(short | {"plane": chosen}))
        works.append(run_study(tmp_path / "case.yaml", tmp_path / f"run{k}")["work_of_separation"])
    assert works[0] == pytest.approx(works[1], rel=1e-4)
    assert (tmp_path / "run0" / "input" / "cu.cif").is_file()


def test_a_termination_chooses_the_plane_below_the_cut():
    from ase.spacegroup import crystal

    perovskite = crystal(
        ["Sr", "Ti", "O"], [(0.5, 0.5, 0.5), (0, 0, 0), (0.5, 0, 0)], spacegroup=221, cellpar=[3.9] * 3 + [90] * 3
    )
    for wanted in ("SrO", "TiO2", "O2Ti"):
        atoms = cleavage_slab(perovskite, (0, 0, 1), 6, termination=wanted).atoms
        top = atoms[atoms.positions[:, 2] > atoms.positions[:, 2].max() - 0.01]
        assert set(top.get_chemical_symbols()) == ({"Sr", "O"} if wanted == "SrO" else {"Ti", "O"})
    with pytest.raises(InputError, match="'Ti2O'; valid: O2Ti, OSr"):
        cleavage_slab(perovskite, (0, 0, 1), 6, termination="Ti2O")


def test_files_that_are_no_crystals_are_refused(tmp_path):
    (tmp_path / "a.cif").write_text("nothing")
    with pytest.raises(InputError, match="a.cif cannot be read as a structure"):
        read_crystal(tmp_path / "a.cif")
    (tmp_path / "b.xyz").write_text("1\n\nCu 0 0 0\n")
    with pytest.raises(InputError, match="no crystal"):
        read_crystal(tmp_path / "b.xyz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gap": "in bulk", "path": "rigid"}, "take path: relaxed"),
        ({"temperature": "300 K", "path": "rigid"}, "held atoms do not vibrate"),
        ({"temperature": "-3 K"}, "less than zero|greater than zero|below"),
        ({"plane": {"miller": [1, 1, 1]}}, "species and structure, or by file"),
        ({"plane": PLANE | {"file": "x.cif"}}, "species and structure, or by file"),
        ({"plane": {"file": "x.cif", "miller": [1, 1, 1]}}, "no structure file"),
        ({"plane": PLANE | {"structure": "rocksalt"}}, "takes 2 element"),
        ({"slip": {"divisions": 7}}, "must be even"),
    ],
)
def test_inputs_that_make_no_law_are_refused(change, message, tmp_path):
    with pytest.raises(InputError, match=message):
        parse_study(RELAXED | change, tmp_path).check()


def test_layers_are_chosen_and_a_law_says_how_far_it_is_an_equilibrium(tmp_path):
    study = RELAXED | {"plane": PLANE | {"layers": "automatic"}, "relaxation": {"thickness": 0.02}}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    results = run_study(tmp_path / "study.yaml", tmp_path / "run")
    assert results["layers"] == 18 and 0 <= results["thickness_error"] <= 0.02
    assert 0.5e-10 < results["localisation_length"] < 20e-10
    count = load_law(tmp_path / "run" / "law.json").count
    assert count.equilibrium_until is None and count.equilibrium_traction is None and count.beyond == ""
    with pytest.raises(InputError, match="layers: automatic is for the relaxed opening"):
        parse_study(study | {"path": "rigid"})
