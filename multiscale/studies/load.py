"""From a YAML file, or plain data, to a validated study."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from coupling.errors import InputError
from multiscale.inputs.base import Study
from multiscale.inputs.faults import sentence
from multiscale.inputs.yaml_file import read_yaml
from multiscale.studies.registry import STUDIES, study_kind


def load_study(path: Path | str) -> Study:
    """Read and validate an input file; file names in it are relative to it.

    Args:
        path: A YAML file.

    Raises:
        InputError: the file or something in it is not valid.
    """
    path = Path(path)
    name = path.stem if path.stem != "study" else path.absolute().parent.name
    try:
        return parse_study(read_yaml(path), path.absolute().parent, name)
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from error


def parse_study(data: Any, folder: Path | None = None, name: str = "study") -> Study:
    """Validate plain data as a study.

    Args:
        data: Keys and values, as in the input file.
        folder: What relative file names refer to; by default the working folder.
        name: Name of the default output folder, under `runs`.

    Raises:
        InputError: something is not valid.
    """
    if not isinstance(data, dict) or "study" not in data:
        raise InputError(f"an input file needs the key 'study'; valid: {', '.join(STUDIES)}.")
    schema = study_kind(data["study"]).schema
    try:
        return schema.model_validate(data, context={"folder": folder or Path.cwd(), "name": name})
    except ValidationError as error:
        raise InputError(sentence(error)) from error


def check_study(study: Study) -> None:
    """All checks that need no computing: files, physical groups, potentials, elements.

    Raises:
        InputError: something does not fit.
    """
    study.check()
