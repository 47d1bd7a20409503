"""The ledger of a specimen: what is counted once passes, each way of counting otherwise is named with its J/m²."""

from dataclasses import replace

import numpy as np
import pytest

from coupling.elasticity import grain_rotation, isotropic_stiffness, rotate_stiffness
from coupling.errors import DoubleCounted, InputError, Uncounted
from coupling.laws.count import NOT_KNOWN, BulkSide, Count, as_stated
from coupling.specimen.joint import Joint, in_plane_stiffness, mean_modulus
from coupling.specimen.ledger import specimen_ledger
from coupling.specimen.records import BodyRecord, InterfaceRecord, Shared

PEAK, WORK, SPACING, LAYERS = 30e9, 4.0, 2e-10, 5.0
CUBIC = np.diag([124e9 if i > 2 else 99e9 for i in range(6)]).astype(float)
CUBIC[:3, :3] += 183e9
GRAIN = rotate_stiffness(CUBIC, grain_rotation([1, 1, -2], [1, 1, 1]))  # mesh axes: y along [111]
C33 = (282e9 + 2 * 183e9 + 4 * 124e9) / 3  # of a cubic crystal along <111>
X, Y = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
FRAME = np.array([X, np.cross(Y, X), Y])
LINEAR = LAYERS * SPACING * PEAK**2 / (2 * C33)


def side(**changes) -> BulkSide:
    given = {
        "material": "Ni fcc", "fingerprint": "", "stiffness_voigt": rotate_stiffness(GRAIN, FRAME), "spacing": SPACING,
        "layers": LAYERS, "strain": np.zeros(3), "energy_at_peak": 1.1 * LINEAR,
    }  # fmt: skip
    return BulkSide(**(given | changes))


COUNT = Count("bulk", side(), side())


def body(name: str, height: float = 50e-9, **changes) -> BodyRecord:
    return replace(BodyRecord(name, GRAIN, extent={"bond": height}), **changes)


def bond(count=COUNT, **changes) -> InterfaceRecord:
    given = InterfaceRecord("bond", "upper", "lower", "in law", count, PEAK, WORK, Y, X, "left out")
    return replace(given, **changes)


def ledger(interface, bodies=None, **options):
    return specimen_ledger(bodies or [body("upper"), body("lower")], [interface], **options)


def only(made, kind):
    found = [verdict for verdict in made.verdicts if verdict.kind == kind]
    assert len(found) == 1, [v.message for v in made.verdicts]
    return found[0]


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


# -- stiffness -----------------------------------------------------------------------------


def test_another_stiffness_is_a_mismatch_with_its_energy_and_no_error():
    made = ledger(bond(), [body("upper", stiffness_voigt=0.8 * GRAIN), body("lower")])
    made.check()
    found = [v for v in made.verdicts if v.kind == "mismatch"]
    assert {v.body for v in found} == {"upper"}
    normal = next(v for v in found if "C33" in v.message)
    assert normal.size == pytest.approx(LAYERS * SPACING * PEAK**2 / 2 * (1 / (0.8 * C33) - 1 / C33), rel=1e-12)
    assert {word for v in found for word in ("C33", "C44", "C55") if word in v.message} == {"C33", "C44", "C55"}
    for factor, number in ((1.009, 0), (1.011, 3)):
        near = ledger(bond(), [body("upper", stiffness_voigt=factor * GRAIN), body("lower")])
        assert len([v for v in near.verdicts if v.kind == "mismatch"]) == number


def test_the_stiffness_is_compared_in_the_frame_of_the_interface():
    turned = rotate_stiffness(CUBIC, grain_rotation([1, 0, 0], [0, 1, 0]))
    found = [
        v
        for v in ledger(bond(), [body("upper", stiffness_voigt=turned), body("lower")]).verdicts
        if v.kind == "mismatch"
    ]
    normal = next(v for v in found if "C33" in v.message)
    assert normal.size == pytest.approx(LAYERS * SPACING * PEAK**2 / 2 * (1 / 282e9 - 1 / C33), rel=1e-12)


def test_a_frame_turned_about_the_normal_is_a_mismatch_of_the_coupling_with_its_energy():
    """Along [112] opening and the slip along [11-1] are coupled; half a turn about the normal changes that sign alone."""
    tilted = rotate_stiffness(CUBIC, grain_rotation([1, -1, 0], [1, 1, 2]))
    bodies = [body("upper", stiffness_voigt=tilted), body("lower", stiffness_voigt=tilted)]
    own = side(stiffness_voigt=rotate_stiffness(tilted, FRAME))
    other = side(stiffness_voigt=rotate_stiffness(own.stiffness_voigt, np.diag([-1.0, -1.0, 1.0])))
    assert not [v for v in ledger(bond(Count("bulk", own, own)), bodies).verdicts if v.kind == "mismatch"]
    found = [v for v in ledger(bond(Count("bulk", other, other)), bodies).verdicts if v.kind == "mismatch"]
    assert [v.body for v in found] == ["upper", "lower"]
    pulled = PEAK * np.array([[1.0, 0.0, 1.0]])  # normal, tangential 1, 2
    differs = abs(float((own.energy_under(pulled) - other.energy_under(pulled))[0]))
    for verdict in found:
        assert "C34" in verdict.message and "another direction" in verdict.message
        assert verdict.size == pytest.approx(differs, rel=1e-9) and verdict.warns == (differs > 0.05 * WORK)


