"""A quantum calculation, or a larger model, over a few atoms of a cheap potential's structure.

The scheme itself is `coupling.embedding`; here are the regions, the engines, and what runs on them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atomistic.embedding.bonding import termination
    from atomistic.embedding.buffer import BufferTable, buffer_table
    from atomistic.embedding.dynamics import Trajectory, energy_dynamics, mixed_dynamics
    from atomistic.embedding.engines import ENGINES, Engine, engine
    from atomistic.embedding.model import calculator, embed
    from atomistic.embedding.quantum import QuantumPotential
    from atomistic.embedding.rules import Defects, Layer, Near, Rule, Selector, Sphere, Uncertain, centrosymmetry
    from atomistic.embedding.scaled import Scaled

_LAZY = {
    "BufferTable": "atomistic.embedding.buffer",
    "Defects": "atomistic.embedding.rules",
    "ENGINES": "atomistic.embedding.engines",
    "Engine": "atomistic.embedding.engines",
    "Layer": "atomistic.embedding.rules",
    "Near": "atomistic.embedding.rules",
    "QuantumPotential": "atomistic.embedding.quantum",
    "Rule": "atomistic.embedding.rules",
    "Scaled": "atomistic.embedding.scaled",
    "Selector": "atomistic.embedding.rules",
    "Sphere": "atomistic.embedding.rules",
    "Trajectory": "atomistic.embedding.dynamics",
    "Uncertain": "atomistic.embedding.rules",
    "buffer_table": "atomistic.embedding.buffer",
    "calculator": "atomistic.embedding.model",
    "centrosymmetry": "atomistic.embedding.rules",
    "embed": "atomistic.embedding.model",
    "energy_dynamics": "atomistic.embedding.dynamics",
    "engine": "atomistic.embedding.engines",
    "mixed_dynamics": "atomistic.embedding.dynamics",
    "termination": "atomistic.embedding.bonding",
}
"""Where each name lives; its module is imported on first use."""

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


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
