"""What `import multiscale as ms` offers to scripts beyond studies: crystals, planes, laws, specimens."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from multiscale.scripting.crystals import BulkCrystal, CleavagePlane, JoinedCrystals, cleave, crystal, join
    from multiscale.scripting.grain_boundaries import JoinedGrains, grain_boundary
    from multiscale.scripting.laws import cohesive_law
    from multiscale.scripting.specimen import Pulled, Specimen, read_mesh

__all__ = [
    "BulkCrystal",
    "CleavagePlane",
    "JoinedCrystals",
    "JoinedGrains",
    "Pulled",
    "Specimen",
    "cleave",
    "cohesive_law",
    "crystal",
    "grain_boundary",
    "join",
    "read_mesh",
]

__getattr__, __dir__ = on_first_use(__name__)
