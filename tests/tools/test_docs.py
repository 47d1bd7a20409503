"""The documentation's checker catches what it promises to catch; and nothing public is undocumented."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.docs_hooks import modules, undocumented

ROOT = Path(__file__).parents[2]
ROOMS = ["coupling", "atomistic", "continuum", "multiscale"]
CONFIG = """
site_name: small
strict: true
use_directory_urls: false
hooks: [{hooks}]
plugins:
  - autorefs
  - mkdocstrings: {{handlers: {{python: {{paths: [.], options: {{show_if_no_docstring: false}}}}}}}}
validation:
  links: {{not_found: warn, anchors: warn, absolute_links: warn, unrecognized_links: warn}}
extra: {{packages: [room]}}
nav: [page.md]
"""
MODULE = '''"""A module."""


def known() -> int:
    """A number; see `room.part.known`."""
    return 1
'''
PAGE = "# A page\n\nSee [the page](page.md#a-page), `room.part.known`, and [the example](../examples/one/script.py).\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one module and one page, with nothing wrong in it."""
    for folder in ("docs", "room", "examples/one"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text(CONFIG.format(hooks=ROOT / "tools" / "docs_hooks.py"), encoding="utf-8")
    (tmp_path / "room" / "__init__.py").write_text('"""A room."""\n', encoding="utf-8")
    (tmp_path / "room" / "part.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "docs" / "page.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "examples" / "one" / "script.py").write_text('"""An example."""\n', encoding="utf-8")
    return tmp_path


def test_a_sound_project_is_built_with_its_api(project):
    command = [sys.executable, "-m", "mkdocs", "build"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    page = (project / "site" / "page.html").read_text(encoding="utf-8")
    assert 'href="api/room.part.html#room.part.known"' in page and 'href="examples/one/script.py"' in page
    assert 'id="room.part.known"' in (project / "site" / "api" / "room.part.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("room/part.py", MODULE + "\n\ndef bare() -> int:\n    return 2\n", "room.part.bare has no docstring"),
        ("docs/page.md", PAGE + "\n[gone](gone.md)\n", "'gone.md'"),
        ("docs/page.md", PAGE + "\n[gone](page.md#no-such-place)\n", "no such anchor"),
        ("docs/page.md", PAGE + "\n[gone](../examples/two/script.py)\n", "examples/two/script.py"),
        ("docs/page.md", PAGE + "\nUse `room.part.renamed`.\n", "room.part.renamed"),
        ("room/part.py", MODULE.replace("room.part.known", "room.other"), "room.other"),
        ("room/part.py", MODULE.replace("A number;", "A number [there][room.gone];"), "room.gone"),
    ],
    ids=["no docstring", "page", "anchor", "example", "name in a page", "name in a docstring", "reference"],
)
def test_what_is_wrong_fails_the_build(file, text, complaint, project, monkeypatch):
    """The same command, in this process."""
    from mkdocs.__main__ import cli

    monkeypatch.chdir(project)
    (project / file).write_text(text, encoding="utf-8")
    done = CliRunner().invoke(cli, ["build"])
    assert done.exit_code != 0
    assert complaint in done.stderr


def test_all_that_is_public_has_a_docstring():
    assert undocumented(ROOT, ROOMS) == []
    assert "coupling.ledger" in modules(ROOT, ROOMS)


def test_private_names_need_none_and_members_do(tmp_path):
    (tmp_path / "room").mkdir()
    text = '"""M."""\nclass Open:\n    """C."""\n    def __init__(self): ...\n    def shown(self): ...\n    def _hidden(self): ...\n'
    (tmp_path / "room" / "part.py").write_text(text, encoding="utf-8")
    (tmp_path / "room" / "_own.py").write_text("def f(): ...\n", encoding="utf-8")
    assert undocumented(tmp_path, ["room"]) == ["room.part.Open.shown"]
