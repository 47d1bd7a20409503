"""An embedded-atom file to a phase of DAMASK whose Peierls stress is that of atoms sheared until the core jumps.

`peierls_stress_changed` and `burgers_vector_changed` are relative differences of the block's figures from the run's;
`source_missing` and `barrier_missing` count what the block, or the run, leaves out.
"""

from pathlib import Path
from typing import Any

from benchmarks.finnis_sinclair import write_tungsten
from benchmarks.journey import Held, ran
from coupling.upscale.blocks import read_damask

DISLOCATION: dict[str, Any] = {
    "study": "dislocation", "potential": "W.eam.alloy", "species": "W", "structure": "bcc", "system": "screw",
    "results": ["core", "barrier", "peierls_stress"], "radius": "13 Å", "images": 3, "temperatures": ["100 K", "300 K"],
}  # fmt: skip


SOURCE = "atoms sheared until the core jumps"


def journey(folder: Path) -> dict[str, Held]:
    """The file, the study, and the block read back."""
    write_tungsten(folder / "W.eam.alloy")
    results = ran(DISLOCATION, folder, "dislocation")
    block = (results.folder / "damask_phase.yaml").read_text(encoding="utf-8")
    law = read_damask(block)
    return {
        "peierls_stress_changed": Held(abs(law.peierls_stress / results["peierls_stress"] - 1), 1e-9),
        "burgers_vector_changed": Held(abs(law.burgers / results["burgers_vector"] - 1), 1e-9),
        "source_missing": Held(float(SOURCE not in block), 0),
        "barrier_missing": Held(float("peierls_barrier" not in results.quantities), 0),
    }
