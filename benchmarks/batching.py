"""A decohesion scan of Ni(111) with 7net-0: all structures in one call against ASE's loop.

Run as `python -m benchmarks.batching [--json]`; about a minute on two CPU cores. The two ways
take turns, and each counts with its best time.
"""

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
from ase import Atoms

from atomistic import load_potential
from atomistic.decohesion.rigid_path import default_openings
from atomistic.decohesion.slab import cleavage_slab
from atomistic.properties.bulk import equilibrium
from benchmarks.output import report
from coupling.contracts import Potential

STRUCTURES = 48
ROUNDS = 3


def scan(potential: Potential, structures: int = STRUCTURES) -> list[Atoms]:
    """Ni(111) slabs of 6 planes, opened rigidly from slight compression to 6 Å."""
    cube = equilibrium(potential, "Ni", "fcc", conventional=True)
    primitive = equilibrium(potential, "Ni", "fcc")
    slab = cleavage_slab(primitive, (1, 1, 1), 6, conventional=cube.cell.array)
    return [slab.opened(opening) for opening in default_openings(points=structures)]


def ase_loop(device: str) -> Callable[[list[Atoms]], np.ndarray]:
    """sevenn's own ASE calculator, one structure after the other: energy, forces and stress."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sevenn.calculator import SevenNetCalculator

        calculator = SevenNetCalculator("7net-0", device=device)

    def loop(structures: list[Atoms]) -> np.ndarray:
        energies = []
        for atoms in structures:
            copy = atoms.copy()
            copy.calc = calculator
            energies.append(copy.get_potential_energy())
            copy.get_forces()
            copy.get_stress()
        return np.array(energies)

    return loop


def compare(device: str, structures: int = STRUCTURES) -> dict[str, float]:
    """Best times of both ways, taking turns."""
    potential = load_potential("7net-0", device=device)
    loop, atoms = ase_loop(device), scan(potential, structures)
    potential.evaluate(atoms[:2])
    loop(atoms[:2])
    batched, looped, peak = [], [], 0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = potential.evaluate(atoms)
        batched.append(time.perf_counter() - start)
        peak = max(peak, found.cost.peak_memory_bytes)
        start = time.perf_counter()
        energies = loop(atoms)
        looped.append(time.perf_counter() - start)
    return {
        "batched_seconds": min(batched),
        "ase_loop_seconds": min(looped),
        "speedup": min(looped) / min(batched),
        "max_abs_diff_eV": float(np.abs(found.energies - energies).max()),
        "peak_memory_MiB": peak / 2**20,
        "atom_evaluations_per_s": found.cost.atom_evaluations / min(batched),
    }


def measure() -> dict[str, float]:
    """The CPU's figures, and with a GPU its own."""
    import torch

    figures: dict[str, float] = {"structures": STRUCTURES} | compare("cpu")
    if torch.cuda.is_available():
        gpu = compare("cuda", structures=400)
        figures["gpu_speedup_vs_ase_loop_on_gpu"] = gpu.pop("speedup")
        figures |= {f"gpu_{name}": value for name, value in gpu.items()}
    return figures


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
