"""Cohesive laws with nothing counted twice: what the bulk's subtraction buys, in figures.

Run as `python -m benchmarks.cohesive [--json] [potential [species]]`; by default copper in ASE's
effective medium theory, in double precision, some five minutes on two CPU cores.
"""

import sys

import numpy as np

from atomistic import load_potential
from atomistic.decohesion.bicrystal import bicrystal
from atomistic.decohesion.bulk_path import bulk_branch, bulk_structures
from atomistic.decohesion.coincidence import match_lattices
from atomistic.decohesion.finite_temperature import heated, path_vibrations
from atomistic.decohesion.hetero import close, continued_registry, hetero_interface
from atomistic.decohesion.pulled import bar_rupture, slab_rupture
from atomistic.decohesion.relaxed_path import relaxed_path, relaxed_structures
from atomistic.decohesion.rigid_path import default_openings, rigid_path
from atomistic.decohesion.slab import CleavageSlab, cleavage_slab, conventional_cell
from atomistic.decohesion.slip import slip_grid, slip_path
from atomistic.properties.bulk import equilibrium
from benchmarks.output import report
from coupling.contracts import FloatArray, Potential
from coupling.interface.coarse_graining import coarsen
from coupling.interface.excess import BulkBranch, SlabBranch, excess, slab_totals
from coupling.interface.rigid_path import rigid_law
from coupling.interface.thermal import warmed
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.uber import Uber
from coupling.units import ANGSTROM, EV_A2, EV_A3

LAYERS = (6, 9, 15)
GAPS = np.concatenate([[-0.2, -0.1], np.linspace(0, 1, 40) ** 1.5 * 5.0])
Branches = dict[int, tuple[SlabBranch, BulkBranch]]


def cut(crystal, planes: int) -> CleavageSlab:  # type: ignore[no-untyped-def]
    """A (111) slab of the primitive crystal."""
    return cleavage_slab(crystal, (1, 1, 1), planes, conventional=conventional_cell(crystal))


def branches(potential: Potential, crystal, layers) -> Branches:  # type: ignore[no-untyped-def]
    """Relaxed slabs and their bulk references, by the number of layers."""
    found = {}
    for count in layers:
        slab = cut(crystal, count)
        branch = relaxed_path(potential, slab, GAPS, tolerance=2e-5)
        found[count] = (branch, bulk_branch(potential, slab, branch.traction))
    return found


def spread(curves: list[tuple[FloatArray, FloatArray]]) -> float:
    """Largest difference of traction at equal opening over the peak, before the opening turns back."""
    rising = []
    for opening, traction in curves:
        end = int(np.argmax(np.diff(opening) <= 0)) if np.any(np.diff(opening) <= 0) else len(opening) - 1
        rising.append((opening[: end + 1], traction[: end + 1]))
    common = np.linspace(0, min(opening[-1] for opening, _ in rising), 400)
    from scipy.interpolate import CubicSpline

    values = np.array([CubicSpline(*curve)(common) for curve in rising])
    return float(np.max(np.ptp(values, axis=0)) / max(traction.max() for _, traction in curves))


def thickness(found: Branches) -> dict[str, float]:
    """The excess law and the naive law of slabs of different thickness."""
    laws = [excess(*found[n]) for n in LAYERS]
    naive = [(slab_totals(found[n][0])[0], found[n][0].traction) for n in LAYERS]
    return {
        "thickness_spread_excess": spread([(law.opening, law.traction) for law in laws]),
        "thickness_spread_naive": spread(naive),
    }


def routes(found: Branches) -> dict[str, float]:
    """dψ/dδ, the forces on one half, and the virial, over the peak traction."""
    from scipy.interpolate import CubicSpline

    worst = 0.0
    for slab, bulk in found.values():
        made = excess(slab, bulk)
        rate = CubicSpline(slab.gap, made.energy)(slab.gap, 1) / CubicSpline(slab.gap, made.opening)(slab.gap, 1)
        tractions = np.array([rate, slab.traction_by_forces, slab.traction])[:, 1:-1]
        worst = max(worst, float(np.ptp(tractions, axis=0).max() / slab.traction.max()))
    return {"consistency_max_relative": worst}


def pulled(found: Branches, full: tuple[SlabBranch, BulkBranch], layers: int = 9) -> dict[str, float]:
    """A 40-layer slab of atoms against a bulk bar with the law of a thin slab."""
    atoms = slab_rupture(full[0])
    slab, bulk = found[layers]
    made, figures = excess(slab, bulk), {}
    for name, opening, energy in (("", made.opening, made.energy), ("naive_", *slab_totals(slab))):
        bar = bar_rupture(slab.gap, opening, energy, bulk, full[0].repeats[0] - 1, slab.area)
        peak = max(abs(bar.elongation / atoms.elongation - 1), abs(bar.peak_traction / atoms.peak_traction - 1))
        figures[f"{name}full_atomistic_peak_error"] = peak
        figures[f"{name}full_atomistic_dissipation_error"] = abs(bar.work / atoms.work - 1)
    return figures


