"""The ledger of a specimen: what is counted once passes, each way of counting otherwise is named with its J/m²."""

from dataclasses import replace

import numpy as np
import pytest

from coupling.elasticity import isotropic_stiffness
from coupling.errors import DoubleCounted, InputError, Uncounted
from coupling.laws.count import NOT_KNOWN, Count, as_stated
from coupling.specimen.ledger import specimen_ledger
from coupling.specimen.records import Shared
from tests.coupling.specimen_joint import (
    C33,
    COUNT,
    FRAME,
    LINEAR,
    PEAK,
    SPACING,
    body,
    bond,
    ledger,
    only,
    side,
)

# -- what is counted once ------------------------------------------------------------------


@pytest.mark.parametrize(
    "interface",
    [
        bond(),
        bond(gap="in bulk", spacing="meshed"),
        bond(Count("bulk", held_rigid=True)),
        bond(Count("nothing", side(), side(), held_rigid=True)),
        bond(as_stated("own opening"), spacing="meshed"),
        bond(NOT_KNOWN, spacing="meshed"),
        bond(as_stated("own opening"), spacing="meshed", gap="in bulk"),
        bond(as_stated("own opening"), minus=None, gap="in bulk", spacing="meshed"),
        bond(minus=None),
        bond(Count("nothing", side(), side()), plus="rigid", minus=None),
    ],
)
def test_what_is_counted_once_makes_a_ledger(interface):
    made = ledger(interface, [body("upper"), body("lower"), body("rigid", rigid=True)])
    made.check()
    assert made.errors == ()
    np.testing.assert_array_equal(made.ledger.count, 1.0)
    # the weights are no identity: a law of atoms counts sites that others count, too
    if interface.count.taken_away == "bulk":
        assert [t.counting_number for t in made.terms if t.owner == "atoms"] == [1, -1, -1]
        assert sum(float(t.weights.sum()) for t in made.terms) > len(made.sites)


def test_sites_are_bodies_halves_of_the_spacing_and_interfaces():
    names = [site.name for site in ledger(bond()).sites]
    assert names == [
        "body upper", "body lower", "layers beside bond, plus", "half of the closed spacing of bond, plus",
        "layers beside bond, minus", "half of the closed spacing of bond, minus", "interface bond",
    ]  # fmt: skip


# -- a naive law ---------------------------------------------------------------------------


def test_a_naive_law_is_named_on_either_side_with_its_energy():
    made = ledger(bond(Count("nothing", side(), side(layers=3))))
    with pytest.raises(
        DoubleCounted,
        match="Nothing was taken away from the law on 'bond'.*5 layers of Ni fcc.*'upper'.*3 layers.*'lower'",
    ):
        made.check()
    assert [v.body for v in made.errors] == ["upper", "lower"]
    np.testing.assert_allclose([v.size for v in made.errors], [LINEAR, 0.6 * LINEAR], rtol=1e-12)
    assert f"{LINEAR:.3g} J/m²" in made.errors[0].message


def test_a_naive_law_of_unknown_layers_is_sized_by_the_nanometre_or_not_at_all():
    made = ledger(bond(Count("nothing")))
    assert (
        f"{1e-9 * PEAK**2 / (2 * C33):.3g} J/m² for each nanometre" in made.errors[0].message
        and made.errors[0].size is None
    )
    unknown = ledger(bond(Count("nothing")), [body("upper", stiffness_voigt=None), body("lower", stiffness_voigt=None)])
    assert "unknown number of J/m²" in unknown.errors[0].message


def test_on_a_foundation_a_naive_law_counts_its_layers_alone():
    made = ledger(bond(Count("nothing", side(), side()), minus=None))
    assert [v.body for v in made.errors] == ["upper"]


# -- the closed spacing --------------------------------------------------------------------


def test_a_spacing_that_law_and_mesh_have_is_named_unless_it_is_negligible():
    """d/C33 over Σ h/C33: 0.2 nm in two bodies of 5 nm are 2 %, of 50 nm 0.2 %."""
    small = [body("upper", 5e-9), body("lower", 5e-9)]
    made = ledger(bond(spacing="meshed"), small)
    with pytest.raises(DoubleCounted, match="owns the closed spacing .0.2 nm..*2 % of what.*spacing: left out"):
        made.check()
    assert only(made, "double counted").size == pytest.approx(SPACING * PEAK**2 / (2 * C33), rel=1e-12)
    waived = ledger(bond(spacing="meshed"))
    waived.check()
    assert "0.2 % of what" in only(waived, "neglected").message
    assert only(waived, "neglected").size == pytest.approx(SPACING * PEAK**2 / (2 * C33), rel=1e-12)
    assert [(t.owner, t.counting_number, t.weights.sum()) for t in waived.terms][-1] == ("neglected", -1, 2.0)
    ledger(bond(spacing="meshed"), small, negligible=0.03).check()
    with pytest.raises(DoubleCounted):
        ledger(bond(spacing="meshed"), negligible=1e-3).check()


