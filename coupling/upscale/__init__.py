"""Input of the next scale: cores from γ-surfaces, line tension, kink pairs, flow stress, exports.

| module            | from                                              | to                                             |
|-------------------|---------------------------------------------------|------------------------------------------------|
| `peierls_nabarro` | γ-surface, K tensor, spacing of atomic rows       | disregistry, barrier, Peierls stress           |
| `disregistry`     | a disregistry, computed or measured               | partial separation, width                      |
| `line`            | K by character angle                              | line energy, line tension                      |
| `kinks`           | barrier, line tension                             | kink-pair enthalpy, Kocks parameters           |
| `flow`            | Kocks parameters and kinetics                     | velocity, τ(T, strain rate) with error bars    |
| `friction`        | an interface's mixed-mode law                     | friction of slip along it                      |
| `diffusion`       | D(T) of a solute, classical and quantum           | D with its bar at a temperature, a file        |
| `export`, `blocks`| all of these                                      | YAML, OpenDiS and DAMASK blocks, read back     |
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from coupling.upscale.blocks import (
        LATTICES,
        OpenDisBlock,
        read_damask,
        read_opendis,
        roundtrip,
        to_damask,
        to_opendis,
    )
    from coupling.upscale.core import Core, PeierlsPath
    from coupling.upscale.diffusion import DiffusionCoefficient, SoluteDiffusion, load_diffusion, save_diffusion
    from coupling.upscale.disregistry import Partials, force_balance_separation, partials
    from coupling.upscale.export import DislocationParameters, Value, from_yaml, to_yaml
    from coupling.upscale.flow import DRAG_PLACEHOLDER, GlideLaw, flow_stress_std
    from coupling.upscale.friction import InterfaceFriction, interface_friction, interface_prefactor, slip_enthalpy
    from coupling.upscale.kinks import KinkPair, Kocks, PeierlsBarrier, fit_kocks, kocks
    from coupling.upscale.line import LineEnergy, isotropic_prefactor
    from coupling.upscale.peierls_nabarro import PeierlsNabarro
    from coupling.upscale.periodic import GammaSurface, Periodic, stable_fault, strength

__all__ = [
    "DRAG_PLACEHOLDER",
    "LATTICES",
    "Core",
    "DiffusionCoefficient",
    "DislocationParameters",
    "GammaSurface",
    "GlideLaw",
    "InterfaceFriction",
    "KinkPair",
    "Kocks",
    "LineEnergy",
    "OpenDisBlock",
    "Partials",
    "PeierlsBarrier",
    "PeierlsNabarro",
    "PeierlsPath",
    "Periodic",
    "SoluteDiffusion",
    "Value",
    "fit_kocks",
    "flow_stress_std",
    "force_balance_separation",
    "from_yaml",
    "interface_friction",
    "interface_prefactor",
    "isotropic_prefactor",
    "kocks",
    "load_diffusion",
    "partials",
    "read_damask",
    "read_opendis",
    "roundtrip",
    "save_diffusion",
    "slip_enthalpy",
    "stable_fault",
    "strength",
    "to_damask",
    "to_opendis",
    "to_yaml",
]

__getattr__, __dir__ = on_first_use(__name__)
