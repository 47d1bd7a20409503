"""Free energies by metadynamics and umbrella sampling: wells against quadrature, a gap against the mean force, the brake.

Run as `python -m benchmarks.moving_free_energy [--json]`; under three minutes on one core. `metad_error_kT` is the root mean square
deviation from the exact free energy of two wells over the cells within 8 kT of the lowest, the larger of that over one variable and that
over two, each the median of five seeds; `…_largest_kT` the largest of any cell, `…_spread_kT` the spread over seeds.
`metad_vs_mean_force` is the difference of the free energy of opening a plane of copper (an embedded-atom file, 300 K, 16 atoms) by
metadynamics from the integral of the mean force, in their combined standard errors, root mean square over the gaps;
`hills_where_braked` counts hills at places where the trigger was above its limit.
"""

import sys
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from atomistic import load_potential
from atomistic.decohesion.finite_temperature import gap_coordinates
from atomistic.decohesion.mean_force import mean_forces
from atomistic.decohesion.opening_free_energy import Sampling, thermal_part
from atomistic.decohesion.slab import CleavageSlab, cleavage_slab, conventional_cell
from atomistic.dynamics import Keep, Langevin
from atomistic.properties.bulk import equilibrium
from atomistic.properties.phonon import phonons
from atomistic.sampling import Brake, FreeEnergy, HillRange, Walls, WellTempered, Windows
from atomistic.sampling.metadynamics import MetadynamicsRun, metadynamics
from atomistic.sampling.umbrella import umbrella
from benchmarks.moving_wells import FarFromHome, TwoWells, atom_in_wells, places
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray, Potential
from coupling.units import BOLTZMANN_EV

TEMPERATURE = 300.0
THERMAL = BOLTZMANN_EV * TEMPERATURE
SEEDS = range(5)
HIGH = 8.0  # kT above the lowest
STEP = 1e-14
BATH = Langevin(TEMPERATURE, 1e13)
EDGES = (np.linspace(-1.4, 1.4, 29), np.linspace(-1.5, 1.5, 16))
LOWEST: tuple[float, ...] = (-2.0, -2.4)
LARGEST: tuple[float, ...] = (2.0, 2.4)
INTERVALS: tuple[int, ...] = (60, 60)
WIDTH: tuple[float, ...] = (0.15, 0.18)
GAPS = np.array([-0.1, 0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.25, 1.5])
CLOSED = 1


def filled(
    seed: int, variables: int, *, walkers: int = 200, steps: int = 4000, brake: Brake | None = None
) -> MetadynamicsRun:
    """Metadynamics in two wells, over x or over x and y."""
    lowest, largest = LOWEST[:variables], LARGEST[:variables]
    height = 0.01 * THERMAL * variables
    settings = WellTempered(
        HillRange(lowest, largest, INTERVALS[:variables]), WIDTH[:variables], height, pace=50, bias_factor=8.0
    )
    walls = Walls(np.array(lowest) + 0.1, np.array(largest) - 0.1, 5.0)
    return metadynamics(
        TwoWells(), [atom_in_wells()] * walkers, places(variables), settings, BATH, steps=steps, step=STEP, fixed=walls,
        seed=seed, keep=Keep(every=10), check_step=False, brake=brake,
    )  # fmt: skip


def windowed(seed: int, copies: int = 8, steps: int = 2500) -> FreeEnergy:
    """Umbrella sampling in two wells, over x."""
    centres = np.linspace(-1.5, 1.5, 15)
    starts = [atom_in_wells() for _ in centres]
    for atoms, x in zip(starts, centres, strict=True):
        atoms.positions[0, :2] = x, 0.5 * x
    run = umbrella(
        TwoWells(), starts * copies, places(1), Windows(centres[:, None], THERMAL / 0.15**2), BATH, steps=steps, step=STEP,
        seed=seed, every=10, check_step=False,
    )  # fmt: skip
    return run.free_energy(EDGES[0])


def deviation(found: FreeEnergy) -> tuple[float, float]:
    """Root mean square and largest deviation from quadrature, kT."""
    exact = TwoWells().exact(found.edges, THERMAL)
    near = exact < exact.min() + HIGH * THERMAL
    apart = (found.energy - exact)[near] / THERMAL
    apart = apart - apart.mean()
    return float(np.sqrt(np.mean(apart**2))), float(np.abs(apart).max())


def wells() -> dict[str, float]:
    """Both methods against quadrature, and against each other."""
    one = [filled(seed, 1).free_energy(EDGES[0]) for seed in SEEDS]
    coarse = (EDGES[0][::2], EDGES[1])
    two = [filled(seed, 2).free_energy(*coarse) for seed in SEEDS]
    held = [windowed(seed) for seed in SEEDS]
    figures: dict[str, float] = {}
    for name, runs in {"metad_1d": one, "metad_2d": two, "umbrella": held}.items():
        errors, largest = np.array([deviation(run) for run in runs]).T
        figures |= {
            f"{name}_error_kT": float(np.median(errors)), f"{name}_largest_kT": float(np.median(largest)),
            f"{name}_spread_kT": float(errors.std(ddof=1)),
        }  # fmt: skip
    near = TwoWells().exact((EDGES[0],), THERMAL)
    chosen = near < near.min() + HIGH * THERMAL
    apart = [(a.energy - b.energy)[chosen] / np.hypot(a.std, b.std)[chosen] for a, b in zip(one, held, strict=True)]
    return figures | {
        "metad_error_kT": max(figures["metad_1d_error_kT"], figures["metad_2d_error_kT"]),
        "umbrella_vs_metad": float(np.median([np.sqrt(np.mean(one**2)) for one in apart])),
    }


