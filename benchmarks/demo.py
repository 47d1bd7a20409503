"""The demo study from scratch: what it found, what the naive law would have said, how well the energies balance, what it cost.

Run as `python -m benchmarks.demo [--json]`; three to four minutes on two CPU cores.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.output import report

STUDY = Path(__file__).parents[1] / "examples" / "fracture_ni111" / "study.yaml"


def measure() -> dict[str, float]:
    """Run the demo study with an empty cache."""
    from multiscale import run_study

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MULTISCALE_CACHE"] = str(Path(folder) / "cache")
        results = run_study(STUDY, Path(folder) / "run")
    seconds = results.provenance["seconds"]
    return {
        "work_of_separation_J_m2": results["work_of_separation"],
        "peak_traction_GPa": results["peak_traction"] / 1e9,
        "bulk_energy_taken_away_J_m2": results["bulk_energy_taken_away"],
        "gc_from_fe_J_m2": results["gc_from_fe"],
        "gc_relative_error": results["gc_relative_error"],
        "energy_balance_relative_error": results["energy_balance_relative_error"],
        "peak_load_N_m": results["peak_load"],
        "naive_peak_load_N_m": results["naive_peak_load"],
        "naive_peak_load_ratio": results["naive_peak_load_ratio"],
        "law_consistency": results["law_consistency"],
        "seconds_atomistic": seconds["atomistic"],
        "seconds_continuum": seconds["continuum"],
        "seconds_total": time.perf_counter() - start,
    }


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
