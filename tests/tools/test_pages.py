"""What the pages tell people to type is what works: scripts beside commands, the tutorial's inputs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml

from coupling.errors import DoubleCounted, InputError
from multiscale.cli import app

DOCS = Path(__file__).parents[2] / "docs"
LAW = {
    "study": "cohesive_law", "potential": "emt",
    "plane": {"species": "Cu", "structure": "fcc", "miller": [1, 1, 1], "layers": 4}, "openings": {"points": 20},
}  # fmt: skip


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def test_every_command_is_three_lines_of_python(tmp_path):
    from ase.build import bulk

    from atomistic import load_potential
    from atomistic.trust import LabelSet
    from continuum.specimens.dcb import DoubleCantileverBeam

    DoubleCantileverBeam(length=20, arm=3, crack=8, growth=2, fine=0.5, coarse=1).write(tmp_path / "beam.msh")
    copper = [bulk("Cu", cubic=True) * (2, 1, 1) for _ in range(3)]
    for seed, atoms in enumerate(copper):
        atoms.rattle(0.05, seed=seed)
    LabelSet.made(load_potential("emt"), copper, ["bulk"] * 3).save(tmp_path / "labels.xyz")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(LAW | {"output": {"folder": "runs/study"}}), encoding="utf-8")
    sweep = {
        "base": "study.yaml",
        "over": {"plane.layers": [4, 6]},
        "output": {"folder": "runs/sweep"},
        "engine": {"workers": 1},
    }
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(sweep), encoding="utf-8")
    found = blocks("scripting.md", "python")
    for number, block in enumerate(found):
        assert len([line for line in block.splitlines() if line]) <= 3
        (tmp_path / f"block{number}.py").write_text(block, encoding="utf-8")
    lines = "".join(
        f"import runpy; runpy.run_path('block{number}.py', run_name='__main__')\n" for number in range(len(found))
    )
    (tmp_path / "all.py").write_text(
        f"if __name__ == '__main__':\n{re.sub('^', '    ', lines, flags=re.MULTILINE).rstrip()}\n"
    )
    done = subprocess.run(
        [sys.executable, "all.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (
        "2 of 2 points done; finished. []" in done.stdout
        and "body upper:" in done.stdout
        and "worst group" in done.stdout.lower()
    )


def test_every_command_has_its_lines():
    from multiscale.cli import app

    page = (DOCS / "scripting.md").read_text(encoding="utf-8")
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert [name for name in names if not re.search(rf"multiscale {name}\b|`{name}`", page)] == []


def test_the_tutorial_s_inputs_are_valid_and_its_mistakes_are_answered_as_told(tmp_path, monkeypatch):
    from multiscale.studies import check_study, load_study

    monkeypatch.chdir(tmp_path)
    inputs, page = blocks("tutorial.md", "yaml"), (DOCS / "tutorial.md").read_text(encoding="utf-8")
    law = next(text for text in inputs if "cohesive_law" in text)
    for change in (("emt", "7net0"), ("max: 5 Å", "max: 5"), ("path: relaxed", "path: rigid\ngap: in bulk")):
        (tmp_path / "law.yaml").write_text(law.replace(*change), encoding="utf-8")
        with pytest.raises(InputError) as caught:
            check_study(load_study(tmp_path / "law.yaml"))
        told = str(caught.value).removeprefix(f"{tmp_path / 'law.yaml'}: ").split(" valid:")[0]
        assert len(told) > 20 and told in page
    (tmp_path / "law.yaml").write_text(law, encoding="utf-8")
    check_study(load_study(tmp_path / "law.yaml"))
    for text in inputs:
        assert yaml.safe_load(text)


def test_the_tutorial_s_second_ledger_is_refused_as_told(capsys):
    page = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    script = next(text for text in blocks("tutorial.md", "python") if "Ledger(terms[:2]" in text)
    with pytest.raises(DoubleCounted) as caught:
        exec(compile(script, "twice.py", "exec"), {})
    assert str(caught.value) in page
    assert "bulk" in capsys.readouterr().out


def test_the_theory_s_ledger_is_refused_as_told():
    page = " ".join((DOCS / "theory.md").read_text(encoding="utf-8").split())
    (script,) = blocks("theory.md", "python")
    with pytest.raises(DoubleCounted) as caught:
        exec(compile(script, "theory.py", "exec"), {})
    assert str(caught.value) in page


PAGES = [DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]


def console(path: Path) -> list[str]:
    """The commands of a page's console blocks."""
    found = re.findall(r"^```console\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [line for block in found for line in block.splitlines() if line.strip()]


def refused(line: str) -> str:
    """What the program says of a command's name, its options and its number of arguments; files need not be there."""
    command, arguments = typer.main.get_command(app), shlex.split(line, comments=True)[1:]
    try:
        while hasattr(command, "commands") and arguments and not arguments[0].startswith("-"):
            _, command, arguments = command.resolve_command(typer.Context(command), list(arguments))
        _, left, _ = command.make_parser(typer.Context(command)).parse_args(list(arguments))
    except Exception as error:  # of the click that typer brings
        return f"{type(error).__name__}: {error}"
    return f"too many arguments: {left}" if left else ""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_program_takes_each_command_as_it_is_printed(path: Path) -> None:
    lines = [one for one in console(path) if one.startswith("multiscale ")]
    assert {line: said for line in lines if (said := refused(line))} == {}


def test_mistyped_commands_would_be_seen() -> None:
    wrong = (
        "multiscale rum a.yaml",
        "multiscale run a.yaml --sett b=1",
        "multiscale run a b c",
        "multiscale mesh inspects a",
    )
    assert all(map(refused, wrong)) and not refused("multiscale run a.yaml --set b=1  # a comment")


def test_what_is_installed_by_name_is_on_an_index() -> None:
    """This package is on none, so that its own commands install the checkout, or extras beside what is installed."""
    lines = [line for path in PAGES for line in console(path) if "pip install" in line]
    assert lines and [line for line in lines if re.search(r"install multiscale-coupling(\s|$)", line)] == []
