"""The combination table of the law stage: every cell runs on a small case, or is impossible by physics.

Opening or mixed × rigid or relaxed × one or two crystals × gap in law or in bulk × static or warm × with or without
error bars. Run as `python -m benchmarks.road_combinations [--json]`.
"""

import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.output import report
from coupling.errors import InputError

LAYERS = 4
IMPOSSIBLE = ("which a rigid path", "do not vibrate")
"""Words of the physics for which a combination cannot be: no strained bulk on a rigid path; held atoms do not vibrate."""
AXES = {
    "mode": ("normal", "mixed"),
    "path": ("rigid", "relaxed"),
    "crystals": (1, 2),
    "gap": ("in law", "in bulk"),
    "warm": (False, True),
    "bars": (False, True),
}
PARTS = (("mixed", 2), ("mixed", 1), ("normal", 2), ("normal", 1))
"""Modes and numbers of crystals whose cells are run together, the longest first."""


def study(cell: dict[str, Any]) -> dict[str, Any]:
    """The cohesive-law study of a cell, by effective medium theory."""
    cut = {"structure": "fcc", "miller": [1, 1, 1], "layers": LAYERS}
    made: dict[str, Any] = {
        "study": "cohesive_law", "potential": "emt", "mode": cell["mode"], "path": cell["path"], "gap": cell["gap"],
        "openings": {"max": "4.5 Å", "points": 12}, "slip": {"divisions": 4, "tolerance": 0.9, "budget": 400},
    }  # fmt: skip
    made |= (
        {"plane": {"species": "Cu"} | cut}
        if cell["crystals"] == 1
        else {"upper": {"species": "Ni"} | cut, "lower": {"species": "Cu"} | cut}
    )
    if cell["warm"]:
        made |= {"temperature": "300 K", "thermal": {"in_plane": 1, "statistics": "classical"}}
    if cell["bars"]:
        made["trust"] = {"committee": [{"name": "emt", "asap_cutoff": True}]}
    return made


def outcome(cell: dict[str, Any], folder: Path, name: str) -> str:
    """run, impossible or refused; what goes wrong otherwise is raised."""
    from coupling.exchange.storage import load_law
    from multiscale import run_study
    from multiscale.studies import parse_study

    try:
        run_study(parse_study(study(cell), folder), folder / name, allow_code=True)
    except InputError as reason:
        return "impossible" if any(words in str(reason) for words in IMPOSSIBLE) else f"refused: {reason}"
    law = load_law(folder / name / "law.json")
    assert law.work_of_separation > 0 and law.count.taken_away == "bulk" and law.gap == cell["gap"]
    if cell["bars"]:
        assert max(law.energy_std.ravel()) > 0  # type: ignore[attr-defined]
    return "run"


def outcomes(mode: str, crystals: int) -> dict[str, str]:
    """What became of each cell of a mode and a number of crystals; they share what they compute."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for values in product(*AXES.values()):
            cell = dict(zip(AXES, values, strict=True))
            if (cell["mode"], cell["crystals"]) == (mode, crystals):
                found[str(cell)] = outcome(cell, Path(folder), f"cell_{len(found)}")
    return found


def counted(parts: Iterable[dict[str, str]], say: bool = False) -> dict[str, object]:
    """How many cells ran, are impossible, or were refused without a reason."""
    found = {cell: became for part in parts for cell, became in part.items()}
    if say:
        for cell, became in found.items():
            sys.stderr.write(f"{cell}: {became}\n")
    kinds = [became.partition(":")[0] for became in found.values()]
    return {f"combinations_{kind}": kinds.count(kind) for kind in ("run", "impossible", "refused")}


def measure(say: bool = False) -> dict[str, object]:
    """All cells, in two processes."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        return counted(pool.map(outcomes, *zip(*PARTS, strict=True)), say)


if __name__ == "__main__":
    report(measure("--say" in sys.argv), "--json" in sys.argv)
