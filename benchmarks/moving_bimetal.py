"""A bimetal strip of aluminium on copper, expansion and elastic constants by dynamics, against Timoshenko.

Run as `python -m benchmarks.moving_bimetal [--json]`; under half a minute on one core. The strip is free of stress at 400 K
and bends as it cools to 300 K; its input is a specimen study's, whose two bodies name a potential, two temperatures and
`dynamics`. Timoshenko (J. Opt. Soc. Am. 11 (1925) 233) takes expansion and Young's moduli from the same study.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.output import report
from benchmarks.wheel import wheel_file
from continuum.reference.analytic import bimetal_curvature
from continuum.solver import CohesiveProblem, pull
from continuum.specimens.grid import write_grid
from coupling.contracts import silent
from multiscale.scripting.given import context
from multiscale.stages.models import Models
from multiscale.studies import parse_study
from multiscale.studies.specimen.bodies import specimen_parts
from multiscale.studies.specimen.run import build, read

LENGTH, THICKNESS, SIZE = 40.0, 1.0, 0.5  # µm; the strip is a half, symmetric about x = 0
FILES = {"upper": ("Al", "Al_mm.eam.fs"), "lower": ("Cu", "Cu_mishin1.eam.alloy")}
WARM, COLD = 400.0, 300.0


def mesh(path: Path) -> None:
    """Half a strip: two layers, held at x = 0 along x, and at one corner along y."""
    x = np.linspace(0, LENGTH, round(LENGTH / SIZE) + 1)
    y = np.linspace(-THICKNESS, THICKNESS, 2 * round(THICKNESS / SIZE) + 1)
    bodies = {"upper": ((0, LENGTH), (0, THICKNESS)), "lower": ((0, LENGTH), (-THICKNESS, 0))}
    facets = {
        "bond": ((0, LENGTH), (0, 0)), "middle": ((0, 0), (-THICKNESS, THICKNESS)), "corner": ((0, 0), (-THICKNESS, -THICKNESS + SIZE)),
        "end": ((LENGTH, LENGTH), (-THICKNESS, THICKNESS)),
    }  # fmt: skip
    write_grid(path, [x, y], bodies, facets, element="quadrilateral", order=2)


def study(mesh_file: Path) -> dict[str, Any]:
    """The input."""
    bodies = {
        name: {
            "crystal": {"species": species, "structure": "fcc"}, "potential": str(wheel_file(file)),
            "temperature": f"{COLD:g} K", "stress_free_at": f"{WARM:g} K", "dynamics": {"atoms": 100, "replicas": 4, "steps": 400},
        }
        for name, (species, file) in FILES.items()
    }  # fmt: skip
    law = {"kind": "bilinear", "work_of_separation": "1 kJ/m^2", "peak_traction": "10 GPa", "stiffness": "1e6 GPa/nm"}
    return {
        "study": "specimen", "mesh": str(mesh_file), "mesh_unit": "um", "kind": "plane stress", "order": 2, "bodies": bodies,
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "law": law}},
        "supports": [{"group": "middle", "component": "x"}],
        "loads": [{"group": "corner", "component": "y"}],
        "loading": {"opening": "1e-3 nm", "steps": 1},
    }  # fmt: skip


def measure() -> dict[str, float]:
    """Curvature of the strip and Timoshenko's, 1/m; expansion from 300 to 400 K and Young's moduli of the layers."""
    with TemporaryDirectory(prefix="bimetal-") as name:
        folder = Path(name)
        mesh(folder / "strip.msh")
        parsed = parse_study(study(folder / "strip.msh"), folder)
        run = context(folder, silent)
        grid = read(parsed)
        parts = specimen_parts(parsed, grid, Models(run, None, None, parsed.seed), run)
        problem = build(parsed, grid, parts)
        pull(problem, parsed.loading.opening[0], parsed.loading.steps)
        curvature = bend(problem)
    strains, moduli = [], []
    for layer in ("lower", "upper"):
        material = parts.materials[layer]
        strains.append(float(material.stress_free_strain_voigt[0]))
        moduli.append(float(1 / np.linalg.inv(material.stiffness_voigt)[0, 0]))
    thickness = THICKNESS * 1e-6
    exact = bimetal_curvature((strains[0], strains[1]), (moduli[0], moduli[1]), (thickness, thickness))
    return {
        "bimetal_curvature_1_m": curvature, "bimetal_timoshenko_1_m": exact, "bimetal_error": abs(curvature / exact - 1),
        "bimetal_expansion_Cu": -strains[0] / (WARM - COLD), "bimetal_expansion_Al": -strains[1] / (WARM - COLD),
        "bimetal_young_Cu_Pa": moduli[0], "bimetal_young_Al_Pa": moduli[1],
    }  # fmt: skip


def bend(problem: CohesiveProblem) -> float:
    """Second derivative of the lower layer's deflection over the middle of the strip, 1/m."""
    field = problem.displacements["lower"]
    places, values = field.function_space.tabulate_dof_coordinates(), field.x.array.reshape(-1, 2)
    along = places[:, 0] / (LENGTH * 1e-6)
    kept = (along > 0.2) & (along < 0.7) & (np.abs(places[:, 1] + THICKNESS * 1e-6) < 1e-9)
    return float(2 * np.polyfit(places[kept, 0], values[kept, 1], 2)[0])


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
