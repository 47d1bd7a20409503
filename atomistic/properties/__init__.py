"""Material properties that follow from any potential."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.properties.bulk import EquationOfState, equation_of_state, equilibrium
    from atomistic.properties.crystals import Crystal, CrystalType
    from atomistic.properties.elastic import (
        ElasticConstants,
        cubic_constants,
        elastic_constants,
        relaxed_stiffness,
        strained,
    )
    from atomistic.properties.fault import FaultEnergies, StackingFault, fcc_stacking_fault, gamma_surface
    from atomistic.properties.finite_strain import (
        CauchyBornResponse,
        ThirdOrderConstants,
        cauchy_born,
        third_order_constants,
    )
    from atomistic.properties.measurement import Measurement
    from atomistic.properties.phonon import Phonons, phonons
    from atomistic.properties.phonon_bands import DensityOfStates, LatticeDynamics, PhononBands, lattice_dynamics
    from atomistic.properties.precheck import Precheck, precheck
    from atomistic.properties.surface import SurfaceEnergy, surface_energies
    from atomistic.properties.vacancy import Vacancy, vacancy_formation

__all__ = [
    "CauchyBornResponse",
    "Crystal",
    "CrystalType",
    "DensityOfStates",
    "ElasticConstants",
    "EquationOfState",
    "FaultEnergies",
    "LatticeDynamics",
    "Measurement",
    "PhononBands",
    "Phonons",
    "Precheck",
    "StackingFault",
    "SurfaceEnergy",
    "ThirdOrderConstants",
    "Vacancy",
    "cauchy_born",
    "cubic_constants",
    "elastic_constants",
    "equation_of_state",
    "equilibrium",
    "fcc_stacking_fault",
    "gamma_surface",
    "lattice_dynamics",
    "phonons",
    "precheck",
    "relaxed_stiffness",
    "strained",
    "surface_energies",
    "third_order_constants",
    "vacancy_formation",
]

__getattr__, __dir__ = on_first_use(__name__)
