"""Relaxed mixed-mode laws as vectors, against atoms alone; copper (111) in effective medium theory, in double precision.

Run as `python -m benchmarks.road_mixed [--json]`; a few minutes on one core. A state is an equilibrium of a slab and of its
bulk at one traction vector, at a prescribed excess jump (opening, slip 1, slip 2). Where a slab has none (its bulk would
slip or part first) the jump is left out, and how many were is printed.
"""

import sys

import numpy as np

from atomistic import load_potential
from atomistic.decohesion.gap_state import State
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.pulled import bar_rupture, pull_by_ends, slab_rupture
from atomistic.decohesion.relaxed_grid import RelaxedSampler
from atomistic.decohesion.relaxed_path import relaxed_branches
from atomistic.decohesion.slab import CleavageSlab, cleavage_slab, conventional_cell
from atomistic.properties.bulk import equilibrium
from benchmarks.output import report
from coupling.contracts import FloatArray, Potential
from coupling.interface.excess import excess, slab_totals

LAYERS = (6, 9, 15)
COLUMN = 30
"""Layers of the column of atoms alone."""
STEP = 0.01
"""Å: of the central differences of ψ."""
TOLERANCE = 5e-6
"""eV/Å: residual forces; a law's errors grow with the layers."""
DIRECTIONS = {"opening": (1.0, 0.0), "shear": (0.0, 1.0), "oblique": (np.sqrt(0.5), np.sqrt(0.5))}
"""Opening and slip along which the ends of the column are pulled."""
GAPS = {
    "opening": np.linspace(0, 1, 20) ** 1.5 * 2.4,
    "shear": np.linspace(0, 0.6, 13),
    "oblique": np.linspace(0, 0.6, 13),
}
"""Å: gaps along them, to beyond where the column snaps."""


def cut(crystal, planes: int) -> CleavageSlab:  # type: ignore[no-untyped-def]
    """A (111) slab whose x is [11-2]."""
    return cleavage_slab(
        crystal, (1, 1, 1), planes, conventional=conventional_cell(crystal), x=np.array([1.0, 1.0, -2.0])
    )


def easy_slip(potential: Potential, slab: CleavageSlab) -> FloatArray:
    """(2,) unit slip along ±x that leads to the stacking fault and not over the top."""
    ways = [slab.opened(0.3, (sign * 0.8, 0.0)) for sign in (1.0, -1.0)]
    return np.array([1.0 if np.argmin(potential.evaluate(ways).energies) == 0 else -1.0, 0.0])


def sampled(series: Series, period: FloatArray, jumps: FloatArray) -> list[State | None]:
    """States at jumps (k, 3), marched from the first to the last."""
    sampler = RelaxedSampler(series, period)
    sampler(jumps)
    return [sampler.state(jump) for jump in jumps]


def vectors(states: list[State | None]) -> FloatArray:
    """(k, 3) tractions, eV/Å³; NaN where there is no state."""
    return np.array([np.full(3, np.nan) if state is None else state.traction for state in states])


