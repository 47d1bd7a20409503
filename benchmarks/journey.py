"""What a journey of people with files of their own has to hold, and how its studies run."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multiscale import run_study
from multiscale.runtime.results import Results


@dataclass(frozen=True)
class Held:
    """A figure of a journey, and what it may be at most."""

    figure: float
    bound: float

    @property
    def good(self) -> bool:
        """Whether it is within."""
        return 0 <= self.figure <= self.bound


def ran(data: dict[str, Any], folder: Path, name: str) -> Results:
    """A study run from an input file in a folder, into a folder of its name."""
    (folder / f"{name}.yaml").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return run_study(folder / f"{name}.yaml", folder / name, allow_code=True)
