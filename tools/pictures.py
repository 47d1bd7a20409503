"""The pictures of the documents: what each was made of, whether that still holds, and the command that makes them again.

`python -m tools.pictures [NAME ...]` makes those that are stale, or those that are named; pages are photographed in Chromium,
and the demo runs for its own. `--check` makes nothing, and fails if one is stale, as `make docs` and a test do. docs/images/made.json
holds, for each, a hash of the picture, a hash of what it was made of, and the figures of it that documents quote.
"""

import argparse
import ast
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMAGES, RECORD = "docs/images", "docs/images/made.json"
COMMAND = "python -m tools.pictures"
_PAGE = (
    "multiscale/report/*",
    "multiscale/runtime/drawing.py",
    "multiscale/runtime/numbers.py",
    "multiscale/runtime/records.py",
)
_SPECIMEN = (*_PAGE, "multiscale/studies/specimen/report.py", "multiscale/studies/specimen/loading_report.py")
_CASES = "benchmarks/report_cases.py"
_DEMO = "examples/fracture_ni111"


@dataclass(frozen=True)
class Picture:
    """What a picture is made of.

    Attributes:
        sources: Files, patterns of files, or `FILE::NAME` of one function or constant, from the repository's root.
        make: Writes the picture, and returns the figures in it that documents quote.
        quoted: By page, how these figures are written there.
    """

    sources: tuple[str, ...]
    make: Callable[[Path], Mapping[str, float]]
    quoted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """What is kept of a picture: hashes of its file and of its sources, and its figures."""

    picture: str
    sources: str
    figures: Mapping[str, float]


def _case(name: str, height: int, colours: str = "light", alone: str = "") -> Callable[[Path], Mapping[str, float]]:
    """A page of `benchmarks.report_cases`."""

    def make(target: Path) -> Mapping[str, float]:
        from benchmarks.people_reports import photograph
        from benchmarks.report_cases import page

        with tempfile.TemporaryDirectory() as folder:
            photograph(page(name, Path(folder)), target, height, colours, alone)
        return {}

    return make


def _demo(target: Path) -> Mapping[str, float]:
    from benchmarks.people_reports import photograph
    from multiscale import run_study

    found = run_study(ROOT / _DEMO / "study.yaml")
    photograph(found.folder / "report.html", target, 1650)
    names = ("work_of_separation", "naive_peak_load_ratio", "bulk_energy_taken_away")
    return {name: float(found[name]) for name in names}


def _hydrogen(target: Path) -> Mapping[str, float]:
    from benchmarks.chemistry_transport import from_fast_to_slow

    with tempfile.TemporaryDirectory() as folder:
        from_fast_to_slow(Path(folder), target)
    return {}


def _cases(*names: str) -> tuple[str, ...]:
    return tuple(f"{_CASES}::{name}" for name in names)


PICTURES: Mapping[str, Picture] = {
    "report": Picture(
        (*_SPECIMEN, f"{_DEMO}/study.yaml", f"{_DEMO}/dcb.msh"), _demo,
        {
            "README.md": ("{work_of_separation:.3f} J/m²", "{naive_peak_load_ratio:.1f} times"),
            "docs/features.md": (
                "{work_of_separation:.3f} J/m²", "| {bulk_energy_taken_away:.2f} J/m² |", "| {naive_peak_load_ratio:.2f} |",
            ),
        },
    ),
    "report_beam": Picture((*_SPECIMEN, *_cases("_specimen", "_ALUMINIUM", "_GLUE", "_PULLED")), _case("specimen", 1250)),
    "report_law": Picture(
        (*_PAGE, "multiscale/studies/cohesive_law/report.py", *_cases("_law", "_PLANE", "_COPPER")), _case("law", 1250, "dark"),
    ),
    "report_sweep": Picture((*_PAGE, "multiscale/sweeps/report.py", *_cases("strength", "page")), _case("sweep_plane", 1250)),
    "report_view": Picture(
        (*_PAGE, "multiscale/studies/specimen/film.py", *_cases("_fracture", "_COPPER", "_GRAIN", "_PULLED")),
        _case("fracture", 520, alone="view-1"),
    ),
    "hydrogen_rate": Picture(
        ("benchmarks/chemistry_transport.py::draw", "benchmarks/chemistry_dcb.py", "examples/hydrogen_dcb/script.py"), _hydrogen
    ),
}  # fmt: skip
"""By the name of the file, without its ending."""


