"""Hooks of MkDocs (`make docs`): pages of the API, links to code and examples, names without a docstring, stale pictures.

All that is wrong is logged as a warning, and `strict` makes a warning a failure.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File, Files

_LOG = get_plugin_logger("docs")
_ROOT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_BEFORE_BACKTICKS = 195  # Markdown's own pattern for code has 190


def modules(root: Path, packages: list[str]) -> dict[str, Path]:
    """The public modules by dotted name."""
    found = {}
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if not any(part.startswith("_") for part in name.split(".")):
                found[name] = path
    return dict(sorted(found.items()))


def undocumented(root: Path, packages: list[str]) -> list[str]:
    """Public modules, classes, functions, methods and properties without a docstring."""
    found = []
    for name, path in modules(root, packages).items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [name] if ast.get_docstring(tree) is None else []
        found += _bare(tree, name)
    return found


def _bare(node: ast.Module | ast.ClassDef, name: str) -> Iterator[str]:
    for child in node.body:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            if ast.get_docstring(child) is None:
                yield f"{name}.{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from _bare(child, f"{name}.{child.name}")


class CodeLinks(Extension):
    """A dotted name of the packages in backticks is a link to the API, and must be found there; groups of entry points are none."""

    def __init__(self, packages: list[str], groups: list[str]) -> None:
        super().__init__()
        others = "".join(rf"(?!{re.escape(group)}`)" for group in groups)
        self.pattern = rf"(?<!`)`({others}(?:{'|'.join(packages)})(?:\.[A-Za-z_]\w*)+)`(?!`)"

    def extendMarkdown(self, md: Any) -> None:
        """Register the pattern."""
        md.inlinePatterns.register(_CodeLink(self.pattern, md), "code links", _BEFORE_BACKTICKS)


class _CodeLink(InlineProcessor):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element, int, int]:
        link = Element("autoref", identifier=m[1])
        SubElement(link, "code").text = m[1]
        return link, m.start(0), m.end(0)


def on_config(config: Any) -> Any:
    """Look for names without a docstring and for stale pictures; prepare the links to code."""
    root = Path(config.config_file_path).parent
    if config.extra.get("pictures"):
        from tools.pictures import stale

        for text in stale(root).values():
            _LOG.warning("%s", text)
    for name in undocumented(root, config.extra["packages"]):
        _LOG.warning("%s has no docstring", name)
    config.markdown_extensions.append(CodeLinks(config.extra["packages"], config.extra.get("entry_points", [])))
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the root's own pages, the examples' files, and a page for each module."""
    root = Path(config.config_file_path).parent
    for source, target in _ROOT_PAGES.items():
        if (root / source).is_file():
            files.append(
                File.generated(config, target, content=_from_root((root / source).read_text(encoding="utf-8")))
            )
    for path in sorted((root / "examples").rglob("*")):
        if path.is_file() and path.suffix in {".py", ".yaml"}:
            files.append(File.generated(config, path.relative_to(root).as_posix(), abs_src_path=str(path)))
    _gallery(files, config, root)
    _notebooks(files, config, root)
    config.nav += _inputs(files, config)
    names, nav = modules(root, config.extra["packages"]), []
    for package in config.extra["packages"]:
        pages = []
        for name in (name for name in names if name.split(".")[0] == package):
            page = f"api/{name}.md"
            files.append(File.generated(config, page, content=f"::: {name}\n"))
            pages.append({name: page})
        nav.append({package: pages})
    config.nav += _unlisted(files, config.nav)
    config.nav.append({"API": nav})
    return files


def _inputs(files: Files, config: Any) -> list[Any]:
    """The reference of input files, where the documentation has one."""
    if not config.extra.get("inputs"):
        return []
    from tools.input_reference import pages

    made = pages()
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    first, *kinds = made
    return [{"Input files": [first, *kinds]}]


def _unlisted(files: Files, nav: list[Any]) -> list[Any]:
    """A section of the pages in docs/ that the navigation does not name."""
    others = [
        file.src_uri
        for file in files.documentation_pages()
        if "/" not in file.src_uri and f"'{file.src_uri}'" not in str(nav)
    ]
    return [{"More": sorted(others)}] if others else []


def _gallery(files: Files, config: Any, root: Path) -> None:
    """The page and the pictures that `python -m tools.gallery` made."""
    if "gallery" not in config.extra:
        return
    built = root / config.extra["gallery"]
    if not (built / "gallery.md").is_file():
        _LOG.warning("%s is missing; make it with: python -m tools.gallery", built / "gallery.md")
    for path in sorted([*built.glob("*.svg"), *built.glob("gallery.md")]):
        files.append(File.generated(config, path.name, abs_src_path=str(path)))


def _notebooks(files: Files, config: Any, root: Path) -> None:
    """The pages that `python -m tools.notebook` made of docs/notebooks."""
    if "notebooks" not in config.extra:
        return
    for path in sorted((root / "docs" / "notebooks").glob("*.ipynb")):
        built = root / config.extra["notebooks"] / f"{path.stem}.md"
        if built.is_file():
            files.append(File.generated(config, f"notebooks/{built.name}", abs_src_path=str(built)))
        else:
            _LOG.warning("%s is missing; make it with: python -m tools.notebook", built)


def _from_root(text: str) -> str:
    """A page of the root with its links as seen from docs/."""
    for source, target in _ROOT_PAGES.items():
        text = text.replace(f"]({source})", f"]({target})")
    return text.replace("](docs/", "](")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links out of docs/ to the examples and to the root's own pages, which are part of the site."""
    for source, target in _ROOT_PAGES.items():
        markdown = markdown.replace(f"](../{source})", f"]({target})")
    return markdown.replace("](../examples/", "](examples/")
