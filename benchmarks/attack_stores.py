"""Is anything lost, or anything false, when runs are killed, stores are damaged, or two processes meet?

Run as `python -m benchmarks.attack_stores [--json]`; under five minutes on two CPU cores. It gathers `attack_kills` (40 kills of
specimen, law, fracture and sweep), `attack_mutations` (300 damages of every store) and `attack_races` (two processes at once).
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import attack_kills, attack_mutations, attack_races
from benchmarks.output import report


def measure(progress: Callable[[str], object] = lambda text: None) -> dict[str, int]:
    """All figures.

    Args:
        progress: Told what was wrong.
    """
    figures: dict[str, int] = {}
    for part in (attack_kills, attack_mutations, attack_races):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            found, said = part.measure(Path(name))
        figures |= found
        for text in said:
            progress(text)
    return figures


if __name__ == "__main__":
    report(measure(lambda text: sys.stdout.write(text + "\n")), "--json" in sys.argv)
