"""A run and its folder: context, results, provenance, store, locks, ranks."""

from multiscale.runtime.addresses import request
from multiscale.runtime.cache import Cache
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import Curve, Picture, Plot, PlotSeries, Quantity, Table
from multiscale.runtime.results import Results
from multiscale.runtime.workspace import Workspace

__all__ = [
    "Cache",
    "Curve",
    "Picture",
    "Plot",
    "PlotSeries",
    "Quantity",
    "Results",
    "RunContext",
    "Table",
    "Workspace",
    "request",
]
