"""Free energies of collective variables: well-tempered metadynamics, umbrella sampling, and their samples put together."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.sampling.bias import Bias, KnownEnergy, Together, Walls, Windows
    from atomistic.sampling.brake import Brake, BrakedPlace
    from atomistic.sampling.deposits import Deposits, MetadynamicsState, load_metadynamics, save_metadynamics
    from atomistic.sampling.estimate import FreeEnergy
    from atomistic.sampling.hills import HillRange, Hills
    from atomistic.sampling.mbar import Mbar
    from atomistic.sampling.metadynamics import MetadynamicsRun, WellTempered
    from atomistic.sampling.umbrella import UmbrellaRun
    from atomistic.sampling.variables import Distance, LinearVariables, Variables

__all__ = [
    "Bias",
    "Brake",
    "BrakedPlace",
    "Deposits",
    "Distance",
    "FreeEnergy",
    "HillRange",
    "Hills",
    "KnownEnergy",
    "LinearVariables",
    "Mbar",
    "MetadynamicsRun",
    "MetadynamicsState",
    "Together",
    "UmbrellaRun",
    "Variables",
    "Walls",
    "WellTempered",
    "Windows",
    "load_metadynamics",
    "save_metadynamics",
]

__getattr__, __dir__ = on_first_use(__name__)
