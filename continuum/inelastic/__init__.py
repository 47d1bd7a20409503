"""Bulk materials with memory: plasticity, crystal plasticity, viscoelasticity.

| module    | holds                                                                          |
|-----------|--------------------------------------------------------------------------------|
| `point`   | what a material with memory answers, and what its points remember              |
| `flow`    | flow stresses by strain and rate; that of dislocations (`coupling.upscale`)    |
| `plastic` | von Mises plasticity with isotropic and kinematic hardening                    |
| `crystal` | slip on the systems of a lattice                                               |
| `maxwell` | a spring beside Maxwell elements                                               |
| `driver`  | a material point led along a path                                              |
"""

from continuum.inelastic.crystal import SlipHardening, SlippingCrystal, SlipSystems
from continuum.inelastic.driver import PointPath, lead
from continuum.inelastic.flow import (
    Flow,
    FlowValue,
    GlideFlow,
    LinearHardening,
    PowerHardening,
    RatePower,
    VoceHardening,
)
from continuum.inelastic.maxwell import Viscoelastic
from continuum.inelastic.plastic import Plastic
from continuum.inelastic.point import Inelastic, Loss, PointResponse, PointState

__all__ = [
    "Flow",
    "FlowValue",
    "GlideFlow",
    "Inelastic",
    "LinearHardening",
    "Loss",
    "Plastic",
    "PointPath",
    "PointResponse",
    "PointState",
    "PowerHardening",
    "RatePower",
    "SlipHardening",
    "SlipSystems",
    "SlippingCrystal",
    "Viscoelastic",
    "VoceHardening",
    "lead",
]
