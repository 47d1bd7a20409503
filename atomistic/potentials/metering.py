"""What a piece of work costs: seconds and peak memory."""

import resource
import sys
import time
from types import TracebackType

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class Meter:
    """Measures the `with` block.

    Attributes:
        seconds: Wall-clock time of the block.
        peak_memory_bytes: On a GPU its peak allocation; on a CPU by how much the process's
            peak grew, which is zero where earlier work needed more.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._cuda = device if device.startswith("cuda") else None
        self.seconds = 0.0
        self.peak_memory_bytes = 0

    def __enter__(self) -> "Meter":
        if self._cuda:
            import torch

            torch.cuda.reset_peak_memory_stats(self._cuda)
        self._rss = _peak_rss()
        self._start = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._cuda:
            import torch

            torch.cuda.synchronize(self._cuda)
            self.peak_memory_bytes = torch.cuda.max_memory_allocated(self._cuda)
        else:
            self.peak_memory_bytes = _peak_rss() - self._rss
        self.seconds = time.perf_counter() - self._start


def _peak_rss() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT
