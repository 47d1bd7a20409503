"""`multiscale new|keys|examples`: what to begin with."""

import ast
import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coupling.errors import InputError, unknown_choice
from multiscale.cli.answers import Debug, answering, kind_names, kinds, near, say
from multiscale.cli.running import run_file

if TYPE_CHECKING:
    from multiscale.inputs.base import Section
    from multiscale.inputs.template import Starter

_OUTSIDE = {"../../runs/": "runs/", "parents[2]": "parents[0]"}
"""What examples say of where their runs go, in this repository and in a folder of the user's."""

Kind = Annotated[str, typer.Argument(help="A kind of study, or sweep.", show_default=False, autocompletion=kind_names)]


def new(
    kind: Kind,
    file: Annotated[Path | None, typer.Argument(help="Where; by default KIND.yaml.", show_default=False)] = None,
    debug: Debug = False,
) -> None:
    """Write an input file to begin with: it runs as it stands, and says of each key what it means."""
    with answering(debug):
        from coupling.files import write_text

        path = file or Path(f"{kind}.yaml")
        text = _template(kind, path)
        if path.exists():
            raise InputError(f"{path} is there already and is not overwritten; give another name.")
        write_text(path, text)
        say(f"{path}: check it with `multiscale check {path}`, run it with `{_command(kind, path)}`")


def keys(kind: Kind, debug: Debug = False) -> None:
    """List every key of an input file: what it takes, its unit, its default, its meaning."""
    with answering(debug):
        from multiscale.inputs.keys import blocks_of

        for block in blocks_of(model_of(kind)):
            say("\n" + " ".join(text for text in (block.path or kind, block.label and f"({block.label})") if text))
            for key in block.keys:
                takes = "; ".join(
                    text
                    for text in (key.kind, key.unit, "needed" if key.required else f"default {key.default}".strip())
                    if text and text != "default"
                )
                say(f"  {key.name}: {key.meaning} [{takes}]")


def examples(
    name: Annotated[str | None, typer.Argument(help="Which; by default all are listed.", show_default=False)] = None,
    into: Annotated[Path, typer.Option(help="The folder that it is copied into.")] = Path(),
    run: Annotated[bool, typer.Option("--run", help="Run its study.yaml, too.")] = False,
    debug: Debug = False,
) -> None:
    """List the examples, or copy one of them into a folder of its own, and run it."""
    with answering(debug):
        found = {one.name: one for one in sorted(EXAMPLES.iterdir()) if one.is_dir() and _inputs(one)}
        if name is None:
            for one in found.values():
                say(f"{one.name:<20} {_about(one)}")
            return
        if name not in found:
            raise unknown_choice("example", name, found)
        target = into / name
        if run and not (found[name] / "study.yaml").is_file():
            raise InputError(
                f"{name} is no study but a sweep or a script; copy it without --run, which tells its command."
            )
        if target.exists():
            raise InputError(f"{target} is there already and is not overwritten; give another folder with --into.")
        for source in _copied(found[name], target):
            say(f"{near(source)}{'' if run else _to_run(source)}")
        if run:
            run_file(target / "study.yaml")


def _examples() -> Path:
    own = Path(str(files("multiscale")))
    return next((one for one in (own / "examples", own.parent / "examples") if one.is_dir()), own)


EXAMPLES = _examples()
"""The examples, as they lie in the package; of a checkout those beside it."""


def _copied(source: Path, target: Path) -> list[Path]:
    """The files of an example in a new folder; their runs go into that."""
    target.mkdir(parents=True)
    made = []
    for file in sorted(one for one in source.iterdir() if one.is_file()):
        place = target / file.name
        if file.suffix in (".yaml", ".py"):
            text = file.read_text(encoding="utf-8")
            for here, there in _OUTSIDE.items():
                text = text.replace(here, there)
            place.write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(file, place)
        made.append(place)
    return made


def _inputs(folder: Path) -> list[Path]:
    return [file for file in (folder / "study.yaml", folder / "sweep.yaml", folder / "script.py") if file.is_file()]


def _about(folder: Path) -> str:
    """The first comment of the input file, or the script's first line."""
    first = _inputs(folder)[0].read_text(encoding="utf-8")
    if first.startswith("#"):
        return first.splitlines()[0].lstrip("# ")
    return (ast.get_docstring(ast.parse(first)) or "").splitlines()[0]


def _to_run(file: Path) -> str:
    commands = {"study.yaml": "multiscale run", "sweep.yaml": "multiscale sweep", "script.py": "python"}
    return f": {commands[file.name]} {near(file)}" if file.name in commands else ""


def model_of(kind: str) -> "type[Section]":
    """The schema of a kind of input.

    Raises:
        InputError: there is none of that name.
    """
    from multiscale.studies import study_kind

    if kind == "sweep":
        from multiscale.sweeps.inputs import SweepInput

        return SweepInput
    if kind not in kinds():
        raise unknown_choice("kind of input", kind, kinds())
    return study_kind(kind).schema


def starter_of(kind: str) -> "Starter":
    """The values of a kind's template.

    Raises:
        InputError: it brings none.
    """
    from multiscale.studies import study_kind
    from multiscale.sweeps.inputs import STARTER

    found = STARTER if kind == "sweep" else study_kind(kind).starter
    if found is None:
        raise InputError(f"The study {kind!r} brings no template; see `multiscale keys {kind}`.")
    return found


def _command(kind: str, path: Path) -> str:
    return " ".join(text for text in ("multiscale", kinds()[kind], str(path), starter_of(kind).consent) if text)


def _template(kind: str, path: Path) -> str:
    from multiscale.inputs.template import template

    model = model_of(kind)
    return template(kind, model, starter_of(kind), _command(kind, path))
