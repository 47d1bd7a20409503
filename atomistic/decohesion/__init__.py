"""Interfaces that part and slip: slabs, pairs of crystals, rigid and relaxed paths, finite temperature.

Functions that are named as their modules (`relaxed_path`, `rigid_path`, `law_states`, `bicrystal`) are imported from these.
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.decohesion.bicrystal import Bicrystal
    from atomistic.decohesion.bulk_path import bulk_branch
    from atomistic.decohesion.coincidence import Coincidence, match_lattices
    from atomistic.decohesion.finite_temperature import Vibrations, heated, path_vibrations
    from atomistic.decohesion.gap_state import State
    from atomistic.decohesion.hetero import HeteroInterface, close, continued_registry, hetero_interface
    from atomistic.decohesion.jumps import Series
    from atomistic.decohesion.layered import Layered
    from atomistic.decohesion.mean_force import MeanForces, mean_forces, mean_traction
    from atomistic.decohesion.mixed_path import Refinement, mixed_law, refined_grid, refined_slip_grid
    from atomistic.decohesion.opening_free_energy import thermal_part
    from atomistic.decohesion.opening_path import OpeningPath
    from atomistic.decohesion.opening_tractions import ThermalPart, WarmTractions, warm_tractions
    from atomistic.decohesion.pulled import Rupture, bar_rupture, pull_by_ends, slab_rupture
    from atomistic.decohesion.relaxed_grid import RelaxedSampler
    from atomistic.decohesion.relaxed_path import relaxed_branches
    from atomistic.decohesion.rigid_path import default_openings
    from atomistic.decohesion.slab import CleavageSlab, Openable, cleavage_slab, conventional_cell, read_crystal
    from atomistic.decohesion.slip import SlipGrid, SlipSamples, slip_grid, slip_path
    from atomistic.decohesion.spacing import SpacingResponse, spacing_response

__all__ = [
    "Bicrystal",
    "CleavageSlab",
    "Coincidence",
    "HeteroInterface",
    "Layered",
    "MeanForces",
    "Openable",
    "OpeningPath",
    "Refinement",
    "RelaxedSampler",
    "Rupture",
    "Series",
    "SlipGrid",
    "SlipSamples",
    "SpacingResponse",
    "State",
    "ThermalPart",
    "Vibrations",
    "WarmTractions",
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
    "thermal_part",
    "warm_tractions",
]

__getattr__, __dir__ = on_first_use(__name__)
