"""A solute in the boundary study: what scripts and files find alike, what is reused, what is refused."""

import numpy as np
import pytest
import yaml
from ase import Atoms
from ase.io import read

import multiscale as ms
from atomistic.decohesion.slab import conventional_cell
from atomistic.potentials import load_potential
from atomistic.properties.bulk import equilibrium
from atomistic.solutes import Relaxing, bulk_solution, langmuir_mclean, molecule
from benchmarks.wheel import wheel_file
from coupling.errors import InputError
from multiscale.runtime.results import Results
from multiscale.stages.solute_occupation import walked_repeats
from multiscale.studies.load import check_study, parse_study
from tests.examples.test_examples import EXAMPLES, load

FILE = "NiAlH_jea.eam.alloy"
BOUNDARY = {
    "species": "Ni", "structure": "fcc", "sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0], "thickness": "9 Å", "step": "1.2 Å",
    "tolerance": "0.01 J/m^2",
}  # fmt: skip
SOLUTE = {"element": "H", "concentration": 1e-5, "reference": "molecule", "within": "3 Å", "separation": "6 Å"}
WALK = {"walkers": 16, "blocks": 2, "steps": 300, "discarded": 600}


def study(solute, **more):
    return {
        "study": "boundary", "potential": str(wheel_file(FILE)), "grain_boundary": BOUNDARY, "solute": solute,
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("solute")


@pytest.fixture(scope="module")
def alone(folder):
    ms.run_study(parse_study(study(SOLUTE), folder), folder / "runs" / "alone")
    return Results.load(folder / "runs" / "alone")


@pytest.fixture(scope="module")
def walked(folder, alone):
    crowd = SOLUTE | {"pairs": "3 Å", "monte_carlo": WALK, "surface": False}
    ms.run_study(parse_study(study(crowd), folder), folder / "runs" / "walked")
    return Results.load(folder / "runs" / "walked")


def test_the_bulk_s_energy_and_potential_are_those_of_a_script(alone):
    alloy = load_potential(str(wheel_file(FILE)))
    nickel = equilibrium(alloy, "Ni", "fcc")
    own = bulk_solution(alloy, nickel, "H", "interstitial", relaxing=Relaxing(separation=6.0))
    half = molecule(alloy, "H").energy
    assert alone["bulk_solution_energy"] == pytest.approx(own.energies[0] - half, abs=1e-5)
    mu = own.chemical_potential(1e-5, 300.0) - half
    assert alone["chemical_potential"] == pytest.approx(mu, abs=1e-5)
    assert conventional_cell(nickel)[0, 0] == pytest.approx(alone["lattice_parameter"] * 1e10, rel=1e-6)


def test_the_sites_are_occupied_as_langmuir_and_mclean_say(alone):
    sites = alone.curves["boundary_sites"].values
    energies = sites["segregation_energy"]
    assert alone["segregation_energy"] == pytest.approx(energies[0]) and energies[0] < -0.2
    np.testing.assert_allclose(sites["coverage"], langmuir_mclean(energies, 1e-5, 300.0), rtol=1e-5)
    area = alone["boundary_area"] * 1e20
    beyond = float(sites["sites"] @ sites["coverage"]) / area
    assert alone["boundary_excess"] * 1e-20 == pytest.approx(beyond, rel=1e-3)
    assert alone["surface_less_boundary"] < 0  # hydrogen makes nickel's boundary part more easily


def test_the_isotherm_rises_and_passes_through_the_study_s_own_point(alone):
    curve = alone.curves["isotherm"].values
    assert np.all(np.diff(curve["concentration"]) > 0) and np.all(np.diff(curve["best_site"]) >= 0)
    middle = len(curve["excess"]) // 2
    assert curve["concentration"][middle] == pytest.approx(1e-5, rel=1e-9)
    assert curve["excess"][middle] == pytest.approx(alone["boundary_excess"], rel=1e-9)


def test_structures_and_energies_are_written(folder, alone):
    frames = read(folder / "runs" / "alone" / "atoms" / "solute_boundary.extxyz", index=":")
    assert len(frames) == len(alone.curves["boundary_sites"].values["distance"])
    energies = np.array([one.info["solute_energy_eV"] for one in frames])
    np.testing.assert_allclose(energies - energies[0], np.diff(alone.curves["boundary_sites"].values["segregation_energy"],
                               prepend=alone["segregation_energy"]).cumsum(), atol=1e-6)  # fmt: skip
    for one in frames[:3]:
        assert one.numbers[-1] == 1 and np.abs(one.get_forces()).max() < 0.01


def test_a_script_finds_the_same(alone):
    nickel = ms.crystal(load_potential(str(wheel_file(FILE))), "Ni", "fcc")
    own = {
        key: value for key, value in BOUNDARY.items() if key not in ("species", "structure", "sigma", "axis", "plane")
    }
    found = ms.grain_boundary(nickel, sigma=5, axis=(0, 0, 1), plane=(2, 1, 0), **own).solute(
        **(SOLUTE | {"surface": False})
    )
    np.testing.assert_allclose(
        found.segregation_energies, alone.curves["boundary_sites"].values["segregation_energy"], atol=1e-6
    )
    assert found.excess(found.record.boundary, found.chemical_potential) * 1e20 == pytest.approx(
        alone["boundary_excess"], rel=1e-6
    )
    with pytest.raises(InputError, match="no_such"):
        ms.grain_boundary(nickel, sigma=5, axis=(0, 0, 1), plane=(2, 1, 0), **own).solute(
            "H", concentration=1e-4, no_such=1
        )


def test_a_reference_is_an_energy_too(tmp_path):
    read_back = parse_study(study(SOLUTE | {"reference": -2.4}), tmp_path)
    assert read_back.solute.reference == -2.4
    with pytest.raises(InputError, match="reference"):
        parse_study(study(SOLUTE | {"reference": "nan"}), tmp_path)


def test_a_chemical_potential_stands_for_its_concentration(folder, alone):
    """The same state by either, and nothing is computed again."""
    given = {key: value for key, value in SOLUTE.items() if key != "concentration"}
    given |= {"chemical_potential": alone["chemical_potential"]}
    ms.run_study(parse_study(study(given), folder), folder / "runs" / "by_mu")
    again = Results.load(folder / "runs" / "by_mu")
    assert again["bulk_concentration"] == pytest.approx(1e-5, rel=1e-9)
    assert again["boundary_excess"] == pytest.approx(alone["boundary_excess"], rel=1e-9)
    assert "solute H" in again.reused


def test_walks_of_interacting_sites_say_how_good_pairs_are(walked):
    assert walked["pairs"] > 5 and abs(walked["strongest_attraction"]) < 0.2
    assert 0 < walked["boundary_atoms"] and walked.quantities["boundary_atoms"].uncertainty > 0
    assert 0 <= walked["pair_error"] < 0.1
    assert "surface_excess" not in walked.quantities
    assert {"solute_pairs.extxyz", "solute_walkers.extxyz"} <= {one.file.split("/")[-1] for one in walked.files}


def test_walks_of_sites_that_do_not_interact_are_the_isotherm(folder, alone):
    """The best sites alone, farther from each other than pairs reach."""
    walk = {"walkers": 64, "blocks": 1, "steps": 300, "discarded": 200, "highest": -0.3}
    free = SOLUTE | {
        "surface": False,
        "pairs": "3 Å",
        "temperature": "600 K",
        "concentration": 1e-3,
        "monte_carlo": walk,
    }
    ms.run_study(parse_study(study(free), folder), folder / "runs" / "free")
    found = Results.load(folder / "runs" / "free")
    ((_, _, _, coverage, _),) = next(t for t in found.tables if t.title.startswith("Occupation")).rows
    held = found["best_site_coverage"]
    assert 0.1 < held < 0.9 and coverage.uncertainty < 0.03
    assert abs(coverage.value - held) < 4 * coverage.uncertainty


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"element": "Xx"}, "'Xx' is no element"),
        ({"kind": "intersticial"}, "solute.kind.*interstitial"),
        ({"concentration": 0.0}, "concentration of 0 solute atoms"),
        ({"concentration": -1e-3}, "concentration of -0.001"),
        ({"kind": "substitutional", "concentration": 1.5}, "coverage over one"),
        ({"concentration": None}, "by concentration or by chemical_potential"),
        ({"chemical_potential": 0.1}, "by concentration or by chemical_potential"),
        (
            {"concentration": None, "chemical_potential": 0.1, "reference": "bulk"},
            "chemical_potential of 0.1 eV .* more than half",
        ),
        (
            {"concentration": None, "chemical_potential": "-0.2 eV"},
            "'-0.2 eV' is text; this number stands alone, in eV",
        ),
        ({"kind": "substitutional", "replaces": "Xx"}, "'Xx' is no element"),
        ({"temperature": "0 K"}, "greater than zero"),
        ({"replaces": "Ni"}, "replaces.*kind: interstitial"),
        ({"monte_carlo": WALK}, "needs pairs"),
        ({"monte_carlo": WALK | {"energies": "held", "repeats": [0, 1]}}, r"\[0, 1\] cells are none"),
        ({"within": "0 Å"}, "greater than zero"),
        ({"sites": "octahedral"}, "unknown key 'sites'"),
        ({"reference": "gas"}, "reference"),
        ({"element": "Ni", "kind": "substitutional"}, "Ni is the host's own element"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_computed(change, words, tmp_path):
    solute = {key: value for key, value in (SOLUTE | change).items() if value is not None}
    with pytest.raises(InputError, match=words):
        check_study(parse_study(study(solute), tmp_path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"element": "Cu", "kind": "substitutional"}, "lacks the solute Cu; it knows H, Al, Ni"),
        ({"bulk_site": "cubic"}, "'cubic'.*octahedral.*tetrahedral"),
        ({"kind": "substitutional", "element": "Al", "replaces": "H"}, "element to replace 'H'"),
        ({"concentration": 5.0}, "below 3"),
        ({"within": "8 Å"}, "within 8 Å reaches beyond .* the middle of the grains"),
        (
            {"concentration": 0.7},
            "concentration 0.7 puts the solute's chemical potential .* more than half of them hold solute",
        ),
        (
            {"concentration": None, "chemical_potential": 2.0},
            "chemical_potential 2 eV puts the solute's chemical potential 1.8. eV above",
        ),
    ],
)
def test_what_the_potential_or_the_crystal_lacks_is_named(change, words, folder, alone):
    with pytest.raises(InputError, match=words):
        solute = {key: value for key, value in (SOLUTE | change).items() if value is not None}
        ms.run_study(parse_study(study(solute), folder), folder / "runs" / "refused")


