"""LAMMPS as an engine: against our own embedded atoms, by its own contract, and what it does not take."""

import shutil

import numpy as np
import pytest
import yaml
from ase import Atoms
from ase.build import bulk

from atomistic.potentials.check import check_potential
from atomistic.potentials.lammps import lines_for
from atomistic.potentials.registry import load_potential
from atomistic.properties.elastic import elastic_constants
from benchmarks.wheel import wheel_file
from coupling.errors import InputError
from multiscale import load_study, run_study

ALLOY = "NiAlH_jea.eam.alloy"
SILICON = {"pair_style": "sw", "pair_coeff": "* * Si.sw Si"}


@pytest.fixture(scope="module")
def silicon():
    potential = load_potential("lammps", **SILICON)
    yield potential
    potential.close()


def alloys() -> list[Atoms]:
    """The same 48 atoms in random skew cells, left-handed ones too, periodic in every combination of directions, far from home."""
    rng, found = np.random.default_rng(0), []
    for k in range(24):
        atoms = bulk("Ni", cubic=True) * (2, 2, 3)
        atoms.symbols, atoms.pbc = ["Ni", "Al"] * 24, [k & 1, k >> 1 & 1, k >> 2 & 1]
        atoms.positions += rng.normal(scale=0.1, size=atoms.positions.shape)
        mirrored = np.diag([1, 1, (-1) ** (k // 8)])
        atoms.set_cell(atoms.cell.array @ (mirrored + rng.normal(scale=0.1, size=(3, 3))), scale_atoms=True)
        atoms.positions += rng.normal(scale=50, size=3)
        found.append(atoms)
    return found


def test_its_embedded_atoms_are_ours_in_any_cell():
    given, ours = alloys(), load_potential(str(wheel_file(ALLOY)))
    theirs = load_potential("lammps", pair_style="eam/alloy", pair_coeff=f"* * {ALLOY} Ni Al")
    assert theirs.elements == {13, 28} and theirs.cutoff == pytest.approx(ours.cutoff)
    one, other = ours.evaluate(given), theirs.evaluate(given, site_energies=True)
    np.testing.assert_allclose(other.energies, one.energies, atol=1e-9, rtol=0)
    np.testing.assert_allclose(other.stresses, one.stresses, atol=1e-11, rtol=0)
    for mine, yours, sites, energy in zip(one.forces, other.forces, other.site_energies, other.energies, strict=True):
        np.testing.assert_allclose(yours, mine, atol=1e-9, rtol=0)
        assert sites.sum() == pytest.approx(energy, abs=1e-9)
    assert theirs.worker.starts == 1
    theirs.close()


def test_it_keeps_the_contract(silicon):
    report = check_potential(silicon)
    assert report.passed, str(report)


def test_silicon_has_its_elastic_constants(silicon):
    """Of Stillinger and Weber's silicon: Balamane, Halicioglu, Tiller, Phys. Rev. B 46 (1992) 2250, table V, in GPa."""
    found = elastic_constants(silicon, bulk("Si", a=5.43095)).cubic
    np.testing.assert_allclose(np.array(found) / 1e9, [151.5, 76.4, 56.4], atol=0.2)


def test_an_element_that_no_type_is_is_refused(silicon):
    with pytest.raises(InputError, match="lacks Ge"):
        silicon.evaluate([bulk("Ge")])


def test_charges_and_long_ranges_are_converted_and_endless():
    """Rock salt with charges ±1 in real units: Madelung's constant 1.747565."""
    ions = {"pair_style": "coul/long 8.0", "pair_coeff": "* *", "kspace_style": "ewald 1e-8"}
    potential = load_potential(
        "lammps", units="real", elements=["Na", "Cl"], set=["type 1 charge 1", "type 2 charge -1"], **ions
    )
    energy = potential.evaluate([bulk("NaCl", "rocksalt", a=5.64)]).energies[0]
    assert energy == pytest.approx(-1.7475646 * 14.399645 / 2.82, rel=2e-5)
    assert potential.capabilities.interaction_range == np.inf
    potential.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pair_style": "swx"}, "Unrecognized pair style 'swx'"),
        ({"pair_coeff": "* * absent.sw Si"}, "cannot open sw potential file absent.sw"),
        ({"pair_coeff": "* * Si.sw Ge", "elements": ["Ge"]}, "(?i)error"),
        ({"pair_style": "python 3.0"}, "'python', which is no plain word, or could run code"),
        ({"pair_style": "hybrid sw python 3.0"}, "'python', which is no plain word, or could run code"),
        ({"pair_coeff": "* * Si.sw $(shell(x)) Si"}, "which is no plain word, or could run code"),
        ({"pair_coeff": "* * `x`.gz Si"}, "which is no plain word, or could run code"),
        ({"fix": "1 all python/invoke 1 end_of_step f"}, "does not have the form"),
        ({"fix": "1 all qeq/shielded 1 8 1e-6 100 `x`"}, "could run code"),
        ({"units": "lj"}, "units 'lj' are not taken; valid: metal, real"),
        ({"pair_coeff": "* * Si.sw"}, "give elements, such as"),
        ({"elements": ["Xx"]}, "is not a list of chemical symbols"),
        ({"pair_coeff": 3}, "is a line of words, or a list of lines, not 3"),
        ({"pair_stile": "sw"}, "Did you mean 'pair_style'"),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_refused_with_the_reason(options, said):
    with pytest.raises(InputError, match=said):
        load_potential("lammps", **SILICON | options)


@pytest.mark.parametrize(
    "line", ["shell touch ran", "python f here x", "include other", "dump 1 all atom 1 x", "run 0"]
)
def test_a_file_holds_interactions_alone(line, tmp_path):
    (tmp_path / "si.in").write_text(f"pair_style sw\npair_coeff * * Si.sw Si\n{line}\n")
    with pytest.raises(InputError, match=f"si.in: Unknown command for LAMMPS '{line.split()[0]}'; valid: fix, kspace"):
        load_potential(f"lammps:{tmp_path / 'si.in'}")


def test_a_file_is_read_as_lammps_does_and_counts_with_what_it_names(tmp_path, silicon):
    folder = tmp_path / "with a space"
    folder.mkdir()
    shutil.copyfile(wheel_file("Si.sw"), folder / "mine.sw")
    (folder / "si.in").write_text(
        "# silicon\nunits metal\npair_style sw\npair_coeff * * &\n  mine.sw Si # here\nmass 1 28.0\n"
    )
    name = f"lammps:{folder / 'si.in'}"
    potential, given = load_potential(name), [bulk("Si")]
    np.testing.assert_array_equal(potential.evaluate(given).energies, silicon.evaluate(given).energies)
    assert [path.name for path in lines_for(name, {}, tmp_path).files] == ["mine.sw"]
    before = potential.fingerprint
    potential.close()
    (folder / "mine.sw").write_text((folder / "mine.sw").read_text().replace("2.1683", "2.2683"))
    potential = load_potential(name)
    assert potential.fingerprint != before
    assert potential.evaluate(given).energies[0] == pytest.approx(silicon.evaluate(given).energies[0] * 2.2683 / 2.1683)
    potential.close()


@pytest.mark.parametrize("path", ["rigid", "relaxed"])
def test_a_law_of_silicon_and_its_kept_input(path, tmp_path):
    shutil.copyfile(wheel_file("Si.sw"), tmp_path / "mine.sw")
    study = {
        "study": "cohesive_law", "potential": {"name": "lammps", "pair_style": "sw", "pair_coeff": "* * mine.sw Si"},
        "plane": {"species": "Si", "structure": "diamond", "miller": [1, 1, 1], "layers": 6}, "path": path,
        "openings": {"points": 12}, "output": {"folder": "out"},
    }  # fmt: skip
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    results = run_study(load_study(tmp_path / "study.yaml"))
    assert results["work_of_separation"] == pytest.approx(2.72, abs=0.01 if path == "rigid" else 0.2)
    kept = load_study(results.folder / "input" / "study.yaml")
    (tmp_path / "mine.sw").unlink()
    kept.check()
    assert [file.parent.name for file in kept.potential.files()] == ["input"]
