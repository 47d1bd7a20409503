"""Phases: orderings counted against published numbers, hulls against pymatgen's and closed forms, probabilities, interfaces."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, make_supercell
from ase.io import write

from atomistic import load_potential
from atomistic.phases import (
    PROTOTYPES,
    ConvexHull,
    InterfacePhase,
    Phase,
    composition,
    derivative_structures,
    formation_energies,
    interface_diagram,
    pair_densities,
    prototypes,
    read_phases,
    stability,
)
from atomistic.phases.enumeration import LATTICES, hermite, orderings
from coupling.errors import InputError
from coupling.units import EV_A2


@pytest.fixture(scope="module")
def emt():
    return load_potential("emt")


@pytest.fixture(scope="module")
def copper_gold(emt):
    names = ("fcc", "L1_0", "L1_2", "D0_22", "B2")
    return formation_energies(
        emt, [*prototypes(("Cu", "Au"), names), *derivative_structures("fcc", ("Cu", "Au"), 3)], force=1e-3
    )


def random_hull(rng, elements, phases):
    fractions = np.vstack([np.eye(elements), rng.dirichlet(np.ones(elements), phases)])
    return fractions, np.concatenate([np.zeros(elements), rng.uniform(-0.5, 0.3, phases)])


@pytest.mark.parametrize(("lattice", "known"), [("fcc", [2, 2, 6, 19, 28]), ("bcc", [2, 2, 6, 19, 28])])
def test_as_many_orderings_as_there_are(lattice, known):
    """Hart and Forcade (2008), table IV: 2, 3, 12, 14 where A and B may be exchanged."""
    counts = [[colours for _, colours in orderings(LATTICES[lattice], 2, size)] for size in range(1, 6)]
    assert [len(one) for one in counts] == known
    fewer = [sum(2 * colours.sum() <= size for colours in one) for size, one in enumerate(counts, 1)]
    assert fewer[1:] == [2, 3, 12, 14]


def test_orderings_are_all_different():
    """By their pair densities and numbers of atoms; those with equal pairs differ in their relaxed energy."""
    places = pair_densities([one.atoms for one in derivative_structures("fcc", ("Cu", "Au"), 3)], ("Cu", "Au"))
    apart = np.abs(places[:, None] - places[None]).max(axis=2) + np.eye(len(places))
    assert apart.min() > 1e-3


def test_a_lattice_has_one_hermite_form():
    rng = np.random.default_rng(0)
    for _ in range(30):
        rows, change = rng.integers(-3, 4, (3, 3)), np.array([[1, 2, 0], [0, 1, 0], [3, 0, 1]])
        if round(np.linalg.det(rows)) == 0:
            continue
        form = hermite(rows)
        assert np.array_equal(form, hermite(change @ rows)) and np.array_equal(form, np.tril(form))
        assert round(abs(np.linalg.det(rows))) == np.prod(np.diag(form))
        within = np.linalg.solve(form.T, rows.T)
        assert within == pytest.approx(np.round(within), abs=1e-9)


@pytest.mark.parametrize("name", PROTOTYPES)
def test_prototypes_have_the_symmetry_of_their_name(name):
    import spglib

    number = {
        "fcc": 225, "L1_0": 123, "L1_1": 166, "L1_2": 221, "D0_22": 139, "bcc": 229, "B2": 221, "B32": 227, "D0_3": 225,
        "hcp": 194, "D0_19": 194, "diamond": 227, "B1": 225, "B3": 216,
    }[name]  # fmt: skip
    (first, *_) = prototypes(("Cu", "Au"), (name,))
    atoms = first.atoms
    found = spglib.get_symmetry_dataset((atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers), symprec=1e-4)
    assert found.number == number


def test_pair_densities_are_of_the_crystal_not_of_the_cell():
    cell = prototypes(("Cu", "Au"), ("D0_22",))[0].atoms
    larger = make_supercell(cell, [[2, 1, 0], [0, 1, 0], [1, 0, 1]])
    larger.rotate(37, (1, 2, 3), rotate_cell=True)
    larger.set_cell(1.1 * larger.cell.array, scale_atoms=True)
    first, second = pair_densities([cell, larger], ("Cu", "Au"))
    assert second == pytest.approx(first, abs=1e-9)


def test_orderings_that_are_prototypes_relax_to_them(copper_gold):
    merged = dict(copper_gold.merged)
    assert merged["fcc Cu 1"] == "fcc Cu" and "L1_0 AuCu" in merged.values()
    assert copper_gold.unrelaxed == ()
    assert copper_gold.formation[copper_gold.names.index("fcc Cu")] == 0.0


def test_formation_energies_are_those_of_single_relaxations(emt, copper_gold):
    from atomistic.relax import Constraints, relax

    def alone(atoms):
        return relax(emt, [atoms], Constraints(cell="full"), force=1e-4, stress=1e6).energies[0] / len(atoms)

    ordered = prototypes(("Cu", "Au"), ("L1_0",))[0].atoms
    expected = alone(ordered) - 0.5 * (alone(bulk("Cu")) + alone(bulk("Au")))
    assert copper_gold.formation[copper_gold.names.index("L1_0 AuCu")] == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize(("elements", "phases"), [(2, 25), (3, 25), (4, 20)])
def test_hulls_are_pymatgen_s(elements, phases):
    diagram = pytest.importorskip("pymatgen.analysis.phase_diagram")
    core = pytest.importorskip("pymatgen.core")
    symbols = ["Ni", "Al", "Ti", "Cu"][:elements]
    for seed in range(3):
        fractions, energies = random_hull(np.random.default_rng(seed), elements, phases)
        hull = ConvexHull(fractions, energies)
        entries = [
            diagram.PDEntry(core.Composition(dict(zip(symbols, row, strict=True))), energy)
            for row, energy in zip(fractions, energies, strict=True)
        ]
        theirs = diagram.PhaseDiagram(entries, elements=[core.Element(one) for one in symbols])
        above = [theirs.get_e_above_hull(entry) for entry in entries]
        assert hull.above == pytest.approx(above, abs=1e-8)
        for k in np.flatnonzero(~hull.stable)[:3]:
            parts = theirs.get_decomposition(entries[k].composition)
            found = {entries[phase]: share for phase, share in hull.decomposition(fractions[k])}
            assert {entry: pytest.approx(share, abs=1e-6) for entry, share in parts.items()} == found


def test_a_hull_does_not_mind_from_where_energies_are_counted():
    fractions, energies = random_hull(np.random.default_rng(1), 3, 30)
    moved = energies + fractions @ np.array([-3.0, 4.0, 1.5])
    assert ConvexHull(fractions, moved).above == pytest.approx(ConvexHull(fractions, energies).above, abs=1e-12)


def test_decompositions_keep_every_atom_and_reach_the_hull():
    fractions, energies = random_hull(np.random.default_rng(2), 3, 30)
    hull = ConvexHull(fractions, energies)
    for x in np.random.default_rng(3).dirichlet(np.ones(3), 20):
        phases, shares = map(np.array, zip(*hull.decomposition(x), strict=True))
        assert shares @ fractions[phases] == pytest.approx(x, abs=1e-12)
        assert shares @ energies[phases] == pytest.approx(hull.energy(x)[0], abs=1e-12)
        assert hull.above[phases] == pytest.approx(0, abs=1e-12)


def test_without_compounds_the_hull_is_the_mixture():
    fractions = np.array([[1, 0], [0, 1], [0.5, 0.5], [0.5, 0.5], [0, 1]])
    hull = ConvexHull(fractions, np.array([-1.0, -2.0, -1.2, -1.5, -1.9]))
    assert hull.above == pytest.approx([0, 0, 0.3, 0, 0.1], abs=1e-12)
    assert hull.solubility_limit(0, 1)[0] == pytest.approx(-2.0)
    assert ConvexHull(np.ones((3, 1)), np.array([1.0, 0.5, 2.0])).above == pytest.approx([0.5, 0, 1.5])


def test_the_solubility_limit_is_that_of_the_first_compound():
    """Host at 0 and compound of x at e in equilibrium: (1 − x) 0 + x μ = e."""
    fractions = np.array([[1, 0], [0, 1], [0.75, 0.25], [0.5, 0.5]])
    hull = ConvexHull(fractions, np.array([0.0, 0.0, -0.1, -0.15]))
    assert hull.solubility_limit(0, 1) == (pytest.approx(-0.4), 2)
    assert hull.solubility_limit(1, 0) == (pytest.approx(-0.3), 3)


def test_one_uncertain_compound_is_stable_as_often_as_its_energy_is_below_the_mixture():
    from scipy.stats import norm

    fractions = np.array([[1, 0], [0, 1], [0.5, 0.5]])
    draws = np.zeros((4000, 3))
    draws[:, 2] = np.random.default_rng(0).normal(0.01, 0.02, 4000)
    found = stability(fractions, draws)
    assert found.probability[2] == pytest.approx(norm.cdf(-0.5), abs=4 * found.error[2])
    assert found.above[2] == pytest.approx(0.02 * (norm.pdf(0.5) + 0.5 * norm.cdf(0.5)), abs=2e-3)
    assert list(found.probability[:2]) == [1, 1] and np.all(found.error > 0)


def test_the_stable_interface_is_that_of_least_grand_potential():
    candidates = [
        InterfacePhase("clean", 10.0, {"Cu": 4}, 5.0),
        InterfacePhase("one", 9.0, {"Cu": 4, "Au": 1}, 5.0),
        InterfacePhase("two", 8.7, {"Cu": 4, "Au": 2}, 5.0),
        InterfacePhase("never", 9.6, {"Cu": 4, "Au": 1}, 5.0),
    ]
    diagram = interface_diagram(candidates, {"Cu": 1.0, "Au": 0.5}, "Au", (-3.0, 3.0))
    assert diagram.stable == ("clean", "one", "two")
    assert diagram.transitions == pytest.approx((9.0 - 10 - 0.5, 8.7 - 9 - 0.5))
    assert diagram.gamma(0.2)[0, 1] == pytest.approx((9 - 4 - 0.5 - 0.2) / 10 * EV_A2)
    for mu in np.linspace(-3, 3, 41):
        place = int(np.searchsorted(diagram.transitions, mu))
        assert diagram.at(mu) == diagram.stable[place]
    assert diagram.told("clean", -2.0) == ""
    assert diagram.told("clean", -1.0) == (
        "the interface 'clean' is not the stable one at a chemical potential of -1 eV: 'one' lies 0.801 J/m² below it"
    )
    assert interface_diagram(candidates, {"Cu": 1.0, "Au": 0.5}, "Au", (-1.0, -0.9)).stable == ("one",)


def test_phases_of_a_file_keep_their_names_and_energies(tmp_path, emt):
    atoms = bulk("Cu", cubic=True)
    atoms.info["name"] = "copper"
    from atomistic.frames import with_results

    labelled = with_results(atoms.copy(), -1.25, np.zeros((4, 3)))
    labelled.info["name"] = "labelled"
    write(tmp_path / "all.extxyz", [atoms, labelled])
    first, second = read_phases(tmp_path / "all.extxyz")
    assert (first.name, first.energy, second.name, second.energy) == ("copper", None, "labelled", -1.25)


def test_bad_phases_are_told(emt, tmp_path):
    copper, gold = Phase("copper", bulk("Cu")), Phase("gold", bulk("Au"))
    for phases, said in (
        ([], "no candidate phase"),
        ([copper, Phase("tungsten", bulk("W")), gold], "phase 'tungsten' holds W, which the potential .* lacks"),
        ([copper, Phase("mixed", prototypes(("Cu", "Au"), ("L1_0",))[0].atoms)], "No candidate phase is pure Au"),
        ([copper, copper], "2 candidate phases are called 'copper'"),
        ([Phase("cluster", Atoms("Cu2", [[0, 0, 0], [2.5, 0, 0]]))], "not periodic in all three directions"),
    ):
        with pytest.raises(InputError, match=said):
            formation_energies(emt, phases)
    with pytest.raises(InputError, match="Unknown prototype 'L12'.*'L1_2'"):
        prototypes(("Cu",), ("L12",))
    with pytest.raises(InputError, match="2\\^16 orderings"):
        derivative_structures("fcc", ("Cu", "Au"), 16)
    with pytest.raises(InputError, match="valid: bcc, fcc, sc"):
        derivative_structures("hex", ("Cu", "Au"), 2)
    with pytest.raises(InputError, match="holds Au, which is none of Cu"):
        composition([bulk("Au")], ("Cu",))


def test_bad_hulls_and_interfaces_are_told():
    with pytest.raises(InputError, match="No phase is pure in element number 2"):
        ConvexHull(np.array([[1, 0], [0.5, 0.5]]), np.zeros(2))
    with pytest.raises(InputError, match="add up to 1"):
        ConvexHull(np.array([[1, 0], [0, 0.5]]), np.zeros(2))
    with pytest.raises(InputError, match="make no hull"):
        ConvexHull(np.eye(2), np.zeros(3))
    with pytest.raises(InputError, match="no probability"):
        stability(np.eye(2), np.zeros((1, 2)))
    one = InterfacePhase("clean", 1.0, {"Cu": 4}, 5.0)
    with pytest.raises(InputError, match="No interface holds the solute 'Au'"):
        interface_diagram([one], {"Cu": 0.0}, "Au", (-1, 1))
    with pytest.raises(InputError, match="'clean' holds Cu, of which no reservoir"):
        interface_diagram([one], {"Au": 0.0}, "Au", (-1, 1))
    with pytest.raises(InputError, match="rising range"):
        interface_diagram([one], {"Cu": 0.0}, "Cu", (1, -1))
    with pytest.raises(InputError, match="Unknown interface 'cleen'.*'clean'"):
        interface_diagram([one], {"Cu": 0.0}, "Cu", (-1, 1)).above("cleen", 0.0)
