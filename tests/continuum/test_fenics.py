"""FEniCSx as it is loaded here: what MPI and PETSc bring along with them, and must not."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import os
import continuum.fenics
from benchmarks.attack_ports import listening
print(sorted(listening(os.getpid())), "UCX_TLS" in os.environ)
"""


def test_a_process_alone_opens_no_port_and_leaves_the_environment_as_it_was():
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PMI", "UCX"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[] False\n", done.stderr
