"""The atomistic part of the dislocation study: crystal, γ-surface, core, barrier, Peierls stress, K by character."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from atomistic.frames import Columns, Frames
from coupling.contracts import Potential, Progress, silent
from coupling.errors import InputError, NotConverged
from coupling.units import ANGSTROM, EV_A3
from multiscale.studies.dislocation.glide import glide_drag
from multiscale.studies.dislocation.records import AtomicBarrier, AtomicCore, DislocationAtoms, Jumps, SlipPlane
from multiscale.studies.dislocation.schema import DislocationStudy

if TYPE_CHECKING:
    from ase import Atoms

    from atomistic.dislocation import Cylinder
    from atomistic.dislocation.barrier import Barrier
    from atomistic.dislocation.peierls import PeierlsStress

_SHAKEN = 0.02
"""Å: random displacements that break a symmetry at which a core would be no minimum."""
_POINTS = 81
"""Of the interpolated barrier."""


def compute(study: DislocationStudy, potential: Potential, progress: Progress = silent) -> DislocationAtoms:
    """Everything that needs the potential.

    Raises:
        InputError: the crystal cannot hold this dislocation, or the pre-check says so.
        NotConverged: something does not relax.
    """
    from atomistic.dislocation import cylinder, oriented, slip_system
    from atomistic.dislocation.slip_plane import line_prefactors, slip_plane_energies
    from atomistic.properties.bulk import equilibrium
    from atomistic.properties.elastic import elastic_constants
    from atomistic.properties.precheck import precheck

    bulk = equilibrium(potential, study.species, study.structure)
    elastic = elastic_constants(potential, bulk)
    system = slip_system(study.structure, study.system)
    checked = precheck(potential, bulk, elastic.stiffness_voigt, study.structure)
    checked.require(override=study.check_fault == "report")
    stiffness, asked = elastic.stiffness_voigt / EV_A3, set(study.results)
    crystal = oriented(bulk, stiffness, system)
    c11, c12, c44 = map(float, elastic.cubic)
    found = DislocationAtoms(
        potential.fingerprint, checked.warnings, c11, c12, c44, crystal.burgers, crystal.partials, crystal.glide_period,
        crystal.stroh.energy_tensor, line_prefactors(stiffness, crystal), checked.fault, checked.unstable_fault,
    )  # fmt: skip
    if "peierls_nabarro" in asked:
        surface = SlipPlane(*slip_plane_energies(potential, bulk, crystal, study.divisions, progress))
        found = replace(found, slip_plane=surface)
    if asked & {"core", "barrier", "peierls_stress"}:
        built = cylinder(crystal, study.radius / ANGSTROM, shell=2 * potential.cutoff)
        found = _in_cylinder(found, study, potential, built, progress)
    if "drag" in asked:
        found = replace(found, drag=glide_drag(study.drag, potential, bulk, stiffness, system, progress))
    return found


def _in_cylinder(
    found: DislocationAtoms, study: DislocationStudy, potential: Potential, built: "Cylinder", progress: Progress
) -> DislocationAtoms:
    """The findings with core, barrier and jumps of the atoms; in place of either of the last two, why it is missing."""
    from atomistic.dislocation import relaxed_core, settled

    if study.boundary == "flexible":
        rest = relaxed_core(potential, built, boundary="flexible", force=study.force, progress=progress).atoms
    else:
        built, rest = settled(potential, built, force=study.force, perturbation=_SHAKEN)
    found = replace(found, core=_core(study, built, rest))
    if "barrier" in study.results:
        try:
            found = replace(found, barrier=_barrier(study, potential, built, progress))
        except NotConverged as error:
            found = replace(found, no_barrier=str(error))
    if "peierls_stress" in study.results:
        try:
            found = replace(found, jumps=_jumps(potential, built, progress))
        except NotConverged as error:
            found = replace(found, no_jumps=str(error))
    return found


def _core(study: DislocationStudy, built: "Cylinder", rest: "Atoms") -> AtomicCore:
    """Slip, partials and symmetry of the core at rest."""
    from atomistic.dislocation import core, disregistry, is_compact, polarity

    slip, fitted = disregistry(built, rest), core(built, rest)
    whole = (study.structure, study.system) == ("bcc", "screw")
    return AtomicCore(
        slip.x, slip.slip, fitted.positions, fitted.widths, fitted.residual, len(rest), int(built.free.sum()),
        polarity=float(polarity(built, rest)) if whole else None,
        compact=bool(is_compact(built, rest)) if whole else None,
        frames=_frames([rest], built),
    )  # fmt: skip


def _barrier(study: DislocationStudy, potential: Potential, built: "Cylinder", progress: Progress) -> AtomicBarrier:
    """The path between two valleys.

    Raises:
        NotConverged: the shell lets the core have only one, or the band does not relax.
    """
    from atomistic.dislocation import peierls_barrier, refined

    band = peierls_barrier(potential, built, images=study.images, progress=progress)
    ascent = refined(potential, built, band, images=study.images, progress=progress)
    fine = np.linspace(0.0, band.path[-1], _POINTS)
    frequency, missing = _attempt(study, potential, built, band, progress)
    return AtomicBarrier(
        band.height, band.humps, max(ascent.peierls_stress, band.peierls_stress if band.humps == 1 else 0.0),
        CubicSpline(band.path, band.work_positions)(fine),
        CubicHermiteSpline(band.path, band.energies, band.slopes)(fine) / band.length,
        band.work_positions, band.energies / band.length, _images(band, built), frequency, missing,
    )  # fmt: skip


def _attempt(
    study: DislocationStudy, potential: Potential, built: "Cylinder", band: "Barrier", progress: Progress
) -> tuple[float | None, str | None]:
    """The attempt frequency over the barrier, or why there is none, where it was asked for."""
    from atomistic.dislocation.attempt import attempt_frequency

    if "attempt_frequency" not in study.results:
        return None, None
    try:
        return attempt_frequency(potential, built, band, progress=progress), None
    except (NotConverged, InputError) as error:
        return None, str(error)


def _images(band: "Barrier", built: "Cylinder") -> Frames:
    """Of each image its number, where the line is, and the shell's image energy, which the barrier leaves out."""
    info = {
        "image": np.arange(len(band.structures)), "position_A": band.work_positions, "shell_energy_eV": band.image,
    }  # fmt: skip
    return _frames(band.structures, built, info)


