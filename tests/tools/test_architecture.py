"""The page of the architecture names every room of the tree, once, with one sentence; and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("coupling", "atomistic", "continuum", "multiscale")
ROW = re.compile(r"^\| `([a-z_]+(?:/[a-z_0-9]+)*)` \| (.*) \|$", re.MULTILINE)


def rooms(root: Path, packages: tuple[str, ...] = PACKAGES) -> set[str]:
    """Folders that hold modules, `__init__` and `__main__` apart."""
    modules = [
        path
        for package in packages
        for path in (root / package).rglob("*.py")
        if path.stem not in ("__init__", "__main__")
    ]
    return {path.parent.relative_to(root).as_posix() for path in modules}


def faults(page: str, existing: set[str]) -> list[str]:
    """What is wrong with the page, a sentence each."""
    rows = ROW.findall(page)
    named = [room for room, _ in rows]
    found = [
        f"docs/architecture.md does not name the room {room}/; add a row `| \\`{room}\\` | What it is for. |`."
        for room in sorted(existing - set(named))
    ]
    found += [
        f"docs/architecture.md names the room {room}/, which holds no modules; take its row away."
        for room in sorted(set(named) - existing)
    ]
    found += [
        f"docs/architecture.md names the room {room}/ {named.count(room)} times; once is enough."
        for room in sorted(set(named))
        if named.count(room) > 1
    ]
    return found + [
        f"docs/architecture.md should say in one sentence what {room}/ is for, not {sentence!r}."
        for room, sentence in rows
        if not re.fullmatch(r"[A-Z][^|]{10,}\.", sentence) or re.search(r"[.!?] [A-Z]", sentence)
    ]


def test_the_page_is_true() -> None:
    found = faults((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), rooms(ROOT))
    assert not found, "\n".join(found)


def test_rooms_are_folders_with_modules(tmp_path: Path) -> None:
    for name in ("coupling/__init__.py", "coupling/laws/__init__.py", "coupling/laws/uber.py", "coupling/data/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert rooms(tmp_path) == {"coupling/laws"}


def test_each_fault_is_told_with_its_room() -> None:
    page = "| `coupling` | Everything else rests on it. |\n| `coupling/laws` | Laws. One a module. |\n"
    (missing,) = [one for one in faults(page, {"coupling", "coupling/laws", "coupling/new"}) if "add a row" in one]
    assert "does not name the room coupling/new/" in missing
    (gone, poor) = faults(page, {"coupling"})
    assert "coupling/laws/, which holds no modules" in gone and "one sentence what coupling/laws/ is for" in poor
    assert any("2 times" in one for one in faults(page + page, {"coupling", "coupling/laws"}))