def stale(root: Path = ROOT, pictures: Mapping[str, Picture] = PICTURES) -> dict[str, str]:
    """What is wrong with the pictures of docs/images, by name; empty where all are as their sources make them.

    Args:
        root: Of the repository.
        pictures: Those that there should be.
    """
    kept, there = _record(root), {path.stem for path in (root / IMAGES).glob("*.png")}
    wrong = {name: "no script makes it" for name in there - pictures.keys()}
    for name, one in pictures.items():
        made = kept.get(name)
        if name not in there or made is None:
            wrong[name] = "it has not been made"
        elif made.picture != _hash((root / IMAGES / f"{name}.png").read_bytes()):
            wrong[name] = "its file is not the one that was made"
        elif made.sources != made_of(one, root):
            wrong[name] = "what it was made of has changed"
        elif absent := list(_not_quoted(one, made, root)):
            wrong[name] = f"it shows other figures than the text: {'; '.join(absent)}"
    return {
        name: f"{IMAGES}/{name}.png is stale: {what}; {_way_out(name, pictures, what)}" for name, what in wrong.items()
    }


def _way_out(name: str, pictures: Mapping[str, Picture], what: str) -> str:
    if name not in pictures:
        return "add it to tools/pictures.py, or remove it."
    return "change the text." if "the text" in what else f"make it again with: {COMMAND} {name}"


def _not_quoted(one: Picture, made: Made, root: Path) -> Iterator[str]:
    """The figures that a document should quote and does not."""
    for page, quotes in one.quoted.items():
        text = (root / page).read_text(encoding="utf-8")
        for quote in quotes:
            if (said := quote.format(**made.figures)) not in text:
                yield f"{page} does not say “{said}”"


def made_of(one: Picture, root: Path = ROOT) -> str:
    """A hash of a picture's sources; comments, docstrings and the layout of Python are left out."""
    return _hash("\n".join(f"{name}\n{text}" for name, text in _sources(one, root)).encode())


def _sources(one: Picture, root: Path) -> Iterator[tuple[str, str]]:
    for pattern in one.sources:
        where, _, name = pattern.partition("::")
        files = [path for path in sorted(root.glob(where)) if path.is_file()]
        if not files:
            raise FileNotFoundError(f"{pattern}, of which a picture is made, is not there; see tools/pictures.py.")
        for path in files:
            yield f"{path.relative_to(root).as_posix()}::{name}", _meaning(path, name)


def _meaning(path: Path, name: str) -> str:
    """A file's text; of Python its code, or that of one name in it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return text
    tree = ast.parse(text)
    parts: list[ast.stmt] = [node for node in tree.body if not name or name in _named(node)]
    if name and not parts:
        raise KeyError(f"{path.name} defines no {name}; see tools/pictures.py.")
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [one for one in body if not _is_text(one)]  # type: ignore[attr-defined]
    return "\n".join(ast.dump(node) for node in parts if not _is_text(node))


def _named(node: ast.stmt) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {getattr(node, "name", "")} | {one.id for one in targets if isinstance(one, ast.Name)}


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _record(root: Path) -> dict[str, Made]:
    path = root / RECORD
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {name: Made(**one) for name, one in kept.items()}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def remake(names: list[str], root: Path = ROOT, pictures: Mapping[str, Picture] = PICTURES) -> None:
    """Make pictures, and note of each what it was made of."""
    for name in names:
        sys.stdout.write(f"{name}\n")
        target = root / IMAGES / f"{name}.png"
        figures = pictures[name].make(target)
        made = Made(_hash(target.read_bytes()), made_of(pictures[name], root), dict(figures))
        kept = {key: asdict(one) for key, one in (_record(root) | {name: made}).items() if key in pictures}
        (root / RECORD).write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(PICTURES)}; by default those that are stale"
    )
    parser.add_argument("--check", action="store_true", help="make nothing; fail if one is stale")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(PICTURES):
        parser.error(f"unknown picture {', '.join(sorted(unknown))}; valid: {', '.join(PICTURES)}")
    if not chosen.check:
        remake(chosen.names or [name for name in PICTURES if name in stale()])
    wrong = stale()
    sys.stdout.write("".join(f"{text}\n" for text in wrong.values()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
