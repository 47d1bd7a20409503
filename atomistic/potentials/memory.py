"""Refuse what will not fit in the memory, before it starts."""

from collections.abc import Sequence

from ase import Atoms

from coupling.errors import InputError


def available_memory(device: str) -> float:
    """Bytes that can still be had on a device: "cpu", "cuda" or "cuda:N"; infinite where unknown."""
    if device.startswith("cuda"):
        import torch

        return float(torch.cuda.mem_get_info(device)[0])
    try:
        with open("/proc/meminfo") as file:
            lines = dict(line.split(":", 1) for line in file)
        return 1024.0 * int(lines["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        return float("inf")


def require_memory(predicted: Sequence[float], structures: Sequence[Atoms], device: str) -> None:
    """Check every structure on its own; batches are made to fit.

    Args:
        predicted: Peak memory of each structure, bytes.
        structures: The same structures.
        device: Where they will be evaluated.

    Raises:
        InputError: one needs more than there is; the message names both.
    """
    largest = max(range(len(structures)), key=lambda k: predicted[k])
    available = available_memory(device)
    if predicted[largest] > available:
        raise InputError(
            f"Structure {largest} of {len(structures)}, of {len(structures[largest])} atoms, needs about "
            f"{predicted[largest] / 2**30:.3g} GiB on {device!r}, where {available / 2**30:.3g} GiB are available; "
            "take fewer atoms, or a smaller model."
        )
