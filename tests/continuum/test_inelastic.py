"""Points of bodies with memory: closed forms, identities, Taylor tests."""

import numpy as np
import pytest

from continuum.inelastic import (
    GlideFlow,
    LinearHardening,
    Plastic,
    PowerHardening,
    RatePower,
    SlipHardening,
    SlippingCrystal,
    SlipSystems,
    Viscoelastic,
    VoceHardening,
    lead,
)
from coupling.elasticity import grain_rotation, rotate_stiffness, strain_tensor, strain_voigt
from coupling.errors import InputError
from coupling.upscale.flow import GlideLaw

E, NU = 200e9, 0.3
CUBIC = np.diag([124e9 if i > 2 else 99e9 for i in range(6)]).astype(float)
CUBIC[:3, :3] += 183e9
GLIDE = GlideLaw(1.6e-19, 4e8, 0.7, 1.3, 2.5e-10, 2.2e-10, mobile_density=1e13)
FCC = SlipSystems.of("fcc")
HARDENING = SlipHardening(1e8, 2e8, 5e9, 2.0)
TURN = grain_rotation([1, 2, 2], [2, 1, -2])
MATERIALS = {
    "linear": Plastic(E, NU, LinearHardening(3e8, 1e9), 2e9),
    "perfect": Plastic(E, NU, LinearHardening(3e8)),
    "voce": Plastic(E, NU, VoceHardening(3e8, 5e8, 0.05)),
    "power": Plastic(E, NU, PowerHardening(3e8, 0.1, E)),
    "perzyna": Plastic(E, NU, RatePower(PowerHardening(3e8, 0.1, E), 1e-3, 0.1)),
    "glide": Plastic(E, NU, GlideFlow(GLIDE, 300.0, 2.7, 0.3, 8e10, 1e12, 2e8, 10.0)),
    "crystal": SlippingCrystal(CUBIC, FCC, HARDENING, 1e-3, 0.05),
    "maxwell": Viscoelastic(1e9, (1e9, 5e8), (1.0, 0.1), 0.4),
}


@pytest.fixture(params=MATERIALS, scope="module")
def material(request):
    return MATERIALS[request.param]


def test_the_tangent_is_the_derivative_of_the_stress(material):
    """The remainder of a step h falls with h², or there is none."""
    rng = np.random.default_rng(0)
    draw = lambda: 5e-3 * rng.standard_normal((6, 6))  # noqa: E731
    before = material.respond(draw(), material.unloaded(6), 1.0).state
    strain, way = before.strain + 0.5 * draw(), draw()
    found = material.respond(strain, before, 1.0)
    np.testing.assert_allclose(
        found.tangent, found.tangent.transpose(0, 2, 1), atol=1e-10 * np.abs(found.tangent).max()
    )
    left = [
        material.respond(strain + h * way, before, 1.0).state.stress
        - found.state.stress
        - h * np.einsum("nij,nj->ni", found.tangent, way)
        for h in (1e-2, 1e-3)
    ]
    size = np.linalg.norm(left, axis=(1, 2))
    assert size[0] < 1e-12 * np.abs(found.state.stress).max() or np.log10(size[0] / size[1]) == pytest.approx(
        2, abs=0.1
    )


def test_the_energy_that_is_lost_never_comes_back_and_adds_up(material):
    """Along a closed path ∮ σ·dε is what the point has stored and lost, to the second order of the step."""
    way = strain_voigt(np.array([[1.0, 0.3, 0], [0.3, -0.2, 0.1], [0, 0.1, 0.4]]))
    errors = []
    for steps in (40, 160):
        times = np.linspace(0, 1, steps + 1)
        path = lead(material, times, 4e-3 * np.sin(2 * np.pi * times)[:, None] * way)
        work = np.concatenate(
            [[0], np.cumsum(0.5 * np.sum((path.stress[1:] + path.stress[:-1]) * np.diff(path.strain, axis=0), axis=1))]
        )
        assert np.diff(path.lost).min() >= 0 and path.lost[-1] > 0.1 * path.stored.max()
        errors.append(np.abs(work - path.stored - path.lost).max() / work.max())
    assert errors[1] < 5e-3 and errors[1] < errors[0] / 3


