"""The library in C: made once, by several processes at once, where there is no compiler not at all."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from atomistic import load_potential
from atomistic.potentials.compiled import build
from atomistic.potentials.embedded_sums import NumpySums

ROOT = Path(__file__).parents[2]
EVALUATED = """
import sys
from ase.build import bulk
from atomistic import load_potential
potential = load_potential(sys.argv[1])
print(potential.sums.kind, potential.fingerprint, potential.evaluate([bulk("Cu", a=3.5)]).energies[0].hex())
"""


@pytest.fixture
def anew():
    """`library` forgets what it made, before and after."""
    build.library.cache_clear()
    yield
    build.library.cache_clear()


def started(eam_path: Path, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", EVALUATED, str(eam_path)], cwd=ROOT, env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def said(process: subprocess.Popen) -> list[str]:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out.split()


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "multiscale-coupling").iterdir())


def test_processes_that_compile_at_once_leave_one_whole_library(eam_path, tmp_path):
    found = [said(process) for process in [started(eam_path, XDG_CACHE_HOME=str(tmp_path)) for _ in range(3)]]
    assert found[0][0] == "compiled" and found[0] == found[1] == found[2]
    (library,) = kept(tmp_path)
    assert build.Library(library).bond_bytes > 0


def test_what_was_compiled_is_not_compiled_again(eam_path, tmp_path, anew, monkeypatch, caplog):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(build, "_LONG", 0.0)
    assert build.library() is not None
    (line,) = caplog.messages
    (library,) = kept(tmp_path)
    assert line.startswith("The sums over embedded atoms were compiled, in ") and str(library) in line
    before = library.stat()
    build.library.cache_clear()
    assert build.library() is not None and len(caplog.messages) == 1
    assert (library.stat().st_ino, library.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_other_sources_flags_or_compilers_have_a_library_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho another compiler\n")
    other.chmod(0o755)
    found = {build.kept_file(["cc"]), build.kept_file(["cc", "-g"]), build.kept_file([str(other)])}
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-O1"))
    found.add(build.kept_file(["cc"]))
    sources = tmp_path / "sources"
    sources.mkdir()
    for name in (*build.SOURCES, *build.HEADERS):
        (sources / name).write_bytes((build._FOLDER / name).read_bytes())
    monkeypatch.setattr(build, "_FOLDER", sources)
    assert build.kept_file(["cc"]) in found
    (sources / build.HEADERS[0]).write_bytes(b"/* changed */\n")
    assert build.kept_file(["cc"]) not in found and len(found) == 4


def test_a_damaged_library_is_made_again(tmp_path, anew, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = build.kept_file(["/usr/bin/env", "cc"])
    monkeypatch.setenv("CC", "/usr/bin/env cc")
    path.parent.mkdir()
    path.write_bytes(b"\x7fELF no more than that")
    assert build.library() is not None
    assert kept(tmp_path) == [path] and path.stat().st_size > 10_000


def test_a_folder_that_may_not_be_written_costs_a_compilation_alone(tmp_path, anew, monkeypatch):
    (tmp_path / "multiscale-coupling").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert build.library() is not None


@pytest.mark.parametrize(
    ("compiler", "words"),
    [
        ("no-such-compiler", r"No C compiler was found.*summed by numpy.*CC"),
        ("/bin/false", r"The C compiler /bin/false failed .*summed by numpy.*CC"),
        ("/bin/echo", r"The C compiler /bin/echo failed .*summed by numpy.*CC"),
    ],
)
def test_without_a_compiler_numpy_sums_and_it_is_said_once(
    eam, eam_path, tmp_path, anew, monkeypatch, caplog, compiler, words
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", compiler)
    with caplog.at_level(logging.WARNING):
        potential = load_potential(str(eam_path))
        load_potential(str(eam_path))
    assert isinstance(potential.sums, NumpySums)
    assert len(caplog.messages) == 1
    assert re.search(words, caplog.messages[0])
    assert potential.fingerprint != eam.fingerprint
    atoms = bulk("Cu", cubic=True)
    atoms.positions += 0.1 * np.random.default_rng(0).normal(size=(4, 3))
    found, wanted = (one.evaluate([atoms], site_energies=True) for one in (potential, eam))
    np.testing.assert_allclose(found.energies, wanted.energies, rtol=1e-13)
    np.testing.assert_allclose(found.forces[0], wanted.forces[0], atol=1e-12)
    np.testing.assert_allclose(found.stresses, wanted.stresses, atol=1e-13)
    np.testing.assert_allclose(found.site_energies[0], wanted.site_energies[0], rtol=1e-12)
    assert potential.capabilities == eam.capabilities


def test_the_numbers_do_not_depend_on_optimisation(eam, eam_path, tmp_path, anew, monkeypatch):
    """No sum is reordered and nothing is fused, so what is compiled without optimisation gives the same bits."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(build, "FLAGS", ("-O0", *build.FLAGS[1:]))
    atoms = bulk("Cu", cubic=True) * 3
    atoms.positions += 0.1 * np.random.default_rng(0).normal(size=atoms.positions.shape)
    found, wanted = (one.evaluate([atoms]) for one in (load_potential(str(eam_path)), eam))
    assert found.energies[0] == wanted.energies[0]
    np.testing.assert_array_equal(found.forces[0], wanted.forces[0])
    np.testing.assert_array_equal(found.stresses, wanted.stresses)
