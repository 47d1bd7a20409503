"""The house: its structure, what adding one thing touches, how light its import is, and that its figures have stayed.

Run as `python -m benchmarks.house [--json]`; under ten minutes on two CPU cores. The figures of `COMPARED` are computed
again in this run: by this tree, and by the tree of the commit before the rooms were moved. Where a later commit meant to
change them (`EXPLAINED`), the trees before and after it are run too: what changed within it is explained, the rest is not.
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
from itertools import pairwise
from pathlib import Path

from benchmarks.house_additions import files_to_add
from benchmarks.house_layout import ROOT, structure
from benchmarks.output import report

BEFORE = "15d3d1e"
"""The last commit before the rooms were moved."""
COMPARED = ("dislocation_elastic", "dislocation_upscale", "road_ledger", "road_mixed")
"""Deterministic benchmarks of the four packages."""
EXPLAINED = {
    "dislocation_upscale": (
        ("01fd899", "embedded-atom tables are interpolated and continued as LAMMPS does it"),
        (
            "8f5bcf2",
            "embedded atoms are summed in C, over neighbours in another order; a difference of near numbers shows it",
        ),
    ),
    "road_mixed": (
        (
            "be553d6",
            "effective medium theory sums over its neighbours in another order, and solvers stop elsewhere within their tolerance",
        ),
    ),
}
"""The commits that changed a benchmark's figures on purpose, in their order, and how."""
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


def figures_changed() -> dict[str, object]:
    """The figures that differ by more than 1e-9 from those before the rooms were moved, apart from those explained."""
    changed: list[str] = []
    explained: list[str] = []
    compared = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in COMPARED:
            reasons = EXPLAINED.get(name, ())
            commits = [BEFORE, *(one for commit, _ in reasons for one in (f"{commit}~1", commit))]
            trees = [_tree(one, Path(folder)) for one in commits]
            with ThreadPoolExecutor(2) as pool:
                found = list(pool.map(figures, [*trees, ROOT], [name] * (len(trees) + 1)))
            compared += len(found[0])
            for step, (before, after) in enumerate(pairwise(found)):
                if step % 2:
                    commit, why = reasons[step // 2]
                    explained += [f"{place} ({commit}: {why})" for place in differences(before, after)]
                else:
                    changed += differences(before, after)
    return {
        "figures_changed": len(changed), "figures_compared": compared, "changes": sorted(changed),
        "figures_explained": len(explained), "explanations": sorted(explained),
    }  # fmt: skip


def differences(before: dict[str, float], after: dict[str, float]) -> list[str]:
    """Which figures differ by more than 1e-9 of their size, or are in one alone."""
    pairs = {place: (before.get(place, math.nan), after.get(place, math.nan)) for place in before.keys() | after.keys()}
    return [
        f"{place}: {old!r} -> {new!r}"
        for place, (old, new) in pairs.items()
        if not math.isclose(old, new, rel_tol=_SAME, abs_tol=1e-12)
    ]


def _tree(commit: str, folder: Path) -> Path:
    """The files of a commit, laid out below a folder."""
    tree = folder / commit
    if not tree.exists():
        tree.mkdir()
        packed = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
        subprocess.run(["tar", "-x", "-C", str(tree)], input=packed.stdout, check=True)
    return tree


def measure() -> dict[str, object]:
    """All figures."""
    return structure() | {"files_to_add": files_to_add()} | import_seconds() | figures_changed()


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