def test_a_turned_path_gives_the_turned_stress(material):
    """Objectivity, of small strain: the response does not depend on the axes; a crystal's are turned with it."""
    rng = np.random.default_rng(2)
    turned = material.turned(TURN) if isinstance(material, SlippingCrystal) else material
    path = np.cumsum(2e-3 * rng.standard_normal((6, 6)), axis=0)
    own = lead(material, np.arange(6.0), path)
    other = lead(turned, np.arange(6.0), np.array([strain_voigt(TURN @ strain_tensor(one) @ TURN.T) for one in path]))
    as_tensor = np.array([strain_tensor(one * [1, 1, 1, 2, 2, 2]) for one in own.stress])
    expected = np.einsum("ij,njk,lk->nil", TURN, as_tensor, TURN)
    found = np.array([strain_tensor(one * [1, 1, 1, 2, 2, 2]) for one in other.stress])
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())


def test_instant_steps_are_elastic_where_time_matters():
    for name in ("perzyna", "glide", "crystal", "maxwell"):
        material = MATERIALS[name]
        strain = np.full((1, 6), 5e-3)
        found = material.respond(strain, material.unloaded(1), 0.0)
        np.testing.assert_allclose(found.state.stress, strain @ material.stiffness_voigt, rtol=1e-12)
        np.testing.assert_allclose(found.tangent[0], material.stiffness_voigt, atol=1e-9 * E)
        assert found.state.lost[0] == 0


@pytest.mark.parametrize("exponent", [0.0, 0.1, 0.5])
def test_a_bar_follows_the_power_law_that_it_was_given(exponent):
    """ε = (σ_y/E)(σ/σ_y)^(1/N), in one step or in many."""
    strains = np.array([0.0, 0.5, 1.0, 2.0, 10.0, 40.0]) * 3e8 / E
    path = lead(MATERIALS["power"] if exponent == 0.1 else Plastic(E, NU, PowerHardening(3e8, exponent, E)),
                np.arange(6.0), np.outer(strains, [1, 0, 0, 0, 0, 0]), strained=(0,))  # fmt: skip
    expected = np.where(strains < 3e8 / E, E * strains, 3e8 * np.maximum(strains * E / 3e8, 1) ** exponent)
    np.testing.assert_allclose(path.stress[:, 0], expected, rtol=1e-9, atol=1)
    np.testing.assert_allclose(path.stress[:, 1:], 0, atol=1)


def test_radial_return_in_closed_form():
    """Linear hardening under a strain of any direction: Δp = (q − σ_y)/(3G + H + H_k), the deviator scaled."""
    material, shear = MATERIALS["linear"], E / (2 * (1 + NU))
    rng = np.random.default_rng(3)
    strain = 8e-3 * rng.standard_normal((20, 6))
    found = material.respond(strain, material.unloaded(20), 1.0).state
    tensors = np.array([strain_tensor(one) for one in strain])
    deviator = 2 * shear * (tensors - np.trace(tensors, axis1=1, axis2=2)[:, None, None] * np.eye(3) / 3)
    mises = np.sqrt(1.5 * np.sum(deviator**2, axis=(1, 2)))
    flow = np.maximum(mises - 3e8, 0) / (3 * shear + 3e9)
    scaled = deviator * (1 - 3 * shear * flow / mises)[:, None, None]
    pressure = E / (3 * (1 - 2 * NU)) * np.trace(tensors, axis1=1, axis2=2)
    expected = scaled + pressure[:, None, None] * np.eye(3)
    np.testing.assert_allclose(
        np.array([strain_tensor(s * [1, 1, 1, 2, 2, 2]) for s in found.stress]), expected, rtol=1e-11, atol=1
    )
    np.testing.assert_allclose(material.variable(found, "equivalent_plastic_strain"), flow, rtol=1e-11)


