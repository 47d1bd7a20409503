"""Runs and sweeps remove nothing but what they have made, and a refusal leaves no trace."""

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from coupling.errors import InputError, MultiscaleError, NotConverged
from coupling.files import write_text
from multiscale import Results, run_study, sweep
from multiscale.cli import app
from multiscale.runtime.folders import MARKER
from multiscale.runtime.workspace import Workspace
from multiscale.studies import parse_study
from multiscale.sweeps import driver
from multiscale.sweeps import engine as engines
from tests.multiscale.conftest import FAILURES

pytestmark = pytest.mark.usefixtures("toy")


def study(folder: Path, output: str = "out", mode: str = "good", title: str = "Toy") -> Path:
    path = folder / "case.yaml"
    path.write_text(yaml.safe_dump({"study": "toy", "title": title, "mode": mode, "output": {"folder": output}}))
    return path


def listing(folder: Path) -> dict[str, bytes | str | None]:
    """All below a folder, with every byte; links by where they lead."""
    found: dict[str, bytes | str | None] = {}
    for item in sorted(folder.rglob("*")):
        name = str(item.relative_to(folder))
        found[name] = os.readlink(item) if item.is_symlink() else item.read_bytes() if item.is_file() else None
    return found


def thesis(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "chapter.tex").write_text("years of work")
    return folder


def older(run: Path) -> Path:
    """As a version wrote it that made no marks."""
    (run / MARKER).unlink()
    return run


@pytest.fixture
def computed(monkeypatch):
    """The titles of the studies whose computation began."""
    module, begun = sys.modules["toy_study_of_the_tests"], []
    original = module.run

    def run(study, context):
        begun.append(study.title)
        return original(study, context)

    monkeypatch.setattr(module, "run", run)
    return begun


def refused(path: Path, computed: list[str]) -> str:
    """The sentence of a run that is refused before it computes, by `run` and `check` alike; nothing has changed."""
    before = listing(path.parent)
    said = [CliRunner().invoke(app, [*command, str(path)]) for command in (["check"], ["run", "--quiet"])]
    assert [answer.exit_code for answer in said] == [2, 2], [answer.output for answer in said]
    assert said[0].stderr == said[1].stderr and said[0].stderr.count("\n") == 1
    assert listing(path.parent) == before and not computed
    return said[0].stderr


def test_a_copy_of_one_s_own_beside_a_run_stays(tmp_path):
    run_study(study(tmp_path))
    shutil.copytree(tmp_path / "out", tmp_path / "out.old")
    thesis(tmp_path / "out.kept")
    before = listing(tmp_path / "out.old"), listing(tmp_path / "out.kept")
    with pytest.raises(NotConverged):
        run_study(study(tmp_path, mode="diverges"))
    run_study(study(tmp_path, title="new"))
    assert (listing(tmp_path / "out.old"), listing(tmp_path / "out.kept")) == before
    assert Results.load(tmp_path / "out").title == "new"


@pytest.mark.parametrize("name", ["out.failed", "out.partial", ".out.old"])
@pytest.mark.parametrize("made", ["folder", "file", "link", "broken link", "garbled mark", "sweep"])
def test_what_no_run_left_is_not_removed(name, made, tmp_path, computed):
    place = tmp_path / name
    if made == "file":
        place.write_text("mine")
    elif made.endswith("link"):
        thesis(tmp_path / "thesis")
        place.symlink_to(tmp_path / ("thesis" if made == "link" else "nowhere"))
    else:
        thesis(place)
        mark = {"folder": None, "garbled mark": "mine", "sweep": '{"kind": "sweep", "version": 1}'}[made]
        if mark:
            (place / MARKER).write_text(mark)
    assert f"{place} is in the way of a run in {tmp_path / 'out'}" in refused(study(tmp_path), computed)


@pytest.mark.parametrize("name", ["out.failed", "out.partial"])
@pytest.mark.parametrize("marks", [True, False])
def test_a_copy_of_a_finished_run_is_one_s_own(name, marks, tmp_path, computed):
    copy = run_study(study(tmp_path), tmp_path / "first").folder.rename(tmp_path / name)
    if not marks:
        older(copy)
    computed.clear()
    assert "is in the way" in refused(study(tmp_path), computed)


def test_a_copy_of_another_run_s_failure_is_one_s_own(tmp_path, computed):
    with pytest.raises(NotConverged):
        run_study(study(tmp_path, output="other", mode="diverges"))
    (tmp_path / "other.failed").rename(tmp_path / "out.failed")
    computed.clear()
    assert "out.failed is in the way" in refused(study(tmp_path), computed)


def test_what_older_versions_left_is_known(tmp_path):
    older(run_study(study(tmp_path, title="first")).folder)
    with pytest.raises(NotConverged):
        run_study(study(tmp_path, mode="diverges"))
    older(tmp_path / "out.failed")
    shutil.copytree(tmp_path / "out.failed", tmp_path / "out.partial")
    run_study(study(tmp_path, title="second"))
    assert sorted(item.name for item in tmp_path.iterdir()) == [".cache", "case.yaml", "out"]
    assert Results.load(tmp_path / "out").title == "second"