def invariance(found: Branches) -> dict[str, float]:
    """The subtraction moves the opening, never the work or the strength."""
    worst = 0.0
    for slab, bulk in found.values():
        made, (_, naive) = excess(slab, bulk), slab_totals(slab)
        worst = max(worst, abs(made.energy[-1] / naive[-1] - 1), abs(made.traction.max() / slab.traction.max() - 1))
    return {"invariance": float(worst)}


def coarsening() -> dict[str, float]:
    """Planes in series: the renormalised peak and its exact values for UBER planes."""
    work, length = 3.87, 0.5e-10
    law = Uber(work, length)
    peaks = {n: coarsen(law, n).peak_traction for n in np.logspace(3, 6, 7).round().astype(int)}
    slope = np.polyfit(np.log(list(peaks)), np.log(list(peaks.values())), 1)[0]
    unit, errors = work / length**2, []
    for planes, exact in (
        (10, (1.161, 0.691)),
        (100, (1.051, 0.906)),
        (1000, (1.016, 0.971)),
        (10_000, (1.005, 0.991)),
    ):
        coarse = coarsen(law, planes)
        opening, traction = np.sqrt(2 * work * planes / unit), np.sqrt(2 * unit * work / planes)
        errors += [abs(coarse.opening_at_peak / opening - exact[0]), abs(coarse.peak_traction / traction - exact[1])]
    kept = max(abs(coarsen(law, n).work_of_separation / work - 1) for n in (10, 1000, 10**6))
    return {
        "coarsen_exponent": float(slope),
        "coarsen_finite_n_max_error": float(max(errors)),
        "coarsen_work_error": float(kept),
    }


def hetero(potential: Potential, slabs: dict[str, CleavageSlab]) -> dict[str, float]:
    """A on B against B on A, the same crystal strained; A on A against the cleavage law."""
    (_first, a), (_, b) = slabs.items()
    laws = []
    for upper, lower, strain in ((a, b, "upper"), (b, a, "lower")):
        match = match_lattices(upper, lower, strain=strain)
        closed = close(potential, hetero_interface(upper, lower, match, strain=strain))
        laws.append(rigid_law(rigid_path(potential, closed, default_openings(), shear=False)))
    swapped = max(
        abs(laws[0].work_of_separation / laws[1].work_of_separation - 1),
        abs(laws[0].peak_traction / laws[1].peak_traction - 1),
    )
    stacked = hetero_interface(a, a, match_lattices(a, a))
    same = close(potential, stacked, shift=continued_registry(a, stacked))
    again = rigid_law(rigid_path(potential, same, default_openings(), shear=False))
    cleaved = rigid_law(rigid_path(potential, a, default_openings(), shear=False))
    limit = max(
        abs(again.work_of_separation / cleaved.work_of_separation - 1),
        abs(again.peak_traction / cleaved.peak_traction - 1),
    )
    return {"swap_symmetry": swapped, "bulk_on_bulk_error": limit, "cleavage_work_J_m2": cleaved.work_of_separation}


HETERO_GAPS = np.concatenate([[-0.1, 0.0, 0.04, 0.09, 0.15], np.linspace(0.9, 1.9, 6), [2.3, 2.8, 3.4, 4.2, 5.0]])
"""Gaps short of and beyond the traction at which the weaker crystal itself parts."""