def braked() -> dict[str, float]:
    """Hills where a trigger, the distance from the left well, is above its limit; and the places for the oracle."""
    trigger = FarFromHome(1.3)
    run = filled(0, 1, walkers=50, steps=2000, brake=Brake(trigger))
    hills = run.deposits
    far = np.abs(hills.centre[:, 0] + 1.0) > trigger.limit
    levels = trigger.values([one.structure for one in run.braked])
    return {
        "hills_where_braked": float(np.sum(hills.height[far] > 0)),
        "braked_attempts": float(far.sum()),
        "braked_places": float(np.sum(levels > trigger.limit)),
    }


@dataclass(frozen=True)
class Gap:
    """The free energy of opening a plane rigidly in length, its gap held, relative to the closed one; eV of the supercell."""

    energy: FloatArray
    std: FloatArray


@dataclass(frozen=True)
class Opening:
    """A plane of copper that is opened."""

    potential: Potential
    slab: CleavageSlab
    time_step: float

    @classmethod
    def of_copper(cls) -> "Opening":
        """(111), four planes, Mishin's potential."""
        potential = load_potential(str(wheel_file("Cu_mishin1.eam.alloy")))
        crystal = equilibrium(potential, "Cu", "fcc")
        slab = cleavage_slab(crystal, (1, 1, 1), 4, conventional=conventional_cell(crystal))
        return cls(potential, slab, phonons(potential, slab.repeat_unit().atoms, repeats=(2, 2, 2)).safe_time_step)

    def by_mean_force(self, seed: int, copies: int = 2, steps: int = 1500) -> Gap:
        """The integral of the mean force."""
        structures = [self.slab.opened(gap) for gap in GAPS]
        found = mean_forces(
            self.potential, structures * copies, TEMPERATURE, self.time_step, steps, held=gap_coordinates(self.slab),
            seed=seed,
        )  # fmt: skip
        shape = (copies, len(GAPS))
        still = self.potential.evaluate(structures)
        static = self.slab.tractions(structures, still)[:, 2] * self.slab.area
        slope = (found.on_gap + found.on_length).reshape(shape).mean(axis=0) - static
        error = np.sqrt((found.on_gap_std**2 + found.on_length_std**2).reshape(shape).sum(axis=0)) / copies
        weights = CubicSpline(GAPS, np.eye(len(GAPS))).antiderivative()(GAPS)
        weights = 4 * (weights - weights[CLOSED])  # of four in-plane cells
        energies = 4 * np.asarray(still.energies)
        return Gap(energies - energies[CLOSED] + weights @ slope, np.sqrt(weights**2 @ error**2))

    def by_populations(self, method: Sampling, seed: int, walkers: int = 2, steps: int = 2500) -> Gap:
        """The static energy and what walkers find to add to it."""
        structures = [self.slab.opened(gap) * (2, 2, 1) for gap in GAPS]
        static = np.asarray(self.potential.evaluate(structures).energies)
        held = np.tile(gap_coordinates(self.slab).reshape(1, -1, 3), (1, 4, 1)) / 4
        found = thermal_part(
            self.potential, GAPS, structures, static, TEMPERATURE, self.time_step, steps, method=method, walkers=walkers,
            held=held, seed=seed,
        )  # fmt: skip
        added, error = found.at(GAPS, CLOSED)
        return Gap(static - static[CLOSED] + added, error)


def opening() -> dict[str, float]:
    """The free energy of a gap by populations and by mean forces."""
    plane = Opening.of_copper()
    figures: dict[str, float] = {}
    force = plane.by_mean_force(1)
    open_ = np.arange(len(GAPS)) != CLOSED
    methods: dict[Sampling, str] = {"metadynamics": "metad", "umbrella": "umbrella"}
    for method, name in methods.items():
        other = plane.by_populations(method, 2)
        apart, bar = (other.energy - force.energy)[open_], np.hypot(other.std, force.std)[open_]
        figures |= {
            f"{name}_vs_mean_force": float(np.sqrt(np.mean((apart / bar) ** 2))),
            f"{name}_vs_mean_force_kT": float(np.abs(apart).max() / THERMAL),
            f"{name}_bar_kT": float(bar.max() / THERMAL),
        }
    return figures | {"opening_kT": float(force.energy[-1] / THERMAL)}


def measure() -> dict[str, float]:
    """All figures."""
    return wells() | braked() | opening()


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
