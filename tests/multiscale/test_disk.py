"""A full disk in the middle of a run: one sentence, and nothing that was done is lost."""

import errno
import logging

import pytest
from typer.testing import CliRunner

from coupling.errors import MultiscaleError, NotConverged
from multiscale import run_study
from multiscale.cli import app
from multiscale.runtime.disk import full_disk
from multiscale.runtime.log import RunLog, run_logger
from tests.multiscale.conftest import ToyStudy, toy  # noqa: F401

FULL = OSError(errno.ENOSPC, "No space left on device")


def raised(error, cause):
    try:
        raise error from cause
    except type(error) as caught:
        return caught


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("error", "cause", "remedy"),
    [
        (FULL, "The disk of {} is full", "make room"),
        (OSError(errno.EDQUOT, "quota"), "Your quota on the disk of {} is used up", "make room"),
        (
            OSError(errno.EFBIG, "File too large"),
            "A file in {} would grow beyond the limit on the size of files",
            "raise it (ulimit -f)",
        ),
    ],
)
def test_a_run_on_a_full_disk_says_so_and_goes_on_later(error, cause, remedy, tmp_path, monkeypatch):
    def full(*arguments, **named):
        raise error

    case = tmp_path / "case.yaml"
    case.write_text(f"study: toy\noutput: {{folder: {tmp_path / 'out'}}}\n")
    with monkeypatch.context() as patch:
        patch.setattr("multiscale.report.write_report", full)
        done = CliRunner().invoke(app, ["run", str(case), "--quiet"])
    way = f"what is done is kept: {remedy} and start the same run again to continue"
    assert done.exit_code == 1 and done.stderr == f"Error: {cause.format(tmp_path)}; {way}.\n"
    assert (tmp_path / "out.failed" / "log.txt").is_file()
    assert run_study(case).reused == ["toy law"]


@pytest.mark.parametrize("error", [FULL, OSError(errno.EDQUOT, "quota")])
def test_a_full_disk_is_found_behind_other_errors(error, tmp_path):
    assert full_disk(raised(RuntimeError("could not write"), error), tmp_path) == tmp_path
    assert full_disk(raised(NotConverged("no"), ValueError("other")), tmp_path) is None


def test_errors_that_are_each_other_s_reason_are_told_apart(tmp_path):
    """PETSc's error names ours as its cause; once this was looked through without an end."""
    inner, outer = ValueError("inner"), RuntimeError("outer")
    inner.__context__, outer.__cause__ = outer, inner
    assert full_disk(outer, tmp_path) is None
    inner.__cause__ = FULL
    assert full_disk(outer, tmp_path) == tmp_path


def test_a_log_on_a_full_disk_prints_no_traceback(tmp_path, capfd):
    (tmp_path / "log.txt").symlink_to("/dev/full")
    handler = RunLog(tmp_path)
    run_logger(handler).error("failed")
    handler.close()
    assert capfd.readouterr().err == "" and logging.raiseExceptions


@pytest.mark.usefixtures("toy")
def test_other_errors_keep_their_own_words(tmp_path):
    with pytest.raises(MultiscaleError, match="Newton stopped"):
        run_study(ToyStudy(study="toy", mode="diverges", output={"folder": tmp_path / "out"}))
