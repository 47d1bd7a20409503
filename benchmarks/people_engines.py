"""Potentials in worker processes: another Python's energies, what the way there costs, and LAMMPS against our own EAM.

Run as `python -m benchmarks.people_engines [--json]`; two minutes, most of them for a second environment with mace-torch,
which pip makes here: it finds this environment's torch, numpy and ASE behind its own e3nn.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

from atomistic.potentials.registry import load_potential
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import Potential

STRUCTURES = 200
REPEATS = 7
MACE = (
    "mace-torch==0.3.16", "e3nn==0.4.4", "opt_einsum", "opt_einsum_fx", "torch-ema", "python-hostlist", "configargparse",
    "prettytable", "lmdb", "orjson", "matscipy", "torchmetrics", "lightning-utilities", "GitPython", "gitdb", "smmap",
)  # fmt: skip
"""What mace-torch needs besides what is here; its e3nn is older than SevenNet's."""
ALLOY = "NiAlH_jea.eam.alloy"
_IN_ITS_PYTHON = Path(__file__).with_name("random_mace.py")


def crystals(count: int) -> list[Atoms]:
    """Displaced and strained cells of copper and nickel."""
    rng, found = np.random.default_rng(4), []
    for _ in range(count):
        atoms = bulk("Cu", cubic=True)
        atoms.symbols = rng.choice(["Cu", "Ni"], len(atoms))
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.normal(scale=0.02, size=(3, 3))), scale_atoms=True)
        found.append(atoms)
    return found


def mace_environment(folder: Path) -> Path:
    """A virtual environment with mace-torch, and this environment behind it; the path of its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "zz_base.pth").write_text(str(Path(np.__file__).parents[1]) + "\n")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", site, *MACE], check=True, stdout=sys.stderr)
    return folder / "bin" / "python"


def mace_difference(folder: Path) -> dict[str, float]:
    """Largest difference, eV, of a random MACE's energies in its own environment, asked there and through ours."""
    start = time.perf_counter()
    python, weights, given = mace_environment(folder / "mace"), folder / "random.model", crystals(10)
    made = time.perf_counter() - start
    asked = json.dumps([[one.numbers.tolist(), one.positions.tolist(), one.cell.array.tolist()] for one in given])
    command = [python, "-P", "-W", "ignore", _IN_ITS_PYTHON, weights]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    potential = load_potential(f"mace:{weights}", python=python, trust=True)
    energies = potential.evaluate(given).energies
    potential.close()
    theirs = np.array(json.loads(done.stdout.splitlines()[-1]))
    return {"mace_max_diff_eV": float(np.abs(energies - theirs).max()), "mace_environment_s": made}


def seconds(potential: Potential, given: list[Atoms]) -> float:
    """The fastest of some evaluations, each of other positions: what other work on the machine adds is left out."""
    found = []
    for seed in range(REPEATS):
        moved = [one.copy() for one in given]
        for one in moved:
            one.rattle(0.01, seed=seed)  # what was just computed, a calculator has still
        start = time.perf_counter()
        potential.evaluate(moved)
        found.append(time.perf_counter() - start)
    return min(found)


def emt_elsewhere() -> dict[str, float]:
    """Difference, eV, and cost of EMT in a worker against EMT here."""
    here, there = (load_potential("ase.calculators.emt:EMT", **o) for o in ({}, {"python": sys.executable}))
    given = crystals(STRUCTURES)
    difference = float(np.abs(here.evaluate(given).energies - there.evaluate(given).energies).max())
    extra = seconds(there, given) - seconds(here, given)
    there.close()
    return {"emt_max_diff_eV": difference, "remote_overhead_ms_per_structure": 1e3 * extra / STRUCTURES}


def lammps_against_ours() -> dict[str, float]:
    """Largest difference, eV per atom, on random alloys in random cells, and how much faster LAMMPS is at 4,000 atoms."""
    ours = load_potential(str(wheel_file(ALLOY)))
    theirs = load_potential("lammps", pair_style="eam/alloy", pair_coeff=f"* * {ALLOY} Ni Al")
    rng, given = np.random.default_rng(5), []
    for k in range(40):
        atoms = bulk("Ni", cubic=True) * (2, 2, 2 + k % 3)
        atoms.symbols = rng.choice(["Ni", "Al"], len(atoms))
        atoms.pbc = [k % 2, k // 2 % 2, k // 4 % 2]
        atoms.positions += rng.normal(scale=0.1, size=atoms.positions.shape)
        atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.normal(scale=0.08, size=(3, 3))), scale_atoms=True)
        given.append(atoms)
    sizes = np.array([len(one) for one in given])
    difference = np.abs(ours.evaluate(given).energies - theirs.evaluate(given).energies) / sizes
    large = bulk("Ni", cubic=True) * (10, 10, 10)
    large.rattle(0.05, seed=1)
    ratio = seconds(ours, [large]) / seconds(theirs, [large])
    theirs.close()
    return {"lammps_max_diff_eV_atom": float(difference.max()), "lammps_speedup": ratio}


def measure() -> dict[str, Any]:
    """All figures."""
    figures: dict[str, Any] = emt_elsewhere() | lammps_against_ours()
    with tempfile.TemporaryDirectory() as folder:
        figures |= mace_difference(Path(folder))
    worst = max(figures["emt_max_diff_eV"], figures["mace_max_diff_eV"])
    return {"remote_max_diff_eV": worst, **figures}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
