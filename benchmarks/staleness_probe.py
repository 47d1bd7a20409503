"""The small studies of `road_staleness`, and the files that they read; run in a folder with those files.

`embedded` is an embedding study (a pair potential of one's own around EMT), `tabulated` the same with an embedded-atom
file, `mended` the same with a calculator that answers with no number at first; `meshed` and `labelled` are points of a
sweep over a function that reads a mesh or labels.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import yaml

CALCULATOR = '''"""A pair potential, stronger with each version of its distribution."""

import json
import os
from importlib.metadata import version

from ase.calculators.lj import LennardJones

from probe_pairs import DEPTH

STRENGTH = 1.0


class Probe(LennardJones):
    def __init__(self, tables):
        with open(tables["sizes"][0]) as file:
            size = json.load(file)["size"]
        super().__init__(sigma=size / 1.2, epsilon=DEPTH * STRENGTH * float(version("probe-calculator")), rc=5.0)


class Broken(LennardJones):
    """Answers with no number while a file lies there that nobody names to it."""

    def __init__(self):
        super().__init__(sigma=2.2, epsilon=0.1, rc=5.0)

    def calculate(self, *given, **wanted):
        super().calculate(*given, **wanted)
        if os.path.exists(os.path.join("state", "broken")):
            self.results["forces"] = self.results["forces"] * float("nan")
'''
POINTS = '''"""Functions that a sweep goes over."""


def area(mesh, n):
    from continuum.mesh.file import read_file

    return {"size": (float(read_file(__import__("pathlib").Path(mesh)).points.sum()) * n, "m")}


def mean(labels, n):
    from atomistic.trust.labels import LabelSet

    return {"energy": sum(label.energy for label in LabelSet.load(labels)) * n}
'''
MESH = """$MeshFormat
2.2 0 8
$EndMeshFormat
$PhysicalNames
1
2 1 "body"
$EndPhysicalNames
$Nodes
6
1 0 -1 0
2 1 -1 0
3 0 0 0
4 1 0 0
5 0 1 0
6 1 1 0
$EndNodes
$Elements
4
1 2 2 1 1 3 4 6
2 2 2 1 1 3 6 5
3 2 2 1 1 1 2 4
4 2 2 1 1 1 4 3
$EndElements
"""
STUDIES: dict[str, Any] = {
    "embedded": {"name": "probe_calculator:Probe", "tables": {"sizes": ["table.json"]}},
    "tabulated": "probe.eam.alloy",
    "mended": "probe_calculator:Broken",
}


def write_inputs(folder: Path) -> None:
    """All files of the probes."""
    for name in ("own", "site", "state"):
        (folder / name).mkdir(parents=True)
    (folder / "own" / "probe_calculator.py").write_text(CALCULATOR, encoding="utf-8")
    (folder / "own" / "probe_pairs.py").write_text("DEPTH = 0.1\n", encoding="utf-8")
    (folder / "own" / "probe_points.py").write_text(POINTS, encoding="utf-8")
    write_metadata(folder / "own", "probe-calculator", "1.0", "probe_calculator")
    (folder / "table.json").write_text('{"size": 2.6}', encoding="utf-8")
    (folder / "probe.msh").write_text(MESH, encoding="utf-8")
    (folder / "state" / "broken").touch()
    write_eam(folder, 7.0)
    write_atoms(folder / "atoms.extxyz", 0.1, -3.0)
    write_atoms(folder / "labels.extxyz", 0.1, -3.0)
    for name, potential in STUDIES.items():
        study = {
            "study": "embedding", "title": "Probe", "potential": potential, "larger": "emt", "buffer": "3 Å",
            "structure": {"file": "atoms.extxyz"}, "regions": {"corner": {"kind": "atoms", "atoms": [0]}},
            "output": {"folder": "out" if name == "embedded" else f"out_{name}"},
        }  # fmt: skip
        (folder / f"{name}.yaml").write_text(
            yaml.safe_dump(study, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )


def write_metadata(site: Path, distribution: str, version: str, module: str = "") -> None:
    """Metadata by which a distribution has a version, and brings a module where one is named."""
    for old in site.glob(f"{distribution.replace('-', '_')}-*.dist-info"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    place = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", encoding="utf-8"
    )
    if module:
        (place / "top_level.txt").write_text(f"{module}\n", encoding="utf-8")
        (place / "RECORD").write_text(f"{module}.py,,\n", encoding="utf-8")


def write_provider_newer(folder: Path) -> None:
    """A later version of the calculator's distribution."""
    write_metadata(folder / "own", "probe-calculator", "1.2", "probe_calculator")


