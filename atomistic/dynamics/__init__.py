"""Molecular dynamics with any potential: many replicas in one batch, at constant energy, temperature or pressure."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.dynamics.blocks import block_error, jackknifed
    from atomistic.dynamics.constant_pressure import NPT
    from atomistic.dynamics.constraints import FREE, Grips, Held, plane_distance
    from atomistic.dynamics.driver import dynamics
    from atomistic.dynamics.fluctuations import compressibility, heat_capacity, thermal_expansion
    from atomistic.dynamics.langevin import Langevin
    from atomistic.dynamics.nose_hoover import NoseHoover
    from atomistic.dynamics.record import Keep
    from atomistic.dynamics.ring_polymer import RingPolymer
    from atomistic.dynamics.safe_step import VibrationLimit, vibration_limit
    from atomistic.dynamics.state import State, load_state, save_state, species_temperatures
    from atomistic.dynamics.trajectory import Runaway, Trajectory
    from atomistic.dynamics.verlet import NVE

__all__ = [
    "FREE",
    "NPT",
    "NVE",
    "Grips",
    "Held",
    "Keep",
    "Langevin",
    "NoseHoover",
    "RingPolymer",
    "Runaway",
    "State",
    "Trajectory",
    "VibrationLimit",
    "block_error",
    "compressibility",
    "dynamics",
    "heat_capacity",
    "jackknifed",
    "load_state",
    "plane_distance",
    "save_state",
    "species_temperatures",
    "thermal_expansion",
    "vibration_limit",
]

__getattr__, __dir__ = on_first_use(__name__)
