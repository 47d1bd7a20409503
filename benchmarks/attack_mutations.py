"""Every store, damaged in every way: what is read is either right, or nothing, or refused in a sentence.

A store's files are cut, flipped by a bit, or overwritten with a few bytes of garbage. What is then read, or computed anew by whoever
reads it, is held against what was stored.
"""

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase.build import bulk

from atomistic import load_potential
from atomistic.embedding.store import Store
from atomistic.trust.labels import LabelSet
from atomistic.trust.notebook import Notebook, Position
from atomistic.trust.oracle import Oracle
from continuum.fenics import MPI
from continuum.materials import LinearElastic
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.solver.problem import CohesiveProblem
from continuum.solver.stepping import pull
from continuum.specimens.butt_joint import ButtJoint
from coupling.errors import MultiscaleError
from coupling.exchange.storage import law_text, load_law, save_law
from coupling.laws.bilinear import Bilinear
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from multiscale.runtime.cache import Cache
from multiscale.runtime.results import Results
from multiscale.runtime.resumable import ResumablePotential
from multiscale.sweeps.journal import Journal
from multiscale.sweeps.plan import Plan
from multiscale.sweeps.ranges import Axis
from multiscale.sweeps.record import SweepRecord, write_manifest
from multiscale.sweeps.tasks import FunctionTask, Task

_GARBAGE = 12  # bytes


@dataclass(frozen=True)
class Stored:
    """A store.

    Attributes:
        make: Fills it, in a folder.
        read: What whoever needs it gets: comparable with `==`, or of a store that may hold less, a list.
        part: Whether the first, or only some, of the items are right, too.
    """

    make: Callable[[Path], object]
    read: Callable[[Path], Any]
    part: bool = False

    def is_right(self, found: Any, truth: Any) -> bool:
        """Whether nothing false was read."""
        return all(one in truth for one in found) if self.part else found == truth


def _cache(folder: Path) -> Any:
    made = Cache(folder).get_or_compute({"a": 1}, lambda: {"x": np.linspace(0, 1, 40), "name": "law"})
    return {name: np.asarray(value).tolist() for name, value in made.value.items()}


_STRUCTURES = [bulk("Cu", "fcc", a=3.6, cubic=True), bulk("Al", "fcc", a=4.1)]


def _batch(folder: Path) -> Any:
    found = ResumablePotential(load_potential("emt"), folder).evaluate(_STRUCTURES)
    return [found.energies.tolist(), [one.tolist() for one in found.forces], found.stresses.tolist()]


def _quantum(folder: Path) -> Any:
    found = Store(folder).get("ab12")
    return [] if found is None else [{name: value.tolist() for name, value in found.items()}]


def _label(folder: Path) -> None:
    book = Notebook(folder, Oracle(load_potential("emt")), "task")
    book.finish()
    for number in range(len(book.entries), 3):
        shaken = _STRUCTURES[0].copy()
        shaken.rattle(0.1, seed=number)
        book.choose(shaken, "bulk", 0.1 * number, Position(0, number, {"at": np.arange(3.0)}))


def _notebook(folder: Path) -> Any:
    _label(folder)
    book = Notebook(folder, Oracle(load_potential("emt")), "task")
    return [
        [one.group, one.radius, one.structure.positions.tolist(), one.label.energy, one.label.forces.tolist()]
        for one in book.entries
    ]


def _labels(folder: Path) -> Any:
    found = LabelSet.load(folder / "labels.extxyz")
    return [[one.group, one.identity, one.energy, one.forces.tolist(), one.stress.tolist()] for one in found]


def _pulled(folder: Path, last: int | None = None) -> Any:
    mesh_file = folder.with_name("joint.msh")
    if not mesh_file.exists():
        ButtJoint(1.0, 1.0, 1.0, 1.0).write(mesh_file)
    mesh = read_mesh(mesh_file, unit=1e-3, bodies=["upper", "lower"], comm=MPI.COMM_SELF)
    held = [("bottom", "x", 0.0), ("bottom", "y", 0.0), ("top", "x", 0.0), ("top", "y", 1.0)]
    law = Bilinear(100.0, 50e6, 50e6 / 0.4e-6, shear_work=200.0, shear_peak_traction=40e6)
    steel = LinearElastic.isotropic(200e9, 0.3)
    problem = CohesiveProblem(
        mesh,
        {"upper": steel, "lower": steel},
        [Bond("bond", "upper", "lower", law)],
        [Prescribed(*one) for one in held],
    )
    record = pull(
        problem, 6e-6, 6, checkpoint=folder, stop=lambda so_far: last is not None and len(so_far.steps) > last
    )
    return [record.column(name).tolist() for name in ("load", "force", "work", "broken_area")]


def _results(folder: Path) -> Any:
    found = Results.load(folder)
    curves = {name: {key: column.tolist() for key, column in one.values.items()} for name, one in found.curves.items()}
    return [found.quantities, found.notes, found.input, curves]


