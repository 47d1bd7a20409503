"""Where a torch model runs."""

from coupling.errors import InputError


def resolve_device(device: str) -> str:
    """The torch device of a name.

    Args:
        device: "auto" (GPU where there is one), "cpu", "cuda" or "cuda:N".

    Raises:
        InputError: the name is not one of these, or there is no such GPU.
    """
    if device == "cpu":
        return device
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        return "cuda" if count else "cpu"
    valid = ["cuda", *(f"cuda:{index}" for index in range(count))] if count else []
    if device not in valid:
        raise InputError(f"Device {device!r} is not available here; valid: {', '.join(['auto', 'cpu', *valid])}.")
    return device


def require_cpu(device: str, name: str) -> None:
    """Refuse a GPU for a potential that runs on the CPU alone.

    Raises:
        InputError: the device is neither "auto" nor "cpu".
    """
    if device not in ("auto", "cpu"):
        raise InputError(f"Potential {name!r} runs on the CPU alone, not on {device!r}; use device='cpu'.")
