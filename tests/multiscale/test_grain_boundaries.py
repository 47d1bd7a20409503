"""Grain boundaries from a script and from input files: what opening one costs, what its count says, what is refused."""

import numpy as np
import pytest

import multiscale as ms
from atomistic.properties.surface import surface_energies
from coupling.errors import InputError
from multiscale.runtime.results import Results
from multiscale.studies.load import parse_study

SEARCH = {"thickness": "8 Å", "step": "1.2 Å"}
ELEVEN = {"species": "Cu", "structure": "fcc", "sigma": 11, "axis": [1, 1, 0], "plane": [1, -1, 3], **SEARCH}


@pytest.fixture(scope="module")
def emt():
    return ms.load_potential("emt")


@pytest.fixture(scope="module")
def copper(emt):
    return ms.crystal(emt, "Cu", "fcc")


@pytest.fixture(scope="module")
def eleven(copper):
    return ms.grain_boundary(copper, sigma=11, axis=(1, 1, 0), plane=(1, -1, 3), kind="tilt", **SEARCH)


@pytest.fixture(scope="module")
def relaxed(emt, eleven):
    return ms.derived_law(emt, eleven, path="relaxed", openings=36, largest_opening="5 Å")


def surface(copper, plane):
    found = surface_energies(
        copper.potential, copper.atoms, [plane], conventional=copper.record.conventional, force=1e-4
    )
    return found[0].relaxed.value


def test_the_work_of_separation_is_that_of_two_surfaces_less_the_boundary(copper, eleven, relaxed):
    assert eleven.energy > 0.1 and eleven.excess_volume > 1e-12
    work = 2 * surface(copper, (1, -1, 3)) - eleven.energy
    assert relaxed.law.work_of_separation == pytest.approx(work, abs=1e-4)
    assert relaxed.law_consistency < 0.02 and relaxed.route_difference < 0.01


def test_the_law_counts_the_bulk_of_both_grains_once(eleven, relaxed):
    count = relaxed.law.count
    assert count.taken_away == "bulk" and not np.any(count.plus.strain) and not np.any(count.minus.strain)
    layers = sum(side.layers * side.spacing for side in count.sides) * 1e10
    height = eleven.atoms.cell[2, 2] / 2 - eleven.excess_volume * 1e10  # of one boundary's share
    closed = 0.5 * (count.plus.spacing + count.minus.spacing) * 1e10
    assert layers + closed == pytest.approx(height, rel=1e-4)
    lower, upper = (side.axes for side in (count.minus, count.plus))
    turn = lower.T @ upper
    least = max(np.trace(turn @ rotation) for rotation in eleven.crystal.record.rotations)
    assert np.degrees(np.arccos((least - 1) / 2)) == pytest.approx(eleven.record.angle, abs=1e-3)


def test_rigid_halves_cost_more_and_start_from_the_relaxed_boundary(emt, eleven, relaxed):
    rigid = ms.derived_law(emt, eleven, path="rigid", openings=20, largest_opening="6 Å")
    assert rigid.law.work_of_separation > relaxed.law.work_of_separation
    assert abs(rigid.samples.traction[np.flatnonzero(rigid.samples.opening == 0)[0]]) < 1e-4
    assert rigid.atoms.closed_gap > eleven.record.excess_volume


def test_slips_of_rigid_grains_have_the_period_of_the_common_cell(emt, eleven):
    mixed = ms.cohesive_law(
        emt, eleven, path="rigid", mode="mixed", openings=12, largest_opening="6 Å",
        slip={"divisions": 4, "budget": 200, "tolerance": 0.5},
    )  # fmt: skip
    assert abs(np.linalg.det(mixed.lattice)) * 1e20 == pytest.approx(eleven.record.area, rel=1e-9)


