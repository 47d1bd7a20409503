"""Where a result comes from: potentials, input files, versions, revision, platform, seeds, dates, times.

No names of people or machines, no paths.
"""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

DISTRIBUTIONS = {
    "multiscale-coupling": "multiscale-coupling",
    "dolfinx": "fenics-dolfinx",
    "dolfinx-solver-real": "dolfinx-solver-real",
    "petsc4py": "petsc4py",
    "torch": "torch",
    "sevenn": "sevenn",
    "torch-sim": "torch-sim-atomistic",
    "ase": "ase",
    "numpy": "numpy",
    "scipy": "scipy",
    "matscipy": "matscipy",
    "meshio": "meshio",
    "gmsh": "gmsh",
}
"""What is reported, with the distribution that provides it."""


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries in use, without importing them."""
    found = {"python": platform.python_version()}
    for name, distribution in DISTRIBUTIONS.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            loaded = getattr(sys.modules.get(name), "__version__", None)  # a wheel may bring several packages
            if loaded:
                found[name] = loaded
    return found


def revision() -> str:
    """Git revision of the source, with "+" if it was edited since; "" where there is none."""
    source = Path(__file__).parent

    def git(*words: str) -> str:
        command = ["git", "-C", str(source), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", Path(__file__).name)
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def provenance(
    started: datetime,
    seconds: dict[str, float],
    seed: int,
    ranks: int,
    potentials: dict[str, str],
    inputs: dict[str, str],
) -> dict[str, Any]:
    """The record that goes with a run.

    Args:
        started: When it started, UTC.
        seconds: Wall time by stage.
        seed: Seed of the random numbers.
        ranks: MPI ranks.
        potentials: Fingerprint by the potential's name.
        inputs: SHA-256 by the input file's name.
    """
    return {
        "potentials": dict(potentials),
        "inputs": dict(inputs),
        "versions": versions(),
        "revision": revision(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "ranks": ranks,
        "seed": seed,
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
    }
