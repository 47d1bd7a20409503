"""Drag on an edge dislocation of aluminium (Mendelev's embedded atoms), by stress-driven dynamics at three temperatures.

Run as `python -m benchmarks.moving_drag [--json]`; two minutes on one core. The cell is small, so that the figure holds at
this size: 16 Burgers vectors of crystal between two lines of the row, 40 Å high, one period of line. The theory of phonons that
scatter at a line has the order 1e-5 Pa s at room temperature, rising with it (Blaschke, Materials 12 (2019) 948; Blaschke,
Burakovsky & Preston, J. Appl. Phys. 130 (2021) 015901).
"""

import sys
from itertools import pairwise

import numpy as np

from atomistic.decohesion import heated
from atomistic.dislocation import oriented, slip_system
from atomistic.dislocation.drag import Drag, GlideRun, drag
from atomistic.dislocation.periodic_array import periodic_array
from atomistic.potentials import load_potential
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.units import EV_A3

STRESSES = {150.0: (20e6, 40e6), 300.0: (30e6, 60e6, 90e6), 450.0: (45e6, 90e6)}
"""Pa, by temperature in K: velocities up to a third of that of shear waves."""
RUN = GlideRun(replicas=4, heating=500, settling=500, steps=3000)


def measured(temperature: float, run: GlideRun = RUN, *, periods: int = 16, height: float = 40.0) -> Drag:
    """B at a temperature."""
    potential = load_potential(str(wheel_file("Al_mm.eam.fs")))
    static = equilibrium(potential, "Al", "fcc")
    stiffness = elastic_constants(potential, static).stiffness_voigt / EV_A3
    warm = heated(potential, static, temperature, statistics="classical")
    crystal = oriented(warm, stiffness, slip_system("fcc", "edge"))
    array = periodic_array(crystal, periods, height, plate=potential.cutoff)
    return drag(potential, array, STRESSES[temperature], temperature, run)


def measure() -> dict[str, float]:
    """B of each temperature; at 300 K its distance from a straight line; by how many standard errors B rises."""
    found = {temperature: measured(temperature) for temperature in STRESSES}
    figures: dict[str, float] = {}
    for temperature, one in found.items():
        figures |= {
            f"drag_{temperature:g}K_Pa_s": one.coefficient.value,
            f"drag_{temperature:g}K_Pa_s_std": one.coefficient.error,
        }
        for glide in one.glides:
            name = f"velocity_{temperature:g}K_{glide.stress / 1e6:g}MPa"
            figures |= {name: glide.velocity.value, f"{name}_std": glide.velocity.error}
    room = found[300.0]
    rises = [
        (hot.coefficient.value - cold.coefficient.value) / np.hypot(hot.coefficient.error, cold.coefficient.error)
        for cold, hot in pairwise(found.values())
    ]
    return figures | {
        "drag_Pa_s": room.coefficient.value, "drag_Pa_s_std": room.coefficient.error, "drag_linearity": room.deviation,
        "drag_rise_in_std": float(min(rises)),
    }  # fmt: skip


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
