"""Two processes at once on one folder, on one cache, and on one sweep, again and again.

Whoever comes second may be refused in the sentence that says so; all else must end well, and with the numbers of a process alone.

Run as `python -m benchmarks.attack_races KIND FOLDER SECONDS` it is one of the two.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.attack_kills import write_cases, written
from coupling.errors import InputError
from multiscale import run_study, sweep

KINDS = ("folder", "cache", "sweep")
_REFUSED = ("Another run is writing", "Another process is driving")
_LONGEST = 120.0  # seconds over its time that a process may take
_SWEEP_PERIOD = 8.0
_PAUSE = 0.3  # seconds after a refusal


def double(n: float) -> dict[str, float]:
    """A point."""
    return {"twice": 2 * n}


def _folder(place: Path, who: str, turn: int) -> Any:
    """Both run one study into one folder."""
    run_study(place / "cases" / "specimen.yaml", place / "one" / "out")
    return None  # the other may replace it just now; it is looked at in the end


def _cache(place: Path, who: str, turn: int) -> Any:
    """Both run one study, with one cache that is new now and then, into folders of one name."""
    if turn % 2:
        shutil.rmtree(place / "cache", ignore_errors=True)
    output = place / who / "out"
    run_study(place / "cases" / "specimen.yaml", output)
    return _digest(output)


def _sweep(place: Path, who: str, turn: int) -> Any:
    """Both drive one sweep; every few seconds it is another."""
    folder = place / f"sweep-{int(time.time() / _SWEEP_PERIOD)}"
    found = sweep(double, {"n": [1.0, 2.0, 3.0, 4.0]}, folder, engine={"workers": 1})
    return found["twice"].values.tolist()


_WORK: dict[str, Callable[[Path, str, int], Any]] = {"folder": _folder, "cache": _cache, "sweep": _sweep}


def _digest(folder: Path) -> dict[str, int]:
    """Hashes of what a run found; equal in processes with one seed of hashes."""
    return {name: hash(str(content)) for name, content in written(folder).items()}


def race(kind: str, place: Path, who: str, seconds: float) -> None:
    """Do the work again and again; print a line of JSON for each turn."""
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        said: dict[str, Any] = {}
        try:
            said["found"] = _WORK[kind](place, who, turn)
        except InputError as error:
            said["refused" if any(words in str(error) for words in _REFUSED) else "lost"] = str(error)
        except Exception as error:
            said["lost"] = f"{type(error).__name__}: {error}"
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        turn += 1
        if "refused" in said:
            time.sleep(_PAUSE)


def _raced(kind: str, place: Path, seconds: float) -> tuple[int, list[str]]:
    """Let two processes race: how many turns were taken, and what was lost."""
    environment = os.environ | {"PYTHONHASHSEED": "0", "MULTISCALE_CACHE": str(place / "cache")}
    command = [sys.executable, "-m", "benchmarks.attack_races", kind, str(place)]
    alone = json.loads(
        subprocess.run([*command, "alone", "0.01"], capture_output=True, text=True, check=True, env=environment).stdout
    )
    racers = [
        subprocess.Popen([*command, who, str(seconds)], stdout=subprocess.PIPE, text=True, env=environment)
        for who in ("first", "second")
    ]
    turns, ended, lost = 0, 0, []
    for racer in racers:
        try:
            said = [json.loads(line) for line in racer.communicate(timeout=seconds + _LONGEST)[0].splitlines()]
        except subprocess.TimeoutExpired:
            racer.kill()
            lost.append(f"{kind}: one of the two did not end")
            continue
        turns += len(said)
        lost += [f"{kind}: {line['lost']}" for line in said if "lost" in line]
        lost += [
            f"{kind}: another result than alone" for line in said if line.get("found", alone["found"]) != alone["found"]
        ]
        ended += sum("found" in line for line in said)
        if racer.returncode:
            lost.append(f"{kind}: status {racer.returncode}")
    return turns, lost if ended else [*lost, f"{kind}: no turn of {turns} had a result"]


def measure(folder: Path, seconds: float = 60.0) -> tuple[dict[str, int], list[str]]:
    """The figures, and what was lost.

    Args:
        folder: For the runs.
        seconds: For all races together.
    """
    turns, lost = 0, []
    for kind in KINDS:
        place = folder / kind
        write_cases(place / "cases")
        taken, gone = _raced(kind, place, seconds / len(KINDS))
        turns, lost = turns + taken, lost + gone
        if kind == "folder":
            run_study(place / "cases" / "specimen.yaml", place / "alone" / "out")
            if written(place / "one" / "out") != written(place / "alone" / "out"):
                lost.append("folder: what lies there in the end is not what a run alone leaves")
    return {"race_turns": turns, "race_losses": len(lost)}, lost


if __name__ == "__main__":
    race(sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
