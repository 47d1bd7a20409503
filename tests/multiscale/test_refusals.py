"""Everything is checked before anything is made: what YAML, units, planes, groups and names of files may say."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from ase.build import bulk

from atomistic.decohesion.slab import cleavage_slab, conventional_cell
from coupling.errors import InputError
from coupling.units import parse_quantity
from multiscale.inputs.yaml_file import read_yaml
from multiscale.studies import check_study, parse_study
from multiscale.sweeps.inputs import SweepInput
from multiscale.sweeps.plan import plan_of

LAW = {
    "study": "cohesive_law", "potential": "emt", "openings": {"points": 12},
    "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4},
}  # fmt: skip


def law(**plane) -> dict:
    return LAW | {"plane": LAW["plane"] | plane}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30", "1:30"), ("010", "010"), ("0x10", "0x10"), ("1_000", "1_000"), ("yes", "yes"), ("No", "No"), ("on", "on"),
        ("2026-01-01", "2026-01-01"), ("1.5:3", "1.5:3"), ("10", 10), ("-3", -3), ("1e-3", 1e-3), ("1.", 1.0), (".5", 0.5),
        ("0.25", 0.25), ("true", True), ("False", False), ("~", None), ("null", None), ("", None), ("1E5", 1e5), ("+7", 7),
    ],
)  # fmt: skip
def test_a_plain_value_is_what_it_seems(text, value, tmp_path):
    (tmp_path / "a.yaml").write_text(f"a: {text}\n")
    found = read_yaml(tmp_path / "a.yaml")["a"]
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("text", ["!!bool abc", "!!int '3'", "!mine 3", "!!python/name:os.system ''", "!!set {a, b}"])
def test_tags_are_not_read(text, tmp_path):
    (tmp_path / "a.yaml").write_text(f"b: 1\na: {text}\n")
    with pytest.raises(InputError, match="line 2: YAML tags are not read; leave !"):
        read_yaml(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("one", "other"), [("3 \u00b5m", "3 \u03bcm"), ("3 \u00c5", "3 \u212b"), ("3 \u00c5", "3 A\u030a")]
)
def test_two_forms_of_a_letter_are_one_unit(one, other):
    assert parse_quantity(one, "length") == parse_quantity(other, "length") > 0


def test_the_unit_of_a_mesh_may_be_in_greek():
    from pydantic import TypeAdapter

    from multiscale.inputs.boundary import LengthUnit

    assert TypeAdapter(LengthUnit).validate_python("\u03bcm") == "\u00b5m"


@pytest.mark.parametrize("miller", [(40, 31, 17), (97, 89, 83), (61, 1, 0), (1, 0, 59)])
def test_large_indices_are_cut_exactly(miller):
    """Area of the plane's cell = volume over the distance of planes; the normal is the reciprocal vector's."""
    crystal = bulk("Cu", a=3.6)
    slab = cleavage_slab(crystal, miller, 2, conventional=conventional_cell(crystal))
    odd = all(index % 2 for index in miller) or not any(index % 2 for index in miller)
    distance = 3.6 / np.linalg.norm(miller) / (1 if odd else 2)
    assert slab.area == pytest.approx(crystal.get_volume() / distance, rel=1e-9)
    assert slab.axes[2] == pytest.approx(np.array(miller) / np.linalg.norm(miller), abs=1e-9)


def test_indices_of_no_plane_of_atoms_are_not_another_plane():
    crystal = bulk("Cu", a=3.6)
    with pytest.raises(InputError, match=r"\(1000000000, 1, 1\) are .* apart, .* give smaller indices"):
        cleavage_slab(crystal, (1000000000, 1, 1), 4, conventional=conventional_cell(crystal))
    with pytest.raises(InputError, match="1000000000 is too large; indices go to 1000"):
        parse_study(law(miller=[1000000000, 1, 1]))


def test_four_indices_of_a_hexagonal_crystal_are_three():
    given = {"species": "Mg", "structure": "hcp", "potential": "emt"}
    cut = parse_study(law(species="Mg", structure="hcp", miller=[0, 1, -1, 2], x=[2, -1, -1, 0])).plane
    assert (cut.miller, cut.x, given["structure"]) == ((0, 1, 2), (1, 0, 0), cut.structure)
    cell = bulk("Mg", "hcp", a=3.2, c=5.2).cell.array
    cartesian = np.array([1, 0, 0]) @ cell  # [2 -1 -1 0] is a₁ itself: 2a₁ − a₂ − a₃ = 3a₁
    assert np.cross(cartesian, 2 * cell[0] - cell[1] + (cell[0] + cell[1])) == pytest.approx(np.zeros(3))
    with pytest.raises(InputError, match="first three must add up to 0"):
        parse_study(law(species="Mg", structure="hcp", miller=[0, 1, 1, 2]))
    with pytest.raises(InputError, match="not three whole numbers"):
        parse_study(law(miller=[0, 1, -1, 2]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (law(x=[1, 1, 1]), "does not lie in the plane .*hu . kv . lw = 0"),
        (law(termination="O"), "Unknown termination 'O'"),
        (law(miller=[999, 998, 997]), "give smaller indices"),
        (LAW | {"openings": {"max": "1 m"}}, "implausibly large; give at most 1e-07 m"),
    ],
)
def test_what_no_potential_is_needed_for_is_checked_first(change, says):
    with pytest.raises(InputError, match=says):
        check_study(parse_study(change))


def test_files_that_could_not_be_kept_are_refused_before(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    text = Path(__file__).parents[1].joinpath("atomistic", "data", "solid_solution.cif").read_text()
    pure = text.replace("Ni1 Ni 0 0 0 0.5\n", "").replace("0 0 0 0.5", "0 0 0 1.0")
    for place in ("one/a.cif", "two/a.cif"):
        (tmp_path / place).write_text(pure)
    cuts = {
        side: {"file": f"{place}/a.cif", "miller": [1, 1, 1]} for side, place in (("upper", "one"), ("lower", "two"))
    }
    study = {key: value for key, value in LAW.items() if key != "plane"} | cuts
    with pytest.raises(InputError, match="called 'a.cif', and so is another"):
        check_study(parse_study(study, tmp_path))


@pytest.mark.parametrize("name", ["x" * 300, "~nobody_at_all/x", "é" * 130])
def test_a_name_that_no_file_can_have_is_refused(name):
    with pytest.raises(InputError, match="longer than the 240 bytes|no home folder"):
        parse_study(LAW | {"output": {"folder": name}})


def test_the_folder_of_points_is_not_swept(tmp_path):
    with pytest.raises(InputError, match="'output.folder' cannot be swept"):
        plan_of(SweepInput.parse({"base": LAW, "over": {"output.folder": ["a", "b"]}}, tmp_path))


@pytest.mark.parametrize("key", ["supports", "loads"])
def test_what_acts_on_the_interface_itself_is_refused(key, folder, write, good):
    good[key][0]["group"] = "bond"
    (folder / "case.yaml").write_text(yaml.safe_dump(good))
    with pytest.raises(InputError, match="'bond' has facets between the bodies upper and lower body"):
        check_study(parse_study(good, folder))
