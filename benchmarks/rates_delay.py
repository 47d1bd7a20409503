"""Delayed fracture: the life of a single activated element over ten decades of time, and of a cracked beam on two meshes.

Run as `python -m benchmarks.rates_delay [--json]`; about two minutes on one core. The closed form is written out here for a bilinear
law, and shares no code with the solver: at a constant traction T the part d of the sites that is broken grows by

    dd/dt = (1 − d) ν exp(−ΔG/kT) [1 − exp(−A/kT)]

with κ = δ_p + d (δ_f − δ_p), T(κ) = T_p (1 − d), λ = T/T(κ), ΔG = a {W (1 − d) − T δ_f + ½ T² (δ_f − δ_p)/T_p + ½ T λ κ} and
A = a (λ² W − W_r), until T(κ) = T; so the lifetime is one quadrature.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import quad

from benchmarks.output import report
from continuum.cohesive.history import History, commit, respond
from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed, Traction
from continuum.solver.holding import HeldLoading, hold_load
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.interface.activation import Activation, LawBarrier
from coupling.laws.bilinear import Bilinear
from coupling.units import BOLTZMANN

WORK, PEAK, STIFFNESS, SITE_AREA = 3.4, 10e9, 2e20, 3e-19
TEMPERATURE, FREQUENCY, REVERSIBLE = 300.0, 1e13, 1.0
LOADS = (0.73, 0.70, 0.67, 0.64, 0.61, 0.58)
"""Of the peak: lifetimes over ten decades and more."""
TOLERANCE = 0.05
NM = 1e-9
_CRACK, _ARM, _YOUNG = 16.0, 6.0, 200e9
_BEAM_AREA, _BEAM_LOAD = 5e-19, 0.58e9
_SIZES = (0.8, 0.5)


def bilinear_law() -> Bilinear:
    """The law of all figures."""
    return Bilinear(WORK, PEAK, STIFFNESS)


def activated_bond(area: float = SITE_AREA, reversible: float = REVERSIBLE) -> Bond:
    """It between two bodies."""
    law = bilinear_law()
    return Bond(
        "bond", "upper", "lower", law, activation=Activation(LawBarrier(law, area), TEMPERATURE, FREQUENCY, reversible)
    )


def lifetime(traction: float) -> float:
    """The closed form, s."""
    first, last, thermal = PEAK / STIFFNESS, 2 * WORK / PEAK, BOLTZMANN * TEMPERATURE
    reach = last - first
    beyond = -traction * last + 0.5 * traction**2 * reach / PEAK

    def waiting(part: float) -> float:
        largest, share = first + part * reach, traction / (PEAK * (1 - part))
        barrier = SITE_AREA * (WORK * (1 - part) + beyond + 0.5 * traction * share * largest)
        affinity = SITE_AREA * (share**2 * WORK - REVERSIBLE)
        return float(np.exp(barrier / thermal) / (FREQUENCY * -np.expm1(-affinity / thermal) * (1 - part)))

    end = 1 - traction / PEAK
    return float(quad(waiting, 0.0, end, limit=500, epsrel=1e-10, points=[end * x for x in (1e-3, 1e-2, 0.1)])[0])


def element(traction: float, folder: Path, tolerance: float = TOLERANCE, size: float = 1.0) -> HeldLoading:
    """Two blocks that are pulled apart at a constant traction (Pa), and stay so until they part."""
    path = folder / f"joint_{size}.msh"
    if not path.exists():
        ButtJoint(1.0, 1.0, 1.0, size).write(path)
    mesh = read_mesh(path, unit=NM, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    block = LinearElastic.isotropic(_YOUNG, 0.0)
    problem = CohesiveProblem(
        mesh, {"upper": block, "lower": block}, [activated_bond()], [Prescribed("bottom", "y"), Prescribed("left", "x")],
        tractions=[Traction("top", "y", traction)],
    )  # fmt: skip
    return hold_load(problem, 1.0, 1e14, ramp=1e-20, steps=2, tolerance=tolerance)


def element_figures(folder: Path) -> dict[str, Any]:
    """Lifetimes against the closed form."""
    exact = np.array([lifetime(load * PEAK) for load in LOADS])
    found = [element(load * PEAK, folder) for load in LOADS]
    times = np.array([one.lifetime for one in found], dtype=float)
    return {
        "delay_error_decades": float(np.abs(np.log10(times / exact)).max()),
        "delay_decades": float(np.log10(exact[-1] / exact[0])),
        "delay_lifetimes_s": [float(one) for one in times],
        "delay_balance": max(energy_balance_error(one.record) for one in found),
    }


def beam(size: float, folder: Path) -> HeldLoading:
    """A double cantilever beam under dead tractions, its elements of a size in nm."""
    path = folder / f"dcb_{size}.msh"
    DoubleCantileverBeam(60.0, _ARM, _CRACK, 12.0, size, 3.0, element="quadrilateral").write(path)
    mesh = read_mesh(path, unit=NM, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    solid = LinearElastic.isotropic(_YOUNG, 0.3)
    problem = CohesiveProblem(
        mesh, {"upper": solid, "lower": solid}, [activated_bond(_BEAM_AREA)],
        [Prescribed("end", "x"), Prescribed("end", "y")],
        tractions=[Traction("load_upper", "y", _BEAM_LOAD), Traction("load_lower", "y", -_BEAM_LOAD)],
        order=2,
    )  # fmt: skip
    return hold_load(problem, 1.0, 1e10, ramp=1e-12, steps=5, tolerance=0.2)


def beam_figures(folder: Path) -> dict[str, Any]:
    """The lifetime of a beam on two meshes."""
    found = [beam(size, folder) for size in _SIZES]
    times = np.array([one.lifetime for one in found], dtype=float)
    return {
        "delay_beam_lifetimes_s": [float(one) for one in times],
        "delay_mesh_decades": float(abs(np.log10(times[1] / times[0]))),
        "delay_beam_balance": max(energy_balance_error(one.record) for one in found),
    }


def work_of_opening(duration: float, reversible: float = REVERSIBLE, steps: int = 2000) -> float:
    """Work that opens one point all the way in steps of a duration (s) each, J/m²."""
    bond = activated_bond(reversible=reversible)
    history, last, work = History.new(np.zeros((1, 3))), np.zeros(3), 0.0
    step = 1.1 * bond.law.final_opening / steps
    for number in range(1, steps + 1):
        jump = np.array([[number * step, 0.0, 0.0]])
        traction = respond(bond, jump, history, duration).traction[0]
        commit(bond, jump, history, duration)
        work, last = work + 0.5 * step * float(traction[0] + last[0]), traction
    return work


def limit_figures() -> dict[str, Any]:
    """Infinitely fast it is the law, infinitely slow the reversible work; relative errors of the work."""
    return {
        "delay_fast_error": abs(work_of_opening(0.0) / WORK - 1),
        "delay_slow_error": abs(work_of_opening(1e60) / REVERSIBLE - 1),
    }


def measure() -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return {**limit_figures(), **element_figures(folder), **beam_figures(folder)}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
