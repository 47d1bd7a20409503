"""Hostile inputs: what they try to run, to write elsewhere, to show in a report, to fill or to open.

Each is a function that tries, and says whether it got in; to add one, write one under `@attack`.
"""

import json
import os
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from benchmarks.attack_bases import BASES, BILINEAR, DATA, written
from benchmarks.attack_ports import ports

ATTACKS: dict[str, Callable[[Path], bool]] = {}
_SECONDS = 60
_MODULE = (
    "from pathlib import Path\nPath({mark!r}).touch()\nfrom ase.calculators.emt import EMT as Mine\ndouble = print\n"
)
SCRIPT = "<script>alert(1)</script>"
ELSEWHERE = "../../../elsewhere"


def attack(name: str, **more: Any) -> Callable[[Callable[..., bool]], Callable[..., bool]]:
    """Register an attack, with further arguments if it stands for several."""

    def registered(function: Callable[..., bool]) -> Callable[..., bool]:
        ATTACKS[name] = lambda place: function(place, **more)
        return function

    return registered


def told(*command: str) -> str:
    """What a command said; a Python error is no answer and is raised."""
    from multiscale.cli import app

    answer = CliRunner().invoke(app, list(command))
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return answer.output


def ran(place: Path, data: dict[str, Any], command: str = "run") -> bool:
    """Whether an input gets its code to run, by any command."""
    mark = place / "ran"
    (place / "attacker_of_the_benchmark.py").write_text(_MODULE.format(mark=str(mark)))
    (place / "case.yaml").write_text(written(data))
    sys.path.insert(0, str(place))
    try:
        told("check", str(place / "case.yaml"))
        told(command, str(place / "case.yaml"))
    finally:
        sys.path.remove(str(place))
    return mark.exists() or "attacker_of_the_benchmark" in sys.modules


attack("a port of a sweep that others reach")(ports)  # before PETSc answers to broken pipes

CODE = "attacker_of_the_benchmark:Mine"
_EMBEDDED = {"name": "embedded", "low": CODE, "larger": "emt", "regions": {"a": {"kind": "atoms", "atoms": [0]}}}
_CRYSTAL = {"crystal": {"species": "Cu", "structure": "fcc"}}
_BODIES = {"upper": _CRYSTAL | {"potential": CODE}, "lower": _CRYSTAL}
_DOUBLE = BASES["function"] | {"call": "attacker_of_the_benchmark:double"}
_SWEEP: dict[str, Any] = {"base": BASES["law"], "over": {"seed": [1]}}
_SLURM = {"kind": "slurm", "workers": 1, "memory": "1 GB", "prologue": ["touch ran"]}
_QUANTUM = {key: value for key, value in BASES["embedding"].items() if key != "larger"}
RUNNING: dict[str, tuple[str, dict[str, Any]]] = {
    "a class for a potential": ("run", BASES["law"] | {"potential": {"name": CODE}}),
    "a process for a potential": ("run", BASES["law"] | {"potential": {"name": "subprocess:Popen", "args": ["touch", "ran"]}}),
    "a class in a sum": ("run", BASES["law"] | {"potential": {"name": "sum", "terms": ["emt", CODE]}}),
    "a class in an embedded potential": ("run", BASES["law"] | {"potential": _EMBEDDED}),
    "a class in a committee": ("run", BASES["law"] | {"trust": {"committee": [CODE]}}),
    "a class for a quantum engine": ("run", _QUANTUM | {"quantum": CODE}),
    "a class for a larger potential": ("run", BASES["embedding"] | {"larger": {"name": CODE}}),
    "a class for an oracle": ("run", BASES["learn"] | {"oracle": CODE}),
    "a class for a body": ("run", BASES["fracture"] | {"bodies": _BODIES}),
    "a function": ("run", _DOUBLE),
    "a function of Python's own": ("run", BASES["function"] | {"call": "os:system", "arguments": {"command": "touch ran"}}),
    "a function in a sweep": ("sweep", {"base": _DOUBLE, "over": {"arguments.x": [1]}}),
    "a class in a sweep's range": ("sweep", {"base": BASES["law"], "over": {"potential": ["emt", CODE]}}),
    "a launcher": ("sweep", _SWEEP | {"engine": {"mpi": {"ranks": 2, "launcher": "touch ran {ranks}"}}}),
    "a prologue": ("sweep", _SWEEP | {"engine": _SLURM}),
    "a scheduler": ("sweep", _SWEEP | {"engine": {"kind": "scheduler", "address": "tcp://127.0.0.1:9"}}),
}  # fmt: skip
for _name, (_command, _data) in RUNNING.items():
    attack(_name, data=_data, command=_command)(ran)


