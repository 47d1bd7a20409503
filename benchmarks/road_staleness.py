"""Whether what is reused is true: changes that alter a result, and changes that do not, each made and run again.

Run as `python -m benchmarks.road_staleness [--json]`; under a minute. All is done on a copy of the four packages in a
temporary folder, where code can be changed, by processes of their own; versions of libraries change by other
metadata in front of theirs on Python's path.

Each change is made between two runs of a study (`staleness_probe`); before that, two runs without a change must show
that results are reused at all.
"""

import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

from benchmarks import staleness_probe as probe
from benchmarks.output import report

ROOT = Path(__file__).parents[1]
PACKAGES = ("coupling", "atomistic", "continuum", "multiscale")
PROBE = ("__init__.py", "output.py", "road_staleness.py", "staleness_probe.py")


@dataclass(frozen=True)
class Change:
    """Something that is changed between two runs.

    Attributes:
        name: What.
        program: What is run: a function of `staleness_probe`.
        make: Makes the change in the folder of a scene.
        alters: Whether the result is another one.
        seen: Whether the run's own number must show it; a library's metadata change no number here.
        alone: Whether it can change the other programs too, so that it needs a scene of its own.
    """

    name: str
    program: str
    make: Callable[[Path], None]
    alters: bool = True
    seen: bool = True
    alone: bool = False


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    """The change of a text in a file, which must hold it once."""

    def make(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise RuntimeError(f"{file} holds {old!r} {text.count(old)} times")
        path.write_text(text.replace(old, new), encoding="utf-8")

    return make


def appended(file: str, code: str) -> Callable[[Path], None]:
    """The change of a module's code by lines at its end."""

    def make(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as module:
            module.write(code)

    return make


def version(distribution: str, number: str) -> Callable[[Path], None]:
    """Another version of a distribution, as its metadata tell it."""

    def make(folder: Path) -> None:
        probe.write_metadata(folder / "site", distribution, number)

    return make


_DOUBLED = (
    "\nfrom dataclasses import replace\n\n_evaluate = {0}.evaluate\n\n\n"
    "def _doubled(self, *given, **wanted):\n    found = _evaluate(self, *given, **wanted)\n"
)
_DOUBLED += "    return replace(found, energies=2 * found.energies)\n\n\n{0}.evaluate = _doubled\n"
_LARGER = "\n_read = read_file\n\n\ndef read_file(path, bodies=None):\n    found = _read(path, bodies)\n"
_LARGER += "    return __import__('dataclasses').replace(found, points=2 * found.points)\n"
_TWICE = "\n_once = run\n\n\ndef run(study, context):\n    found = _once(study, context)\n"
_TWICE += "    found.add('energy', 2 * found['energy'], 'eV', 'twice the energy')\n    return found\n"

CHANGES = (
    Change(
        "class of a calculator", "embedded", replaced("own/probe_calculator.py", "STRENGTH = 1.0", "STRENGTH = 1.1")
    ),
    Change("module that the class imports", "embedded", replaced("own/probe_pairs.py", "DEPTH = 0.1", "DEPTH = 0.12")),
    Change("weights file at the same path", "tabulated", probe.write_eam_weaker),
    Change("file that an option names", "embedded", replaced("table.json", "2.6", "2.7")),
    Change("version of the provider", "embedded", probe.write_provider_newer),
    Change("code of a study", "embedded", appended("code/multiscale/studies/embedding/run.py", _TWICE), alone=True),
    Change(
        "code of coupling",
        "embedded",
        appended("code/coupling/embedding/subtractive.py", _DOUBLED.format("Embedded")),
        alone=True,
    ),
    Change(
        "code of atomistic",
        "embedded",
        appended("code/atomistic/potentials/serial.py", _DOUBLED.format("SerialPotential")),
        alone=True,
    ),
    Change("code of continuum", "meshed", appended("code/continuum/mesh/file.py", _LARGER), alone=True),
    Change("version of numpy", "embedded", version("numpy", "99.0"), seen=False, alone=True),
    Change("version of dolfinx", "meshed", version("dolfinx-solver-real", "99.0"), seen=False, alone=True),
    Change("mesh file", "meshed", replaced("probe.msh", "6 1 1 0", "6 1 2 0")),
    Change("structure file", "embedded", probe.write_structure_other),
    Change("labels", "labelled", probe.write_labels_other),
    Change("a mended number", "mended", probe.mend),
    Change("title", "embedded", replaced("embedded.yaml", "title: Probe", "title: Another"), alters=False),
    Change("output folder", "embedded", replaced("embedded.yaml", "folder: out", "folder: elsewhere"), alters=False),
    Change(
        "comment in the input",
        "embedded",
        replaced("embedded.yaml", "larger: emt", "larger: emt  # the accurate one"),
        alters=False,
    ),
    Change("number of threads", "embedded", probe.more_threads, alters=False),
    Change("order of keys", "embedded", probe.reorder, alters=False),
)
"""Fifteen that alter the result, five that do not."""


def measure(chosen: Sequence[list[Change]] | None = None) -> dict[str, object]:
    """Results that were reused although they should not, and the reverse; and whether the changes were what they say.

    Args:
        chosen: Changes that are made together; all `scenes` by default.
    """
    together = scenes() if chosen is None else chosen
    stale: list[str] = []
    needless: list[str] = []
    unseen: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        base = Path(name) / "base"
        first = prepared(base)
        for changes in together:
            with scene(base) as folder:
                for change in changes:
                    change.make(folder)
                found = ran(folder, list(dict.fromkeys(change.program for change in changes)))
            for change in changes:
                after, before = found[change.program], first[change.program]
                if after["reused"] == change.alters:
                    (stale if change.alters else needless).append(change.name)
                if change.seen and (after["value"] != before["value"]) != change.alters:
                    unseen.append(change.name)
    return {
        "stale_reused": len(stale),
        "needlessly_recomputed": len(needless),
        "staleness_changes": sum(map(len, together)),
        "staleness_without_effect": len(unseen),
        "staleness_named": ", ".join([*stale, *needless, *unseen]),
    }


def scenes() -> list[list[Change]]:
    """Changes that are made together: those that change nothing, and one for each program that touches it alone."""
    together: list[list[Change]] = [[change for change in CHANGES if not change.alters]]
    for change in (one for one in CHANGES if one.alters):
        free = (
            made for made in together[1:] if not made[0].alone and change.program not in [one.program for one in made]
        )
        place = None if change.alone else next(free, None)
        if place is None:
            together.append([change])
        else:
            place.append(change)
    return together


def prepared(base: Path) -> dict[str, dict[str, object]]:
    """Fill the folder that all scenes are copied from, run every program twice, and return its first answers.

    Raises:
        RuntimeError: without a change, something is not reused.
    """
    for package in PACKAGES:
        shutil.copytree(ROOT / package, base / "code" / package, ignore=shutil.ignore_patterns("__pycache__"))
    (base / "code" / "benchmarks").mkdir()
    for file in PROBE:
        shutil.copyfile(ROOT / "benchmarks" / file, base / "code" / "benchmarks" / file)
    # by content: a change may keep date and size
    compileall.compile_dir(base / "code", quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    probe.write_inputs(base)
    programs = list(dict.fromkeys(change.program for change in CHANGES))
    found = ran(base, programs)
    again = ran(base, programs)
    for program in programs:
        if again[program]["reused"] == (program == "mended"):
            raise RuntimeError(
                f"Without a change, {program!r} was {'reused' if program == 'mended' else 'computed again'}."
            )
    return found


@contextmanager
def scene(base: Path) -> Iterator[Path]:
    """The place of the runs with its stores, to be changed; it is put back afterwards."""
    kept = base.with_name("kept")
    shutil.copytree(base, kept)
    try:
        yield base
    finally:
        shutil.rmtree(base)
        kept.rename(base)


def ran(folder: Path, programs: list[str]) -> dict[str, dict[str, object]]:
    """What programs answer in one process: value, and whether it was reused."""
    path = os.pathsep.join(str(folder / part) for part in ("site", "own", "code"))
    threads = (folder / "threads").read_text() if (folder / "threads").is_file() else "1"
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": threads, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("MULTISCALE_CACHE", None)
    command = [sys.executable, "-m", "benchmarks.staleness_probe", *programs]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(programs)}: {done.stderr[-2000:]}")
    lines = done.stdout.splitlines()[-len(programs) :]
    return {program: json.loads(line) for program, line in zip(programs, lines, strict=True)}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