def write_eam(folder: Path, steepness: float) -> None:
    """A copper-like embedded-atom table, F = -√ρ with smooth exponentials, in the setfl format."""
    cutoff, points = 6.0, 501
    r = np.linspace(0, cutoff, points)
    window = (1 - (r / cutoff) ** 2) ** 3
    density = 1.6 * np.exp(-2.6 * (r / 2.55 - 1)) * window
    repulsion = r * 0.17 * np.exp(-steepness * (r / 2.55 - 1)) * window
    lines = ["probe", "analytic", "no material", "1 Cu"]
    lines += [f"{points} {400 / (points - 1)} {points} {cutoff / (points - 1)} {cutoff}", "29 63.546 3.6 fcc"]
    lines += [
        f"{value:.16e}" for array in (-np.sqrt(np.linspace(0, 400, points)), density, repulsion) for value in array
    ]
    (folder / "probe.eam.alloy").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_eam_weaker(folder: Path) -> None:
    """Other numbers in the same file."""
    write_eam(folder, 6.5)


def write_atoms(path: Path, shaken: float, energy: float) -> None:
    """A rattled copper cell as extended XYZ, with an energy and forces."""
    from ase.build import bulk
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    atoms = bulk("Cu", "fcc", a=3.6, cubic=True) * (3, 3, 3)
    atoms.rattle(shaken, seed=1)
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.zeros((len(atoms), 3)))
    write(path, atoms, format="extxyz")


def write_structure_other(folder: Path) -> None:
    """Other positions in the structure's file."""
    write_atoms(folder / "atoms.extxyz", 0.12, -3.0)


def write_labels_other(folder: Path) -> None:
    """Another energy in the labels' file."""
    write_atoms(folder / "labels.extxyz", 0.1, -3.1)


def mend(folder: Path) -> None:
    """The calculator answers with numbers from now on; nothing that it is made of has changed."""
    (folder / "state" / "broken").unlink()


def more_threads(folder: Path) -> None:
    """Two threads for the next process."""
    (folder / "threads").write_text("2", encoding="utf-8")


def reorder(folder: Path) -> None:
    """The keys of the input the other way round, at each depth."""
    path = folder / "embedded.yaml"
    turned = _reversed(yaml.safe_load(path.read_text(encoding="utf-8")))
    path.write_text(yaml.safe_dump(turned, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _reversed(value: Any) -> Any:
    return {key: _reversed(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


def run(name: str) -> dict[str, Any]:
    """A study's energy, and whether it came from the store; a failure has no energy."""
    from coupling.errors import MultiscaleError
    from multiscale import run_study

    try:
        found = run_study(f"{name}.yaml", allow_code=True)
    except MultiscaleError as error:
        return {"value": str(error), "reused": False}
    return {"value": found["energy"], "reused": bool(found.reused)}


def point(call: str, argument: str) -> dict[str, Any]:
    """A sweep's point, computed unless the journal has it."""
    from multiscale.inputs.consent import Consent
    from multiscale.sweeps.inputs import SweepInput
    from multiscale.sweeps.journal import Journal
    from multiscale.sweeps.plan import plan_of
    from multiscale.sweeps.tasks import perform

    base = {"study": "function", "call": f"probe_points:{call[0]}", "arguments": {call[1]: argument}}
    ready = SweepInput.parse({"base": base, "over": {"arguments.n": [1]}}, consent=Consent(code=True))
    (task,) = plan_of(ready).tasks
    journal = Journal(Path("sweep"))
    known = journal.records().get(task.address)
    record = known or perform(task, Path("sweep"))
    if known is None:
        with journal.opened():
            journal.append([record])
    ((value, *_),) = record["values"].values()
    return {"value": value, "reused": known is not None}


PROGRAMS = {
    **{name: lambda name=name: run(name) for name in STUDIES},
    "meshed": lambda: point(("area", "mesh"), "probe.msh"),
    "labelled": lambda: point(("mean", "labels"), "labels.extxyz"),
}

if __name__ == "__main__":
    for program in sys.argv[1:]:
        sys.stdout.write(json.dumps(PROGRAMS[program]()) + "\n")
