"""The stages that studies are composed of: potentials and samples of them, crystals, laws from atoms."""

from typing import TYPE_CHECKING

from multiscale.lazy import lazy

if TYPE_CHECKING:
    from multiscale.stages.crystal import CrystalRecord, crystal_record
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

_PLACES = {
    "crystal": ("CrystalRecord", "crystal_record"),
    "derived_law": ("DerivedLaw",),
    "law": ("derive_law",),
    "models": ("Models",),
}
__getattr__ = lazy(__name__, {name: f"{__name__}.{module}" for module, names in _PLACES.items() for name in names})
