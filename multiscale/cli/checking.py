"""`multiscale check|schema|potentials|version`: commands that compute nothing."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from multiscale.cli.answers import Changes, Debug, StudyFile, answering, near, require_file, say


def check(study: StudyFile, changes: Changes = None, debug: Debug = False) -> None:
    """Validate an input file and everything it names, without computing, and without running any code that it names."""
    with answering(debug):
        require_file(study)
        from multiscale.inputs.changes import changes_of
        from multiscale.inputs.consent import needed
        from multiscale.inputs.yaml_file import read_yaml
        from multiscale.runtime.workspace import Workspace
        from multiscale.studies import check_study, load_study

        data = read_yaml(study)
        if isinstance(data, dict) and "over" in data:
            say(_checked_sweep(study, changes_of(changes or [])))
            return
        ready = load_study(study, changes=changes_of(changes or []))
        check_study(ready)
        Workspace(ready.output.folder).check()
        told = f"{study} is a valid {ready.study} study; its output goes to {near(ready.output.folder)}."
        say(" ".join(text for text in (told, ready.size(), needed(ready.code, ready.programs)) if text))


def _checked_sweep(file: Path, changes: dict[str, Any]) -> str:
    from multiscale.inputs.consent import needed
    from multiscale.sweeps import load_sweep
    from multiscale.sweeps.driver import check_sweep_folder
    from multiscale.sweeps.engine import check_queue
    from multiscale.sweeps.plan import describe, studies_of
    from multiscale.sweeps.ranges import axes_of

    ready = load_sweep(file, changes)
    check_queue(ready.engine)
    studies = [study for _, study in studies_of(ready)]
    check_sweep_folder(ready.output.folder)
    size = f"{len(studies)} points, {describe(axes_of(ready.over))}"
    told = f"{file} is a valid sweep of {size}; its output goes to {near(ready.output.folder)}."
    if first := studies[0].size():
        told += f" The first point: {first[0].lower()}{first[1:]}"
    code, files = ([name for one in (ready, *studies) for name in getattr(one, of)] for of in ("code", "programs"))
    return f"{told} {needed(dict.fromkeys(code), dict.fromkeys(files))}".rstrip()


def schema(
    study: Annotated[str | None, typer.Argument(help="Kind of study; by default all.", show_default=False)] = None,
) -> None:
    """Print the JSON Schema of the input files."""
    with answering(False):
        from multiscale.studies import STUDIES, study_kind

        if study is not None:
            document = study_kind(study).schema.model_json_schema()
        else:
            document = {"oneOf": [kind.schema.model_json_schema() for kind in STUDIES.values()]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def potentials(
    card: Annotated[
        str | None,
        typer.Option(
            help="Show what this potential, a name or a file, is good for, and what it is not.", metavar="NAME"
        ),
    ] = None,
) -> None:
    """List the interatomic potentials and whether they are installed."""
    with answering(False):
        from atomistic.potentials.cards import card as card_of
        from atomistic.potentials.registry import list_potentials

        if card is not None:
            say(str(card_of(card)))
            for line in _surveyed(card):
                say(line)
            return
        for entry in list_potentials():
            missing = "" if entry.available else f" (not installed: {entry.install})"
            say(f"{entry.name:<14} {entry.description}{missing}")


def _surveyed(name: str) -> Iterator[str]:
    """What can be told of an embedded-atom file by computing, in seconds; nothing of other potentials."""
    from atomistic.potentials.registry import load_potential, named_entry
    from atomistic.properties.survey import survey

    if Path(name).is_file() and named_entry(name).kind == "eam":
        for element in survey(load_potential(name)):
            yield from element.lines()


def version() -> None:
    """Print the versions of this program and of its dependencies."""
    with answering(False):
        from multiscale.runtime.provenance import versions

        for name, number in versions().items():
            say(f"{name} {number}")
