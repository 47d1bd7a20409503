"""All figures of speed that have a target, gathered from the benchmarks that measure them.

Run as `python -m benchmarks.speed [--tests] [--json]`; under ten minutes on two quiet cores, with `--tests` many more. The
parts run one after another, each in a process of its own; what they say goes to stderr. A figure that cannot be had here is
None, and `notes` says why; a part that fails makes the command fail after all others have run. Figures and their targets:

network_7net0 (0.65 or less), network_l3i5 (0.55): time over that with e3nn's product; network_max_abs_diff_eV (1e-6).
eam_over_lammps_1k, _10k, _100k (1.2), relax_over_lammps_10k (1.5), eam_max_diff_eV_atom (1e-9).
dipole_bgfc_over_lammps_16k (0.1), dipole_over_before (0.1).
newton_symmetric_over_lu (0.7), newton_over_bare_dolfinx (1.0), dcb_steps; unknowns_3d, seconds_per_newton_3d, memory_GiB_3d,
growth_exponent_3d (1.15).
threads_two_over_one (1.05): wall time of all atoms with two threads.
help_seconds_over_python (10), test_seconds_over_before (0.55, with `--tests`).
roofline_fraction: of a GPU's memory bandwidth.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.output import report

ROOT = Path(__file__).parents[1]
PARTS: Mapping[str, tuple[str, ...]] = {
    "speed_network": ("network_7net0", "network_l3i5", "network_max_abs_diff_eV"),
    "speed_eam": (
        "eam_over_lammps_1k", "eam_over_lammps_10k", "eam_over_lammps_100k", "relax_over_lammps_10k",
        "eam_max_diff_eV_atom",
    ),
    "speed_concurrent": ("dipole_bgfc_over_lammps_16k", "dipole_over_before", "threads_two_over_one"),
    "speed_continuum": (
        "newton_symmetric_over_lu", "newton_over_bare_dolfinx", "dcb_steps", "unknowns_3d", "seconds_per_newton_3d",
        "memory_GiB_3d", "growth_exponent_3d",
    ),
    "speed_start": ("help_seconds_over_python", "test_seconds_over_before"),
}  # fmt: skip
"""Benchmarks, in the order in which they run, and what is taken of each."""
NOTES = ("test_seconds_note", "threads_note")
"""What a benchmark says of a figure that it does not have."""


class PartFailed(Exception):
    """A benchmark that did not end well."""


def part(name: str, *words: str) -> dict[str, object]:
    """What a benchmark finds in a process of its own.

    Args:
        name: Its module in `benchmarks`.
        words: Further arguments.

    Raises:
        PartFailed: it ended with an error, or without figures.
    """
    environment = {"OMP_NUM_THREADS": "1"} | os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", f"benchmarks.{name}", "--json", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(done.stdout)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise PartFailed(f"benchmarks.{name} ended with exit code {done.returncode}")
    figures: dict[str, object] = json.loads(lines[-1])
    return figures


def measure(tests: bool = False, parts: Mapping[str, tuple[str, ...]] = PARTS) -> tuple[dict[str, object], bool]:
    """All figures, and whether every part ended well.

    Args:
        tests: Whether the tests' time is measured, too.
        parts: As `PARTS`.
    """
    figures: dict[str, object] = {}
    notes: dict[str, str] = {}
    for name, wanted in parts.items():
        sys.stderr.write(f"benchmarks.{name} ...\n")
        try:
            found = part(name, *(["--tests"] if tests and name == "speed_start" else []))
            figures |= {key: found[key] for key in wanted}
            notes |= {key: str(found[key]) for key in NOTES if key in found}
        except (PartFailed, KeyError) as error:
            figures |= dict.fromkeys(wanted)
            notes[name] = f"failed: {error}"
    well = not any(name in notes for name in parts)
    figures["roofline_fraction"], notes["roofline_fraction"] = None, why_no_roofline()
    return figures | {"notes": notes}, well


def why_no_roofline() -> str:
    """Why there is no figure of a GPU."""
    import torch

    if torch.cuda.is_available():
        return f"not measured: no benchmark compares with the bandwidth of {torch.cuda.get_device_name()} yet"
    return "no GPU"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tests", action="store_true")
    options = parser.parse_args()
    found, well = measure(options.tests)
    report(found, options.json)
    sys.exit(0 if well else 1)
