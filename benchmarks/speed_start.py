"""How soon the command line answers, and what the tests cost beside those of an earlier tree.

Run as `python -m benchmarks.speed_start [--tests] [--json]`: seconds, with `--tests` many minutes. Both are ratios of runs
of this machine. `help_seconds_over_python` is the wall time of `multiscale --help` over that of a Python that does
nothing, the best of five, in turns.

`test_seconds_over_before` is processor time, of all processes of the tests, over that of the tree `BEFORE`. A whole run of
both takes too long: the same sample, each `STRIDE`th test module by name of those that both have, runs in each tree, in
the same order in one process; before that each tree collects it once, which compiles its modules. So what a run shares
between modules counts as it is shared in the sample.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.output import report

ROOT = Path(__file__).parents[1]
BEFORE = "72d8c1f"
STRIDE = 12
REPEATS = 5
_HELP = ("-c", "from multiscale.cli import main; main()", "--help")


def help_over_python(repeats: int = REPEATS) -> float:
    """Wall time of the help over that of a bare Python, the best of several of each."""
    times = [(seconds("-c", "pass"), seconds(*_HELP)) for _ in range(repeats)]
    bare, asked = (min(column) for column in zip(*times, strict=True))
    return asked / bare


def seconds(*words: str) -> float:
    """Wall time of one Python process.

    Args:
        words: Its arguments.

    Raises:
        CalledProcessError: it failed.
    """
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def cost_over_before(commit: str = BEFORE, stride: int = STRIDE) -> tuple[float | None, str]:
    """Processor time of a sample of the tests over that in an earlier tree.

    Args:
        commit: The earlier tree.
        stride: One of so many modules is taken.

    Returns:
        The ratio; None, and why, where there is none.
    """
    with tempfile.TemporaryDirectory() as name:
        earlier = Path(name)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
        if archive.returncode:
            return None, f"the tree {commit} is not there: {archive.stderr.decode().strip()}"
        subprocess.run(["tar", "-x", "-C", name], input=archive.stdout, check=True)
        modules = sample(ROOT, earlier, stride)
        for tree in (earlier, ROOT):
            processor_seconds(tree, ["--collect-only", *modules])
        before, now = (processor_seconds(tree, modules) for tree in (earlier, ROOT))
    return now / before, f"{len(modules)} modules, {before:.0f} s and {now:.0f} s"


def sample(tree: Path, other: Path, stride: int) -> list[str]:
    """Each so many-th test module, by name, of those that two trees have."""
    names = sorted(path.relative_to(tree).as_posix() for path in (tree / "tests").rglob("test_*.py"))
    return [name for name in names if (other / name).is_file()][::stride]


def processor_seconds(tree: Path, words: Iterable[str]) -> float:
    """Processor time that pytest and its processes take in a tree; whether the tests pass is not asked.

    Args:
        tree: Where.
        words: Arguments of pytest.
    """
    before = _spent()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
    environment = os.environ | {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, check=False)
    return _spent() - before


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(tests: bool = False) -> dict[str, object]:
    """The ratios.

    Args:
        tests: Whether to run tests, too.
    """
    ratio, said = cost_over_before() if tests else (None, "run with --tests")
    return {
        "help_seconds_over_python": help_over_python(),
        "test_seconds_over_before": ratio,
        "test_seconds_note": said,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tests", action="store_true")
    options = parser.parse_args()
    report(measure(options.tests), options.json)
