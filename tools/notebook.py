"""Notebooks of the documentation, run and written as pages.

`python -m tools.notebook` runs docs/notebooks/*.ipynb and writes build/notebooks/*.md with what the cells show, which
`make docs` then takes up. The cells run in one namespace, as in Jupyter, which is not needed for it.
"""

import ast
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

from coupling.files import write_text

ROOT = Path(__file__).parents[1]
NOTEBOOKS, BUILT = ROOT / "docs" / "notebooks", ROOT / "build" / "notebooks"


def run(notebook: Path, folder: Path) -> Iterator[tuple[str, str, Any]]:
    """Run a notebook's cells in a folder; of each its kind (code, markdown), its text, and what its last line is.

    Args:
        notebook: The .ipynb file.
        folder: The working folder, where it may write.
    """
    space: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        with chdir(folder):
            yield cell["cell_type"], text, _value(text, space) if cell["cell_type"] == "code" else None


def _value(text: str, space: dict[str, Any]) -> Any:
    """Run the code of a cell; the value of its last line, where that is an expression."""
    tree = ast.parse(text)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), space)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), space)


def shown(value: Any) -> str:
    """What a notebook shows of a value, as HTML within Markdown."""
    for name in ("_repr_svg_", "_repr_html_"):
        if (drawn := getattr(value, name, None)) is not None:
            return f'<div class="shown">{" ".join(drawn().split())}</div>'
    return "" if value is None else f"```text\n{value!r}\n```"


def page(notebook: Path) -> str:
    """A notebook in Markdown, with what its cells show."""
    parts = []
    with tempfile.TemporaryDirectory() as scratch:
        for kind, text, value in run(notebook, Path(scratch)):
            parts.append(text if kind == "markdown" else f"```python\n{text}\n```\n\n{shown(value)}")
    return "\n\n".join([*parts, f"The notebook: [{notebook.name}]({notebook.name})."]) + "\n"


def main() -> None:
    """Run all."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        sys.stdout.write(f"{os.path.relpath(path)}\n")
        write_text(BUILT / f"{path.stem}.md", page(path))


if __name__ == "__main__":
    main()