def test_a_chain_longer_than_the_bodies_is_named():
    for planes, named in ((400, False), (600, True)):
        chain = bond(replace(COUNT, planes=planes), gap="in bulk", spacing="meshed")
        found = [v for v in ledger(chain).verdicts if "planes" in v.message and v.kind == "mismatch"]
        assert bool(found) == named
        assert all("120 nm" in v.message and "100 nm" in v.message and v.warns for v in found)


def test_rigid_halves_and_curved_interfaces_are_not_compared():
    other = [body("upper", stiffness_voigt=0.5 * GRAIN), body("lower")]
    rigid = ledger(bond(replace(COUNT, held_rigid=True)), other)
    assert not [v for v in rigid.verdicts if v.kind in ("mismatch", "not linear")]
    curved = ledger(bond(FILM, normal=None, tangential=None), other)
    curved.check()
    assert "curved" in only(curved, "not compared").message
    assert not [v for v in curved.verdicts if v.kind == "mismatch"]


def test_energies_beyond_linear_stand_beside_the_linear_ones():
    found = [v for v in ledger(bond()).verdicts if v.kind == "not linear"]
    assert [v.body for v in found] == ["upper", "lower"]
    assert found[0].size == pytest.approx(0.1 * LINEAR, rel=1e-9)
    assert (
        f"{1.1 * LINEAR:.3g} J/m²" in found[0].message
        and f"linear elasticity holds {LINEAR:.3g} J/m²" in found[0].message
    )


def test_what_is_not_known_and_what_is_stated_is_said():
    assert "not known" in only(ledger(bond(NOT_KNOWN, spacing="meshed")), "not known").message
    assert "own opening" in only(ledger(bond(as_stated("own opening"), spacing="meshed")), "as stated").message


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


# -- elasticity that the sizes stand on ----------------------------------------------------


def test_mean_modulus_is_the_mean_over_directions():
    axes = np.random.default_rng(0).normal(size=(20000, 3))
    axes /= np.linalg.norm(axes, axis=1)[:, None]
    index = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
    tensor = CUBIC[index[:, :, None, None], index[None, None]]
    sampled = np.einsum("ni,nj,nk,nl,ijkl->n", axes, axes, axes, axes, tensor, optimize=True)
    assert mean_modulus(CUBIC) == pytest.approx(
        sampled.mean(), rel=5 * sampled.std() / sampled.mean() / np.sqrt(len(axes))
    )
    assert mean_modulus(GRAIN) == pytest.approx(mean_modulus(CUBIC), rel=1e-12)


def test_in_plane_stiffness_is_the_least_energy_over_the_strains_out_of_the_plane():
    strain = np.array([0.01, -0.02, 0.0, 0.0, 0.0, 0.015])
    free, held = np.ix_([2, 3, 4], [2, 3, 4]), np.ix_([2, 3, 4], [0, 1, 5])
    strain[[2, 3, 4]] = -np.linalg.solve(GRAIN[free], GRAIN[held] @ strain[[0, 1, 5]])
    inside = strain[[0, 1, 5]]
    assert inside @ in_plane_stiffness(GRAIN) @ inside == pytest.approx(strain @ GRAIN @ strain, rel=1e-12)


def test_energy_under_a_traction_is_that_of_the_stretched_layer():
    """Strain the layer by ε_zz, γ_xz, γ_yz at a held in-plane cell: its energy is ½ T·Q⁻¹·T of the tractions that it takes."""
    rng = np.random.default_rng(1)
    stiffness = rotate_stiffness(CUBIC, np.linalg.qr(rng.normal(size=(3, 3)))[0])
    one, strain = side(stiffness_voigt=stiffness), np.zeros(6)
    strain[[2, 3, 4]] = 1e-3 * rng.normal(size=3)
    stress = stiffness @ strain
    under = one.energy_under(stress[None, [2, 4, 3]])[0]
    assert under == pytest.approx(LAYERS * SPACING * 0.5 * strain @ stiffness @ strain, rel=1e-12)


def test_a_curved_interface_has_the_mean_modulus():
    joint = Joint(bond(normal=None, tangential=None), {"upper": body("upper"), "lower": body("lower")})
    assert joint.modulus("plus") == pytest.approx(mean_modulus(CUBIC), rel=1e-12)
