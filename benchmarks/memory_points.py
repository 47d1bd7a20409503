"""Points of bodies with memory against closed forms: relaxation and creep, radial return, single slip, tangents, flow laws.

Run as `python -m benchmarks.memory_points [--json]`. Keys:

zener_error         largest relative error of a standard linear solid that relaxes, and creeps (2,000 steps, extrapolated)
j2_error            of the return to the yield surface with linear hardening, 500 strains of any direction
single_slip_error   of the steady stress of one slip system at three rates
tangent_slope       by which power of the step the remainder of the stress falls, of all materials: the one farthest from 2
flow_law_error      of a bar at five rates and five temperatures against M τ(T, M rate) of the dislocations' law
"""

import sys
from typing import Any

import numpy as np

from benchmarks.output import report
from continuum.inelastic import (
    GlideFlow,
    Inelastic,
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
from coupling.contracts import FloatArray
from coupling.elasticity import grain_rotation, isotropic_stiffness, strain_tensor
from coupling.upscale.flow import GlideLaw

E, NU = 200e9, 0.3
ALONG = np.array([1.0, 0, 0, 0, 0, 0])
GLIDE = GlideLaw(1.6e-19, 4e8, 0.7, 1.3, 2.5e-10, 2.2e-10, mobile_density=1e13)
RATES = (1e-5, 1e-3, 1e-1, 1e1, 1e3)
TEMPERATURES = (100.0, 200.0, 300.0, 400.0, 600.0)


def zener_error() -> float:
    """Of E(t) at constant strain, and of J(t) at constant stress, whose error falls with the square of the step."""
    material, times = Viscoelastic(1e9, (2e9,), (3.0,), 0.4), np.concatenate([[0, 1e-13], np.geomspace(1e-3, 30, 200)])
    held = lead(material, times, np.tile(1e-3 * ALONG, (len(times), 1)), (0,)).stress[1:, 0]
    relaxed = np.abs(held / (1e6 + 2e6 * np.exp(-times[1:] / 3)) - 1).max()
    coarse, fine = (_creep(material, steps)[:: steps // 1000] for steps in (1000, 2000))
    time = np.linspace(0, 20, 1001)
    exact = 1e6 * (1e-9 - (1e-9 - 1 / 3e9) * np.exp(-time / 9))
    return float(max(relaxed, np.abs(((4 * fine - coarse) / 3 / exact)[1:] - 1).max()))


def _creep(material: Viscoelastic, steps: int) -> FloatArray:
    """The strain under 1 MPa from an instant after it was put on, to 20 s."""
    times = np.concatenate([[-1e-13], np.linspace(0, 20, steps + 1)])
    return lead(material, times, np.tile(1e6 * ALONG, (steps + 2, 1)), ()).strain[1:, 0]


def j2_error() -> float:
    """Of stresses against the deviator scaled back by 3G Δp/q, Δp = (q − σ_y)/(3G + H + H_k)."""
    material, shear, bulk = Plastic(E, NU, LinearHardening(3e8, 1e9), 2e9), E / (2 * (1 + NU)), E / (3 * (1 - 2 * NU))
    strain = 8e-3 * np.random.default_rng(0).standard_normal((500, 6))
    found = material.respond(strain, material.unloaded(500), 1.0).state.stress
    tensors = np.array([strain_tensor(one) for one in strain])
    volume = np.trace(tensors, axis1=1, axis2=2)
    deviator = 2 * shear * (tensors - volume[:, None, None] * np.eye(3) / 3)
    mises = np.sqrt(1.5 * np.sum(deviator**2, axis=(1, 2)))
    flow = np.maximum(mises - 3e8, 0) / (3 * shear + 3e9)
    exact = deviator * (1 - 3 * shear * flow / mises)[:, None, None] + bulk * volume[:, None, None] * np.eye(3)
    given = np.array([strain_tensor(one * [1, 1, 1, 2, 2, 2]) for one in found])
    return float(np.abs(given - exact).max() / np.abs(exact).max())


def single_slip_error() -> float:
    """Of a bar of one slip system: steady at τ = g (γ̇/γ̇₀)^m, with σ = τ/S and γ̇ = ε̇/S."""
    system = SlipSystems(np.array([[1.0, 0, -1]]), np.array([[1.0, 1, 1]]))
    turn = grain_rotation(np.array([2.0, 1, 0]), np.array([-1.0, 2, 0]))
    crystal = SlippingCrystal(isotropic_stiffness(E, NU), system, SlipHardening(1e8), 1e-3, 0.05).turned(turn)
    schmid = abs(crystal.systems.directions[0, 0] * crystal.systems.normals[0, 0])
    errors = []
    for rate in (1e-4, 1e-2, 1.0):
        strain = np.linspace(0, 0.02, 60)
        stress = lead(crystal, strain / rate, np.outer(strain, ALONG), (0,)).stress[-1, 0]
        errors.append(abs(stress * schmid / (1e8 * (rate / schmid / 1e-3) ** 0.05) - 1))
    return float(max(errors))


def _materials() -> dict[str, Inelastic]:
    cubic = isotropic_stiffness(E, NU)
    cubic[3:, 3:] *= 1.5
    fcc = SlipSystems.of("fcc")
    return {
        "linear": Plastic(E, NU, LinearHardening(3e8, 1e9), 2e9),
        "voce": Plastic(E, NU, VoceHardening(3e8, 5e8, 0.05)),
        "power": Plastic(E, NU, PowerHardening(3e8, 0.1, E)),
        "perzyna": Plastic(E, NU, RatePower(PowerHardening(3e8, 0.1, E), 1e-3, 0.1)),
        "glide": Plastic(E, NU, GlideFlow(GLIDE, 300.0, 2.7, 0.3, 8e10, 1e12, 2e8, 10.0)),
        "fcc": SlippingCrystal(cubic, fcc, SlipHardening(1e8, 2e8, 5e9, 2.0), 1e-3, 0.1),
        "bcc": SlippingCrystal(cubic, SlipSystems.of("bcc"), SlipHardening(1e8), 1e-3, 0.05),
    }


def tangent_slopes() -> dict[str, float]:
    """Of each material: the decades by which the remainder of a step falls as the step does by one."""
    found = {}
    for name, material in _materials().items():
        rng = np.random.default_rng(0)
        before = material.respond(5e-3 * rng.standard_normal((20, 6)), material.unloaded(20), 1.0).state
        strain, way = before.strain + 3e-3 * rng.standard_normal((20, 6)), 5e-3 * rng.standard_normal((20, 6))
        here = material.respond(strain, before, 1.0)
        left = [
            np.linalg.norm(
                material.respond(strain + h * way, before, 1.0).state.stress
                - here.state.stress
                - h * np.einsum("nij,nj->ni", here.tangent, way)
            )
            for h in (1e-3, 1e-4)
        ]
        found[name] = float(np.log10(left[0] / left[1]))
    return found


def flow_law_error() -> float:
    """Of steady flow, where the glide law bears more than 1 Pa."""
    errors = []
    for temperature in TEMPERATURES:
        material = Plastic(E, NU, GlideFlow(GLIDE, temperature))
        for rate in RATES:
            strain = np.linspace(0, 0.03, 80)
            stress = lead(material, strain / rate, np.outer(strain, ALONG), (0,)).stress[-1, 0]
            exact = 3.06 * float(GLIDE.flow_stress(temperature, 3.06 * rate))
            errors.append(abs(stress - exact) / max(exact, 1e6))
    return float(max(errors))


def measure() -> dict[str, Any]:
    """All figures."""
    slopes = tangent_slopes()
    return {
        "zener_error": zener_error(),
        "j2_error": j2_error(),
        "single_slip_error": single_slip_error(),
        "tangent_slope": max(slopes.values(), key=lambda slope: abs(slope - 2)),
        "tangent_slope_each": slopes,
        "flow_law_error": flow_law_error(),
    }


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