def test_a_warm_boundary_costs_less_to_part(emt, eleven, relaxed):
    warm = ms.cohesive_law(
        emt, ms.grain_boundary(ms.crystal(emt, "Cu", "fcc", temperature=50.0), sigma=11, axis=(1, 1, 0), plane=(1, -1, 3), **SEARCH),
        path="relaxed", openings=12, largest_opening="6 Å", temperature="50 K", thermal={"in_plane": 1, "statistics": "classical"},
    )  # fmt: skip
    assert warm.count.temperature == 50.0
    assert 0.9 * relaxed.law.work_of_separation < warm.work_of_separation < relaxed.law.work_of_separation


def test_grains_that_do_not_fit_are_strained_and_the_law_says_so(emt, copper):
    ways = {"lower": ((1, 1, 1), (1, -1, 0)), "upper": ((1, 0, 0), (0, 1, 1))}
    general = ms.grain_boundary(
        copper, **ways, matching={"largest_strain": 0.08, "largest_area": 40.0}, thickness="9 Å", step="2.5 Å",
        tolerance="0.1 J/m^2",
    )  # fmt: skip
    record = general.record
    assert record.label == "(1 1 1)|(1 0 0)" and 0.01 < np.abs(record.strain).max() <= 0.08
    law = ms.cohesive_law(emt, general, path="rigid", openings=12, largest_opening="6 Å")
    largest = np.abs(np.linalg.eigvalsh(tensor(law.count.plus.strain))).max()
    assert largest == pytest.approx(np.abs(np.linalg.eigvalsh(tensor(record.strain))).max(), rel=1e-9)
    assert not np.any(law.count.minus.strain)
    with pytest.raises(InputError, match="strains and turns up to 0.03"):
        ms.grain_boundary(copper, **ways, matching={"largest_strain": 0.03, "largest_area": 40.0})


def tensor(strain):
    return np.array([[strain[0], strain[2]], [strain[2], strain[1]]])


def test_an_input_file_reaches_the_same_law_and_the_search_is_kept(emt, eleven, tmp_path):
    study = {"study": "boundary", "potential": "emt", "grain_boundary": ELEVEN}
    ms.run_study(parse_study(study, tmp_path), tmp_path / "runs" / "one")
    results = Results.load(tmp_path / "runs" / "one")
    assert results.quantities["boundary_energy"].value == pytest.approx(eleven.energy, rel=1e-12)
    assert results.quantities["boundary_candidates"].value == len(eleven.record.found_energy)
    assert (tmp_path / "runs" / "one" / "atoms" / "boundary.extxyz").is_file()
    law = {
        "study": "cohesive_law", "potential": "emt", "grain_boundary": ELEVEN, "path": "rigid", "openings": {"max": "6 Å", "points": 20},
    }  # fmt: skip
    ms.run_study(parse_study(law, tmp_path), tmp_path / "runs" / "two")
    script = ms.cohesive_law(emt, eleven, path="rigid", openings=20, largest_opening="6 Å")
    stored = ms.load_law(tmp_path / "runs" / "two" / "law.json")
    assert stored.work_of_separation == pytest.approx(script.work_of_separation, rel=1e-12)
    assert "reused" in (tmp_path / "runs" / "two" / "log.txt").read_text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sigma": 7}, "no Σ7 about the axis"),
        ({"sigma": 0}, "sigma"),
        ({"kind": "twist"}, "makes a tilt boundary"),
        ({"axis": None}, "give a grain boundary by sigma, axis and plane"),
        ({"lower": {"plane": [1, 1, 1], "x": [1, -1, 0]}}, "by sigma, axis and plane"),
        ({"planes": [1, 1, 1]}, "unknown key 'planes'.*Did you mean 'plane'"),
        ({"species": "Xx"}, "Xx"),
        ({"matching": {"largest_area": 300.0}}, "matching.*grains with a Σ, which coincide"),
    ],
)
def test_what_is_no_boundary_is_refused_before_anything_is_computed(change, words, tmp_path):
    from multiscale.studies.load import check_study

    block = {key: value for key, value in (ELEVEN | change).items() if value is not None}
    with pytest.raises(InputError, match=words):
        check_study(parse_study({"study": "boundary", "potential": "emt", "grain_boundary": block}, tmp_path))


