"""Concurrent coupling beyond all atoms: a crack in a box too large for them, and LAMMPS's time beside ours.

Run as `python -m benchmarks.right_concurrent [--json]`; under three minutes of one core.

Equivalent atoms are the sites of the box, one a column and period, counted and not made (`Problem.atoms`); the memory
that they would need is their number × `multiscale.concurrent.memory.BYTES_PER_ATOM`, beside which stands what all atoms
of this crack take in the small box.
"""

import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from atomistic.properties.surface import surface_energies
from benchmarks.concurrent import DIPOLE_REGION, EAM_FILE, IRON_FILE, LINE, embedded, lomer_dipole
from benchmarks.lammps_concurrent import fastest
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.units import EV_A2
from multiscale import run_study
from multiscale.concurrent.compare import Case, compare
from multiscale.concurrent.defects import crack
from multiscale.concurrent.measures import tip_advance
from multiscale.concurrent.memory import BYTES_PER_ATOM, atoms_memory
from multiscale.concurrent.methods import discretise
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import ALL, BlendingRegion
from multiscale.concurrent.solution import ConcurrentSolution, solve
from multiscale.studies.concurrent.schema import ConcurrentStudy

REGION = BlendingRegion(6, 4, 0.5)
FACES = 30.0
"""Å of the crack's faces that stay atomistic."""
SMALLEST, SMALL, LARGE = 5, 7, 10
"""Levels: boxes of 64 × 64, 256 × 256 and 2048 × 2048 columns."""
WINDOW, RESOLUTION = (1.0, 1.4), 0.004
"""K over Griffith's: where cleavage is looked for, and how finely."""


@dataclass(frozen=True)
class Cleavage:
    """Where a crack first grows by a column, under a K that is halved in on.

    Attributes:
        load: K over Griffith's, the middle of the last bracket.
        seconds: Of all solutions.
        peak: Of the process's memory, bytes.
        box_atoms: What the box would hold if all of it were atoms.
        box_memory: What they would need, bytes.
        atoms: Whose neighbourhood was evaluated.
        unknowns: Displacement components.
    """

    load: float
    seconds: float
    peak: float
    box_atoms: int
    box_memory: float
    atoms: int
    unknowns: int


def iron_cracks(level: int, faces: float | None) -> Callable[[float], Problem]:
    """The crack on (110) of iron in a box of this level, by K over Griffith's."""
    potential, crystal = embedded(IRON_FILE, "Fe", "bcc")
    cube = 2 * np.abs(crystal.cell.array).max() * np.eye(3)
    surface = surface_energies(potential, crystal, [(1, 1, 0)], conventional=cube)[0].relaxed.value / EV_A2
    return lambda load: crack(
        potential, crystal, (2, 2), level, line=LINE, plane=(1, 1, 0), surface_energy=surface, load=load,
        atomistic_faces=faces,
    )  # fmt: skip


def cleavage(
    level: int, method: str = "bqcf", region: BlendingRegion = REGION, faces: float | None = FACES
) -> Cleavage:
    """The load at which the crack leaves its place, each trial begun at the highest load that has held it."""
    begun, at = time.perf_counter(), iron_cracks(level, faces)

    def under(load: float, start: ConcurrentSolution | None) -> ConcurrentSolution:
        return solve(discretise(method, at(load), region), tolerance=1e-3, start=start)

    low, high = WINDOW
    held = under(low, None)
    while high - low > RESOLUTION:
        middle = (low + high) / 2
        found = under(middle, held)
        if tip_advance(found) > found.method.problem.lattice.rows[0] / 2:
            high = middle
        else:
            low, held = middle, found
    if low == WINDOW[0] or high == WINDOW[1]:
        raise SystemExit(f"The crack does not cleave between {WINDOW[0]} and {WINDOW[1]} of Griffith's load.")
    problem = held.method.problem
    return Cleavage(
        (low + high) / 2, time.perf_counter() - begun, _peak(), problem.atoms, atoms_memory(problem), held.method.atoms,
        held.unknowns,
    )  # fmt: skip