@pytest.mark.parametrize("content", [{"results.json": '{"answer": 42}'}, {"log.txt": "mine"}, {MARKER: "mine"}])
def test_files_that_look_like_a_run_s_are_left_alone(content, tmp_path, computed):
    (tmp_path / "out").mkdir()
    for name, text in content.items():
        (tmp_path / "out" / name).write_text(text)
    assert "holds files that are not a run's" in refused(study(tmp_path), computed)


def test_a_folder_of_marks_is_no_mark(tmp_path, computed):
    thesis(tmp_path / "out" / MARKER)
    assert "holds files that are not a run's" in refused(study(tmp_path), computed)


def test_an_empty_folder_is_used(tmp_path):
    for name in ("out", "out.failed", "out.partial"):
        (tmp_path / name).mkdir()
    run_study(study(tmp_path))
    assert sorted(item.name for item in tmp_path.iterdir()) == [".cache", "case.yaml", "out"]


def test_through_a_link_the_folder_is_written_and_the_link_stays(tmp_path):
    disk, home = tmp_path / "disk", tmp_path / "home"
    thesis(disk / "thesis")
    (disk / "big").mkdir()
    home.mkdir()
    (home / "out").symlink_to(disk / "big")
    for title in ("first", "second"):
        found = run_study(study(home, title=title))
        assert found.folder == disk / "big" and Results.load(home / "out").title == title
    assert found.reused == ["toy law"] and (home / ".cache").is_dir()
    assert (home / "out").readlink() == disk / "big"
    assert sorted(item.name for item in disk.iterdir()) == ["big", "thesis"]
    assert sorted(item.name for item in home.iterdir()) == [".cache", "case.yaml", "out"]
    assert (disk / "thesis" / "chapter.tex").read_text() == "years of work"


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (lambda at: (at / "out").symlink_to("nowhere"), "is a link to nowhere, which is not there"),
        (lambda at: (at / "out").symlink_to("out"), "is a link to out, which is not there"),
        (lambda at: (at / "out").symlink_to("case.yaml"), "is a file"),
        (lambda at: (at / "out").symlink_to(thesis(at / "thesis")), "holds files that are not a run's"),
        (lambda at: (at / ".cache").write_text("mine"), ".cache is a file; move it away"),
        (lambda at: (at / ".cache").symlink_to("nowhere"), ".cache is a link to nowhere"),
    ],
)
def test_what_is_in_the_way_is_said_before_anything_is_computed(there, words, tmp_path, computed):
    path = study(tmp_path)
    there(tmp_path)
    assert words in refused(path, computed)


@pytest.mark.parametrize("links", [True, False])
def test_a_parent_in_the_way_is_named(links, tmp_path, computed):
    if links:
        (tmp_path / "runs").symlink_to("nowhere")
    else:
        (tmp_path / "runs").write_text("mine")
    said = refused(study(tmp_path, output="runs/a/b"), computed)
    assert f"{tmp_path / 'runs'} is a {'link to nothing' if links else 'file'}" in said


def test_a_refusal_leaves_neither_parents_nor_cache(tmp_path, monkeypatch):
    path = study(tmp_path, output="runs/of/mine")

    def refuse(study, context):
        context.cached("nothing", {"a": 1}, lambda: (_ for _ in ()).throw(FAILURES["input"]))

    monkeypatch.setattr(sys.modules["toy_study_of_the_tests"], "run", refuse)
    before = listing(tmp_path)
    with pytest.raises(InputError, match="does not fit"):
        run_study(path)
    assert listing(tmp_path) == before


def test_folders_that_were_there_and_are_empty_stay(tmp_path, monkeypatch):
    (tmp_path / "runs" / ".cache").mkdir(parents=True)
    before = listing(tmp_path)
    space = Workspace(tmp_path / "runs" / "out")
    space.claim()
    space.discard()
    space.release()
    assert listing(tmp_path) == before


def test_what_comes_while_a_run_works_stays_and_so_does_the_run(tmp_path, monkeypatch):
    module = sys.modules["toy_study_of_the_tests"]
    original = module.run

    def run(study, context):
        thesis(tmp_path / "out")
        thesis(tmp_path / "out.failed")
        return original(study, context)

    monkeypatch.setattr(module, "run", run)
    with pytest.raises(MultiscaleError, match="files that are not a run's came into") as caught:
        run_study(study(tmp_path))
    assert "out.partial" in caught.value.__notes__[0] and Results.load(tmp_path / "out.partial")["steps"] == 7
    for name in ("out", "out.failed"):
        assert listing(tmp_path / name) == {"chapter.tex": b"years of work"}


def kill_after_one_removal_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    done = []

    def once(original):
        def remove(path, *arguments, **options):
            if Path(path).parent == folder:
                if done:
                    raise KeyboardInterrupt
                done.append(path)
            return original(path, *arguments, **options)

        return remove

    patch.setattr(Path, "unlink", once(Path.unlink))
    patch.setattr(shutil, "rmtree", once(shutil.rmtree))


