"""`multiscale check|schema|potentials|version`: commands that compute nothing."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from multiscale.cli.answers import Debug, StudyFile, answering, near, say
from multiscale.inputs.consent import needed


def check(study: StudyFile, debug: Debug = False) -> None:
    """Validate an input file and everything it names, without computing, and without running any code that it names."""
    with answering(debug):
        from multiscale.inputs.yaml_file import read_yaml
        from multiscale.runtime.workspace import Workspace
        from multiscale.studies import check_study, load_study

        data = read_yaml(study)
        if isinstance(data, dict) and "over" in data:
            say(_checked_sweep(study))
            return
        ready = load_study(study)
        check_study(ready)
        Workspace(ready.output.folder).check()
        told = f"{study} is a valid {ready.study} study; its output goes to {near(ready.output.folder)}."
        say(f"{told} {needed(ready.code, ready.programs)}".rstrip())


def _checked_sweep(file: Path) -> str:
    from multiscale.sweeps import load_sweep
    from multiscale.sweeps.driver import check_sweep_folder
    from multiscale.sweeps.plan import describe, studies_of
    from multiscale.sweeps.ranges import axes_of

    ready = load_sweep(file)
    studies = [study for _, study in studies_of(ready)]
    check_sweep_folder(ready.output.folder)
    size = f"{len(studies)} points, {describe(axes_of(ready.over))}"
    told = f"{file} is a valid sweep of {size}; its output goes to {near(ready.output.folder)}."
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
    card: Annotated[str | None, typer.Option(help="Show what this potential is good for, and what it is not.")] = None,
) -> None:
    """List the interatomic potentials and whether they are installed."""
    with answering(False):
        from atomistic.potentials.cards import card as card_of
        from atomistic.potentials.registry import list_potentials

        if card is not None:
            say(str(card_of(card)))
            return
        for entry in list_potentials():
            missing = "" if entry.available else f" (not installed: {entry.install})"
            say(f"{entry.name:<14} {entry.description}{missing}")


def version() -> None:
    """Print the versions of this program and of its dependencies."""
    with answering(False):
        from multiscale.runtime.provenance import versions

        for name, number in versions().items():
            say(f"{name} {number}")