def hetero_relaxed(potential: Potential, crystals) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Relaxed laws of A on B: layer numbers, order, and A on A against the cleavage law."""
    first, second = crystals
    naive, laws = [], []
    for upper, lower, layers, strain in (
        (first, second, (6, 6), "upper"), (first, second, (8, 6), "upper"), (first, second, (6, 9), "upper"),
        (second, first, (6, 6), "lower"), (first, first, (6, 6), "upper"),
    ):  # fmt: skip
        slabs = [cut(crystals[name], n) for name, n in zip((upper, lower), layers, strict=True)]
        stacked = hetero_interface(*slabs, match_lattices(*slabs, strain=strain), strain=strain)
        shift = continued_registry(slabs[1], stacked) if upper == lower else None
        cell = bicrystal(potential, close(potential, stacked, shift=shift))
        branch = relaxed_path(potential, cell, HETERO_GAPS, tolerance=2e-5)
        laws.append(excess(branch, *(bulk_branch(potential, unit, branch.traction) for _, unit in cell.crystals)))
        naive.append(slab_totals(branch)[0])
    slab = cut(crystals[first], 9)
    branch = relaxed_path(potential, slab, HETERO_GAPS, tolerance=2e-5)
    cleaved = excess(branch, bulk_branch(potential, slab, branch.traction))
    curves = [(law.opening, law.traction) for law in laws]
    return {
        "hetero_thickness_spread": spread(curves[:3]),
        "hetero_thickness_spread_naive": spread(
            [(opening, law.traction) for opening, law in zip(naive[:3], laws[:3], strict=True)]
        ),
        "hetero_relaxed_swap_symmetry": spread([curves[0], curves[3]]),
        "hetero_relaxed_bulk_on_bulk_error": spread([curves[4], (cleaved.opening, cleaved.traction)]),
        "hetero_relaxed_work_J_m2": float(laws[0].energy[-1] * EV_A2),
    }


def thermal(potential: Potential, species: str, temperature: float = 300.0) -> dict[str, float]:
    """The quasi-harmonic law at a temperature beside the static one, and when it is cold."""
    gaps = np.concatenate([[-0.2, -0.1], np.linspace(0, 1, 14) ** 1.5 * 5.0])
    found, crystal = {}, equilibrium(potential, species, "fcc")
    for kelvin in (0.0, temperature):
        slab = cut(heated(potential, crystal, kelvin, statistics="classical"), 6)
        opened = relaxed_structures(potential, slab, gaps, tolerance=2e-5)
        branch = relaxed_path(potential, slab, gaps, tolerance=2e-5)
        bulks = bulk_structures(potential, slab.repeat_unit(), branch.traction)
        static = excess(branch, bulk_branch(potential, slab, branch.traction))
        free = path_vibrations(potential, slab, opened, [bulks], kelvin, in_plane=1, statistics="classical").excess
        found[kelvin] = warmed(static, free).energy[-1], static.energy[-1]
    return {
        "thermal_work_over_static": float(found[temperature][0] / found[0.0][1]),
        "thermal_cold_limit_error": float(abs(found[0.0][0] / found[0.0][1] - 1)),
    }


def mixed_mode(potential: Potential, slab: CleavageSlab) -> dict[str, float]:
    """A mixed-mode potential: closed loops, and the γ-surface at the relaxed gap."""
    openings = np.concatenate([[-0.3, -0.15], np.linspace(0, 1, 16) ** 1.4 * 5.0])
    grid = slip_grid(potential, slab, openings, slab.atoms.cell.array[:2, :2], divisions=(12, 12))
    law = MixedModeLaw(grid.opening * ANGSTROM, grid.period * ANGSTROM, grid.energy * EV_A2, grid.traction * EV_A3)
    angle = np.linspace(0, 2 * np.pi, 4001)
    loop = np.column_stack([0.8 + 0.7 * np.cos(angle), 0.9 * np.sin(angle), 0.5 * np.sin(2 * angle)]) * ANGSTROM
    middle = law.evaluate(0.5 * (loop[1:] + loop[:-1])).traction
    ends = law.evaluate(loop).traction
    simpson = (ends[1:] + ends[:-1] + 4 * middle) / 6
    work = float(np.sum(simpson * np.diff(loop, axis=0)))
    fractions = np.array([[0.2, 0.1], [0.5, 0.0], [1 / 3, 1 / 3], [0.6, 0.3]])
    samples = slip_path(potential, slab, fractions @ grid.period)
    jump = np.column_stack([samples.opening, samples.slip]) * ANGSTROM
    error = np.abs(law.evaluate(jump).energy - samples.energy * EV_A2).max()
    return {
        "closed_loop_work_relative": abs(work) / law.work_of_separation,
        "gamma_surface_error": float(error / (samples.energy.max() * EV_A2)),
    }


def measure(name: str = "emt", species: str = "Cu", other: str = "Ni") -> dict[str, object]:
    """All figures for one potential and one fcc metal."""
    potential = load_potential(name)
    crystals = {s: equilibrium(potential, s, "fcc", tolerance=1e4) for s in (species, other)}
    slabs = {s: cut(c, 9) for s, c in crystals.items()}
    found = branches(potential, crystals[species], (*LAYERS, 40))
    full = found.pop(40)
    figures: dict[str, object] = {"potential": name, "species": species}
    for part in (thickness(found), routes(found), pulled(found, full), invariance(found), coarsening()):
        figures |= part
    figures |= hetero(potential, slabs) | hetero_relaxed(potential, crystals)
    return figures | mixed_mode(potential, slabs[species]) | thermal(potential, species)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--json"]
    report(measure(*words), "--json" in sys.argv)