def test_a_back_stress_moves_the_yield_surface():
    """Pulled to σ₁, the bar yields in compression at σ₁ − 2σ_y (Bauschinger)."""
    material = Plastic(E, NU, LinearHardening(3e8), 2e10)
    up = np.linspace(0, 6e-3, 61)
    strain = np.concatenate([up, np.linspace(6e-3, 6e-3 - 2.2 * 3e8 / E, 201)[1:]])
    path = lead(material, np.arange(len(strain), dtype=float), np.outer(strain, [1, 0, 0, 0, 0, 0]), strained=(0,))
    top = path.stress[60, 0]
    assert top == pytest.approx(3e8 + (E * 2e10 / (E + 2e10)) * (6e-3 - 3e8 / E), rel=1e-10)
    slope = np.diff(path.stress[:, 0]) / np.diff(strain)
    back = path.stress[:-1, 0][60:][slope[60:] < 0.99 * E][0]
    assert back == pytest.approx(top - 2 * 3e8, abs=E * 2.2 * 1.5e-3 / 200)


@pytest.mark.parametrize("temperature", [150.0, 300.0, 450.0])
@pytest.mark.parametrize("rate", [1e-5, 1e-2, 1e1])
def test_a_bar_carries_the_flow_stress_that_was_handed_up(temperature, rate):
    """Steady flow at a strain rate: M τ(T, M ε̇), τ of the dislocations' law."""
    strain = np.linspace(0, 0.02, 60)
    path = lead(
        Plastic(E, NU, GlideFlow(GLIDE, temperature)),
        strain / rate,
        np.outer(strain, [1, 0, 0, 0, 0, 0]),
        strained=(0,),
    )
    assert path.stress[-1, 0] == pytest.approx(
        3.06 * float(GLIDE.flow_stress(temperature, 3.06 * rate)), rel=1e-8, abs=1
    )


def test_a_forest_hardens_by_taylor_and_kocks_mecking():
    flow = GlideFlow(GLIDE, 300.0, 3.06, 0.3, 8e10, 1e12, 2e8, 10.0)
    strain, density = np.linspace(0, 0.3, 30001), [1e12]
    for step in np.diff(strain):  # Heun's method on dρ/dε = M (k₁ √ρ − k₂ ρ)
        slope = lambda rho: 3.06 * (2e8 * np.sqrt(rho) - 10 * rho)  # noqa: E731
        guess = density[-1] + step * slope(density[-1])
        density.append(density[-1] + 0.5 * step * (slope(density[-1]) + slope(guess)))
    found = flow.at(strain[::3000], np.zeros(11)).stress
    np.testing.assert_allclose(found, 3.06 * 0.3 * 8e10 * 2.5e-10 * np.sqrt(density[::3000]), rtol=1e-6)


def test_zener_relaxes_and_creeps_in_closed_form():
    """E_∞ + E₁ exp(−t/τ) at constant strain; at constant stress J(t) = 1/E_∞ − (1/E_∞ − 1/E₀) exp(−t E_∞/(E₀ τ))."""
    material = Viscoelastic(1e9, (2e9,), (3.0,), 0.4)
    times = np.concatenate([[0, 1e-12], np.geomspace(1e-3, 30, 60)])
    path = lead(material, times, np.tile([1e-3, 0, 0, 0, 0, 0], (62, 1)), strained=(0,))
    np.testing.assert_allclose(path.stress[1:, 0], 1e6 + 2e6 * np.exp(-times[1:] / 3), rtol=1e-8)
    times = np.concatenate([[0, 1e-12], np.linspace(0, 20, 2001)[1:]])
    path = lead(material, times, np.tile([1e6, 0, 0, 0, 0, 0], (2002, 1)), strained=())
    expected = 1e6 * (1e-9 - (1e-9 - 1 / 3e9) * np.exp(-times[1:] / 9))
    np.testing.assert_allclose(path.strain[1:, 0], expected, rtol=1e-6)
    assert path.lost[-1] == pytest.approx(
        1e6 * (path.strain[-1, 0] - 1e6 / 3e9) - (path.stored[-1] - path.stored[1]), rel=1e-5
    )


def test_a_viscoelastic_body_at_another_temperature_is_slower():
    material = Viscoelastic(1e9, (2e9, 1e9), (3.0, 0.1), 0.4)
    times, strain = np.linspace(0, 5, 20), np.random.default_rng(0).standard_normal((20, 6))
    one, other = lead(material, times, strain), lead(material.shifted(7.0), 7 * times, strain)
    np.testing.assert_allclose(other.stress, one.stress, rtol=1e-12)


