"""Adhesion tests on parametric specimens: pull-off of a sphere or cylinder, steady peeling of a film."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from continuum.fenics import MPI
from continuum.materials import LinearElastic, StVenantKirchhoff
from continuum.mesh.specimen_mesh import SpecimenMesh, read_mesh
from continuum.model import Bond, Prescribed
from continuum.solver.diagnostics import assess
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading
from continuum.solver.stepping import pull
from continuum.specimens.flat_contact import SphereOnFlat
from continuum.specimens.peel import PeelStrip
from coupling.contracts import CohesiveLaw, Progress, silent
from coupling.elasticity import isotropic_stiffness
from coupling.errors import InputError
from coupling.findings import refute
from coupling.units import length_text

_FINEST, _COARSEST = 1 / 400, 1 / 40  # element size over the contact radius
_ZONE_ELEMENTS = 8
_DROP = 0.93  # of the largest force, at which the pull-off is over


@dataclass(frozen=True)
class PullOff:
    """The retraction of an adhering sphere or cylinder.

    Attributes:
        force: Largest tensile force, N (sphere) or N/m (cylinder).
        loading: The states, from the pressed contact on; the load is the distance retracted, m.
        element: Element size in the contact, m.
    """

    force: float
    loading: Loading
    element: float


def pull_off(
    law: CohesiveLaw,
    young: float,
    poisson: float,
    radius: float,
    *,
    shape: str = "sphere",
    fine: float | None = None,
    pressed: float = 1.3,
    progress: Progress = silent,
) -> PullOff:
    """Pull a sphere (or cylinder) of a rigid flat to which it adheres, to past the largest force.

    The body is an elastic half space whose face has the gap r²/2R (Hertz's approximation, as in the
    theories of Johnson, Kendall & Roberts and of Maugis); the law is reversible. The retraction starts
    from a contact of `pressed` times (πwR²/K)^(1/3), K = 4E*/3.

    Args:
        law: The adhesion, with its contact branch.
        young: E, Pa; the flat is rigid: give E (1 − ν²) = the pair's E* otherwise.
        poisson: ν.
        radius: R, m.
        shape: "sphere" or "cylinder".
        fine: Element size in the contact, m; by default from the law's process zone.
        pressed: Contact radius at the start.
        progress: Called after each step.

    Raises:
        InputError: an unknown shape, or a law whose range is not small against R.
        NotConverged: the retraction was not followed.
        Refuted: its energies do not balance.
    """
    if shape not in ("sphere", "cylinder"):
        raise InputError(f"The shape {shape!r} is not offered; valid: sphere, cylinder.")
    modulus, work = young / (1 - poisson**2), law.work_of_separation
    contact = (np.pi * work * radius**2 / (4 / 3 * modulus)) ** (1 / 3)
    attracted = np.sqrt(2 * radius * law.final_opening)
    if attracted > 0.5 * radius:
        raise InputError(
            f"The law's range of {length_text(law.final_opening, 3)} is not small against the radius {length_text(radius, 3)}."
        )
    zone = np.pi / 8 * modulus * work / law.peak_traction**2
    fine = fine or float(np.clip(zone / _ZONE_ELEMENTS, _FINEST * contact, _COARSEST * contact))
    reach = max(1.25 * pressed * contact, 1.3 * attracted)
    mesh = _written(
        SphereOnFlat(
            reach=reach / contact, extent=max(40.0, 4 * reach / contact), fine=fine / contact, coarse=4.0, grading=0.15
        ),
        contact,
        ["block"],
    )
    overlap = (pressed * contact) ** 2 / radius
    bond = Bond(
        "bond", "block", None, law, history="reversible", initial_gap=lambda p: p[:, 0] ** 2 / (2 * radius) - overlap
    )
    problem = CohesiveProblem(
        mesh,
        {"block": LinearElastic.isotropic(young, poisson)},
        [bond],
        [Prescribed("axis", "x"), Prescribed("base", "y", -1.0)],
        kind="axisymmetric" if shape == "sphere" else "plane strain",
    )

    def over(record: Loading) -> bool:
        force = record.column("force")
        return bool(force.max() > 0 and force[-1] < _DROP * force.max())

    final = 2 * overlap + 10 * contact**2 / radius + 2 * law.final_opening
    loading = pull(problem, final, 60, growth=0.01, stop=over, progress=progress)
    refute(assess(loading))
    half = 2.0 if shape == "cylinder" else 1.0  # the mesh is half of the cylinder
    return PullOff(half * float(loading.column("force").max()), loading, fine)


@dataclass(frozen=True)
class Peeling:
    """A film peeled off a rigid substrate at a right angle.

    Attributes:
        force: Mean force over the steady part, N/m of width.
        spread: Half the range of the force there, N/m.
        loading: The states; the load is the height of the pulled end, m.
    """

    force: float
    spread: float
    loading: Loading


def peel(
    law: CohesiveLaw,
    young: float,
    poisson: float,
    thickness: float,
    *,
    length: float = 4.0,
    progress: Progress = silent,
) -> Peeling:
    """Peel a film at 90° in plane strain, with large rotations, until the force is steady.

    Args:
        law: The bond; it must resist slip as well as opening.
        young: E of the film, Pa.
        poisson: ν of the film.
        thickness: h, m.
        length: Detached length at the start and steady growth, over the film's bending length √(E'h³/12F).
        progress: Called after each step.

    Raises:
        InputError: the film would be bent to more than a strain of 0.2.
        NotConverged: the peeling was not followed.
        Refuted: its energies do not balance.
    """
    modulus, work = young / (1 - poisson**2), law.work_of_separation
    bending = np.sqrt(modulus * thickness**3 / (12 * work)) / thickness  # in thicknesses; F is about w
    if 1 / (np.sqrt(2) * bending) > 0.2 * 2:
        raise InputError("The film would bend to strains beyond 0.2; take a stiffer or thicker film, or a weaker bond.")
    zone = (modulus * work * thickness**3 / law.peak_traction**2) ** 0.25 / thickness
    crack = grown = length * bending
    fine = float(np.clip(zone / 4, 0.05, 0.5))
    mesh = _written(
        PeelStrip(
            length=crack + 2 * grown + 6 * bending, film=1.0, crack=crack, growth=1.5 * grown, fine=fine, coarse=2.0
        ),
        thickness,
        ["film"],
    )
    problem = CohesiveProblem(
        mesh,
        {"film": StVenantKirchhoff(isotropic_stiffness(young, poisson))},
        [Bond("bond", "film", None, law)],
        [Prescribed("pulled", "y", 1.0), Prescribed("end", "x")],
        order=2,
    )
    half, whole = 0.6 * grown * thickness, 1.1 * grown * thickness
    loading = pull(
        problem,
        (crack + 3 * grown) * thickness,
        60,
        growth=0.015,
        progress=progress,
        stop=lambda record: bool(record.steps[-1].broken_area > whole),
    )
    refute(assess(loading))
    force = loading.column("force")[loading.column("broken_area") > half]
    return Peeling(float(force.mean()), float(np.ptp(force) / 2), loading)


def _written(specimen: SphereOnFlat | PeelStrip, unit: float, bodies: list[str]) -> SpecimenMesh:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "specimen.msh"
        specimen.write(path)
        return read_mesh(path, unit=unit, bodies=bodies, comm=MPI.COMM_SELF)