def test_the_spacing_of_a_chain_is_that_of_all_its_planes():
    with pytest.raises(DoubleCounted, match="closed spacing .2 nm."):
        ledger(bond(replace(COUNT, planes=10), spacing="meshed")).check()
    with pytest.raises(DoubleCounted, match="closed spacing .2 nm."):
        ledger(bond(replace(COUNT, plus=None, planes=10), spacing="meshed")).check()


def test_two_crystals_share_the_spacing_half_and_half():
    soft = side(stiffness_voigt=0.5 * side().stiffness_voigt, spacing=3e-10)
    made = ledger(bond(Count("bulk", side(), soft), spacing="meshed"), negligible=0.0)
    wanted = (1e-10 / C33 + 1.5e-10 / (0.5 * C33)) * PEAK**2 / 2
    assert only(made, "double counted").size == pytest.approx(wanted, rel=1e-12)


def test_a_spacing_of_unknown_thickness_is_not_waived():
    with pytest.raises(DoubleCounted, match="owns the closed spacing and the mesh.*unknown number of J/m²"):
        ledger(bond(Count("bulk"), spacing="meshed")).check()


def test_a_spacing_that_nobody_has_is_named_unless_it_is_negligible():
    made = ledger(bond(gap="in bulk"), negligible=0.0)
    with pytest.raises(
        Uncounted, match="leaves the closed spacing .0.2 nm. to the bulk, and the mesh leaves it out.*gap: in law"
    ):
        made.check()
    assert only(made, "uncounted").size == pytest.approx(SPACING * PEAK**2 / (2 * C33), rel=1e-12)
    assert ledger(bond(gap="in bulk")).terms[-1].counting_number == 1  # neglected at 0.2 %
    with pytest.raises(Uncounted, match="unknown number"):
        ledger(bond(NOT_KNOWN, gap="in bulk")).check()


def test_half_of_the_spacing_is_missing_on_a_rigid_foundation():
    made = ledger(bond(gap="in bulk", spacing="meshed", minus=None), [body("upper", 5e-9)])
    with pytest.raises(
        Uncounted, match="half of the closed spacing .0.1 nm. to the bulk, and there is no elastic body"
    ):
        made.check()
    assert only(made, "uncounted").size == pytest.approx(0.5 * SPACING * PEAK**2 / (2 * C33), rel=1e-12)
    half = ledger(bond(spacing="meshed", minus=None), [body("upper", 5e-9)])
    assert only(half, "double counted").size == pytest.approx(0.5 * SPACING * PEAK**2 / (2 * C33), rel=1e-12)


# -- what two share, and names -------------------------------------------------------------


def test_cells_and_facets_of_two_are_named():
    with pytest.raises(DoubleCounted, match="'upper' and 'lower' have 7 cells in common"):
        ledger(bond(), shared=[Shared("cells", "upper", "lower", 7)]).check()
    other = bond(name="glue", work_of_separation=1.5)
    bodies = [body(n, extent={"bond": 5e-8, "glue": 5e-8}) for n in ("upper", "lower")]
    made = specimen_ledger(bodies, [bond(), other], [Shared("facets", "bond", "glue", 4)])
    with pytest.raises(DoubleCounted, match="'bond' and 'glue' have 4 facets in common.*1.5 J/m²"):
        made.check()


def test_a_name_of_two_is_named():
    with pytest.raises(DoubleCounted, match="2 bodies or interfaces are called 'upper'"):
        ledger(
            bond(name="upper"), [body("upper", extent={"upper": 5e-8}), body("lower", extent={"upper": 5e-8})]
        ).check()
    with pytest.raises(DoubleCounted, match="called 'bond'"):
        specimen_ledger([body("upper"), body("lower")], [bond(), bond()]).check()
    with pytest.raises(InputError, match="body 'lower' that is not"):
        specimen_ledger([body("upper")], [bond()])


# -- misfit --------------------------------------------------------------------------------

STRAIN = np.array([0.01, 0.01, 0.0])
FILM = Count("bulk", side(strain=STRAIN), side())


def eigen(strain, rotation=FRAME):
    """Voigt strain in mesh axes of an in-plane strain xx, yy, xy of the interface's frame."""
    t = rotation.T @ np.array([[strain[0], strain[2], 0], [strain[2], strain[1], 0], [0, 0, 0]]) @ rotation
    return np.array([t[0, 0], t[1, 1], t[2, 2], 2 * t[1, 2], 2 * t[0, 2], 2 * t[0, 1]])


