"""What a user runs: input files, studies, results, reports and the command line.

    from multiscale import run_study
    results = run_study("study.yaml")
    print(results["peak_load"], results.folder / "report.html")

Nothing heavy is imported here; torch and FEniCSx load when a study runs.
"""

from multiscale.inputs import load_study
from multiscale.results import Results
from multiscale.runs import run_study
from multiscale.sweeps import SweepResults, load, run_sweep, sweep

__all__ = ["Results", "SweepResults", "load", "load_study", "run_study", "run_sweep", "sweep"]