def test_an_element_that_the_potential_lacks_is_named(emt, tmp_path):
    block = ELEVEN | {"species": "Fe", "structure": "bcc", "sigma": 5, "axis": [0, 0, 1], "plane": [3, 1, 0]}
    with pytest.raises(InputError, match="Fe"):
        ms.run_study(
            parse_study({"study": "boundary", "potential": "emt", "grain_boundary": block}, tmp_path), tmp_path / "run"
        )


def test_one_interface_alone_makes_a_law(tmp_path):
    study = {
        "study": "cohesive_law", "potential": "emt", "grain_boundary": ELEVEN,
        "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1]},
    }  # fmt: skip
    with pytest.raises(InputError, match="or grain_boundary"):
        parse_study(study, tmp_path)
    warm = {"temperature": "300 K", "thermal": {"method": "mean force"}, "path": "relaxed"}
    with pytest.raises(InputError, match="two crystals or grains"):
        parse_study({key: value for key, value in study.items() if key != "plane"} | warm, tmp_path)


def test_two_cuts_of_one_crystal_make_the_boundary_that_they_came_from(copper):
    from multiscale.inputs.grain_boundary import GrainBoundaryInput

    choice = GrainBoundaryInput.model_validate(ELEVEN)
    upper, lower = choice.cut("upper"), choice.cut("lower")
    assert lower.miller == (1, -1, 3) and sorted(map(abs, upper.miller)) == [1, 1, 3]
    again = GrainBoundaryInput.between(upper, lower)
    first, second = (one.stacking(copper.atoms, copper.record.conventional, 6.0).interface for one in (choice, again))
    assert second.area == pytest.approx(first.area) and np.abs(second.coincidence.strain).max() < 1e-9
    found = [one.geometry(copper.atoms, copper.record.conventional) for one in (choice, again)]
    assert found[1].angle == pytest.approx(found[0].angle) and found[1].symmetric


def test_a_beam_of_two_grains_breaks_at_the_work_of_their_boundary(tmp_path):
    from continuum.specimens.dcb import DoubleCantileverBeam
    from multiscale.inputs.grain_boundary import GrainBoundaryInput

    beam = DoubleCantileverBeam(length=30, arm=6, crack=12, growth=8, fine=0.25, coarse=3, grading=0.3)
    beam.write(tmp_path / "dcb.msh")
    choice = GrainBoundaryInput.model_validate(ELEVEN)
    bodies = {
        side: {"crystal": {"species": "Cu", "structure": "fcc"}, "grain": {"x": list(cut.x), "y": list(cut.miller)}}
        for side in ("upper", "lower") for cut in (choice.cut(side),)
    }  # fmt: skip
    study = {
        "study": "fracture", "potential": "emt", "mesh": str(tmp_path / "dcb.msh"), "mesh_unit": "nm", "kind": "plane strain",
        "bodies": bodies, "supports": [{"group": "end", "component": "x"}],
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "spacing": "left out", "law": {
            "atoms": {"grain_boundary": ELEVEN, "path": "rigid", "openings": {"max": "5 Å", "points": 20}}}}},
        "loads": [{"group": f"load_{side}", "component": "y", "factor": factor} for side, factor in (("upper", 0.5), ("lower", -0.5))],
        "loading": {"opening": "7 nm", "steps": 8},
    }  # fmt: skip
    done = ms.run_study(parse_study(study, tmp_path), tmp_path / "run")
    law = ms.load_law(tmp_path / "run" / "law_bond.json") if (tmp_path / "run" / "law_bond.json").is_file() else None
    law = law or ms.load_law(tmp_path / "run" / "law.json")
    assert done["gc_from_fe"] == pytest.approx(law.work_of_separation, rel=0.02)
    turned = {side: bodies[side] | {"grain": bodies["lower"]["grain"]} for side in bodies}
    with pytest.raises(InputError, match="bond"):
        ms.run_study(parse_study(study | {"bodies": turned}, tmp_path), tmp_path / "wrong")
