"""Edge or screw dislocation of aluminium in Python: the study of study.yaml, of one character or the other.

    python examples/dislocation_al/script.py [edge|screw]

Minutes on one core.
"""

import sys
from pathlib import Path

from multiscale import Results, run_study

STUDY = Path(__file__).with_name("study.yaml")
RUNS = Path(__file__).parents[2] / "runs"


def main(system: str = "edge", folder: Path = RUNS, **changes: object) -> Results:
    """Run the study of one character; `changes` go into its input."""
    return run_study(STUDY, folder / f"dislocation_al_{system}", changes={"system": system} | changes)


if __name__ == "__main__":
    results = main(*sys.argv[1:2])
    for name, quantity in results.quantities.items():
        if quantity.headline:
            sys.stdout.write(f"{name}: {quantity.value:.5g} {quantity.unit}\n")
    sys.stdout.write(f"Report: {results.folder / 'report.html'}\n")