def _loaded(one: "PeierlsStress", built: "Cylinder") -> Frames:
    """The stable states under a load, with the core's place and the shear stress on the plane where it is largest."""
    info = {"stress_MPa": one.load.sign * one.stresses / 1e6, "position_A": one.positions}
    return _frames(one.states, built, info)


def _frames(states: "Sequence[Atoms]", built: "Cylinder", info: Columns | None = None) -> Frames:
    """States with what is free, and in fcc and bcc with how far each atom is from a centre of symmetry."""
    from atomistic.dislocation.centrosymmetry import NEIGHBOURS, centrosymmetry

    arrays: dict[str, NDArray[Any]] = {"free": built.free.astype(int)}
    if (neighbours := NEIGHBOURS.get(built.crystal.system.structure)) is not None:
        spacing = float(np.linalg.norm(built.crystal.burgers))  # of nearest neighbours, in both
        arrays["centrosymmetry_A2"] = np.array([centrosymmetry(one, neighbours, spacing) for one in states])
    return Frames.of(states, info, arrays)


def _jumps(potential: Potential, built: "Cylinder", progress: Progress) -> Jumps:
    """Peierls stress of both signs.

    Raises:
        NotConverged: the core does not jump as it should.
    """
    from atomistic.dislocation import Load, peierls_stress

    measured = peierls_stress(potential, built, (Load(1), Load(-1)), perturbation=_SHAKEN, progress=progress)
    return Jumps(
        np.array([one.resolved for one in measured]), np.array([one.error for one in measured]),
        tuple(_loaded(one, built) for one in measured),
    )  # fmt: skip
