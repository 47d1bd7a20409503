"""Sweeps that are killed, robbed of a worker or of disk space, and what is left of them."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import yaml

from multiscale.sweeps.journal import Journal

POINTS = (20, 15)
_MODULE = (
    "import math\nimport time\n\n\n"
    "def wave(x, n):\n    time.sleep({sleep})\n"
    "    return {{'sine': math.sin(n * x), 'length': (x / n, 'm')}}\n"
)
_CLI = [sys.executable, "-c", "from multiscale.cli import main; main()"]


def write_sweep(folder: Path, sleep: float = 0.02, points: tuple[int, int] = POINTS) -> Path:
    """A sweep of a cheap function over a grid of so many points, and its module."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "waves.py").write_text(_MODULE.format(sleep=sleep))
    data = {
        "base": {"study": "function", "call": "waves:wave"},
        "over": {
            "arguments.x": {"min": 0.1, "max": 3, "points": points[0]},
            "arguments.n": list(range(1, points[1] + 1)),
        },
        "engine": {"workers": 2},
    }
    path = folder / "sweep.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


def start(path: Path, output: Path, command: str = "sweep") -> subprocess.Popen[str]:
    """Start the command line on a sweep, or with "run" on a study."""
    return subprocess.Popen(
        [*_CLI, command, str(path), "--output", str(output), "--quiet", "--allow-code"],
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(path: Path, output: Path, command: str = "sweep") -> tuple[int, str]:
    """Run the command line to its end: exit status and what it complained of."""
    process = start(path, output, command)
    complaint = process.communicate()[1]
    return process.returncode, complaint


def kill_driver(path: Path, output: Path, kills: int, seed: int) -> int:
    """Kill the driver (SIGKILL) at random moments, each while points are being computed or while it starts.

    Returns:
        How often it was really killed before it had ended.
    """
    chance, done = random.Random(seed), 0
    for _ in range(kills):
        known = len(Journal(output).records())
        process = start(path, output)
        _wait(lambda known=known, process=process: len(Journal(output).records()) > known or process.poll() is not None)
        time.sleep(chance.uniform(0.0, 0.3))
        if process.poll() is None:
            process.kill()
            done += 1
        process.communicate()
    return done


def kill_worker(path: Path, output: Path) -> tuple[bool, int, str]:
    """Kill a worker process once points arrive, and let the sweep, begun before or not, end.

    Returns:
        Whether there was a worker to kill, the sweep's exit status and what it complained of.
    """
    known = len(Journal(output).records())
    process = start(path, output)
    _wait(lambda: len(Journal(output).records()) > known + 10 or process.poll() is not None)
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    workers = [child for child in children if any("spawn_main" in word for word in child.cmdline())]
    if workers:
        os.kill(workers[-1].pid, signal.SIGKILL)
    complaint = process.communicate()[1]
    return bool(workers), process.returncode, complaint


def fill_disk(path: Path, mount: Path) -> tuple[bool, str]:
    """A sweep on a tmpfs too small for it, then on the same one made larger.

    Returns:
        Whether the first attempt ended with a clear sentence and the second well; or why it could not be tried.
    """
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)], capture_output=True, text=True
    )
    if made.returncode:
        return False, f"no tmpfs could be mounted: {made.stderr.strip()}"
    first = finish(path, mount / "sweep")
    subprocess.run(["mount", "-o", "remount,size=64m", str(mount)], check=True)
    second = finish(path, mount / "sweep")
    clear = first[0] == 1 and "is full" in first[1] and "Traceback" not in first[1]
    return clear and second[0] == 0, first[1].strip()


def losses(output: Path, reference: Path) -> dict[str, int | bool]:
    """Points lost, points done twice, and whether the results are those of an undisturbed sweep, byte for byte."""
    lines = [line for line in Journal(output).lines() if line.get("status") == "done"]
    count, wanted = Counter(line["point"] for line in lines), set(Journal(reference).records())
    same = all(
        (output / name).read_bytes() == (reference / name).read_bytes() for name in ("results.nc", "results.csv")
    )
    return {"lost": len(wanted - set(count)), "duplicated": sum(n - 1 for n in count.values()), "identical": same}


def _wait(ready: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not ready() and time.monotonic() < end:
        time.sleep(0.01)
