"""Interfaces that part and slip: slabs, pairs of crystals, rigid and relaxed paths, finite temperature.

Functions that are named as their modules (`relaxed_path`, `rigid_path`, `law_states`, `bicrystal`) are imported from these.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atomistic.decohesion.bicrystal import Bicrystal
    from atomistic.decohesion.coincidence import Coincidence, match_lattices
    from atomistic.decohesion.finite_temperature import Vibrations, heated, path_vibrations
    from atomistic.decohesion.hetero import HeteroInterface, close, continued_registry, hetero_interface
    from atomistic.decohesion.jumps import Series, State
    from atomistic.decohesion.layered import Layered
    from atomistic.decohesion.mean_force import MeanForces, mean_forces, mean_traction
    from atomistic.decohesion.mixed_path import Refinement, mixed_law, refined_grid, refined_slip_grid
    from atomistic.decohesion.pulled import Rupture, bar_rupture, pull_by_ends, slab_rupture
    from atomistic.decohesion.relaxed_grid import RelaxedSampler
    from atomistic.decohesion.relaxed_path import bulk_branch, relaxed_branches
    from atomistic.decohesion.rigid_path import default_openings
    from atomistic.decohesion.slab import CleavageSlab, Openable, cleavage_slab, conventional_cell, read_crystal
    from atomistic.decohesion.slip import SlipGrid, SlipSamples, slip_grid, slip_path
    from atomistic.decohesion.spacing import SpacingResponse, spacing_response

_LAZY = {
    "Bicrystal": "atomistic.decohesion.bicrystal",
    "CleavageSlab": "atomistic.decohesion.slab",
    "Coincidence": "atomistic.decohesion.coincidence",
    "HeteroInterface": "atomistic.decohesion.hetero",
    "Layered": "atomistic.decohesion.layered",
    "MeanForces": "atomistic.decohesion.mean_force",
    "Openable": "atomistic.decohesion.slab",
    "Refinement": "atomistic.decohesion.mixed_path",
    "RelaxedSampler": "atomistic.decohesion.relaxed_grid",
    "Rupture": "atomistic.decohesion.pulled",
    "Series": "atomistic.decohesion.jumps",
    "SlipGrid": "atomistic.decohesion.slip",
    "SlipSamples": "atomistic.decohesion.slip",
    "SpacingResponse": "atomistic.decohesion.spacing",
    "State": "atomistic.decohesion.jumps",
    "Vibrations": "atomistic.decohesion.finite_temperature",
    "bar_rupture": "atomistic.decohesion.pulled",
    "bulk_branch": "atomistic.decohesion.relaxed_path",
    "cleavage_slab": "atomistic.decohesion.slab",
    "close": "atomistic.decohesion.hetero",
    "continued_registry": "atomistic.decohesion.hetero",
    "conventional_cell": "atomistic.decohesion.slab",
    "default_openings": "atomistic.decohesion.rigid_path",
    "heated": "atomistic.decohesion.finite_temperature",
    "hetero_interface": "atomistic.decohesion.hetero",
    "match_lattices": "atomistic.decohesion.coincidence",
    "mean_forces": "atomistic.decohesion.mean_force",
    "mean_traction": "atomistic.decohesion.mean_force",
    "mixed_law": "atomistic.decohesion.mixed_path",
    "path_vibrations": "atomistic.decohesion.finite_temperature",
    "pull_by_ends": "atomistic.decohesion.pulled",
    "read_crystal": "atomistic.decohesion.slab",
    "refined_grid": "atomistic.decohesion.mixed_path",
    "refined_slip_grid": "atomistic.decohesion.mixed_path",
    "relaxed_branches": "atomistic.decohesion.relaxed_path",
    "slab_rupture": "atomistic.decohesion.pulled",
    "slip_grid": "atomistic.decohesion.slip",
    "slip_path": "atomistic.decohesion.slip",
    "spacing_response": "atomistic.decohesion.spacing",
}
"""Where each name lives; its module is imported on first use."""

__all__ = [
    "Bicrystal",
    "CleavageSlab",
    "Coincidence",
    "HeteroInterface",
    "Layered",
    "MeanForces",
    "Openable",
    "Refinement",
    "RelaxedSampler",
    "Rupture",
    "Series",
    "SlipGrid",
    "SlipSamples",
    "SpacingResponse",
    "State",
    "Vibrations",
    "bar_rupture",
    "bulk_branch",
    "cleavage_slab",
    "close",
    "continued_registry",
    "conventional_cell",
    "default_openings",
    "heated",
    "hetero_interface",
    "match_lattices",
    "mean_forces",
    "mean_traction",
    "mixed_law",
    "path_vibrations",
    "pull_by_ends",
    "read_crystal",
    "refined_grid",
    "refined_slip_grid",
    "relaxed_branches",
    "slab_rupture",
    "slip_grid",
    "slip_path",
    "spacing_response",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
