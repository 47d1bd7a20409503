"""The whole tree is linted and formatted, and its types fit."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def findings(*arguments: str) -> str:
    """What a tool says of the tree; nothing if it is content."""
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("arguments", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_finds_nothing(arguments: tuple[str, ...]) -> None:
    assert findings("ruff", *arguments, ".") == ""


@pytest.mark.slow
def test_mypy_finds_nothing() -> None:
    assert findings("mypy") == ""


@pytest.mark.slow  # in the same worker, after the other, whose cache it has
def test_mypy_would_see_a_law_that_is_asked_for_what_it_has_not(tmp_path: Path) -> None:
    """The settings of the tree hold: a wrong argument, a wrong attribute, and a function without types are found."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from coupling.laws.bilinear import Bilinear\n"
        "def untyped(x): return x\n"
        "law = Bilinear('2 J/m^2', 1e9, 1e18)\n"
        "print(law.final_slipp)\n"
    )
    said = findings("mypy", "--config-file", str(ROOT / "pyproject.toml"), "--strict", str(wrong))
    for code in ("no-untyped-def", "arg-type", "attr-defined"):
        assert f"[{code}]" in said
