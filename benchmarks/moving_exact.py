"""The driver of molecular dynamics against closed forms: heat capacity, volumes, energy drift, equipartition, expansion.

Run as `python -m benchmarks.moving_exact [--json]`; under a minute on one core. Each figure is the median over seeds of the
relative deviation from the exact value, without its sign; `…_std` is the standard error of that median, from block errors of
each seed's run. The spread over seeds is `…_spread`, which should be √9/1.25 times as large.
"""

import sys
from collections.abc import Callable, Iterable

import numpy as np
from ase import Atoms

from atomistic.dynamics import (
    NPT,
    NVE,
    Keep,
    Langevin,
    compressibility,
    dynamics,
    heat_capacity,
    jackknifed,
    species_temperatures,
    thermal_expansion,
)
from benchmarks.moving_models import DoubleWell, HarmonicSolid, IdealGas, crystal, ring
from benchmarks.output import report
from coupling.units import BOLTZMANN_EV, EV_A3

SEEDS = range(9)
TEMPERATURE = 300.0
REPLICAS = 100
MEDIAN = 1.2533
"""Standard error of a median over that of a mean, of normal numbers."""
Deviation = tuple[float, float]
"""A relative deviation from the exact value and its standard error."""


def warm(seed: int, steps: int = 600, replicas: int = REPLICAS) -> dict[str, Deviation]:
    """A harmonic crystal of two species by Langevin dynamics at a twentieth of the shortest period."""
    atoms = crystal("Al2Ag2")
    keep = Keep(every=2, observe=species_temperatures)
    solid = HarmonicSolid(atoms, ring(len(atoms), 3.0, 1.0))
    made = dynamics(solid, [atoms] * replicas, Langevin(TEMPERATURE, 4e13), steps=steps, seed=seed, keep=keep)
    settled, freedom, exact = slice(20, None), made.freedom, 3 * len(atoms) * BOLTZMANN_EV
    energy = made.energy[settled]
    own = heat_capacity(energy, TEMPERATURE, freedom)
    noise = 0.7 * np.sqrt(freedom / 2) * BOLTZMANN_EV * TEMPERATURE  # of the width of the energies
    planted = energy + noise * np.random.default_rng([seed, 99]).standard_normal(energy.shape)
    cleaned = heat_capacity(planted, TEMPERATURE, freedom, noise=noise)
    light, heavy = made.observed[settled].transpose(2, 0, 1)
    ratio, error = jackknifed(lambda a, b: a.mean() / b.mean(), light, heavy)
    return {
        "cv": (own.value / exact - 1, own.error / exact),
        "noise_removed": (cleaned.value / exact - 1, cleaned.error / exact),
        "equipartition": (ratio - 1, error),
    }


def gas(seed: int, cell: str = "isotropic", steps: int = 1500, replicas: int = REPLICAS) -> dict[str, Deviation]:
    """Eight atoms of an ideal gas at constant pressure: ⟨V⟩ is 9kT/p, and a barostat that keeps 8kT/p is 11 % off."""
    atoms = Atoms("Ar8", cell=np.eye(3) * 20.0, pbc=True)
    volume = float(atoms.get_volume())
    pressure = (len(atoms) + 1) * BOLTZMANN_EV * TEMPERATURE / volume * EV_A3
    ensemble = NPT(TEMPERATURE, pressure, cell, friction=5e12, period=2e-13)
    run = {"steps": steps, "step": 1e-14, "seed": seed, "keep": Keep(every=5), "check_step": False}
    made = dynamics(IdealGas(), [atoms] * replicas, ensemble, **run)
    volumes, settled = made.volume[60:], made.energy[60:]
    mean, error = jackknifed(lambda v: v.mean() / volume, volumes)
    expansion = thermal_expansion(volumes, settled, TEMPERATURE, pressure)
    exact = 1 / (3 * TEMPERATURE)
    return {
        "volume": (mean - 1, error),
        "expansion": (expansion.value / exact - 1, expansion.error / exact),
    }


