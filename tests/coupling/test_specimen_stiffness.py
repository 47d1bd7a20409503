"""What a specimen's ledger says of stiffness: mismatches with their J/m², what is beyond linear, and the moduli they stand on."""

from dataclasses import replace

import numpy as np
import pytest

from coupling.elasticity import grain_rotation, rotate_stiffness
from coupling.laws.count import NOT_KNOWN, Count, as_stated
from coupling.specimen.joint import Joint, in_plane_stiffness, mean_modulus
from tests.coupling.specimen_joint import (
    C33,
    COUNT,
    CUBIC,
    FRAME,
    GRAIN,
    LAYERS,
    LINEAR,
    PEAK,
    SPACING,
    WORK,
    body,
    bond,
    ledger,
    only,
    side,
)

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
    strained = Count("bulk", side(strain=np.array([0.01, 0.01, 0.0])), side())
    curved = ledger(bond(strained, normal=None, tangential=None), other)
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
