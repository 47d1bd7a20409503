"""Sweeps: overhead of cheap points, speed-up of real ones, kills, a full disk, bad inputs, a SLURM.

python -m benchmarks.sweep --json
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from benchmarks.output import report
from benchmarks.sweep_inputs import BAD
from benchmarks.sweep_kills import fill_disk, finish, kill_driver, kill_worker, losses, write_sweep
from continuum.specimens.dcb import DoubleCantileverBeam
from multiscale import Results, sweep
from multiscale.cli import app
from multiscale.sweeps.tasks import POINTS

WORKERS = 2
CHEAP_SECONDS = 0.02
LAYERS = [4, 6, 8, 10, 12, 14, 16, 18]
CRACKS = [26.0, 28.0, 30.0, 32.0, 34.0, 36.0, 38.0, 40.0]
SLURM = Path(__file__).parents[1] / "tools" / "slurm.sh"


def product(x: float, y: float) -> dict[str, float]:
    """A point that takes `CHEAP_SECONDS` of waiting, so that the cores are free for the driver."""
    time.sleep(CHEAP_SECONDS)
    return {"product": x * y}


def cheap(folder: Path) -> dict[str, float]:
    """2,000 cheap points: time beyond the work itself, start and results included."""
    start = time.perf_counter()
    over = {"x": {"min": 0, "max": 1, "points": 50}, "y": {"min": 1, "max": 2, "points": 40}}
    found = sweep(product, over, folder, engine={"workers": WORKERS})
    wall = time.perf_counter() - start
    work = found.status.done * CHEAP_SECONDS / WORKERS
    return {
        "cheap_points": found.status.done,
        "overhead_ms_per_point": 1e3 * (wall - work) / found.status.done,
        "efficiency": work / wall,
    }


def real(folder: Path) -> dict[str, float]:
    """64 points, each a cohesive law and a specimen broken with it, on one worker and on two."""
    folder.mkdir()
    meshes = []
    for crack in CRACKS:
        beam = DoubleCantileverBeam(length=60.0, arm=6.0, crack=crack, growth=12.0, fine=0.3, coarse=2.0, grading=0.3)
        beam.write(folder / f"crack_{crack:g}.msh")
        meshes.append(str(folder / f"crack_{crack:g}.msh"))
    over = {"interfaces.bond.law.atoms.layers": LAYERS, "mesh": meshes}
    seconds, points = [], 0
    for workers in (1, WORKERS):
        start = time.perf_counter()
        found = sweep(_fracture(meshes[0]), over, folder / f"workers_{workers}", engine={"workers": workers})
        seconds.append(time.perf_counter() - start)
        points = found.status.done
    runs = [Results.load(run) for run in (found.folder / POINTS).iterdir() if (run / "results.json").is_file()]
    return {
        "real_points": points,
        "seconds_1_worker": seconds[0],
        "seconds_2_workers": seconds[1],
        "speedup_2_workers": seconds[0] / seconds[1],
        "laws": len(LAYERS),
        "law_computations": sum("atomistic samples" not in run.reused for run in runs),
    }


def _fracture(mesh: str) -> dict[str, Any]:
    halves = (
        {"group": "load_upper", "component": "y", "factor": 0.5},
        {"group": "load_lower", "component": "y", "factor": -0.5},
    )
    return {
        "study": "fracture",
        "potential": "emt",
        "mesh": mesh,
        "mesh_unit": "nm",
        "kind": "plane strain",
        "bodies": {
            name: {"crystal": {"species": "Ni", "structure": "fcc"}, "grain": {"x": [1, 1, -2], "y": [1, 1, 1]}}
            for name in ("upper", "lower")
        },
        "interfaces": {
            "bond": {"plus": "upper", "minus": "lower", "spacing": "left out", "law": {"atoms": {"layers": 12}}}
        },
        "supports": [{"group": "end", "component": "x"}],
        "loads": list(halves),
        "loading": {"opening": "3 nm", "steps": 3},
    }


def kills(folder: Path) -> dict[str, Any]:
    """The driver killed ten times, a worker killed, the disk full: against an undisturbed sweep."""
    path = write_sweep(folder)
    finish(path, folder / "undisturbed")
    killed = kill_driver(path, folder / "killed", 10, seed=0)
    finish(path, folder / "killed")
    robbed = kill_worker(path, folder / "robbed")
    mount = folder / "small"
    full, said = fill_disk(path, mount)
    try:
        ended = [folder / "killed", folder / "robbed"] + ([mount / "sweep"] if full else [])
        found = [losses(output, folder / "undisturbed") for output in ended]
    finally:
        subprocess.run(["umount", str(mount)], capture_output=True, check=False)
    return {
        "driver_kills": killed,
        "worker_killed": robbed[:2] == (True, 0),
        "disk_full": said,
        "lost_points": sum(item["lost"] for item in found),
        "duplicated_points": sum(item["duplicated"] for item in found),
        "byte_identical": all(item["identical"] for item in found),
    }


def bad_inputs(folder: Path) -> dict[str, int]:
    """Inputs that are refused with status 2 and one sentence, with nothing written."""
    clean = 0
    for number, data in enumerate(BAD.values()):
        place = folder / str(number) / "in"
        place.mkdir(parents=True)
        file = place / "sweep.yaml"
        file.write_text(data if isinstance(data, str) else yaml.safe_dump(data), encoding="utf-8")
        answer = CliRunner().invoke(app, ["sweep", str(file)])
        left = [path for path in place.parent.rglob("*") if path not in (place, file)]
        clean += (
            answer.exit_code == 2
            and answer.stderr.startswith("Error: ")
            and "Traceback" not in answer.output
            and not left
        )
    return {"bad_inputs": len(BAD), "clean_errors": clean}


def slurm(folder: Path) -> dict[str, str]:
    """A sweep through a real SLURM of this host: the points done, or why not."""
    made = subprocess.run([SLURM, "start", folder], capture_output=True, text=True)
    if made.returncode:
        return {"slurm": f"could not be: {made.stderr.strip()}"}
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    try:
        engine = {"kind": "slurm", "workers": WORKERS, "memory": "900 MB", "queue": "test", "walltime": "00:10:00"}
        found = sweep(product, {"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2.0, 3.0, 4.0]}, folder / "sweep", engine=engine)
        return {"slurm": f"{found.status.done} of {found.status.total} points done"}
    finally:
        subprocess.run([SLURM, "stop", folder], check=False)


def main(as_json: bool) -> None:
    """Run everything and print the figures."""
    with tempfile.TemporaryDirectory(prefix="sweep-benchmark-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ.pop("MULTISCALE_CACHE", None)  # every sweep computes its own laws
        figures: dict[str, Any] = {}
        for part in (cheap, real, kills, bad_inputs, slurm):
            figures |= part(folder / part.__name__)
    report(figures, as_json)


if __name__ == "__main__":
    main("--json" in sys.argv[1:])