class _Bomb:
    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(self.mark),)


def _pickled(place: Path, data: dict[str, Any], file: str) -> bool:
    (place / file).write_bytes(pickle.dumps(_Bomb(str(place / "ran"))))
    (place / "case.yaml").write_text(written(data))
    said = told("check", str(place / "case.yaml")) + told("run", str(place / "case.yaml"))
    return (place / "ran").exists() or "Error" not in said


for _file, _potential in {
    "net.pth": "net.pth", "net.model": "mace:net.model", "net.pt2": "nequip:net.pt2", "net.pt": "metatomic:net.pt",
    "net.ckpt": "orb:net.ckpt",
}.items():  # fmt: skip
    attack(f"a pickle called {_file}", data=BASES["law"] | {"potential": _potential}, file=_file)(_pickled)
    _trusting = {"name": _potential, "trust": True}
    attack(
        f"a pickle called {_file} that vouches for itself", data=BASES["law"] | {"potential": _trusting}, file=_file
    )(_pickled)
attack(
    "a pickle for a structure", data=BASES["filed"] | {"plane": {"file": "a.traj", "miller": [1, 1, 1]}}, file="a.traj"
)(_pickled)
attack("a pickle for a mesh", data=BASES["specimen"] | {"mesh": "a.msh"}, file="a.msh")(_pickled)
attack("a pickle for labels", data=BASES["law"] | {"trust": {"labels": "a.pckl"}}, file="a.pckl")(_pickled)


@attack("a posterior that is a pickle", bomb=False)
@attack("a posterior that fills the memory", bomb=True)
def posterior(place: Path, bomb: bool) -> bool:
    """A posterior file that runs, or that unpacks to more than a gigabyte."""
    from zipfile import ZIP_DEFLATED, ZipFile

    import numpy as np

    file = place / "posterior.npz"
    if bomb:
        packed = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1)
        with packed as made, made.open("record.npy", "w", force_zip64=True) as part:
            np.lib.format.write_array_header_1_0(part, {"descr": "|u1", "fortran_order": False, "shape": (5 << 28,)})
            for _ in range(5 << 6):
                part.write(bytes(4 << 20))
    else:
        np.savez(file, record=np.array([_Bomb(str(place / "ran"))], dtype=object))
    (place / "labels.xyz").write_text(
        '1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=0.0 pbc="F F F"\nCu 0 0 0 0 0 0\n'
    )
    before = _peak()
    said = told("validate", "emt", str(place / "labels.xyz"), "--posterior", str(file))
    return "Error" not in said or (place / "ran").exists() or _peak() - before > 1 << 30


def _peak() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@attack(
    "aliases that explode",
    text="".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9 if n else ['1'])}]\n" for n in range(12)),
)
@attack("an object of Python", text="study: !!python/object/apply:os.system ['touch ran']\n")
@attack("brackets without an end", text="[" * 900_000)
@attack("a number without an end", text="study: cohesive_law\nseed: " + "9" * 900_000 + "\n")
@attack("a file without an end", text="a" * 20_000_000)
def yaml_bomb(place: Path, text: str) -> bool:
    """Text that takes time, memory, or runs."""
    (place / "case.yaml").write_text(text)
    start, before = time.process_time(), _peak()
    said = told("run", str(place / "case.yaml"))
    too_much = time.process_time() - start > _SECONDS or _peak() - before > 1 << 30
    return "Error" not in said or too_much or (place / "ran").exists()


