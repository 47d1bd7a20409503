"""The atomistic part of the dislocation study: crystal, γ-surface, core, barrier, Peierls stress, K by character."""

from typing import Any

import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, NotConverged
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.inputs.dislocation import DislocationStudy

CHARACTERS = 24
"""Line directions in the slip plane at which K is computed."""
LAYERS = 9
"""Lattice planes in a cell of the γ-surface."""
_SHAKEN = 0.02
"""Å: random displacements that break a symmetry at which a core would be no minimum."""


def compute(study: DislocationStudy, potential: Potential, progress: Progress = silent) -> dict[str, Any]:
    """All that needs the potential; eV and Å.

    Raises:
        InputError: the crystal cannot hold this dislocation, or the pre-check says so.
        NotConverged: something does not relax.
    """
    from atomistic.dislocation import cylinder, oriented, slip_system
    from atomistic.dislocation.precheck import precheck
    from atomistic.properties.bulk import equilibrium
    from atomistic.properties.elastic import elastic_constants

    bulk = equilibrium(potential, study.species, study.structure)
    elastic = elastic_constants(potential, bulk)
    system = slip_system(study.structure, study.system)
    checked = precheck(potential, bulk, elastic, system)
    checked.require(override=study.check_fault == "report")
    crystal = oriented(bulk, elastic.stiffness_voigt / EV_A3, system)
    found: dict[str, Any] = {
        "fingerprint": potential.fingerprint, "warnings": list(checked.warnings), "fault": checked.fault, "unstable_fault": checked.unstable_fault,
        "stiffness": np.array(elastic.cubic), "burgers": crystal.burgers, "partials": crystal.partials,
        "period": crystal.glide_period, "length": crystal.length, "prefactor": crystal.stroh.energy_tensor,
        "characters": line_prefactors(elastic.stiffness_voigt / EV_A3, crystal),
    }  # fmt: skip
    if "peierls_nabarro" in study.results:
        lattice, energy = slip_plane_energies(potential, bulk, crystal, study.divisions, progress)
        found |= {"slip_lattice": lattice, "slip_energy": energy}
    if {"core", "barrier", "peierls_stress"} & set(study.results):
        built = cylinder(crystal, study.radius / ANGSTROM, shell=2 * potential.cutoff)
        found |= _in_cylinder(study, potential, built, progress)
    return found


def slip_plane_energies(
    potential: Potential, bulk: Any, crystal: Any, divisions: int, progress: Progress = silent
) -> tuple[FloatArray, FloatArray]:
    """The γ-surface in the dislocation's frame.

    Args:
        potential: The potential.
        bulk: The cubic crystal at its equilibrium.
        crystal: It, oriented (`atomistic.dislocation.oriented`).
        divisions: Of the period, each way.
        progress: Told of the relaxation.

    Returns:
        Periods (2, 2) along x (glide) and z (line), Å, and energies (divisions, divisions), eV/Å².

    Raises:
        InputError: the slip plane has no two periods.
        NotConverged: a faulted cell does not relax.
    """
    from atomistic.dislocation.systems import conventional_cell
    from atomistic.interface import cleavage_slab
    from atomistic.properties.fault import gamma_surface

    system = crystal.system
    slab = cleavage_slab(
        bulk, tuple(int(k) for k in system.plane), LAYERS, conventional=conventional_cell(bulk, system.structure)
    )
    lattice = _in_plane(crystal.lattice)
    fractions = np.stack(np.meshgrid(*[np.arange(divisions) / divisions] * 2, indexing="ij"), -1).reshape(-1, 2)
    turn = crystal.axes[[0, 2]] @ slab.axes[:2].T
    found = gamma_surface(potential, slab, fractions @ lattice @ turn, progress=progress)
    return lattice, found.energies.reshape(divisions, divisions) / EV_A2