def test_single_slip_is_the_power_law_of_its_system():
    """One system alone, pulled at a constant rate: steady at τ = g (γ̇/γ̇₀)^m, σ = τ/S, γ̇ = ε̇/S."""
    normal, direction = np.array([1.0, 1, 1]), np.array([1.0, 0, -1])
    system = SlipSystems(direction[None], normal[None])
    crystal = SlippingCrystal(CUBIC, system, SlipHardening(1e8), 1e-3, 0.05)
    pulled = grain_rotation([2, 1, 0], [-1, 2, 0])
    crystal = crystal.turned(pulled)
    schmid = abs(crystal.systems.directions[0, 0] * crystal.systems.normals[0, 0])
    for rate in (1e-4, 1e-2):
        strain = np.linspace(0, 0.02, 50)
        path = lead(crystal, strain / rate, np.outer(strain, [1, 0, 0, 0, 0, 0]), strained=(0,))
        assert path.stress[-1, 0] == pytest.approx(1e8 * (rate / schmid / 1e-3) ** 0.05 / schmid, rel=1e-8)
        np.testing.assert_allclose(
            np.linalg.eigvalsh(rotate_stiffness(crystal.stiffness, pulled.T)), np.linalg.eigvalsh(CUBIC)
        )


def test_multiple_slip_along_the_cube_axis_shares_it_equally():
    """Of fcc pulled along [001], eight systems with S = 1/√6 slip alike."""
    crystal = SlippingCrystal(CUBIC, FCC, SlipHardening(1e8), 1e-3, 0.02)
    strain = np.linspace(0, 0.02, 60)
    path = lead(crystal, strain / 1e-3, np.outer(strain, [0, 0, 1, 0, 0, 0]), strained=(2,))
    slip = np.abs(path.variables[-1, -12:])
    active = slip > 1e-3 * slip.max()
    assert active.sum() == 8 and np.ptp(slip[active]) < 1e-9 * slip.max()
    np.testing.assert_allclose(path.stress[-1, 2], np.sqrt(6) * 1e8 * (np.sqrt(6) / 8) ** 0.02, rtol=1e-8)
    assert (len(SlipSystems.of("fcc").normals), len(SlipSystems.of("bcc").normals)) == (12, 12)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LinearHardening(0.0), "yield_stress = 0.0"),
        (lambda: LinearHardening(1e8, -1.0), "softening"),
        (lambda: VoceHardening(3e8, 2e8, 0.1), "0 or more"),
        (lambda: PowerHardening(3e8, 1.0, E), "0 ≤ N < 1"),
        (lambda: RatePower(LinearHardening(3e8), 1.0, 2.0), "0 < m ≤ 1"),
        (lambda: GlideFlow(GLIDE, 300.0, interaction=0.3), "shear modulus"),
        (lambda: GlideFlow(GLIDE, 300.0, 3.06, 0.3, 8e10, 1e16, 2e8, 10.0), "soften"),
        (lambda: Plastic(E, 0.6, LinearHardening(3e8)), "Poisson's ratio 0.6"),
        (lambda: Plastic(E, 0.3, LinearHardening(3e8), -1.0), "kinematic"),
        (lambda: Viscoelastic(1e9, (1e9,), (1.0, 2.0), 0.3), "one time to each"),
        (lambda: Viscoelastic(1e9, (1e9,), (-1.0,), 0.3), "positive and finite"),
        (lambda: SlipSystems.of("hcp"), "valid"),
        (lambda: SlipSystems(np.eye(3), np.eye(3)), "does not lie in its plane"),
        (lambda: SlipHardening(1e8, 5e7, 1e9), "above its start"),
        (lambda: SlippingCrystal(CUBIC, FCC, HARDENING, 1e-3, 0.0), "0 < m ≤ 1"),
        (lambda: MATERIALS["power"].plane_stress(), "plane strain"),
        (lambda: MATERIALS["power"].variable(MATERIALS["power"].unloaded(1), "slip"), "it has plastic_strain"),
        (lambda: lead(MATERIALS["power"], np.zeros(3), np.zeros((3, 6))), "rising times"),
    ],
)  # fmt: skip
def test_bad_constants_are_named(make, said):
    with pytest.raises(InputError, match=said):
        make()
