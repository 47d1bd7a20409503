"""Material properties that follow from any potential."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atomistic.properties.bulk import EquationOfState, equation_of_state, equilibrium
    from atomistic.properties.crystals import Crystal, CrystalType
    from atomistic.properties.elastic import ElasticConstants, elastic_constants, strained
    from atomistic.properties.fault import FaultEnergies, StackingFault, fcc_stacking_fault, gamma_surface
    from atomistic.properties.finite_strain import (
        CauchyBornResponse,
        ThirdOrderConstants,
        cauchy_born,
        third_order_constants,
    )
    from atomistic.properties.measurement import Measurement
    from atomistic.properties.phonon import Phonons, phonons
    from atomistic.properties.surface import SurfaceEnergy, surface_energies
    from atomistic.properties.vacancy import Vacancy, vacancy_formation

_LAZY = {
    "CauchyBornResponse": "atomistic.properties.finite_strain",
    "Crystal": "atomistic.properties.crystals",
    "CrystalType": "atomistic.properties.crystals",
    "ElasticConstants": "atomistic.properties.elastic",
    "EquationOfState": "atomistic.properties.bulk",
    "FaultEnergies": "atomistic.properties.fault",
    "Measurement": "atomistic.properties.measurement",
    "Phonons": "atomistic.properties.phonon",
    "StackingFault": "atomistic.properties.fault",
    "SurfaceEnergy": "atomistic.properties.surface",
    "ThirdOrderConstants": "atomistic.properties.finite_strain",
    "Vacancy": "atomistic.properties.vacancy",
    "cauchy_born": "atomistic.properties.finite_strain",
    "elastic_constants": "atomistic.properties.elastic",
    "equation_of_state": "atomistic.properties.bulk",
    "equilibrium": "atomistic.properties.bulk",
    "fcc_stacking_fault": "atomistic.properties.fault",
    "gamma_surface": "atomistic.properties.fault",
    "phonons": "atomistic.properties.phonon",
    "strained": "atomistic.properties.elastic",
    "surface_energies": "atomistic.properties.surface",
    "third_order_constants": "atomistic.properties.finite_strain",
    "vacancy_formation": "atomistic.properties.vacancy",
}
"""Where each name lives; its module is imported on first use."""

__all__ = [
    "CauchyBornResponse",
    "Crystal",
    "CrystalType",
    "ElasticConstants",
    "EquationOfState",
    "FaultEnergies",
    "Measurement",
    "Phonons",
    "StackingFault",
    "SurfaceEnergy",
    "ThirdOrderConstants",
    "Vacancy",
    "cauchy_born",
    "elastic_constants",
    "equation_of_state",
    "equilibrium",
    "fcc_stacking_fault",
    "gamma_surface",
    "phonons",
    "strained",
    "surface_energies",
    "third_order_constants",
    "vacancy_formation",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