def bytes_per_atom() -> float:
    """By how much this process's peak grows as all atoms of a box are solved, over their number."""
    problem = iron_cracks(SMALL, None)(WINDOW[0])
    before = _peak()
    solve(discretise("atomistic", problem, ALL), tolerance=1e-3)
    return (_peak() - before) / problem.atoms


def _peak() -> float:
    """Of this process's memory, bytes."""
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _alone(work: Callable[..., Any], *arguments: Any) -> Any:
    """What a function finds in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        return own.submit(work, *arguments).result()


def large_crack() -> dict[str, object]:
    """K at cleavage in boxes of rising size, the largest in a process of its own; in the smallest by all atoms too."""
    large = _alone(cleavage, LARGE)
    small, smallest = cleavage(SMALL), cleavage(SMALLEST)
    atoms = cleavage(SMALLEST, "atomistic", ALL, None)
    return {
        "concurrent_equivalent_atoms": large.box_atoms, "concurrent_equivalent_GiB": large.box_memory / 2**30,
        "bytes_per_atom": BYTES_PER_ATOM, "bytes_per_atom_measured": _alone(bytes_per_atom),
        "concurrent_atoms": large.atoms, "concurrent_unknowns": large.unknowns, "seconds": large.seconds,
        "memory_GiB": large.peak / 2**30, "concurrent_k": large.load, "concurrent_k_small": small.load,
        "concurrent_k_small_atoms": small.box_atoms, "concurrent_k_difference": abs(large.load / small.load - 1),
        "concurrent_k_smallest": smallest.load, "concurrent_k_smallest_all_atoms": atoms.load,
        "concurrent_k_resolution": RESOLUTION,
    }  # fmt: skip


def from_input() -> dict[str, object]:
    """The same box through the study's input, `reference: none`, below cleavage."""
    given = {
        "study": "concurrent", "title": "A crack in a box too large for all atoms", "reference": "none",
        "potential": str(wheel_file(IRON_FILE)), "species": "Fe", "structure": "bcc", "line": list(LINE),
        "crack": {"plane": [1, 1, 0], "loads": [1.0, 1.15], "atomistic_faces": f"{FACES} Å"},
        "box": {"cells": [2, 2], "level": LARGE}, "tolerance": 1e-3,
        "methods": [{"method": "bqcf", "core": REGION.core, "blend": REGION.blend, "buffer": REGION.buffer}],
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        results = run_study(ConcurrentStudy.model_validate(given), Path(folder) / "run")
        return {"study_box_atoms": results["box_atoms"], "study_tip_advance_A": results["1_bqcf_tip_advance"] * 1e10}


def beside_lammps() -> dict[str, object]:
    """A Lomer dipole in 16,000 atoms by LAMMPS, by our all atoms and by bgfc, to the same force."""
    potential, crystal = embedded(EAM_FILE, "Al", "fcc")
    problem = lomer_dipole(potential, crystal, (2, 2))
    lammps = fastest(problem, wheel_file(EAM_FILE), 1e-5)
    (atoms, *_), (row,) = compare(problem, [Case("bgfc", DIPOLE_REGION)], tolerance=1e-5)
    ours = row.seconds / row.cost_fraction
    return {
        "lammps_atoms": problem.atoms, "lammps_seconds": lammps.seconds, "lammps_style": lammps.style,
        "lammps_difference_A": float(np.abs(atoms.at_sites() - lammps.corrector).max()),
        "all_atoms_seconds": ours, "all_atoms_over_lammps": ours / lammps.seconds, "bgfc_seconds": row.seconds,
        "cost_fraction": row.cost_fraction, "cost_over_lammps": row.seconds / lammps.seconds,
    }  # fmt: skip


def measure() -> dict[str, object]:
    """All figures."""
    return large_crack() | from_input() | beside_lammps()


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