def test_a_misfit_that_nobody_carries_is_named_with_its_biaxial_energy():
    """An isotropic film: E/(1 − ν) ε² h."""
    iso = isotropic_stiffness(200e9, 0.3)
    film = Count("bulk", side(stiffness_voigt=iso, strain=STRAIN), side())
    made = ledger(bond(film), [body("upper", 20e-9, stiffness_voigt=iso), body("lower")])
    with pytest.raises(
        Uncounted,
        match=r"strained by \(0.01, 0.01, 0\).*'upper'.*stress-free strain of the opposite sign.*misfit: relaxed",
    ):
        made.check()
    assert only(made, "uncounted").size == pytest.approx(200e9 / 0.7 * 1e-4 * 20e-9, rel=1e-12)


@pytest.mark.parametrize("strain", [STRAIN, np.array([0.02, -0.01, 0.004])])
def test_a_body_with_the_opposite_stress_free_strain_carries_it(strain):
    film = Count("bulk", side(strain=strain), side())

    def carried(part):
        return ledger(bond(film), [body("upper", stress_free_strain_voigt=part * eigen(strain)), body("lower")])

    carried(-1.0).check()
    assert "misfit at bond, plus" in [s.name for s in carried(-1.0).sites]
    carried(-1.04).check()
    for part in (1.0, -1.06, -0.94, 0.0):
        with pytest.raises(Uncounted, match="misfit"):
            carried(part).check()


def test_heat_beside_a_misfit_is_no_fault_but_does_not_stand_for_it():
    film, heat = Count("bulk", side(strain=STRAIN), side()), 0.004 * np.array([1.0, 1, 1, 0, 0, 0])

    def made(strain):
        return ledger(bond(film), [body("upper", stress_free_strain_voigt=strain), body("lower")])

    assert made(eigen(-STRAIN) + heat).errors == ()
    assert made(-0.01 * np.array([1.0, 1, 1, 0, 0, 0])).errors == ()  # a lattice that is smaller in all directions
    for strain in (heat, -heat, eigen(-0.5 * STRAIN) + heat):
        assert [v.kind for v in made(strain).errors] == ["uncounted"]


def test_the_strain_is_compared_in_the_frame_of_the_interface():
    normal, first = np.array([0.6, 0.8, 0.0]), np.array([0.8, -0.6, 0.0])
    turned = np.array([first, np.cross(normal, first), normal])
    film = Count("bulk", side(strain=np.array([0.02, 0.0, 0.0])), side())
    made = ledger(
        bond(film, normal=normal, tangential=first),
        [body("upper", stress_free_strain_voigt=eigen([-0.02, 0, 0], turned)), body("lower")],
    )
    assert made.errors == ()
    in_mesh_axes = ledger(
        bond(film, normal=normal, tangential=first),
        [body("upper", stress_free_strain_voigt=eigen([-0.02, 0, 0])), body("lower")],
    )
    assert [v.kind for v in in_mesh_axes.errors] == ["uncounted"]


def test_a_misfit_may_be_said_to_be_relaxed_but_not_be_carried_as_well():
    made = ledger(bond(FILM, misfit="relaxed"))
    made.check()
    assert "relaxed" in [t.owner for t in made.terms]
    with pytest.raises(DoubleCounted, match="said to be relaxed"):
        ledger(
            bond(FILM, misfit="relaxed"), [body("upper", stress_free_strain_voigt=eigen(-STRAIN)), body("lower")]
        ).check()
    ledger(
        bond(FILM, plus="lower", minus=None), [body("lower", rigid=True)]
    ).check()  # a rigid side has no misfit energy


# -- energies ------------------------------------------------------------------------------


def test_rows_add_up_to_what_the_solver_found():
    made = ledger(bond())
    rows = made.rows({"upper": 2.0, "lower": 1.0}, {"bond": 4.0}, {("plus", "bond"): 0.25, ("minus", "bond"): 0.5})
    assert {row.region: row.energy for row in rows} == {
        "body upper": 2.0, "body lower": 1.0, "slab of bond": 4.75, "bulk upper at bond": -0.25, "bulk lower at bond": -0.5,
    }  # fmt: skip
    assert sum(row.energy for row in rows) == 7.0
    stated = ledger(bond(NOT_KNOWN, spacing="meshed")).rows({"upper": 2.0, "lower": 1.0}, {"bond": 4.0})
    assert [row.energy for row in stated] == [2.0, 1.0, 4.0]
    assert all(row.energy is None for row in made.rows())


def test_a_broken_ledger_still_has_rows_but_is_no_ledger():
    made = ledger(bond(Count("nothing", side(), side())))
    assert len(made.rows({"upper": 1.0, "lower": 1.0}, {"bond": 1.0})) == 3
    with pytest.raises(DoubleCounted, match="2 times"):
        _ = made.ledger
