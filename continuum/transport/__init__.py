"""Transport of a solute in bodies and along interfaces, driven by stress, alone or coupled to the mechanics."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.transport.coupled import Coupled
    from continuum.transport.hydrostatic import HydrostaticStress
    from continuum.transport.model import Flux, HeldSolute, Medium, SoluteLayer, Trap
    from continuum.transport.problem import TransportProblem, TransportStep
    from continuum.transport.slow_loading import pull_slowly
    from continuum.transport.stepping import TransportRecord, TransportState, diffuse

__all__ = [
    "Coupled", "Flux", "HeldSolute", "HydrostaticStress", "Medium", "SoluteLayer", "TransportProblem", "TransportRecord",
    "TransportState", "TransportStep", "Trap", "diffuse", "pull_slowly",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
