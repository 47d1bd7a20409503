"""The cohesive finite-element solver against exact solutions, theories, Akantu and its own cost.

Run as `python -m benchmarks.continuum [--json]`; under ten minutes on two CPU cores.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.akantu_dcb import compare
from benchmarks.continuum_cost import costs
from benchmarks.output import report
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.post.fracture import crack_front, j_integral, released_energy_per_area
from continuum.reference.adhesion import peel, pull_off
from continuum.reference.analytic import dcb_beam, dmt_pull_off, jkr_pull_off, kendall_force, maugis_pull_off
from continuum.reference.verification import ELEMENTS, constant_stress_law, exact_solution_errors, patch_test
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import energy_balance_error
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.laws.bilinear import Bilinear
from coupling.laws.xu_needleman import XuNeedleman

_YOUNG, _POISSON = 70e9, 0.3


def verification() -> dict[str, float]:
    """Patch tests of all elements, slopes of the error on an exact solution."""
    cases = [(element, *orders) for element in ELEMENTS for orders in ((1, 1), (1, 2), (2, 2))]
    slopes = {}
    for order in (1, 2):
        sizes = (0.125, 0.0625, 0.03125)
        slopes[order] = float(np.polyfit(np.log(sizes), np.log(exact_solution_errors(order, sizes)), 1)[0])
    return {
        "patch_test_max_error": max(patch_test(*case) for case in cases),
        "patch_tests": len(cases),
        "mms_slope_p1": slopes[1],
        "mms_slope_p2": slopes[2],
    }


def cantilever() -> dict[str, float]:
    """A DCB of aluminium, an exponential law of 100 J/m², second-order displacement."""
    law, modulus = XuNeedleman(100.0, 2e-6, 4e-6), _YOUNG / (1 - _POISSON**2)
    dissipated, figures = [], {}
    for fine in (1.6, 0.8, 0.4):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "dcb.msh"
            DoubleCantileverBeam(length=200, arm=10, crack=60, growth=50, fine=fine, coarse=3.0).write(path)
            mesh = read_mesh(path, unit=1e-3, bodies=["upper", "lower"])
        loads = [Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5)]
        material = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(_YOUNG, _POISSON))
        problem, last = CohesiveProblem(mesh, material, [Bond("bond", "upper", "lower", law)], loads, order=2), {}
        record = pull(problem, 9e-4, 60, on_step=lambda step, x, last=last: last.update(x=x))
        dissipated.append(record.steps[-1].energies.dissipated)
        tip = crack_front(problem, last["x"])["bond"].mean(axis=0)
        j = j_integral(problem, last["x"], tip, np.array([1.0, 0.0]), 0.03, 0.04)
        beam = dcb_beam(law, modulus, 0.01, 0.06, np.linspace(1e-5, 6.5e-4, 65)).max()
        figures = {
            "dcb_peak_relative_error": abs(record.column("force").max() / beam - 1),
            "dcb_j_relative_error": abs(j / law.work_of_separation - 1),
            "dcb_gc_relative_error": abs(released_energy_per_area(record) / law.work_of_separation - 1),
            "dcb_energy_balance_error": energy_balance_error(record),
        }
    return figures | {"mesh_objectivity_spread": float(np.ptp(dissipated) / np.mean(dissipated))}


def snap_back() -> dict[str, float]:
    """A short, stiff butt joint whose curve turns back, followed to full separation."""
    law = XuNeedleman(3.9, 0.5e-10, 1e-10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "joint.msh"
        ButtJoint(1.0, 1.0, 1.0, 0.25).write(path)
        mesh = read_mesh(path, unit=1e-8, bodies=["upper", "lower"])
    held = [Prescribed("bottom", "y"), Prescribed("top", "y", 1.0), Prescribed("left", "x"), Prescribed("right", "x")]
    material = dict.fromkeys(mesh.bodies, LinearElastic.isotropic(200e9, _POISSON))
    record = pull(CohesiveProblem(mesh, material, [Bond("bond", "upper", "lower", law)], held), 8e-9, 60)
    area = 1e-8
    return {
        "snapback_dissipation_relative_error": abs(
            record.steps[-1].energies.dissipated / (law.work_of_separation * area) - 1
        ),
        "snapback_energy_balance_error": energy_balance_error(record),
        "snapback_turned_back": bool(np.diff(record.column("load")).min() < 0),
    }


def adhesion() -> dict[str, object]:
    """Sphere on a flat against JKR, DMT and Maugis; a film peeled at 90° against Kendall."""
    young, radius, work = 1e9, 1e-6, 0.05
    modulus = young / (1 - _POISSON**2)
    stiffness = (np.pi * work * (4 / 3 * modulus) ** 2 / radius) ** (1 / 3)
    forces, theory = {}, {}
    for parameter, rise in ((0.05, 0.05), (0.3, 0.05), (1.0, 0.05), (4.0, 0.3)):
        stress = parameter / 2 * stiffness
        forces[parameter] = pull_off(constant_stress_law(work, stress, rise), young, _POISSON, radius).force
        theory[parameter] = maugis_pull_off(work, radius, modulus, stress)
    strength = 5e6
    bond = Bilinear(50.0, strength, strength**2 / (0.1 * 2 * 50.0))
    peeled = peel(bond, young, _POISSON, 1e-4)
    return {
        "jkr_relative_error": abs(forces[4.0] / jkr_pull_off(work, radius) - 1),
        "dmt_relative_error": abs(forces[0.05] / dmt_pull_off(work, radius) - 1),
        "maugis_max_relative_error": max(abs(forces[p] / theory[p] - 1) for p in (0.3, 1.0)),
        "maugis_table": {
            f"{p}": [forces[p] / (np.pi * work * radius), theory[p] / (np.pi * work * radius)] for p in forces
        },
        "kendall_relative_error": abs(peeled.force / kendall_force(50.0, modulus, 1e-4, np.pi / 2) - 1),
        "kendall_force_spread": peeled.spread / peeled.force,
    }


def measure() -> dict[str, object]:
    """All sections, each with its time."""
    figures: dict[str, object] = {}
    for section in (verification, cantilever, snap_back, adhesion, costs, compare):
        start = time.perf_counter()
        figures |= {key: None if value != value else value for key, value in section().items()}  # NaN: could not be run
        figures[f"seconds_{section.__name__}"] = time.perf_counter() - start
        sys.stderr.write(f"{section.__name__}: {figures[f'seconds_{section.__name__}']:.0f} s\n")
    return figures


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
