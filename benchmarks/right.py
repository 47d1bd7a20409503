"""Right where it is hardest: the law's peak, the jump, the bar, the frame, and a crack beyond all atoms.

Run as `python -m benchmarks.right [--json]`; two parts at a time, each on one core. It gathers `right_law`, `right_jumps` with
`right_growth` and `right_frame`, `right_bars` and `right_concurrent`, each of which runs alone, too. `right_iron` is about a
universal model and runs alone.
"""

import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from benchmarks import right_bars, right_concurrent, right_frame, right_growth, right_jumps, right_law
from benchmarks.output import report

Part = tuple[Any, float]
"""What a part found, and the seconds of CPU time that it took."""
CONCURRENT = (right_concurrent.large_crack, right_concurrent.from_input, right_concurrent.beside_lammps)


def measure() -> dict[str, object]:
    """All figures; the parts are independent of each other, and two run at a time, the longest first."""
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes to come: two on two cores leave none for more threads
    start, parts = time.perf_counter(), dict[str, list[Future[Part]]]()
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:

        def begin(subject: str, part: Callable[..., Any], *arguments: Any) -> None:
            parts.setdefault(subject, []).append(pool.submit(timed, part, *arguments))

        begin("concurrent", CONCURRENT[0])
        for law, arguments in right_law.PARTS:
            begin("law", law, *arguments)
        for pair in right_bars.PAIRS:
            begin("bars", right_bars.judged, pair)
        for part in CONCURRENT[1:]:
            begin("concurrent", part)
        begin("jumps", right_jumps.jumps)
        for case in sorted(right_growth.CASES, key=lambda case: case.name != right_growth.LONGEST):
            begin("growth", right_growth.judged, case.name)
        begin("frame", right_frame.measure)
        found = {subject: [one.result() for one in own] for subject, own in parts.items()}
    seconds = {subject: sum(one for _, one in own) for subject, own in found.items()}
    return gathered({subject: [answer for answer, _ in own] for subject, own in found.items()}) | {
        "cpu_seconds": seconds | {"with imports": spent()}, "wall_seconds": time.perf_counter() - start,
    }  # fmt: skip


def timed(part: Callable[..., Any], *arguments: Any) -> Part:
    """What a part finds, and the seconds of CPU time that this process and its children spend on it."""
    before = spent()
    found = part(*arguments)
    return found, spent() - before


def gathered(found: dict[str, list[Any]]) -> dict[str, object]:
    """The figures of all parts, by subject."""
    figures: dict[str, object] = {}
    for part in (*found["law"], *found["jumps"], *found["frame"], *found["concurrent"]):
        figures |= part
    figures |= right_bars.figures([one for pair in found["bars"] for one in pair])
    figures |= right_growth.figures(dict(found["growth"]))
    return right_law.largest(figures)


def spent() -> float:
    """Seconds of CPU time of this process and its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
