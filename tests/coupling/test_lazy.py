"""Names of packages that are imported on first use: written once, found, listed, and light until then."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

from coupling.lazy import promised

ROOT = Path(__file__).parents[2]
INITS = [
    path for name in ("coupling", "atomistic", "continuum", "multiscale") for path in (ROOT / name).rglob("__init__.py")
]
LAZY = [path for path in INITS if "on_first_use" in path.read_text(encoding="utf-8")]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `lazily` with three names that are imported on first use, and one that is there at once."""
    home = tmp_path / "lazily"
    home.mkdir()
    (home / "__init__.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "from coupling.lazy import on_first_use\n"
        "if TYPE_CHECKING:\n"
        "    from lazily.heavy import one, two as second\n"
        "    from .heavy import third\n"
        "here = 0\n"
        "__getattr__, __dir__ = on_first_use(__name__)\n"
    )
    (home / "heavy.py").write_text("one, two, third = 1, 2, 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("lazily")
    for name in [name for name in sys.modules if name.partition(".")[0] == "lazily"]:
        del sys.modules[name]


def test_a_name_is_imported_when_it_is_used(package):
    assert {"here", "one", "second", "third"} <= set(dir(package))
    assert "lazily.heavy" not in sys.modules
    assert (package.here, package.one, package.second, package.third) == (0, 1, 2, 3)


def test_a_name_that_is_not_promised_is_none_of_the_package(package):
    with pytest.raises(AttributeError, match="module 'lazily' has no attribute 'two'"):
        _ = package.two
    assert importlib.import_module("lazily.heavy") is package.heavy


@pytest.mark.parametrize("path", LAZY, ids=lambda path: path.parent.relative_to(ROOT).as_posix())
def test_what_a_package_promises_is_there(path):
    source = path.read_text(encoding="utf-8")
    exported = next(
        ast.literal_eval(node.value) for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )  # fmt: skip
    names = promised(source)
    assert names and set(names) <= set(exported)
    for module, name in names.values():
        place = ROOT.joinpath(*module.split("."))
        file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
        assert name in defined(file), f"{module} has no {name}"


def defined(file: Path) -> set[str]:
    """Names that a module has at its top, imported ones too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.TypeAlias):
            found.add(node.name.id)
    return found


def test_there_is_one_such_mechanism():
    other = [path for path in INITS if "def __getattr__" in path.read_text(encoding="utf-8")]
    assert LAZY and other == []
