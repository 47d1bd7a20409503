"""Processes in which models compute, under this Python or another, and what they run there."""

from typing import TYPE_CHECKING

from coupling.lazy import on_first_use

if TYPE_CHECKING:
    from atomistic.potentials.workers.process import (
        Failed,
        Maker,
        NoNumber,
        TooLong,
        Unmade,
        Worker,
        WorkerDied,
        WorkerRequest,
    )

__all__ = [
    "Failed",
    "Maker",
    "NoNumber",
    "TooLong",
    "Unmade",
    "Worker",
    "WorkerDied",
    "WorkerRequest",
]

__getattr__, __dir__ = on_first_use(__name__)
