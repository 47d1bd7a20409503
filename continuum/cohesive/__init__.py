"""Cohesive interfaces: surfaces, kinematics, history and contact."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.cohesive.coverage import AtCoverage, LawWithCoverage, ValueWithCoverage, part_of
    from continuum.cohesive.damage import Response
    from continuum.cohesive.history import History, commit, contact_pressure, respond
    from continuum.cohesive.interface import Interface, Kinematics, Side, bonded, kinematics, mean_frame
    from continuum.cohesive.separation import separation
    from continuum.cohesive.surface import Surface, averaged, surface_of

__all__ = [
    "AtCoverage", "History", "Interface", "Kinematics", "LawWithCoverage", "Response", "Side", "Surface",
    "ValueWithCoverage", "averaged", "bonded", "commit", "contact_pressure", "kinematics", "mean_frame", "part_of",
    "respond", "separation", "surface_of",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
