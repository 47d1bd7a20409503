"""A quantum calculation, or a larger model, on a few atoms, and a cheap potential on the rest.

The scheme itself is `coupling.embedding`; here are the regions, the engines, and what runs on them.
"""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.embedding.bonding import termination
    from atomistic.embedding.buffer import BufferTable, buffer_table
    from atomistic.embedding.dynamics import Trajectory, energy_dynamics, mixed_dynamics
    from atomistic.embedding.engines import ENGINES, Engine, engine
    from atomistic.embedding.model import calculator, embed
    from atomistic.embedding.quantum import QuantumPotential
    from atomistic.embedding.rules import Defects, Layer, Near, Rule, Selector, Sphere, Uncertain, centrosymmetry
    from atomistic.embedding.scaled import Scaled

__all__ = [
    "ENGINES",
    "BufferTable",
    "Defects",
    "Engine",
    "Layer",
    "Near",
    "QuantumPotential",
    "Rule",
    "Scaled",
    "Selector",
    "Sphere",
    "Trajectory",
    "Uncertain",
    "buffer_table",
    "calculator",
    "centrosymmetry",
    "embed",
    "energy_dynamics",
    "engine",
    "mixed_dynamics",
    "termination",
]

__getattr__, __dir__ = on_first_use(__name__)
