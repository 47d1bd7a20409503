"""The stages that studies are composed of: potentials and samples of them, crystals, laws from atoms."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from multiscale.runtime.crystals import CrystalRecord
    from multiscale.stages.crystal import crystal_record
    from multiscale.stages.derived_law import DerivedLaw
    from multiscale.stages.law import derive_law
    from multiscale.stages.models import Models

__all__ = [
    "CrystalRecord",
    "DerivedLaw",
    "Models",
    "crystal_record",
    "derive_law",
]

__getattr__, __dir__ = on_first_use(__name__)
