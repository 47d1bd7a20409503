"""Attacks by input: bad ones of every study, hostile ones, and the small cases that were once read wrongly.

Run as `python -m benchmarks.attack_inputs [--json] [--say]`; under four minutes on two CPU cores. Each bad input must end
with status 2 and one sentence that is no surprise, and leave the working folder byte for byte as it was.
"""

import copy
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from benchmarks.attack_bases import BASES, FILES, written
from benchmarks.attack_cases import cases
from benchmarks.attack_hostile import hostile
from benchmarks.attack_table import GENERAL
from benchmarks.attack_table_studies import OF_STUDIES
from benchmarks.output import report
from benchmarks.sweep_inputs import BAD as BAD_SWEEPS

_LONGEST = 60  # s of the processor that one input may take
Listing = dict[str, tuple[int, bytes]]


def changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with values at dotted keys; `...` takes a key out."""
    data = copy.deepcopy(base)
    for key, value in changes.items():
        *way, last = key.split(".")
        place: Any = data
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        if value is ...:
            del place[last]
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return data


def text_of(base: str, change: Any) -> str:
    """The input file of a row of the table."""
    if not base:
        return change
    return written(changed(BASES[base], change))


def listing(folder: Path) -> Listing:
    """Kind, permissions and content of all that lies in a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (path.lstat().st_mode, content)
    return found


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder with the files of the table, in which the process stands."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        for file, content in FILES.items():
            path = Path(name, "work", file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        os.chdir(Path(name, "work"))
        try:
            yield Path(name)
        finally:
            os.chdir(before)


def answer(command: str, text: str) -> tuple[int, str, bool]:
    """Status, what was said on stderr, and whether anything was left, of one command on one input file."""
    from multiscale.cli import app

    root = Path.cwd().parent
    file = Path("case.yaml")
    file.write_text(text, encoding="utf-8")
    before = listing(root)
    with _alarm():
        result = CliRunner().invoke(app, [command, str(file)])
    left = listing(root) != before
    told = result.stderr
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        told = f"Traceback {type(result.exception).__name__}: {result.exception}"
    return result.exit_code, told, left


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TimeoutError(f"no answer in {_LONGEST} s of the processor")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, _LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def is_clean(status: int, told: str) -> bool:
    """Whether an answer is one sentence and the right status: 2, or 1 where the ledger refuses to count twice."""
    return (
        status == (1 if "counted more than once" in told else 2)
        and told.startswith("Error: ")
        and told.count("\n") == 1
        and len(told) < 1500
        and "unexpected" not in told
        and "Traceback" not in told
    )


def rows() -> Iterator[tuple[str, str, str]]:
    """Name, command and input file of each bad input."""
    for name, base, change in [*GENERAL, *OF_STUDIES]:
        yield f"{name} ({base or 'file'})", "run", text_of(base, change)
    for name, data in BAD_SWEEPS.items():
        yield f"{name} (sweep)", "sweep", data if isinstance(data, str) else written(data)


def bad_inputs(say: bool = False) -> dict[str, int]:
    """How many bad inputs there are, were refused cleanly, and left something."""
    count = clean = traces = 0
    with working_folder():
        for name, command, text in rows():
            status, told, left = answer(command, text)
            good = is_clean(status, told)
            count, clean, traces = count + 1, clean + good, traces + left
            if say:
                mark = "  " if good and not left else "!!"
                sys.stderr.write(f"{mark} {name}: {status}{' LEFT' if left else ''} {told.strip()[:300]}\n")
    return {"bad_inputs": count, "clean": clean, "traces_left": traces}


def measure(say: bool = False) -> dict[str, object]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        figures: dict[str, object] = dict(hostile(Path(name), say))
    return figures | bad_inputs(say) | cases(say)


if __name__ == "__main__":
    report(measure("--say" in sys.argv), "--json" in sys.argv)
