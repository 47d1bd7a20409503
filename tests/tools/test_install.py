"""Set-up: where pip looks for packages is passed on to uv, pip takes over where uv fails, extras and release files are whole."""

import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from atomistic.potentials.registry import list_potentials, load_potential
from coupling.errors import MissingBackend
from tools.install import PIP, UV, for_uv, install, settings

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LISTED = """\
:env:.index-url='https://one.invalid/simple'
global.cert='/etc/own.crt'
global.index-url='https://two.invalid/simple'
global.extra-index-url='\\nhttps://three.invalid/simple\\nfile:///wheels/simple'
install.find-links='/wheels /more'
"""


def test_uv_looks_where_pip_looks() -> None:
    assert for_uv(settings(LISTED), {}) == {
        "UV_DEFAULT_INDEX": "https://one.invalid/simple",
        "UV_INDEX": "https://three.invalid/simple file:///wheels/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/etc/own.crt",
    }
    assert for_uv(settings(""), {}) == {}


def test_what_uv_was_told_itself_stays() -> None:
    told = for_uv(
        settings(LISTED), {"UV_DEFAULT_INDEX": "https://own.invalid/simple", "UV_INDEX_STRATEGY": "first-index"}
    )
    assert "UV_DEFAULT_INDEX" not in told and told["UV_INDEX_STRATEGY"] == "first-index"


@pytest.mark.parametrize(
    ("failing", "used"),
    [((), ["pip", "uv"]), (("uv",), ["pip", "uv", "pip"]), (("pip uv",), ["pip", "pip"])],
    ids=["uv", "uv fails", "no uv"],
)
def test_pip_takes_over_where_uv_fails(
    failing: tuple[str, ...], used: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], environment: Mapping[str, str]) -> int:
        assert environment == {"A": "b"}
        commands.append(command)
        program = "uv" if command[:3] == UV else "pip"
        return int(program in failing or f"{program} {command[-1]}" in failing)

    assert install(["-e", "."], run, {"A": "b"}) == 0
    assert ["uv" if command[:3] == UV else "pip" for command in commands] == used
    assert commands[-1][-2:] == ["-e", "."]
    assert (sys.executable in commands[-1][3:]) == (used[-1] == "uv")  # uv is told the environment
    assert ("pip tries now" in capsys.readouterr().err) == (len(commands) > 1 and used[-1] == "pip")
    assert commands[0][: len(PIP)] == PIP


def test_every_extra_that_a_message_names_exists_and_no_core_package_is_a_network() -> None:
    extras = PROJECT["optional-dependencies"]
    named = {entry.extra for entry in list_potentials() if entry.extra}
    for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", *(ROOT / "multiscale").rglob("*.py")]:
        named |= {
            one
            for group in re.findall(r"multiscale-coupling\[([a-z0-9,]+)\]", path.read_text())
            for one in group.split(",")
        }
    assert named >= {"sevennet", "mace", "chgnet"} and named <= extras.keys()
    core = {re.split(r"[\[<>=]", one)[0] for one in PROJECT["dependencies"]}
    assert not core & {"torch", "sevenn", "torch-sim-atomistic", "e3nn", "chgnet", "mace-torch"}


def test_without_sevennet_the_sentence_has_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    from atomistic.potentials.sevennet.loader import require_installed

    monkeypatch.setattr(
        "atomistic.potentials.entry.find_spec", lambda module: None if module in ("sevenn", "torch") else module
    )
    sentence = r"needs sevenn, torch, which is not installed; pip install 'multiscale-coupling\[sevennet\]', or python: PATH, of another Python that has it \(docs/potentials.md\)\.$"
    with pytest.raises(MissingBackend, match=f"^Potential '7net-0' {sentence}"):
        load_potential("7net-0")
    with pytest.raises(MissingBackend, match=f"^A student {sentence}"):
        require_installed("A student")
    assert load_potential("emt").name == "emt"


def test_release_files_are_whole() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"] and citation["license"] == PROJECT["license"]
    for room in ("atomistic", "continuum", "coupling", "multiscale"):
        assert (ROOT / room / "py.typed").is_file()
    for form in (ROOT / ".github").rglob("*.yml"):
        assert yaml.safe_load(form.read_text())
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()}
    extras = PROJECT["optional-dependencies"]
    tested = [*PROJECT["dependencies"], *extras["test"], *extras["sevennet"], *extras["parquet"], *extras["zarr"]]
    needed = {re.split(r"[\[<>=]", one)[0] for one in tested} - {"multiscale-coupling"}
    assert needed <= pinned, needed - pinned


def test_ci_runs_what_the_readme_says_the_coverage_and_what_a_release_needs() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"].values()
    steps = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    ran = {step.split()[-1] for step in steps if step.startswith("make ")}
    targets = set(re.findall(r"^([a-z-]+): \$\(STAMP\)", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"^make ([a-z]+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert told and told | {"coverage", "dist"} <= ran <= targets
    assert any("coverage report --format=total" in step for step in steps)
    versions = [version for job in jobs for version in job.get("strategy", {}).get("matrix", {}).get("python", [])]
    told_versions = [line.rsplit(" ", 1)[1] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert versions == [told_versions[0], told_versions[-1]]
    release = (ROOT / "tools/release.py").read_text()
    assert '"twine", "check", "--strict"' in release and "unresolvable(names)" in release


def test_a_wheel_built_of_the_checkout_brings_the_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No link stands for them: a checkout or an archive may hold links as files, and then the wheel had none."""
    import setuptools

    made: dict[str, type] = {}
    monkeypatch.setattr(setuptools, "setup", lambda cmdclass: made.update(cmdclass))
    monkeypatch.chdir(ROOT)
    exec(compile((ROOT / "setup.py").read_text(), "setup.py", "exec"), {"__name__": "setup"})
    build = made["build_py"](setuptools.Distribution({"name": "made", "packages": []}))
    build.finalize_options()
    build.build_lib = str(tmp_path)
    build.run()
    found = {path.relative_to(tmp_path / "multiscale").as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    tracked = {path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").glob("*/*") if path.is_file()}
    assert found == tracked and "examples/fracture_ni111/dcb.msh" in found
    assert not (ROOT / "multiscale/examples").exists()
    assert [
        path
        for folder in ("coupling", "atomistic", "continuum", "multiscale")
        for path in (ROOT / folder).rglob("*")
        if path.is_symlink()
    ] == []
