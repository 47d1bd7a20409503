"""The pictures of the documents are as their sources make them; what makes one stale is named, with the command."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tools.pictures import IMAGES, PICTURES, Picture, made_of, main, remake, stale

CODE = '"""A module."""\n\n\ndef drawn() -> int:\n    """A number."""\n    return 1  # one\n\n\ndef other() -> int:\n    return 2\n'
BESIDE = "The load is 1.29 times too high.\n"


def test_no_picture_is_stale() -> None:
    assert stale() == {}


def test_what_documents_show_is_made_by_a_script() -> None:
    root = Path(__file__).parents[2]
    shown = [path.stem for path in (root / IMAGES).glob("*.png")]
    assert sorted(shown) == sorted(PICTURES)
    pages = "".join(path.read_text() for path in [root / "README.md", *(root / "docs").glob("*.md")])
    assert [name for name in shown if f"images/{name}.png" not in pages] == []


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, Mapping[str, Picture]]:
    """A repository of one picture that has just been made of a function, a style and an input."""
    (tmp_path / IMAGES).mkdir(parents=True)
    for name, text in (("code.py", CODE), ("page.css", "a {}"), ("study.yaml", "a: 1"), ("README.md", BESIDE)):
        (tmp_path / name).write_text(text)

    def make(target: Path) -> Mapping[str, float]:
        target.write_bytes(b"a picture")
        return {"ratio": 1.294}

    pictures = {"one": Picture(("code.py::drawn", "*.css", "study.yaml"), make, {"README.md": ("{ratio:.2f} times",)})}
    remake(["one"], tmp_path, pictures)
    assert stale(tmp_path, pictures) == {}
    return tmp_path, pictures


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("code.py", CODE.replace("return 1", "return 3"), "has changed"),
        ("page.css", "a {color: red}", "has changed"),
        ("study.yaml", "a: 2", "has changed"),
        (f"{IMAGES}/one.png", "drawn by hand", "not the one that was made"),
        ("README.md", BESIDE.replace("1.29", "1.28"), "README.md does not say “1.29 times”"),
        (f"{IMAGES}/two.png", "another", "no script makes it"),
        ("docs/images/made.json", "{}", "has not been made"),
    ],
)
def test_a_stale_picture_is_named(small: tuple[Path, Mapping[str, Picture]], file: str, text: str, said: str) -> None:
    root, pictures = small
    (root / file).write_text(text)
    (found,) = stale(root, pictures).values()
    assert said in found
    assert ("python -m tools.pictures one" in found) == (said.endswith(("changed", "made")))


def test_comments_docstrings_and_other_functions_make_none_stale(small: tuple[Path, Mapping[str, Picture]]) -> None:
    root, pictures = small
    changed = CODE.replace("A number.", "One.").replace("# one", "# 1").replace("return 2", "return 3")
    (root / "code.py").write_text(changed.replace("def drawn", "\n\ndef drawn"))
    assert stale(root, pictures) == {}


def test_a_source_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.css, of which a picture is made"):
        made_of(Picture(("gone.css",), lambda target: {}), tmp_path)


def test_a_wrong_name_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["pictures", "beam"])
    with pytest.raises(SystemExit):
        main()
    assert "unknown picture beam; valid: report" in capsys.readouterr().err
