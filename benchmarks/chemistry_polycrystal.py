"""A polycrystal of a hundred grains, two seeds, serial and on two ranks: energy balance, the crack's path, speed.

Run as `python -m benchmarks.chemistry_polycrystal [--json]`; under four minutes on one core. Columnar nickel with <110> along z,
elements of 0.4 of a grain; low angles, Σ3 and all other boundaries have laws of their own. `crack_path_same` is whether
the facets that broke are the same ones for one rank and for two, for each seed; `grains_per_second` counts the grains of the
serial runs over the time that they took to load from nothing to two halves.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.output import report
from coupling.contracts import FloatArray

GRAINS, SEEDS = 100, (1, 2)
_PLACE = 1e-13  # m: facets nearer than that are one
_FORCE = 1e-6  # of the peak: how far the two may differ


def study(seed: int) -> dict[str, object]:
    """The input of one specimen."""
    stiff = {"kind": "bilinear", "stiffness": "4e19 Pa/m"}
    strong = stiff | {"work_of_separation": "3.6 J/m^2", "peak_traction": "6 GPa"}
    weak = stiff | {"work_of_separation": "2.6 J/m^2", "peak_traction": "4.8 GPa"}
    return {
        "study": "specimen", "title": f"Polycrystal {seed}", "seed": seed,
        "mesh": {"specimen": "polycrystal", "width": 100, "height": 100, "grains": GRAINS, "size": 4, "seed": seed},
        "mesh_unit": "nm", "kind": "plane strain",
        "bodies": {
            "nickel": {"stiffness": {"C11": "247 GPa", "C12": "147 GPa", "C44": "125 GPa"}, "grains": {"fibre": [1, 1, 0]}}
        },
        "interfaces": {
            "low_angle": {"grains": {"body": "nickel", "angle_below": 15}, "law": strong},
            "sigma_3": {"grains": {"body": "nickel", "sigma": 3}, "law": strong},
            "general": {"grains": {"body": "nickel"}, "law": weak},
        },
        "supports": [{"group": "left", "component": "x"}, {"group": "bottom", "component": "y"}],
        "loads": [{"group": "right", "component": "x"}],
        "loading": {"opening": "4.5 nm", "steps": 10, "growth": 0.06, "peak_tolerance": 0.1},
        "output": {"folder": "run", "fields": "none"},
    }  # fmt: skip


@dataclass(frozen=True)
class Broken:
    """What a run found.

    Attributes:
        balance: Relative error of the energy balance.
        peak: Peak load, N/m.
        crack: (n, 2) centres of the facets that broke, m.
        seconds: Of the finite elements.
    """

    balance: float
    peak: float
    crack: FloatArray
    seconds: float


def broken(seed: int, ranks: int) -> Broken:
    """The specimen of a seed, pulled apart."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(json.dumps(study(seed)), encoding="utf-8")  # JSON is YAML, too
        launcher = [] if ranks == 1 else [str(Path(sys.executable).with_name("mpiexec")), "-n", str(ranks)]
        command = [*launcher, sys.executable, "-m", "multiscale", "run", str(folder / "study.yaml")]
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        seconds = time.perf_counter() - begun
        found = json.loads((folder / "run" / "results.json").read_text(encoding="utf-8"))["quantities"]
        rows = list(csv.reader((folder / "run" / "curves" / "crack_path.csv").open(encoding="utf-8")))[1:]
    crack = np.array([[float(row[0]), float(row[1])] for row in rows])
    return Broken(found["energy_balance_relative_error"]["value"], found["peak_load"]["value"], crack, seconds)


def same(one: Broken, other: Broken) -> bool:
    """Whether the same facets broke at the same load."""
    paths = one.crack.shape == other.crack.shape and bool(np.abs(one.crack - other.crack).max() < _PLACE)
    return paths and abs(one.peak / other.peak - 1) < _FORCE


def measure() -> dict[str, object]:
    """The figures of both seeds."""
    serial = [broken(seed, 1) for seed in SEEDS]
    parallel = [broken(seed, 2) for seed in SEEDS]
    figures: dict[str, object] = {}
    for seed, one in zip(SEEDS, serial, strict=True):
        figures[f"seed_{seed}_peak_load_n_per_m"] = one.peak
        figures[f"seed_{seed}_broken_facets"] = len(one.crack)
        figures[f"seed_{seed}_serial_seconds"] = one.seconds
    figures["ranks_peak_difference"] = max(abs(a.peak / b.peak - 1) for a, b in zip(serial, parallel, strict=True))
    figures["balance_100_grains"] = max(one.balance for one in (*serial, *parallel))
    figures["crack_path_same"] = all(same(a, b) for a, b in zip(serial, parallel, strict=True))
    figures["grains_per_second"] = GRAINS * len(SEEDS) / sum(one.seconds for one in serial)
    return figures


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv[1:])
