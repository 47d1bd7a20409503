"""Sweeps: many studies over ranges of their input, on this machine or on a cluster.

`ranges` makes the points, `plan` validates and addresses them, `tasks` computes one, `journal` keeps what
came out, `record` reads it, `driver` hands them to Dask (`engine`), `outcome` and `report` are what people read.
"""

from multiscale.sweeps.driver import run_sweep, sweep
from multiscale.sweeps.inputs import EngineInput, SweepInput, load_sweep
from multiscale.sweeps.outcome import SweepResults, load

__all__ = ["EngineInput", "SweepInput", "SweepResults", "load", "load_sweep", "run_sweep", "sweep"]
