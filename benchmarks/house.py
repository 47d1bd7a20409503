"""The house: its structure, what adding one thing touches, how light its import is, and that its figures have stayed.

Run as `python -m benchmarks.house [--json] [--against COMMIT]`; under ten minutes on two CPU cores. The figures of
`COMPARED` are computed twice in this run: by this tree, and by the tree of the commit before the rooms were moved.
"""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.house_additions import files_to_add
from benchmarks.house_layout import ROOT, structure
from benchmarks.output import report

BEFORE = "15d3d1e"
"""The last commit before the rooms were moved."""
COMPARED = ("dislocation_elastic", "dislocation_upscale", "road_ledger", "road_mixed")
"""Deterministic benchmarks of the four packages."""
_TIMED = ("second", "speed", "faster", "rate", "_ms", "cost")
"""Parts of the names of figures that are times."""
_SAME = 1e-9
_HEAVY = ("torch", "dolfinx", "petsc4py", "sevenn", "ase", "matplotlib")


def import_seconds() -> dict[str, float]:
    """How long `import multiscale` takes in a new process, the least of five; it must load nothing heavy."""
    script = f"import multiscale, sys; loaded = [m for m in {_HEAVY!r} if m in sys.modules]; assert not loaded, loaded"
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
        taken.append(time.perf_counter() - start)
    return {"import_seconds": min(taken)}


def figures(root: Path, name: str) -> dict[str, float]:
    """All numbers that a benchmark of a tree prints, times left out, by their place in its JSON object."""
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--json"],
        cwd=root, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(_leaves(json.loads(done.stdout.splitlines()[-1]), name))


def _leaves(value: object, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not any(word in key for word in _TIMED):
                yield from _leaves(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{place}[{number}]")
    elif isinstance(value, int | float):
        yield place, float(value)


def figures_changed(commit: str = BEFORE) -> dict[str, object]:
    """The figures that differ by more than 1e-9 between this tree and that of a commit, and how many were compared."""
    changed, compared = [], 0
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", folder], input=packed.stdout, check=True)
        for name in COMPARED:
            with ThreadPoolExecutor(2) as pool:
                before, after = pool.map(figures, (Path(folder), ROOT), (name, name))
            compared += len(before)
            for place in before.keys() | after.keys():
                old, new = before.get(place, math.nan), after.get(place, math.nan)
                if not math.isclose(old, new, rel_tol=_SAME, abs_tol=1e-12):
                    changed.append(f"{place}: {old!r} -> {new!r}")
    return {"figures_changed": len(changed), "figures_compared": compared, "changes": sorted(changed)}


def measure(commit: str = BEFORE) -> dict[str, object]:
    """All figures."""
    return structure() | {"files_to_add": files_to_add()} | import_seconds() | figures_changed(commit)


if __name__ == "__main__":
    given = sys.argv[sys.argv.index("--against") + 1] if "--against" in sys.argv else BEFORE
    report(measure(given), "--json" in sys.argv)