def consistency(series: Series, period: FloatArray, jumps: FloatArray, peak: float) -> dict[str, float]:
    """T against ∂ψ/∂δ by central differences of evaluated states, in all three components."""
    steps = STEP * np.vstack([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
    around = (jumps[:, None] + steps[None]).reshape(-1, 3)
    states = sampled(series, period, around)
    energy = np.array([np.nan if s is None else series.excess_energy(s) for s in states]).reshape(len(jumps), 7)
    traction = vectors(states).reshape(len(jumps), 7, 3)[:, 0]
    slopes = (energy[:, 1:4] - energy[:, 4:]) / (2 * STEP)
    worst = np.abs(slopes - traction).max(axis=1) / peak
    return {"mixed_consistency": float(np.nanmax(worst)), "mixed_consistency_left_out": int(np.isnan(worst).sum())}


def thickness(all_series: dict[int, Series], period: FloatArray, jumps: FloatArray, peak: float) -> dict[str, float]:
    """Spread of the traction vectors of slabs of other thickness at equal excess jumps."""
    found = np.array([vectors(sampled(series, period, jumps)) for series in all_series.values()])
    spread = np.ptp(found, axis=0).max(axis=1) / peak
    return {"mixed_thickness_spread": float(np.nanmax(spread)), "mixed_thickness_left_out": int(np.isnan(spread).sum())}


def opening(series: Series, period: FloatArray) -> tuple[dict[str, float], float]:
    """Without slip the mixed law is the opening law, found by imposed gaps; and the peak of that, eV/Å³."""
    gaps = np.concatenate([[-0.2, -0.1], np.linspace(0, 1, 30) ** 1.5 * 4.5])
    slab, bulks = relaxed_branches(series.potential, series.cell, gaps, tolerance=TOLERANCE)
    law = excess(slab, *bulks)
    inside = law.opening[3:-1]
    jumps = np.column_stack([inside, np.zeros((len(inside), 2))])
    normal = vectors(sampled(series, period, jumps))[:, 0]
    difference = np.abs(normal - law.traction[3:-1]) / law.traction.max()
    figures = {
        "mixed_opening_difference": float(np.nanmax(difference)),
        "mixed_opening_left_out": int(np.isnan(difference).sum()),
    }
    return figures, float(law.traction.max())


def periodicity(series: Series, period: FloatArray, jumps: FloatArray, peak: float) -> dict[str, float]:
    """Evaluated states a lattice vector apart."""
    work = float(series.excess_energy(sampled(series, period, np.array([[5.0, 0.0, 0.0]]))[0]))  # type: ignore[arg-type]
    worst = 0.0
    for vector in period:
        here, there = (sampled(series, period, jumps + shift) for shift in (np.zeros(3), np.append(0.0, vector)))
        for one, other in zip(here, there, strict=True):
            if one is not None and other is not None:
                worst = max(worst, float(np.abs(one.traction - other.traction).max()) / peak)
                worst = max(worst, abs(series.excess_energy(one) - series.excess_energy(other)) / work)
    return {"mixed_period_error": worst}


def column(thin: Series, thick: Series, slip: FloatArray) -> dict[str, float]:
    """A column of atoms pulled by its ends against bulk in series with the law of a thin slab, each by its own equilibria."""
    errors, more = {}, (thick.closed.slab.cell[2, 2] - thin.closed.slab.cell[2, 2]) / thin.closed.bulks[0].cell[2, 2]
    for name, (normal, tangential) in DIRECTIONS.items():
        direction = np.array([normal, *(tangential * slip)])
        atoms, bar = pull_by_ends(thick, direction, GAPS[name]), pull_by_ends(thin, direction, GAPS[name], more)
        errors[name] = [
            abs(getattr(bar, what) / getattr(atoms, what) - 1) for what in ("peak_traction", "work", "elongation")
        ]
    whole, _ = relaxed_branches(thick.potential, thick.cell, GAPS["opening"], tolerance=TOLERANCE)
    slab, bulks = relaxed_branches(thin.potential, thin.cell, GAPS["opening"], tolerance=TOLERANCE)
    naive = bar_rupture(slab.gap, *slab_totals(slab), bulks[0], whole.repeats[0] - 1, slab.area)
    return {
        "atoms_peak_error": errors["opening"][0],
        "atoms_work_error": errors["opening"][1],
        "atoms_shear_error": max(errors["shear"]),
        "atoms_oblique_error": max(errors["oblique"]),
        "naive_peak_error": abs(naive.elongation / slab_rupture(whole).elongation - 1),
    }


def measure(name: str = "emt", species: str = "Cu") -> dict[str, object]:
    """All figures."""
    potential = load_potential(name)
    crystal = equilibrium(potential, species, "fcc", tolerance=1e4)
    slabs = {count: cut(crystal, count) for count in (*LAYERS, COLUMN)}
    series = {count: Series(potential, slab, TOLERANCE) for count, slab in slabs.items()}
    thick, period = series.pop(COLUMN), slabs[LAYERS[0]].atoms.cell.array[:2, :2]
    thin, slip = series[LAYERS[0]], easy_slip(potential, slabs[LAYERS[0]])
    figures, peak = opening(thin, period)
    ways = np.array([[1.0, 0.0], [0.8, 0.6], [0.5, 0.87], [0.2, 0.98]])
    lengths = np.array([0.15, 0.3, 0.9, 1.3, 1.8, 2.6])
    jumps = np.array([[length * n, *(length * t * slip)] for n, t in ways for length in lengths])
    found: dict[str, object] = {"potential": name, "species": species, **figures}
    found |= (
        consistency(thin, period, jumps, peak)
        | thickness(series, period, jumps, peak)
        | periodicity(thin, period, jumps[::4], peak)
    )
    return found | column(thin, thick, slip)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--json"]
    report(measure(*words), "--json" in sys.argv)
