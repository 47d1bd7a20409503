"""What a solved state says: energies and fracture, J-integral, fields."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.post.crack_path import CrackPath, crack_path
    from continuum.post.fracture import (
        crack_front,
        j_integral,
        process_zone_length,
        released_energy_per_area,
        resistance_curve,
        ring_integral,
        steady_growth,
    )
    from continuum.post.interface_fields import InterfaceFields, interface_fields
    from continuum.post.output import FieldWriter, Snapshot
    from continuum.post.ring import Ring, check_ring
    from continuum.post.vtkhdf import VtkHdfFile
    from continuum.post.vtkhdf_fields import VtkHdfWriter
    from continuum.post.xdmf import XdmfWriter

__all__ = [
    "CrackPath", "FieldWriter", "InterfaceFields", "Ring", "Snapshot", "VtkHdfFile", "VtkHdfWriter", "XdmfWriter", "check_ring",
    "crack_front", "crack_path", "interface_fields", "j_integral", "process_zone_length", "released_energy_per_area", "resistance_curve",
    "ring_integral", "steady_growth",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
