"""The structure of the tree, measured from its sources: who imports whom, sizes, names, docstrings, lint.

Imports count wherever they stand: at the top of a module, inside functions and under `TYPE_CHECKING`.
"""

import ast
import re
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("coupling", "atomistic", "continuum", "multiscale")
BELOW = {
    "coupling": (),
    "atomistic": ("coupling",),
    "continuum": ("coupling",),
    "multiscale": ("coupling", "atomistic", "continuum"),
}
"""Whom each package may import, besides itself."""
LARGEST = 300
_IGNORE = re.compile(r"#\s*type:\s*ignore")

Graph = dict[str, set[str]]


def sources(root: Path = ROOT) -> dict[str, Path]:
    """The modules of the four packages, by dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def import_graph(modules: dict[str, Path]) -> Graph:
    """Of each module, the modules of the tree that it imports anywhere."""
    graph: Graph = {}
    for name, path in modules.items():
        wanted: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                full = {f"{node.module}.{alias.name}" for alias in node.names}
                wanted |= {one if one in modules else node.module for one in full}
        graph[name] = {one for one in wanted if one in modules and one != name}
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """The groups of modules that import one another in a circle (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for after in graph[node]:
            if after not in index:
                visit(after)
                low[node] = min(low[node], low[after])
            elif after in stack:
                low[node] = min(low[node], index[after])
        if low[node] == index[node]:
            group = [stack.pop()]
            while group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    sys.setrecursionlimit(10_000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def upward(graph: Graph) -> list[tuple[str, str]]:
    """Imports of a package that the importing one may not know."""
    return [
        (name, other)
        for name, others in graph.items()
        for other in sorted(others)
        if (there := other.split(".")[0]) != (here := name.split(".")[0]) and there not in BELOW[here]
    ]


def public_definitions(path: Path) -> Iterator[ast.ClassDef | ast.FunctionDef]:
    """Public functions and classes of a module, and the public methods of its public classes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (
                    inner
                    for inner in node.body
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")
                )


def undocumented(modules: dict[str, Path]) -> list[str]:
    """Public names without a docstring; an overridden or overloaded method has its base's."""
    missing = []
    for name, path in modules.items():
        for node in public_definitions(path):
            inherited = any("override" in ast.unparse(d) or "overload" in ast.unparse(d) for d in node.decorator_list)
            if ast.get_docstring(node) is None and not inherited:
                missing.append(f"{name}:{node.name}")
    return missing


def doubled_classes(modules: dict[str, Path]) -> dict[str, list[str]]:
    """Public class names that more than one of the four packages has, and where."""
    places: dict[str, list[str]] = {}
    for name, path in modules.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(name)
    return {name: where for name, where in places.items() if len({one.split(".")[0] for one in where}) > 1}


def without_all(modules: dict[str, Path]) -> list[str]:
    """Packages whose `__init__` does not say what they export."""
    found = []
    for name, path in modules.items():
        if path.name == "__init__.py":
            targets = [
                t
                for node in ast.parse(path.read_text(encoding="utf-8")).body
                if isinstance(node, ast.Assign)
                for t in node.targets
            ]
            if not any(isinstance(t, ast.Name) and t.id == "__all__" for t in targets):
                found.append(name)
    return found


def lint_findings() -> int:
    """What ruff finds in the tree: check and format together."""
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    findings = sum(bool(re.match(r".+:\d+:\d+: ", line)) for line in checked.stdout.splitlines())
    return findings + sum(line.startswith("Would reformat") for line in formatted.stdout.splitlines())


def structure() -> dict[str, float]:
    """The figures of the layout."""
    modules = sources()
    graph = import_graph(modules)
    texts = [path.read_text(encoding="utf-8") for path in modules.values()]
    lines = [len(text.splitlines()) for text in texts]
    return {
        "import_cycles": len(circles(graph)),
        "upward_imports": len(upward(graph)),
        "files_over_300_lines": sum(n > LARGEST for n in lines),
        "median_lines": statistics.median(lines),
        "duplicate_class_names": len(doubled_classes(modules)),
        "type_ignores": sum(len(_IGNORE.findall(text)) for text in texts),
        "lint_findings": lint_findings(),
        "public_names_without_docstring": len(undocumented(modules)),
        "subpackages_without_all": len(without_all(modules)),
    }


def main() -> None:
    """Say everything that is not as it should be."""
    modules = sources()
    graph = import_graph(modules)
    for group in circles(graph):
        sys.stdout.write(f"circle: {', '.join(group)}\n")
        inside = set(group)
        for one in group:
            for other in sorted(graph[one] & inside):
                sys.stdout.write(f"    {one} -> {other}\n")
    for what, found in (
        ("upward", upward(graph)),
        ("class in several packages", doubled_classes(modules).items()),
        ("no docstring", undocumented(modules)),
        ("no __all__", without_all(modules)),
        (
            "long",
            [name for name, path in modules.items() if len(path.read_text(encoding="utf-8").splitlines()) > LARGEST],
        ),
        (
            "type: ignore",
            Counter(
                name for name, p in modules.items() for _ in _IGNORE.findall(p.read_text(encoding="utf-8"))
            ).items(),
        ),
    ):
        for one in found:
            sys.stdout.write(f"{what}: {one}\n")


if __name__ == "__main__":
    main()
