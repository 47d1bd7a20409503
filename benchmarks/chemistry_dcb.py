"""A double cantilever beam with hydrogen, pulled at rates from fast separation to slow: what a crack costs.

Fast, the interface keeps its coverage θ₀ and the crack costs W(θ₀); slow, it stays in equilibrium with the beam's ends, which
are held at the chemical potential μ of θ₀, and the crack costs W(μ). The law is of two triangles, 2 J/m² without hydrogen and
1.5 J/m² full of it; hydrogen binds to the closed interface by 20 kJ/mol.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from continuum.materials.linear_elastic import LinearElastic
from continuum.mesh.specimen_mesh import SpecimenMesh, read_mesh
from continuum.model import Bond, Prescribed
from continuum.post.fracture import released_energy_per_area
from continuum.solver.problem import CohesiveProblem
from continuum.specimens.dcb import DoubleCantileverBeam
from continuum.transport import Coupled, HeldSolute, Medium, SoluteLayer, TransportProblem, pull_slowly
from coupling.laws.bilinear import Bilinear
from coupling.laws.coverage import CoverageLaw
from coupling.laws.reservoir import ReservoirLaw
from coupling.units import AVOGADRO, GAS_CONSTANT

TEMPERATURE, COVERAGE, BINDING, SITES = 300.0, 0.2, 20e3, 1e19
FAST, SLOW = 1e-6, 1e7
DURATIONS = (FAST, 3e-2, 3e-1, 3.0, 30.0, SLOW)
"""s in which the beam is opened by 0.33 µm."""


@dataclass(frozen=True)
class Point:
    """What a crack cost at a rate.

    Attributes:
        rate: Opening rate of the beam, m/s.
        energy: G_c, J/m².
        mass_error: Of the solute.
    """

    rate: float
    energy: float
    mass_error: float


def law() -> CoverageLaw:
    """The interface's, at the coverage at which the beam starts."""
    triangles = [Bilinear(2.0, 0.25e9, 0.125e18), Bilinear(1.5, 0.2125e9, 0.125e18)]
    closed = np.array([0.0, -BINDING * SITES / AVOGADRO])
    return CoverageLaw(triangles, np.array([0.0, 1.0]), closed, SITES, COVERAGE)


def potential() -> float:
    """μ of the closed interface at that coverage, J/mol."""
    return -BINDING + GAS_CONSTANT * TEMPERATURE * float(np.log(COVERAGE / (1 - COVERAGE)))


def fast_and_slow() -> tuple[float, float]:
    """W(θ₀) and W(μ), J/m², from the law alone."""
    held = ReservoirLaw(law(), potential() / AVOGADRO, TEMPERATURE)
    return law().work_of_separation, held.work_of_separation


def beam(folder: Path) -> SpecimenMesh:
    """Arms of 14 µm × 1 µm, quadrilaterals of 0.125 µm along the crack's way."""
    specimen = DoubleCantileverBeam(
        length=14, arm=1, crack=3, growth=7, fine=0.125, coarse=0.5, grading=0.6, element="quadrilateral"
    )
    specimen.write(folder / "dcb.msh")
    return read_mesh(folder / "dcb.msh", unit=1e-6, bodies=["upper", "lower"])


def broken(mesh: SpecimenMesh, duration: float) -> Point:
    """The beam pulled open in a time."""
    bond = Bond("bond", "upper", "lower", law(), transported=True)
    steel = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(200e9, 0.3))
    ends = [Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5), Prescribed("end", "x")]
    mechanics = CohesiveProblem(mesh, steel, [bond], ends)
    medium = Medium(1e-12, partial_molar_volume=2e-6, sites=1.5e5)
    transport = TransportProblem(
        mesh, dict.fromkeys(mesh.bodies, medium), TEMPERATURE,
        boundaries=[HeldSolute(group, potential=potential()) for group in ("load_upper", "load_lower")],
        layers=[SoluteLayer("bond", "upper", "lower", law=bond.law, exchange=1e-5)],
    )  # fmt: skip
    coupled = Coupled(mechanics, transport, "iterated", agreement=1e-4)
    transport.start_at(potential())
    opening = 0.33e-6
    record, solute = pull_slowly(coupled, opening, duration, 50, tolerance=0.05)
    return Point(opening / duration, released_energy_per_area(record), solute.mass_error)


def measured(folder: Path) -> list[Point]:
    """A point a rate, fastest first."""
    mesh = beam(folder)
    return [broken(mesh, duration) for duration in DURATIONS]
