"""SevenNet networks: loading, batched model, readout features and their derivatives."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atomistic.potentials.sevennet.loader import CHECKPOINTS
    from atomistic.potentials.sevennet.model import SevenNetModel

_LAZY = {
    "CHECKPOINTS": "atomistic.potentials.sevennet.loader",
    "SevenNetModel": "atomistic.potentials.sevennet.model",
}
"""Where each name lives; its module is imported on first use."""

__all__ = [
    "CHECKPOINTS",
    "SevenNetModel",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
