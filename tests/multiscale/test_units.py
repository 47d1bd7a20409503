"""Units as the user thinks: bare numbers in the input's system, all results in it, and other spellings."""

import ast
from pathlib import Path

import numpy as np
import pytest

from coupling.errors import InputError
from coupling.units import SI_FACTORS, UNIT_SYSTEMS, in_system, parse_quantity
from multiscale import Results, run_study, studies
from multiscale.runtime.records import Table
from multiscale.runtime.shown_units import in_units
from multiscale.studies import parse_study
from multiscale.studies.runs import run_study as run

SPECIMEN = {
    "study": "specimen",
    "mesh": {"specimen": "butt_joint", "width": 1.0, "upper": 1.0, "lower": 1.0, "size": 1.0},
    "mesh_unit": "mm",
    "kind": "plane strain",
    "supports": [{"group": "bottom", "component": "y"}, {"group": "left", "component": "x"}],
    "loads": [{"group": "top", "component": "y"}],
}


def joint(units, young, work, peak, stiffness, opening):
    law = {"kind": "bilinear", "work_of_separation": work, "peak_traction": peak, "stiffness": stiffness}
    body = {"young": young, "poisson": 0.3}
    bond = {"plus": "upper", "minus": "lower", "law": law}
    given = {
        "bodies": {"upper": body, "lower": body},
        "interfaces": {"bond": bond},
        "loading": {"opening": opening, "steps": 8},
    }
    return SPECIMEN | given | ({"units": units} if units else {})


IN_SI = joint(None, "70 GPa", "1 kJ/m2", "20 MPa", "1e4 N/mm³", "0.15 mm")
IN_MM = joint("mm-MPa", 70000, 1, 20.0, 1e4, 0.15)


def test_the_systems_are_consistent():
    """Of each: stress × length is an energy per area, over length a stiffness; times length² a force."""
    for system in UNIT_SYSTEMS.values():
        size = {quantity: SI_FACTORS[quantity][unit] for quantity, unit in system.items()}
        assert set(system) == set(SI_FACTORS)
        stress, length = size["stress"], size["length"]
        np.testing.assert_allclose(size["energy per area"], stress * length, rtol=1e-14)
        np.testing.assert_allclose(size["force per length"], stress * length, rtol=1e-14)
        np.testing.assert_allclose(size["stiffness of an interface"], stress / length, rtol=1e-14)
        np.testing.assert_allclose(size["viscosity of an interface"], stress * size["time"] / length, rtol=1e-14)
        np.testing.assert_allclose(size["force"], stress * length**2, rtol=1e-14)
        np.testing.assert_allclose(size["energy"], stress * length**3, rtol=1e-14)


@pytest.mark.parametrize(
    ("one", "other", "quantity"),
    [
        ("3 N/mm³", "3 MPa/mm", "stiffness of an interface"),
        ("3 N/mm^3", "3e9 Pa/m", "stiffness of an interface"),
        ("3 J/m2", "3 J/m^2", "energy per area"),
        ("3 J/m²", "3e-3 N/mm", "energy per area"),
        ("3 N/mm2", "3 MPa", "stress"),
        ("3 eV/A3", "3 eV/Å^3", "stress"),
    ],
)
def test_spellings_of_one_unit(one, other, quantity):
    assert parse_quantity(one, quantity) == pytest.approx(parse_quantity(other, quantity), rel=1e-15)


def test_bare_numbers_mean_the_units_of_the_input():
    plain, bare = parse_study(IN_SI), parse_study(IN_MM)
    law, other = plain.interfaces["bond"].law, bare.interfaces["bond"].law
    for name in ("work_of_separation", "peak_traction", "stiffness"):
        assert getattr(other, name) == pytest.approx(getattr(law, name), rel=1e-15)
    assert bare.bodies["upper"].young == 70e9 and bare.loading.opening == [pytest.approx(0.15e-3, rel=1e-15)]
    again = parse_study(bare.model_dump(mode="json"))
    assert again.loading.opening == bare.loading.opening


def test_bare_numbers_without_a_system_are_refused_with_the_way_out():
    with pytest.raises(InputError, match=r"70000 has no unit; .* or let units: SI, mm-MPa, nm-GPa at the head"):
        parse_study({key: one for key, one in IN_MM.items() if key != "units"})
    with pytest.raises(InputError, match="units"):
        parse_study(IN_MM | {"units": "inch"})


def test_all_results_are_in_the_units_of_the_input(tmp_path):
    plain, shown = run(parse_study(IN_SI), tmp_path / "si"), run_study(parse_study(IN_MM), tmp_path / "mm")
    for name, one in plain.quantities.items():
        factor, unit = in_system(one.unit, "mm-MPa")
        assert shown.quantities[name].unit == unit
        if isinstance(one.value, float):
            assert shown[name] == pytest.approx(one.value * factor, rel=1e-6, abs=1e-9)
    assert shown.quantities["work_of_separation"].unit == "N/mm" and shown["work_of_separation"] == pytest.approx(
        1, rel=1e-6
    )
    assert "[N/mm]" in (tmp_path / "mm" / "curves" / "load_displacement.csv").read_text().splitlines()[0]
    assert Results.load(tmp_path / "mm")["peak_load"] == pytest.approx(plain["peak_load"] / 1e3, rel=1e-6)
    assert (tmp_path / "mm" / "report.html").is_file()


def test_tables_follow_the_units_in_their_heads():
    results = Results(
        "any",
        tables=[
            Table(
                "t", ("name", "traction, GPa", "energy in J", "force, eV/Å"), (("a", 2.0, 3.0, 4.0), ("b", None, 1, 2))
            )
        ],
    )
    (table,) = in_units(results, "mm-MPa").tables
    assert table.columns == ("name", "traction, MPa", "energy in mJ", "force, eV/Å")
    assert table.rows == (("a", 2000.0, 3000.0, 4.0), ("b", None, 1000.0, 2))
    assert in_units(results, None) is results


def units_of_results():
    """Every unit that a study's source names in a number or a curve of its results: file, line, unit."""
    makers = {"add": 2, "Quantity": 1, "Observable": 1}
    for path in sorted(Path(studies.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in makers and len(node.args) > makers[called]:
                given = [node.args[makers[called]]]
            elif called == "add_curve":
                given = [one.value.elts[0] for one in node.keywords if isinstance(one.value, ast.Tuple)]
            else:
                continue
            yield from ((path.name, one.lineno, one.value) for one in given if isinstance(one, ast.Constant))


def test_the_same_quantity_has_the_same_unit_in_all_studies():
    """Lengths in m, stresses in Pa, energies of areas in J/m², those of atoms in eV: what reads better, the report chooses."""
    found = list(units_of_results())
    assert {unit for *_, unit in found} >= {"m", "Pa", "J/m^2", "eV", "eV/Å", "", "K"}
    multiples = {"GPa", "MPa", "mJ/m^2", "kJ/m^2", "Å", "nm", "µm", "mm", "meV", "meV/Å"}
    assert [one for one in found if one[2] in multiples] == []
