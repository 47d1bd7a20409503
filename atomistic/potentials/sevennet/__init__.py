"""SevenNet networks: loading, batched model, readout features and their derivatives."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.potentials.sevennet.loader import CHECKPOINTS
    from atomistic.potentials.sevennet.model import SevenNetModel

__all__ = [
    "CHECKPOINTS",
    "SevenNetModel",
]

__getattr__, __dir__ = on_first_use(__name__)