def _make_results(folder: Path) -> None:
    made = Results("cohesive_law", "a law", notes=["of copper"], input={"study": "cohesive_law", "seed": 3})
    made.add("peak_traction", 12.3456789e9, "Pa", "peak", uncertainty=1e7, headline=True)
    x = np.linspace(0, 5e-10, 30)
    made.add_curve("law", "the law", opening=("m", x), traction=("Pa", np.sin(1e10 * x)))
    made.write(folder)


def _make_manifest(folder: Path) -> None:
    tasks: list[Task] = [FunctionTask(f"{number:020d}", "", "math:sqrt", {"x": 0.1 * number}) for number in range(4)]
    axes = [Axis("x", {"x": [0.1 * number for number in range(4)]})]
    write_manifest(Plan("a sweep", "function", {"study": "function", "call": "math:sqrt"}, axes, tasks), folder)


def _manifest(folder: Path) -> Any:
    found = SweepRecord.load(folder)
    return [found.title, found.base, found.points, [axis.columns for axis in found.axes]]


def _make_journal(folder: Path) -> None:
    journal = Journal(folder)
    with journal.opened():
        for number in range(8):
            values = {"length": [0.1 * number, "m", "length", None, True]}
            journal.append([{"point": f"{number:020d}", "status": "done", "values": values, "seconds": 0.1}])


_X = np.linspace(0, 8e-10, 40)
_TABLE = TabulatedLaw(
    _X, 5 * (1 - (1 + _X / 1e-10) * np.exp(-_X / 1e-10)), np.append((_X / 2e-21 * np.exp(-_X / 1e-10) * 1e1)[:-1], 0.0)
)

STORES = {
    "cached result": Stored(_cache, _cache),
    "batch of an interrupted law": Stored(_batch, _batch),
    "quantum result": Stored(
        lambda folder: Store(folder).put("ab12", {"energy": np.array(-1.5), "forces": np.eye(3)}), _quantum, part=True
    ),
    "labels of an interrupted learning": Stored(_label, _notebook),
    "labels": Stored(
        lambda folder: LabelSet.made(load_potential("emt"), _STRUCTURES, "bulk").save(folder / "labels.extxyz"), _labels
    ),
    "checkpoint of a loading": Stored(lambda folder: _pulled(folder, 4), _pulled),
    "closed law": Stored(
        lambda folder: save_law(Uber(4.0, 1e-10 / 3), folder / "law.json"), lambda folder: law_text(load_law(folder / "law.json"))
    ),
    "tabulated law": Stored(
        lambda folder: save_law(_TABLE, folder / "law.json"), lambda folder: law_text(load_law(folder / "law.json"))
    ),
    "results and curves": Stored(_make_results, _results),
    "manifest of a sweep": Stored(_make_manifest, _manifest),
    "journal of a sweep": Stored(_make_journal, lambda folder: list(Journal(folder).records().values()), part=True),
}  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes that were cut, flipped by a bit, or partly overwritten."""
    way, place, changed = chance.choice(("truncate", "flip", "garbage")), chance.randrange(len(data)), bytearray(data)
    if way == "truncate":
        del changed[place:]
    elif way == "flip":
        changed[place] ^= 1 << chance.randrange(8)
    else:
        changed[place : place + _GARBAGE] = chance.randbytes(_GARBAGE)
    return bytes(changed)


def measure(folder: Path, mutations: int = 300, seed: int = 17) -> tuple[dict[str, int], list[str]]:
    """The figures, and what was wrong.

    Args:
        folder: For the stores.
        mutations: How many, over all stores.
        seed: Of what is damaged, and how.
    """
    chance, crashes, wrong, done = random.Random(seed), [], [], 0
    for number, (name, stored) in enumerate(STORES.items()):
        whole, hurt = folder / f"{number}" / "whole", folder / f"{number}" / "hurt"
        whole.mkdir(parents=True)
        stored.make(whole)
        files = sorted(str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file())
        shutil.copytree(whole, hurt)
        truth = stored.read(hurt)
        for _ in range(mutations * (number + 1) // len(STORES) - mutations * number // len(STORES)):
            shutil.rmtree(hurt)
            shutil.copytree(whole, hurt)
            file = hurt / chance.choice(files)
            file.write_bytes(mutated(file.read_bytes(), chance))
            done += 1
            try:
                found = stored.read(hurt)
            except MultiscaleError:
                continue
            except Exception as error:
                crashes.append(f"{name}, {file.name}: {type(error).__name__}: {error}")
                continue
            if not stored.is_right(found, truth):
                wrong.append(f"{name}, {file.name}: {json.dumps(found, default=str)[:200]}")
    return {"mutations": done, "mutation_crashes": len(crashes), "mutation_wrong": len(wrong)}, crashes + wrong
