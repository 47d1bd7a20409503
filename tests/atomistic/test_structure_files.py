"""What a file of structures says is used, or the file is refused with the reason."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.io import write

from atomistic.decohesion.slab import read_crystal
from atomistic.structure_files import read_structure
from atomistic.trust.labels import LabelSet
from coupling.errors import InputError

DATA = Path(__file__).parent / "data"


def saved(path: Path, atoms: Atoms, **more) -> Path:
    write(path, atoms, **more)
    return path


def changed(**info) -> Atoms:
    atoms = bulk("Cu", cubic=True)
    atoms.info |= info
    return atoms


def with_array(name: str, value: object) -> Atoms:
    atoms = bulk("Cu", cubic=True)
    atoms.set_array(name, np.full(len(atoms), value))
    return atoms


def held() -> Atoms:
    atoms = bulk("Cu", cubic=True)
    atoms.set_constraint(FixAtoms([0]))
    return atoms


def test_what_a_file_says_of_charges_is_handed_on():
    assert read_structure(DATA / "info_charge.extxyz").charge == 1
    found = read_structure(DATA / "initial_charges.extxyz")
    assert found.charge == 1 and found.charges.tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    plain = read_structure(DATA / "plain.extxyz")
    assert plain.charge is None and plain.charges is None and len(plain.atoms) == 8


@pytest.mark.parametrize(
    "name", ["initial_charges", "charges", "charge", "Charge", "formal_charges", "partial_charges", "q"]
)
def test_a_column_of_charges_counts_under_every_name(name, tmp_path):
    text = (DATA / "initial_charges.extxyz").read_text().replace("initial_charges", name)
    (tmp_path / "atoms.extxyz").write_text(text)
    found = read_structure(tmp_path / "atoms.extxyz")
    assert found.charge == 1 and found.charges.tolist() == [1, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("name", ["magmoms", "magmom", "spins", "Magnetic_Moments"])
def test_a_column_of_moments_is_refused_under_every_name(name, tmp_path):
    text = (DATA / "initial_charges.extxyz").read_text().replace("initial_charges", name)
    (tmp_path / "atoms.extxyz").write_text(text)
    with pytest.raises(InputError, match="magnetic moments"):
        read_structure(tmp_path / "atoms.extxyz")


@pytest.mark.parametrize(
    ("occupancy", "says"), [(".", None), ("1.0", None), ("?", "which is not a number"), ("0.5", "Cu 0.5")]
)
def test_occupancies_of_a_cif_as_its_dictionary_has_them(occupancy, says, tmp_path):
    lines = [line for line in (DATA / "solid_solution.cif").read_text().splitlines() if not line.startswith("Ni1")]
    lines = [line.replace("0.5", occupancy) if line.startswith("Cu1") else line for line in lines]
    (tmp_path / "atoms.cif").write_text("\n".join(lines) + "\n")
    if says is None:
        assert set(read_structure(tmp_path / "atoms.cif").atoms.symbols) == {"Cu"}
    else:
        with pytest.raises(InputError, match=says):
            read_structure(tmp_path / "atoms.cif")


@pytest.mark.parametrize(
    ("atoms", "says"),
    [
        (with_array("initial_magmoms", 0.6), "magnetic moments"),
        (with_array("occupancy", 0.5), "occupancies other than 1"),
        (with_array("initial_charges", 0.3), "1.2 e, and a total charge is a whole number"),
        (changed(charge=0.5), "a total charge is a whole number"),
        (changed(charge=1, total_charge=2), "contradicts itself"),
        (changed(spin=2), "spin is an option of the quantum engine"),
        (changed(multiplicity=3), "spin is an option"),
        (held(), "holds some atoms fixed"),
        (Atoms("XCu", [[0, 0, 0], [2, 0, 0]]), "not an element"),
        (Atoms("Cu", [[0, np.nan, 0]]), "position 0 is .* not finite"),
    ],
)
def test_what_nothing_here_uses_is_refused(tmp_path, atoms, says):
    with pytest.raises(InputError, match=says):
        read_structure(saved(tmp_path / "atoms.extxyz", atoms))


def test_a_site_that_two_elements_share_is_no_crystal_of_one_of_them():
    with pytest.raises(InputError, match="occupancy Cu 0.5, Ni 0.5"):
        read_crystal(DATA / "solid_solution.cif")


def test_none_of_two_structures_is_taken_by_chance():
    with pytest.raises(InputError, match="holds 2 structures"):
        read_crystal(DATA / "two_images.extxyz")


def test_a_crystal_with_charges_or_other_isotopes_is_refused(tmp_path):
    with pytest.raises(InputError, match="gives charges"):
        read_crystal(saved(tmp_path / "ions.extxyz", with_array("initial_charges", 1.0)))
    with pytest.raises(InputError, match="masses other than those of the elements"):
        read_crystal(saved(tmp_path / "heavy.extxyz", with_array("masses", 65.0)))
    plain = with_array("initial_charges", 0.0)
    assert len(read_crystal(saved(tmp_path / "plain.extxyz", plain))) == 4


@pytest.mark.parametrize("content", [b"", b"nothing", b"\xff\xfe\x00", b"3\n\nCu 0 0 0\n"])
def test_what_cannot_be_read_is_one_sentence(tmp_path, content):
    path = tmp_path / "atoms.extxyz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"atoms\.extxyz (cannot be read|holds no)"):
        read_structure(path)


def labelled(**info) -> Atoms:
    atoms = bulk("Cu", cubic=True)
    atoms.info |= info
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=np.zeros((4, 3)))
    return atoms


def test_a_virial_is_a_stress(tmp_path):
    virial = np.diag([1.0, 2.0, 3.0])
    path = saved(tmp_path / "labels.extxyz", labelled(virial=virial))
    np.testing.assert_allclose(LabelSet.load(path).labels[0].stress, -virial / bulk("Cu", cubic=True).get_volume())


def test_labels_under_another_name_are_named(tmp_path):
    text = saved(tmp_path / "labels.extxyz", labelled(virial=np.eye(3))).read_text()
    for name in ("energy", "forces", "virial"):
        text = text.replace(name, f"REF_{name}")
    (tmp_path / "labels.extxyz").write_text(text)
    with pytest.raises(InputError, match=r"has no energy; .* it has: REF_energy, REF_forces, REF_virial\."):
        LabelSet.load(tmp_path / "labels.extxyz")


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({"REF_energy": -3.0}, "has REF_energy beside energy and forces"),
        ({"mace_stress": np.ones(6)}, "has mace_stress beside"),
        ({"virials": np.eye(3)}, "has virials beside"),
        ({"Virial": np.eye(3)}, "has Virial beside"),
        ({"virial_stress": np.ones(9)}, "has virial_stress beside"),
        ({"charge": 1}, "labels are of neutral structures"),
        ({"virial": "large"}, "expecting special 3x3 matrix"),
    ],
)
def test_labels_that_would_be_dropped_are_refused(tmp_path, info, says):
    with pytest.raises(InputError, match=says):
        LabelSet.load(saved(tmp_path / "labels.extxyz", labelled(**info)))


def test_a_stress_and_a_virial_agree_or_are_refused(tmp_path):
    atoms = labelled(virial=np.eye(3))
    volume = atoms.get_volume()
    for factor, agrees in ((-1 / volume, True), (1 / volume, False)):
        atoms.calc.results["stress"] = np.array([1, 1, 1, 0, 0, 0]) * factor
        path = saved(tmp_path / "labels.extxyz", atoms)
        if agrees:
            np.testing.assert_allclose(LabelSet.load(path).labels[0].stress, -np.eye(3) / volume, atol=1e-8)
        else:
            with pytest.raises(InputError, match="stress and a virial that differ"):
                LabelSet.load(path)