def squeezed(seed: int, cell: str = "full", steps: int = 1200, replicas: int = REPLICAS) -> dict[str, Deviation]:
    """A harmonic solid at 2 GPa: κ_T is V₀/(B⟨V⟩) = 1/(B − p); one that is strained along z alone has no shear modulus here."""
    atoms, bulk, pressure = crystal("Al2Ag2"), 0.5, 2e9
    solid = HarmonicSolid(atoms, ring(len(atoms), 3.0, 1.0), bulk=bulk, shear=0.0 if cell == "height" else 0.5)
    ensemble = NPT(TEMPERATURE, pressure, cell, friction=2e13, period=5e-13, cell_friction=1e14)
    run = {"steps": steps, "step": 4e-15, "seed": seed, "keep": Keep(every=3)}
    made = dynamics(solid, [atoms] * replicas, ensemble, **run)
    found = compressibility(made.volume[40:], TEMPERATURE)
    exact = 1 / (bulk * EV_A3 - pressure)
    return {"kappa": (found.value / exact - 1, found.error / exact)}


def double_well(seed: int, steps: int = 2000, replicas: int = REPLICAS) -> dict[str, Deviation]:
    """How much of the time atoms are in the upper of two wells, whose levels differ by about kT."""
    atoms, well = Atoms("H8", positions=np.zeros((8, 3)), cell=np.eye(3) * 20.0, pbc=True), DoubleWell()
    atoms.positions[:, 0] = well.width * np.array([1, -1, 1, -1, -1, 1, -1, -1])
    keep = Keep(every=10, observe=lambda state: (state.positions[..., 0] > 0).mean(axis=1))
    run = {"steps": steps, "step": 2e-15, "seed": seed, "keep": keep, "check_step": False}
    above = dynamics(well, [atoms] * replicas, Langevin(TEMPERATURE, 5e13), **run).observed
    exact = well.upper_share(TEMPERATURE)
    share, error = jackknifed(lambda one: one.mean() / exact, above[len(above) // 4 :])
    return {"double_well": (share - 1, error)}


def drift(seed: int, replicas: int = 20) -> dict[str, Deviation]:
    """The order in which the energy's error of an anharmonic crystal falls with the step, 2, as the step goes to zero.

    The order between steps h and h/2 is that at zero plus a term in h², which is taken away (Richardson). The error is that of
    the replicas together with what the last halving of the step changed.
    """
    atoms = crystal("Al2Ag2")
    solid = HarmonicSolid(atoms, ring(len(atoms), 3.0, 1.0), quartic=3.0)
    errors = []
    for parts in (1, 2, 4, 8):
        run = {"steps": 80 * parts, "step": 4e-15 / parts, "seed": seed, "check_step": False, "keep": Keep(every=parts)}
        energy = dynamics(solid, [atoms] * replicas, NVE(2 * TEMPERATURE), **run).conserved
        errors.append((energy - energy[0]).std(axis=0))
    orders = -np.diff(np.log2(errors), axis=0)
    coarse, fine = (4 * orders[1:] - orders[:-1]) / 3
    scatter = fine.std(ddof=1) / np.sqrt(replicas)
    return {"drift": (float(fine.mean()), float(np.hypot(scatter, fine.mean() - coarse.mean())))}


def gathered(
    run: Callable[[int], dict[str, Deviation]], seeds: Iterable[int] = SEEDS
) -> dict[str, tuple[float, float, float]]:
    """Median over seeds, its standard error, and the spread over seeds, of each figure."""
    rows = [run(seed) for seed in seeds]
    found = {}
    for name in rows[0]:
        values, errors = np.array([row[name] for row in rows]).T
        error = MEDIAN * np.sqrt(np.mean(errors**2) / len(rows))
        found[name] = (float(np.median(values)), float(error), float(values.std(ddof=1)))
    return found


def measure() -> dict[str, float]:
    """All figures."""
    figures: dict[str, float] = {}
    for run in (warm, gas, squeezed, double_well):
        for name, (value, error, spread) in gathered(run).items():
            figures |= {f"{name}_error": abs(value), f"{name}_error_std": error, f"{name}_error_spread": spread}
    slope, error, spread = gathered(drift)["drift"]
    return figures | {"drift_slope": slope, "drift_slope_std": error, "drift_slope_spread": spread}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
