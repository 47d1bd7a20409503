"""The comparison with LAMMPS is one of the same atoms: same energies as they move, and the same end of a relaxation."""

import json
import subprocess
import sys
from pathlib import Path

ASKED = """
import json
from atomistic import load_potential
from benchmarks import speed_eam
from benchmarks.wheel import wheel_file
potential = load_potential(str(wheel_file(speed_eam.FILE)))
ratio, moved = speed_eam.moves(potential, cells=3, steps=4)
print(json.dumps(speed_eam.relaxations(potential, cells=3) | {"ratio": ratio, "moved": moved}))
"""


def test_both_codes_follow_and_relax_the_same_atoms():
    done = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["moved"] < 1e-11
    assert found["relax_max_diff_eV_atom"] < 1e-6
    assert (
        0 < found["relax_lammps_force_eV_A"] < 1e-3
    )  # by its own count: it stopped for the force, and for nothing else
    assert found["ratio"] > 0 and 5 < found["relax_steps_10k"] < 200
