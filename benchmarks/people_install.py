"""What people install: the core from the wheel alone, what it runs there, and whether every extra can be resolved.

Run as `python -m benchmarks.people_install [--json] [--demo]`, with a package index at hand. A wheel is built of
this tree and put into a new virtual environment, outside the tree, with no extra; there `multiscale run` makes a
specimen and two laws, rigid and relaxed, in effective medium theory. uv makes the environment, from its cache where
that has the packages. Its size is that of files as uv lays them out; pip also compiles all modules, for about 170 MB more.
Each extra is resolved alone, with the core, by uv as of this Python's version; nothing of it is downloaded or installed.
`--demo` looks at `[sevennet]` instead: its environment is made, and the demo runs there from the wheel's own example, in
minutes and with gigabytes of torch and CUDA.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from os import environ
from pathlib import Path

from benchmarks.output import report
from tools.install import from_pip

ROOT = Path(__file__).parents[1]
_AT_ONCE = 4  # they wait for the index most of the time
_SPECIMEN = """
study: specimen
kind: plane strain
mesh: {specimen: dcb, length: 120, arm: 6, crack: 40, growth: 20, fine: 1, coarse: 3}
mesh_unit: mm
bodies: {upper: {young: 70 GPa, poisson: 0.33}, lower: {young: 70 GPa, poisson: 0.33}}
interfaces:
  bond:
    plus: upper
    minus: lower
    law: {kind: bilinear, work_of_separation: 1 kJ/m^2, peak_traction: 20 MPa, stiffness: 1e4 MPa/mm}
supports: [{group: end, component: x}]
loads: [{group: load_upper, component: y, factor: 0.5}, {group: load_lower, component: y, factor: -0.5}]
loading: {opening: 1 mm, steps: 20}
output: {folder: runs/specimen}
"""
_LAW = """
study: cohesive_law
potential: emt
plane: {species: Cu, structure: fcc, miller: [1, 1, 1], layers: 6}
path: %s
output: {folder: runs/law_%s}
"""
DEMO = "fracture_ni111"
"""The example that `make demo` runs."""
_STUDIES = {"specimen": _SPECIMEN} | {f"law_{path}": _LAW % (path, path) for path in ("rigid", "relaxed")}


def extras() -> list[str]:
    """The extras of the distribution."""
    return sorted(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def unresolvable(names: list[str]) -> dict[str, str]:
    """What uv says of each extra that cannot be resolved with the core alone."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        said = list(pool.map(_resolved, names))
    return {name: text for name, text in zip(names, said, strict=True) if text}


def _resolved(extra: str) -> str:
    done = _uv("pip", "compile", "--quiet", "--python", sys.executable, "--extra", extra, str(ROOT / "pyproject.toml"))
    return "" if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"


def environment(folder: Path, extra: str = "") -> tuple[Path, float]:
    """A new environment with the wheel of this tree.

    Args:
        folder: Takes the wheel and the environment.
        extra: An extra in brackets.

    Returns:
        Its Python, and the seconds from nothing to the end of the installation, once the wheel is built.
    """
    python = folder / "environment" / "bin" / "python"
    _done(_uv("build", "--quiet", "--out-dir", str(folder / "wheel"), str(ROOT)))  # the wheel from the sdist
    (wheel,) = (folder / "wheel").glob("*.whl")
    start = time.perf_counter()
    _done(_uv("venv", "--quiet", "--python", sys.executable, str(folder / "environment")))
    _done(_uv("pip", "install", "--quiet", "--python", str(python), f"multiscale-coupling{extra} @ {wheel.as_uri()}"))
    return python, time.perf_counter() - start


def core(folder: Path) -> dict[str, object]:
    """Size, time and abilities of an environment with the wheel and nothing else."""
    python, seconds = environment(folder)
    listed = _done(_uv("pip", "list", "--quiet", "--python", str(python)))
    failed = {name: fault for name, text in _STUDIES.items() if (fault := _run(python, folder, name, text))}
    return {
        "core_disk_MB": _size(folder / "environment") / 1e6,
        "core_seconds": seconds,
        "core_packages": len(listed.splitlines()) - 2,
        "core_runs": ("specimen" not in failed) + (not failed.keys() - {"specimen"}),
        "core_failures": failed,
    }


def demo(folder: Path) -> dict[str, object]:
    """Whether `[sevennet]` brings what the demo needs, and how long installing and running took."""
    python, installed = environment(folder, "[sevennet]")
    start = time.perf_counter()
    fault = _report_of(python, folder, folder / DEMO / "runs" / "ni111_dcb", "examples", DEMO, "--run")
    return {
        "demo_passes": not fault,
        "demo_fault": fault,
        "demo_install_seconds": installed,
        "demo_run_seconds": time.perf_counter() - start,
        "demo_disk_MB": _size(folder / "environment") / 1e6,
    }


def _run(python: Path, folder: Path, name: str, text: str) -> str:
    """Run a study outside the tree; what it said if it failed or left no report."""
    (folder / f"{name}.yaml").write_text(text)
    return _report_of(python, folder, folder / "runs" / name, "run", f"{name}.yaml")


def _report_of(python: Path, folder: Path, run: Path, *command: str) -> str:
    """Run `multiscale` with an environment's Python; what it said if it failed or left no report."""
    own = {key: value for key, value in environ.items() if key != "PYTHONPATH"}
    program = str(python.with_name("multiscale"))
    done = subprocess.run([program, *command], cwd=folder, env=own, capture_output=True, text=True, check=False)
    made = (run / "report.html").is_file()
    return "" if done.returncode == 0 and made else (done.stderr or done.stdout)[-500:] or "no report"


def _size(folder: Path) -> int:
    """Bytes on disk of the files of a folder, whether or not a cache holds them too."""
    return sum(one.lstat().st_blocks * 512 for one in folder.rglob("*"))


@cache
def _settings() -> dict[str, str]:
    return environ | from_pip(environ)


def _uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "uv", *arguments]
    return subprocess.run(command, env=_settings(), capture_output=True, text=True, check=False)


def _done(process: subprocess.CompletedProcess[str]) -> str:
    if process.returncode:
        raise RuntimeError(f"{' '.join(process.args)} failed: {process.stderr}")
    return process.stdout


def measure() -> dict[str, object]:
    """All figures of the core and of the extras."""
    names = extras()
    faults = unresolvable(names)
    with tempfile.TemporaryDirectory() as folder:
        found = core(Path(folder))
    return found | {"extras": len(names), "extras_unresolvable": len(faults), "extras_faults": faults}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--demo", action="store_true", help="the demo with SevenNet in place of the core and the extras"
    )
    chosen = parser.parse_args()
    if not chosen.demo:
        report(measure(), chosen.json)
        return
    with tempfile.TemporaryDirectory() as folder:
        report(demo(Path(folder)), chosen.json)


if __name__ == "__main__":
    main()