def line_prefactors(stiffness_voigt: FloatArray, crystal: Any) -> FloatArray:
    """K(θ) = b̂·K·b̂ (`CHARACTERS`,), eV/Å³, of lines in the slip plane at θ = 0 (screw) … π from b."""
    from atomistic.dislocation.stroh import Stroh, rotated_voigt

    along = crystal.burgers / np.linalg.norm(crystal.burgers) @ crystal.axes
    normal = crystal.axes[1]
    values = []
    for angle in np.arange(CHARACTERS) * np.pi / CHARACTERS:
        line = np.cos(angle) * along + np.sin(angle) * np.cross(normal, along)
        axes = np.array([np.cross(normal, line), normal, line])
        direction = axes @ along
        values.append(direction @ Stroh(rotated_voigt(stiffness_voigt, axes)).energy_tensor @ direction)
    return np.array(values)


def _in_plane(lattice: FloatArray) -> FloatArray:
    """The two shortest independent periods (2, 2) in the plane y = 0, as x and z."""
    steps = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), -1).reshape(-1, 3) @ lattice
    flat = steps[np.abs(steps[:, 1]) < 1e-3][:, [0, 2]]
    flat = flat[np.argsort(np.linalg.norm(flat, axis=1).round(6), kind="stable")][1:]
    for other in flat[1:]:
        if abs(np.linalg.det(np.array([flat[0], other]))) > 1e-3:
            return np.array([flat[0], other])
    raise InputError("The slip plane has no two periods; is it a lattice plane?")


def _in_cylinder(study: DislocationStudy, potential: Potential, built: Any, progress: Progress) -> dict[str, Any]:
    """Core, barrier and Peierls stress of the atoms."""
    from atomistic.dislocation.boundary import relaxed_core, settled
    from atomistic.dislocation.disregistry import core, disregistry
    from atomistic.dislocation.maps import is_compact, polarity

    if study.boundary == "flexible":
        rest = relaxed_core(potential, built, boundary="flexible", force=study.force, progress=progress).atoms
    else:
        built, rest = settled(potential, built, force=study.force, perturbation=_SHAKEN)
    slip, fitted = disregistry(built, rest), core(built, rest)
    found: dict[str, Any] = {
        "core_x": slip.x, "core_slip": slip.slip, "core_positions": fitted.positions, "core_widths": fitted.widths,
        "core_misfit": fitted.misfit, "atoms": len(rest), "free_atoms": int(built.free.sum()),
    }  # fmt: skip
    if (study.structure, study.system) == ("bcc", "screw"):
        found |= {"polarity": polarity(built, rest), "compact": int(is_compact(built, rest))}
    if "barrier" in study.results:
        found |= _barrier(study, potential, built, progress)
    if "peierls_stress" in study.results:
        found |= _loaded(potential, built, progress)
    return found


def _barrier(study: DislocationStudy, potential: Potential, built: Any, progress: Progress) -> dict[str, Any]:
    """The path between two valleys; where the shell lets the core have only one, the sentence that says so."""
    from atomistic.dislocation.barrier import peierls_barrier, refined

    try:
        band = peierls_barrier(potential, built, images=study.images, progress=progress)
        ascent = refined(potential, built, band, images=study.images, progress=progress)
    except NotConverged as error:
        return {"missing_barrier": str(error)}
    fine = np.linspace(0.0, band.path[-1], 81)
    return {
        "barrier_height": band.height, "barrier_humps": band.humps,
        "barrier_stress": max(ascent.peierls_stress, band.peierls_stress if band.humps == 1 else 0.0),
        "barrier_x": CubicSpline(band.path, band.work_positions)(fine),
        "barrier_energy": CubicHermiteSpline(band.path, band.energies, band.slopes)(fine) / band.length,
        "image_x": band.work_positions, "image_energy": band.energies / band.length,
    }  # fmt: skip


def _loaded(potential: Potential, built: Any, progress: Progress) -> dict[str, Any]:
    """Peierls stress of both signs; where the core does not jump as it should, the sentence that says so."""
    from atomistic.dislocation.peierls import Load, peierls_stress

    try:
        measured = peierls_stress(potential, built, (Load(1), Load(-1)), perturbation=_SHAKEN, progress=progress)
    except NotConverged as error:
        return {"missing_stress": str(error)}
    return {"jump_stress": np.array([one.resolved for one in measured]), "jump_error": np.array([one.error for one in measured])}
