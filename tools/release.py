"""What a release needs: dist/ with an sdist and the wheel made of it, `twine check --strict` of both, every extra resolved.

`python -m tools.release`, with a package index at hand; uv, which `make setup` installed, builds and fetches twine for this alone.
"""

import os
import shutil
import subprocess
import sys

from benchmarks.people_install import ROOT, extras, unresolvable
from tools.install import UV, from_pip

DIST = ROOT / "dist"


def main() -> int:
    """Build, check, resolve; 1 if something is wrong."""
    environment = os.environ | from_pip(os.environ)
    shutil.rmtree(DIST, ignore_errors=True)
    subprocess.run([*UV, "build", "--quiet", "--out-dir", str(DIST), str(ROOT)], env=environment, check=True)
    made = sorted(str(path) for path in DIST.iterdir() if path.suffix in (".gz", ".whl"))
    checked = subprocess.run(
        [*UV, "tool", "run", "--quiet", "twine", "check", "--strict", *made], env=environment, check=False
    )
    names = extras()
    faults = unresolvable(names)
    for name, said in faults.items():
        sys.stdout.write(f"The extra {name} cannot be resolved: {said}\n")
    sys.stdout.write(f"{len(names) - len(faults)} of {len(names)} extras can be resolved.\n")
    return 1 if checked.returncode or faults else 0


if __name__ == "__main__":
    sys.exit(main())