def test_images_of_walked_atoms_are_as_far_as_asked():
    """By pairs beyond their reach, by the potential the separation away; asked for, what is asked for."""
    cell = Atoms("Ni", cell=[2.5, 5.0, 20.0], pbc=True)

    def times(**walk):
        choice = SOLUTE | {"pairs": "3 Å", "separation": "8 Å", "monte_carlo": walk}
        found = parse_study(study(choice)).solute
        return walked_repeats(found, found.monte_carlo, cell)

    assert times() == (2, 1, 1)
    assert times(energies="held") == times(energies="relaxed") == (4, 2, 1)
    assert times(energies="held", repeats=[1, 3]) == (1, 3, 1)


def test_more_atoms_than_sites_are_refused(folder, alone):
    walk = WALK | {"energies": "held", "atoms": 500, "repeats": [1, 1]}
    with pytest.raises(InputError, match="500 atoms on .* sites are a coverage over one"):
        ms.run_study(parse_study(study(SOLUTE | {"monte_carlo": walk}), folder), folder / "runs" / "full")


def test_silver_gathers_at_copper_s_boundary(tmp_path):
    data = yaml.safe_load((EXAMPLES / "segregation_ag_cu" / "study.yaml").read_text(encoding="utf-8"))
    data["solute"] |= {"within": "1.5 Å", "separation": "3 Å", "surface": False}
    data["grain_boundary"] |= {"thickness": "5 Å", "tolerance": "0.2 J/m^2"}
    del data["output"]
    ms.run_study(parse_study(data, tmp_path), tmp_path / "run")
    found = Results.load(tmp_path / "run")
    assert found["segregation_energy"] < -0.3  # a larger atom where there is room
    assert found["best_site_coverage"] > 0.5


@pytest.mark.slow
def test_hydrogen_gathers_at_nickel_s_boundary(tmp_path):
    found = load(EXAMPLES / "segregation_h_ni" / "script.py").main(tmp_path)
    assert found["segregation_energy"] == pytest.approx(-0.328, abs=0.01)
    assert found["pair_error"] < 0.03
