"""One road: any atoms on any mesh, and a ledger that refuses what counts a joule twice.

Run as `python -m benchmarks.road [--json]`; under ten minutes on two CPU cores. It gathers `road_mixed` (relaxed laws as
vectors against all atoms), `road_ledger` (wrong and right models), `road_combinations` (the law stage's options) and
`road_staleness` (what is reused), each of which runs alone, too.
"""

import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import road_combinations, road_ledger, road_mixed, road_staleness
from benchmarks.output import report

PATH = {"path": "relaxed", "openings": {"max": "5 Å", "points": 20}}
GRAIN = {"x": [1, 1, -2], "y": [1, 1, 1]}


def beam(law: Any, study: str) -> dict[str, Any]:
    """A copper double cantilever beam with a law; its arms are thin, so that the closed spacing is left out of the mesh."""
    body = {"crystal": {"species": "Cu", "structure": "fcc"}, "grain": GRAIN}
    return {
        "study": study, "potential": "emt", "mesh": "dcb.msh", "mesh_unit": "nm", "kind": "plane strain",
        "bodies": {"upper": body, "lower": body},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "spacing": "left out", "law": law}},
        "supports": [{"group": "end", "component": "x"}],
        "loads": [{"group": "load_upper", "component": "y", "factor": 0.5}, {"group": "load_lower", "component": "y", "factor": -0.5}],
        "loading": {"opening": "6 nm", "steps": 6},
    }  # fmt: skip


def composition() -> dict[str, float]:
    """The law stage and the specimen stage by two commands, against the one study of both: largest relative difference."""
    from continuum.specimens.dcb import DoubleCantileverBeam
    from multiscale import run_study
    from multiscale.studies import parse_study

    plane = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "x": GRAIN["x"], "layers": 6}
    worst = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        DoubleCantileverBeam(length=30, arm=6, crack=12, growth=8, fine=0.25, coarse=3, grading=0.3).write(
            folder / "dcb.msh"
        )
        run_study(
            parse_study({"study": "cohesive_law", "potential": "emt", "plane": plane, **PATH}, folder), folder / "law"
        )
        apart = run_study(parse_study(beam({"run": "law"}, "specimen"), folder), folder / "apart")
        together = run_study(
            parse_study(beam({"atoms": {"layers": 6, **PATH}}, "fracture"), folder), folder / "together"
        )
        for column, values in apart.curves["load_displacement"].values.items():
            other = together.curves["load_displacement"].values[column]
            worst = max(worst, float(np.max(np.abs(other - values)) / np.max(np.abs(values))))
        for quantity in ("work_of_separation", "peak_traction", "gc_from_fe", "peak_load"):
            worst = max(worst, abs(float(together[quantity]) / float(apart[quantity]) - 1))  # type: ignore[arg-type]
    return {"composition_max_relative": worst}


def measure() -> dict[str, object]:
    """All figures; the parts are independent of each other, and two run at a time, the longest first."""
    found: dict[str, object] = {}
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        combinations = [pool.submit(road_combinations.outcomes, *part) for part in road_combinations.PARTS]
        others = [
            pool.submit(part) for part in (road_mixed.measure, road_ledger.measure, road_staleness.measure, composition)
        ]
        for part in others:
            found |= part.result()
    return found | road_combinations.counted(part.result() for part in combinations)


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
