"""Specimen, law, fracture and sweep, killed at random moments and started again: do they find what an undisturbed run finds?

Compared is all that a run leaves, byte by byte; of the fields' HDF5 files the datasets, since HDF5 itself stores times. Left out
are the times in the provenance, what a run says of its reuse, and the log and the report, which show both.
"""

import json
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py

from benchmarks.road import GRAIN
from benchmarks.sweep_kills import finish, losses, start, write_sweep
from continuum.specimens.butt_joint import ButtJoint
from multiscale.sweeps.journal import FILE as JOURNAL

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
PLANE = {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4}
_SHOWN = {"provenance", "reused", "checksum"}
_LEFT_OUT = {"log.txt", "report.html", "results.json"}
_IN_A_ROW = 2  # kills before a run is left to end
_SECONDS = 240.0  # that an end may take


@dataclass
class Tally:
    """What happened.

    Attributes:
        kills: Processes that were killed before their end.
        failures: Runs that ended otherwise than well, with their complaints.
        differences: Runs that found something else than the undisturbed one.
        compared: Runs that ended well after kills.
    """

    kills: int = 0
    failures: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    compared: int = 0


def joint(law: Any, study: str, **more: Any) -> dict[str, Any]:
    """Two copper blocks, a few nm high, that are pulled apart along a law."""
    body = {"crystal": {"species": "Cu", "structure": "fcc"}, "grain": GRAIN}
    supports = [("bottom", "x"), ("bottom", "y"), ("top", "x")]
    return {
        "study": study, "potential": "emt", "mesh": "joint.msh", "mesh_unit": "nm", "kind": "plane strain",
        "bodies": {"upper": body, "lower": body},
        "interfaces": {"bond": {"plus": "upper", "minus": "lower", "spacing": "left out", "law": law}},
        "supports": [{"group": group, "component": component} for group, component in supports],
        "loads": [{"group": "top", "component": "y"}],
        "loading": {"opening": "0.4 nm", "steps": 15, "growth": 0.1},
    } | more  # fmt: skip


def write_cases(folder: Path) -> dict[str, Path]:
    """The input files by the kind of study."""
    folder.mkdir(parents=True, exist_ok=True)
    ButtJoint(3, 3, 3, 1.5).write(folder / "joint.msh")
    closed = {
        "kind": "xu-needleman",
        "work_of_separation": "2.5 J/m^2",
        "normal_length": "0.5 Å",
        "tangential_length": "1 Å",
    }
    path = {"path": "relaxed", "openings": {"max": "5 Å", "points": 12}}
    cases = {
        "specimen": joint(closed, "specimen"),
        "law": {"study": "cohesive_law", "potential": "emt", "plane": PLANE | {"x": GRAIN["x"], "layers": 4}} | path,
        "fracture": joint({"atoms": {"layers": 4} | path}, "fracture"),
    }
    for name, case in cases.items():
        (folder / f"{name}.yaml").write_text(json.dumps(case), encoding="utf-8")
    found = {name: folder / f"{name}.yaml" for name in cases}
    return found | {"sweep": write_sweep(folder / "sweep", sleep=0.05, points=(10, 6))}


def written(folder: Path) -> dict[str, Any]:
    """What a run found, by file and dataset."""
    record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = {"results": {key: value for key, value in record.items() if key not in _SHOWN}}
    for file in sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in _LEFT_OUT):
        name = str(file.relative_to(folder))
        if file.suffix != ".h5":
            found[name] = file.read_bytes()
            continue
        with h5py.File(file) as stored:
            stored.visititems(lambda at, item, name=name: found.update(_dataset(f"{name}/{at}", item)))
    return found


def _dataset(name: str, item: Any) -> dict[str, bytes]:
    return {name: item[()].tobytes()} if isinstance(item, h5py.Dataset) else {}


