"""Bulk materials; one file per material, which registers itself (`continuum.materials.registry`)."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from continuum.materials.cauchy_born import CauchyBorn
    from continuum.materials.linear_elastic import LinearElastic
    from continuum.materials.material import BodyMaterial, Material, cauchy_stress
    from continuum.materials.moduli import Moduli
    from continuum.materials.neo_hookean import NeoHookean
    from continuum.materials.polycrystalline import Polycrystalline
    from continuum.materials.registry import material_model, material_models, offered, parameter
    from continuum.materials.st_venant_kirchhoff import StVenantKirchhoff

__all__ = [
    "BodyMaterial",
    "CauchyBorn",
    "LinearElastic",
    "Material",
    "Moduli",
    "NeoHookean",
    "Polycrystalline",
    "StVenantKirchhoff",
    "cauchy_stress",
    "material_model",
    "material_models",
    "offered",
    "parameter",
]  # fmt: skip

__getattr__, __dir__ = on_first_use(__name__)