@pytest.mark.parametrize("marks", [True, False])
@pytest.mark.parametrize("name", ["out.failed", "out.partial", ".out.old"])
def test_a_kill_in_the_middle_of_a_removal_leaves_what_is_known(name, marks, tmp_path, monkeypatch):
    run_study(study(tmp_path))
    if name == ".out.old":
        shutil.copytree(tmp_path / "out", tmp_path / name)
    else:
        with pytest.raises(NotConverged):
            run_study(study(tmp_path, mode="diverges"))
        (tmp_path / "out.failed").rename(tmp_path / name)
        (tmp_path / name / MARKER).write_text('{"kind": "run", "version": 1, "name": "out", "state": "working"}')
    if not marks:
        older(tmp_path / name)
    for count in range(len(list((tmp_path / name).iterdir())) + 1, 1, -1):
        if len(list((tmp_path / name).iterdir())) == 1:
            break
        with monkeypatch.context() as killing:
            kill_after_one_removal_in(tmp_path / name, killing)
            with pytest.raises(KeyboardInterrupt):
                Workspace(tmp_path / "out").claim()
        Workspace(tmp_path / "out").check()
        assert len(list((tmp_path / name).iterdir())) < count
    run_study(study(tmp_path))


def test_a_run_that_cannot_be_put_in_its_place_leaves_the_older_one(tmp_path, monkeypatch):
    run_study(study(tmp_path, title="old"))
    original = Path.rename

    def rename(self, target):
        if self.name == "out.partial" and Path(target).name == "out":
            raise OSError(16, "Device or resource busy")
        return original(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="busy"):
        run_study(study(tmp_path, title="new"))
    assert Results.load(tmp_path / "out").title == "old" and Results.load(tmp_path / "out.failed").title == "new"


def test_a_file_is_written_through_a_link(tmp_path):
    (tmp_path / "link").symlink_to("file")
    for text in ("first", "second"):
        write_text(tmp_path / "link", text)
        assert (tmp_path / "file").read_text() == text
    assert (tmp_path / "link").readlink() == Path("file")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["file", "link"]


def test_a_sweep_that_is_refused_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_CONNECT", "1s")
    nobody = {"kind": "scheduler", "address": "tcp://127.0.0.1:9"}
    (tmp_path / "empty").mkdir()
    before = listing(tmp_path)
    for name in ("runs/of/s", "empty"):
        with pytest.raises(InputError, match="cannot be reached"):
            sweep(max_of, {"n": [1]}, tmp_path / name, engine=nobody)
        assert listing(tmp_path) == before


def max_of(n: int) -> dict:
    return {"n": n}


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (lambda at: at.symlink_to("nowhere"), "is a link to nowhere"),
        (lambda at: at.write_text("mine"), "is a file"),
        (thesis, "not a sweep's"),
        (lambda at: run_study(parse_study({"study": "toy"}, at.parent), at), "not a sweep's"),
    ],
)
def test_a_sweep_s_folder_is_checked_alike(there, words, tmp_path):
    place = tmp_path / "s"
    there(place)
    before = listing(tmp_path)
    with pytest.raises(InputError, match=words):
        driver.check_sweep_folder(place)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("at", ["out", "out.failed"])
def test_what_the_run_did_not_write_is_not_removed_with_it(tmp_path, at):
    path = study(tmp_path)
    if at == "out":
        run_study(path)
    else:
        with pytest.raises(NotConverged):
            run_study(study(tmp_path, mode="diverges"))
        path = study(tmp_path)
    (tmp_path / at / "fine").mkdir()
    (tmp_path / at / "fine" / "mine.txt").write_text("years of work")
    before = listing(tmp_path)
    with pytest.raises(
        InputError, match=r"holds fine/mine\.txt, which the run there did not write and which would be lost"
    ):
        run_study(path)
    assert listing(tmp_path) == before
    (tmp_path / at / "fine" / "mine.txt").unlink()
    run_study(path)
    assert (tmp_path / "out" / "results.json").is_file()


def test_what_comes_into_a_finished_run_while_the_next_works_is_kept(tmp_path, monkeypatch):
    run_study(study(tmp_path))
    module = sys.modules["toy_study_of_the_tests"]
    original = module.run

    def run(toy, context):
        (tmp_path / "out" / "mine.txt").write_text("years of work")
        return original(toy, context)

    monkeypatch.setattr(module, "run", run)
    with pytest.raises(MultiscaleError, match=r"mine\.txt came into .* and would be lost"):
        run_study(study(tmp_path))
    assert (tmp_path / "out" / "mine.txt").is_file() and (tmp_path / "out.failed" / "results.json").is_file()


def test_a_run_or_a_sweep_within_a_run_is_refused(tmp_path):
    run_study(study(tmp_path))
    before = listing(tmp_path)
    with pytest.raises(InputError, match="would lie in the run .*out, which the next run of that name replaces"):
        run_study(study(tmp_path), output=tmp_path / "out" / "fine")
    with pytest.raises(InputError, match="would lie in the run"):
        sweep(round, {"number": [1]}, tmp_path / "out" / "deeper" / "sweep")
    assert listing(tmp_path) == before