@attack("names that lead elsewhere, and scripts in names, of a whole run")
def names(place: Path) -> bool:
    """A specimen whose body, interface and title are called like paths and scripts."""
    text = (DATA / "continuum" / "data" / "gmsh" / "saveall_41.msh").read_text()
    body, bond = f"{ELSEWHERE}_body", f"{ELSEWHERE}_{SCRIPT}"
    (place / "case.msh").write_text(text.replace('"upper"', f'"{body}"').replace('"bond"', f'"{bond}"'))
    solid = {"young": "70 GPa", "poisson": 0.33}
    data = {
        "study": "specimen", "title": SCRIPT, "mesh": "case.msh", "mesh_unit": "mm", "kind": "plane strain",
        "bodies": {body: solid, "lower": solid}, "interfaces": {bond: {"plus": body, "minus": "lower", "law": BILINEAR}},
        "supports": [{"group": "bottom", "component": "y"}, {"group": "bottom", "component": "x"}],
        "loads": [{"group": "top", "component": "y"}], "loading": {"opening": "0.0004 mm", "steps": 2},
        "output": {"folder": "deep/er/run"},
    }  # fmt: skip
    (place / "case.yaml").write_text(written(data))
    inside = place / "deep" / "er"
    before = set(place.parent.rglob("*"))
    said = told("run", str(place / "case.yaml"))
    new = set(place.parent.rglob("*")) - before
    outside = [path for path in new if inside not in (path, *path.parents) and path != inside.parent]
    page = (inside / "run" / "report.html").read_text(encoding="utf-8") if "report:" in said else SCRIPT
    return bool(outside) or SCRIPT in page


@attack("a stranger's results with scripts and a picture from elsewhere", picture="../secret.png")
@attack("a stranger's results with scripts", picture="")
def results(place: Path, picture: str) -> bool:
    """A report of a folder that somebody else made."""
    from multiscale.runtime.results import FORMAT

    (place / "run").mkdir()
    (place / "secret.png").write_bytes(b"\x89PNG secret")
    number = {"value": SCRIPT, "unit": SCRIPT, "description": SCRIPT, "headline": True}
    record = {
        "format": FORMAT, "study": SCRIPT, "title": SCRIPT, "quantities": {SCRIPT: number}, "curves": {}, "plots": [],
        "pictures": [{"file": picture, "title": SCRIPT}] if picture else [],
        "tables": [{"title": SCRIPT, "columns": [SCRIPT], "rows": [[SCRIPT]]}], "ledger": [], "ledger_unit": "",
        "findings": [], "notes": [SCRIPT], "reused": [], "input": {SCRIPT: SCRIPT},
        "provenance": {"potentials": {SCRIPT: SCRIPT}, "inputs": {SCRIPT: SCRIPT}},
    }  # fmt: skip
    (place / "run" / "results.json").write_text(json.dumps(record))
    told("report", str(place / "run"))
    page = place / "run" / "report.html"
    return page.exists() and (SCRIPT in page.read_text(encoding="utf-8") or bool(picture))


@attack(
    "a folder for an engine's results", data=_QUANTUM | {"quantum": {"name": "pyscf", "folder": f"{ELSEWHERE}_engine"}}
)
@attack(
    "a folder for an oracle's results",
    data=BASES["learn"] | {"oracle": {"name": "pyscf", "folder": f"{ELSEWHERE}_oracle"}},
)
def elsewhere(place: Path, data: dict[str, Any]) -> bool:
    """An option that would write somewhere else."""
    (place / "case.yaml").write_text(written(data))
    said = told("run", str(place / "case.yaml"))
    return "Error" not in said or any(place.parent.parent.glob("elsewhere*"))


def hostile(folder: Path, say: bool = False) -> dict[str, object]:
    """How many hostile inputs there are, how many got in, and which.

    Args:
        folder: An empty one.
        say: Say each on stderr.
    """
    succeeded: list[str] = []
    before = Path.cwd()
    for number, (name, tried) in enumerate(ATTACKS.items()):
        place = folder / str(number) / "in" / "side"
        place.mkdir(parents=True)
        os.chdir(place)
        try:
            got_in = tried(place)
        finally:
            os.chdir(before)
        succeeded += [name] * got_in
        if say:
            sys.stderr.write(f"{'!!' if got_in else '  '} {name}\n")
    return {"hostile": len(ATTACKS), "hostile_succeeded": len(succeeded), "hostile_named": "; ".join(succeeded)}