def differing(one: Path, other: Path) -> list[str]:
    """Names of what differs between two runs."""
    first, second = written(one), written(other)
    return sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def differing_sweep(one: Path, other: Path) -> list[str]:
    """The same of two sweeps."""
    return [name for name, lost in losses(one, other).items() if lost != (name == "identical")]


def attacked(name: str, path: Path, folder: Path, kills: int, seed: int) -> Tally:
    """Kill a study again and again, each time at a random moment of its length, and let it end now and then."""
    command, compare = ("sweep", differing_sweep) if name == "sweep" else ("run", differing)
    tally, chance = Tally(), random.Random(seed)
    undisturbed = folder / "undisturbed" / "out"
    length, status, complaint = _timed(path, undisturbed, command)
    if status:
        raise RuntimeError(f"The undisturbed {name} failed: {complaint}")
    for round_ in range(4 * kills):
        if tally.kills >= kills:
            break
        output = folder / f"round-{round_}" / "out"
        for _ in range(min(_IN_A_ROW, kills - tally.kills)):
            _kill(path, output, command, chance.uniform(0.0, length), chance.choice(SIGNALS), tally)
        status, complaint = finish(path, output, command)
        if status:
            tally.failures.append(f"{name}: {complaint.strip()}")
            continue
        tally.compared += 1
        if different := compare(output, undisturbed):
            tally.differences.append(f"{name}: {', '.join(different)}")
    return tally


def _progress(output: Path) -> tuple[int, int] | None:
    """What changes once a run, or a sweep, has begun to work."""
    for file in (output.with_name(f"{output.name}.partial") / "log.txt", output / JOURNAL):
        with suppress(OSError):
            return file.stat().st_ino, file.stat().st_size
    return None


def _begun(path: Path, output: Path, command: str) -> subprocess.Popen[str]:
    """A run that has begun to work, or ended."""
    before = _progress(output)
    process = start(path, output, command)
    while process.poll() is None and _progress(output) in (None, before):
        time.sleep(0.01)
    return process


def _timed(path: Path, output: Path, command: str) -> tuple[float, int, str]:
    """An undisturbed run: seconds of its work, to the last sign of progress; exit status, complaint."""
    process = _begun(path, output, command)
    begin = last = time.monotonic()
    seen = _progress(output)
    while process.poll() is None:
        if (now := _progress(output)) not in (None, seen):
            seen, last = now, time.monotonic()
        time.sleep(0.01)
    return last - begin, process.returncode, process.communicate()[1]


def _kill(path: Path, output: Path, command: str, moment: float, sent: signal.Signals, tally: Tally) -> None:
    """Start a run and send it a signal so many seconds after its work began; it may be done before."""
    process = _begun(path, output, command)
    try:
        complaint = process.communicate(timeout=moment)[1]
        if process.returncode:
            tally.failures.append(f"status {process.returncode} without a signal: {complaint.strip()}")
    except subprocess.TimeoutExpired:
        process.send_signal(sent)
        tally.kills += 1
        try:
            process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            tally.failures.append(f"{sent.name} did not end it")


def measure(folder: Path, kills: int = 40, seed: int = 17) -> tuple[dict[str, int], list[str]]:
    """The figures, and what was wrong.

    Args:
        folder: For the runs.
        kills: How many, over all kinds of studies.
        seed: Of the moments and the signals.
    """
    cases = write_cases(folder / "cases")
    with ThreadPoolExecutor(2) as pool:
        attacks = [
            pool.submit(attacked, name, path, folder / name, kills // len(cases), seed + number)
            for number, (name, path) in enumerate(cases.items())
        ]
        tallies = [attack.result() for attack in attacks]
    said = [text for tally in tallies for text in tally.failures + tally.differences]
    return {
        "kills": sum(tally.kills for tally in tallies),
        "kill_reruns": sum(tally.compared for tally in tallies),
        "kill_failures": sum(len(tally.failures) for tally in tallies),
        "kill_differences": sum(len(tally.differences) for tally in tallies),
    }, said
