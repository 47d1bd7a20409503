"""Names of a package that are imported on first use, so that importing the package stays light."""

import ast
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any


def on_first_use(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package: what it imports under `if TYPE_CHECKING:` is found on first use.

    So each name and its place are written once, in the import that type checkers read.

    Args:
        package: Its `__name__`.
    """

    @cache
    def places() -> dict[str, tuple[str, str]]:
        return promised(Path(str(sys.modules[package].__file__)).read_text(encoding="utf-8"))

    def attribute(name: str) -> Any:
        if name not in places():
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, original = places()[name]
        return getattr(import_module(module, package), original)

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *places()})

    return attribute, names


def promised(source: str) -> dict[str, tuple[str, str]]:
    """The names that a module imports under `if TYPE_CHECKING:`: of each the module that has it, and its name there."""
    guarded = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.asname or alias.name: ("." * node.level + (node.module or ""), alias.name)
        for guard in guarded
        for node in guard.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
