"""What `import multiscale as ms` offers to scripts beyond studies: crystals, planes, laws, specimens."""

from typing import TYPE_CHECKING

from multiscale.lazy import lazy

if TYPE_CHECKING:
    from multiscale.scripting.crystals import BulkCrystal, CleavagePlane, JoinedCrystals, cleave, crystal, join
    from multiscale.scripting.laws import cohesive_law
    from multiscale.scripting.specimen import Pulled, Specimen, read_mesh

__all__ = [
    "BulkCrystal",
    "CleavagePlane",
    "JoinedCrystals",
    "Pulled",
    "Specimen",
    "cleave",
    "cohesive_law",
    "crystal",
    "join",
    "read_mesh",
]

_PLACES = {
    "crystals": ("BulkCrystal", "CleavagePlane", "JoinedCrystals", "cleave", "crystal", "join"),
    "laws": ("cohesive_law",),
    "specimen": ("Pulled", "Specimen", "read_mesh"),
}
__getattr__ = lazy(__name__, {name: f"{__name__}.{module}" for module, names in _PLACES.items() for name in names})
