"""A SLURM of one node on this host, by tools/slurm.sh: Debian's slurm-wlm and munge are needed, and root."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coupling.errors import MissingBackend

_SCRIPT = Path(__file__).parents[1] / "tools" / "slurm.sh"


@contextmanager
def local_slurm(folder: Path) -> Iterator[None]:
    """Start one, with a partition `test`, for the commands of this process; stop it at the end.

    Args:
        folder: Takes its configuration, keys, state and logs.

    Raises:
        MissingBackend: it cannot be started here.
    """
    folder.parent.chmod(0o755)  # the daemons look through it
    made = subprocess.run([_SCRIPT, "start", folder], capture_output=True, text=True, check=False)
    if made.returncode:
        subprocess.run([_SCRIPT, "stop", folder], check=False)
        raise MissingBackend(f"No SLURM could be started: {made.stderr.strip()}")
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    try:
        yield
    finally:
        subprocess.run([_SCRIPT, "stop", folder], check=False)
        os.environ.pop("SLURM_CONF") if before is None else os.environ.update(SLURM_CONF=before)
