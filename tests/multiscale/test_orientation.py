"""Crystals of laws and of bodies: a law lies on the mesh as the grains say, whether it comes from a file or from the same input."""

import json

import numpy as np
import pytest
from ase.build import bulk

from atomistic.symmetry import proper_rotations
from coupling.errors import InputError
from multiscale import run_study
from multiscale.runtime.cache import Cache
from multiscale.runtime.context import RunContext
from multiscale.stages.models import Models
from multiscale.studies import parse_study
from multiscale.studies.specimen.bodies import specimen_parts
from multiscale.studies.specimen.orientation import CrystalSide, turn
from multiscale.studies.specimen.run import read

CUBE = proper_rotations(bulk("Cu", "fcc", 3.6))
RIGID = {"path": "rigid", "openings": {"max": "5 Å", "points": 12}}


def frame(x, normal):
    """Rows tangential 1, tangential 2, normal."""
    x, normal = (np.array(v) / np.linalg.norm(v) for v in (x, normal))
    return np.array([x, np.cross(normal, x), normal])


def crystal(species, miller, x):
    return {"species": species, "structure": "fcc", "miller": miller, "x": x, "layers": 4}


def body(species, x, y):
    return {"crystal": {"species": species, "structure": "fcc"}, "grain": {"x": x, "y": y}}


def parts_of(folder, law, upper, lower, **interface):
    """The laws and materials of a butt joint."""
    study = parse_study(json.loads(json.dumps({
        "study": "fracture" if "atoms" in law else "specimen", "potential": "emt", "mesh": {"specimen": "butt_joint", "width": 4, "upper": 8, "lower": 8, "size": 2},
        "mesh_unit": "nm", "kind": "plane strain", "bodies": {"upper": upper, "lower": lower},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "spacing": "left out", "law": law, **interface}},
        "supports": [{"group": "bottom", "component": c} for c in "xy"], "loads": [{"group": "top", "component": "y"}],
        "loading": {"opening": "1 nm", "steps": 2},
    })), folder)  # fmt: skip
    context = RunContext(folder, Cache(folder / "cache"))
    return specimen_parts(study, read(study), Models(context, study.potential, None, 0), context)


def law_run(folder, **crystals):
    run_study(parse_study({"study": "cohesive_law", "potential": "emt", **crystals, **RIGID}, folder), folder / "law")
    return {"run": "law"}


@pytest.mark.parametrize(
    ("made", "number"),
    [(bulk("Cu", "fcc", 3.6), 24), (bulk("Si", "diamond", 5.43), 24), (bulk("Zr", "hcp", 3.23, 5.15), 12)],
)
def test_the_rotations_of_a_point_group_turn_atoms_onto_atoms(made, number):
    rotations = proper_rotations(made)
    assert len(rotations) == number
    np.testing.assert_allclose(rotations @ rotations.transpose(0, 2, 1), np.tile(np.eye(3), (number, 1, 1)), atol=1e-9)
    folded = np.linalg.solve(made.cell.array.T, np.moveaxis(rotations @ made.cell.array.T, 0, 1).reshape(3, -1))
    np.testing.assert_allclose(folded, np.round(folded), atol=1e-8)  # lattice vectors onto lattice vectors


def test_a_turn_is_the_least_of_all_equivalent_ones():
    own = frame([1, 1, -2], [1, 1, 1])
    for x, degrees in (([-2, 1, 1], 0.0), ([-1, -1, 2], 60.0), ([1, -1, 0], 30.0)):
        angle = turn("bond", [CrystalSide("upper", frame(x, [1, 1, 1]), own, CUBE)])
        assert abs(np.degrees(angle)) == pytest.approx(degrees, abs=1e-6)
    with pytest.raises(InputError, match="parallel"):
        turn("bond", [CrystalSide("upper", frame([1, 0, 0], [0, 1, 1]), own, CUBE)])


def test_two_crystals_joined_in_one_way_do_not_fit_grains_that_lie_in_another():
    own = frame([1, 1, -2], [1, 1, 1])
    turned = frame([1, -1, 0], [1, 1, 1])
    twice = [CrystalSide("upper", turned, own, CUBE), CrystalSide("lower", turned, own, CUBE)]
    assert abs(np.degrees(turn("bond", twice))) == pytest.approx(30.0)
    with pytest.raises(InputError, match="another"):
        turn("bond", [CrystalSide("upper", own, own, CUBE), CrystalSide("lower", turned, own, CUBE)])


def test_a_law_of_a_file_is_turned_as_that_of_the_same_input(tmp_path):
    """Copper (110), whose two tangents differ, derived along [001] and put on grains with x along [1-10]."""
    copper = body("Cu", [1, -1, 0], [1, 1, 0])
    inline = parts_of(
        tmp_path, {"atoms": {"plane": crystal("Cu", [1, 1, 0], [1, -1, 0]), **RIGID}}, copper, copper
    ).laws
    filed = parts_of(tmp_path, law_run(tmp_path, plane=crystal("Cu", [1, 1, 0], [0, 0, 1])), copper, copper).laws
    first, second = inline["bond"].tangential_stiffness.T
    assert np.abs(first - second).max() > 0.1 * first.max()
    np.testing.assert_allclose(filed["bond"].tangential_stiffness.T, [first, second], atol=1e-6 * first.max())
    for one, other in zip(inline["bond"].count.sides, filed["bond"].count.sides, strict=True):
        np.testing.assert_allclose(one.stiffness_voigt, other.stiffness_voigt, atol=1e-6 * one.stiffness_voigt.max())


def test_two_crystals_by_two_commands_hand_over_grain_and_misfit_like_one(tmp_path):
    pair = {"upper": crystal("Ni", [1, 1, 1], [1, 1, -2]), "lower": crystal("Cu", [1, 1, 1], [1, 1, -2])}
    matched = {**pair, "matching": {"strained": "upper"}}
    nickel, copper = {"crystal": {"species": "Ni", "structure": "fcc"}}, body("Cu", [1, 1, -2], [1, 1, 1])
    one = parts_of(tmp_path, {"atoms": {**matched, **RIGID}}, nickel, copper)
    two = parts_of(tmp_path, law_run(tmp_path, **matched), nickel, copper)
    assert np.abs(one.materials["upper"].thermal_strain_voigt).max() > 0.02
    for name in ("upper", "lower"):
        for what in ("thermal_strain_voigt", "stiffness_voigt"):
            np.testing.assert_array_equal(getattr(two.materials[name], what), getattr(one.materials[name], what))
    with pytest.raises(InputError, match=r"the law is of Ni on the side of 'upper', and bodies\.upper is of Cu"):
        parts_of(tmp_path, {"run": "law"}, copper, nickel)
    with pytest.raises(InputError, match="the law is of Ni on the side of 'upper'"):
        parts_of(tmp_path, {"atoms": {**matched, **RIGID}}, copper, nickel)


def test_grains_that_symmetry_makes_one_are_one_crystal(tmp_path):
    parts = parts_of(
        tmp_path,
        {"atoms": {"layers": 4, **RIGID}},
        body("Cu", [1, 1, -2], [1, 1, 1]),
        body("Cu", [-2, 1, 1], [1, 1, 1]),
    )
    assert parts.laws["bond"].work_of_separation > 0
