"""What pyproject.toml cannot say of the build: the wheel brings the examples, as multiscale/examples."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ENDINGS = {".yaml", ".py", ".msh", ".extxyz", ".pth", ".alloy"}


class WithExamples(build_py):
    """Also copies examples/, without what runs have left there."""

    def run(self) -> None:
        """Copy packages and examples."""
        super().run()
        if self.editable_mode:  # it has those of the checkout
            return
        for path in sorted(Path("examples").glob("*/*")):
            if path.suffix in ENDINGS:
                target = Path(self.build_lib, "multiscale", path)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


setup(cmdclass={"build_py": WithExamples})
