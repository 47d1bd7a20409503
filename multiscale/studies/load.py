"""From a YAML file, or plain data, to a validated study."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from coupling.errors import InputError
from multiscale.inputs.base import Study
from multiscale.inputs.changes import placed
from multiscale.inputs.consent import Consent, refuse_code, refuse_files
from multiscale.inputs.faults import sentence
from multiscale.inputs.yaml_file import read_yaml
from multiscale.runtime.handed_on import check_finished
from multiscale.studies.registry import STUDIES, study_kind


def load_study(
    path: Path | str, *, changes: Mapping[str, Any] | None = None, allow_code: bool = False, trust: bool = False
) -> Study:
    """Read and validate an input file; file names in it are relative to it.

    Args:
        path: A YAML file.
        changes: Values by dotted key, such as {"loading.steps": 20}, in place of or besides the file's.
        allow_code: Code and commands that it names may run when the study runs.
        trust: Files that can run code when they are read may be read.

    Raises:
        InputError: the file or something in it is not valid.
    """
    path = Path(path)
    name = path.stem if path.stem != "study" else path.absolute().parent.name
    try:
        data = read_yaml(path)
        if changes and isinstance(data, dict):
            data = placed(data, changes)
        return parse_study(data, path.absolute().parent, name, allow_code=allow_code, trust=trust)
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from error


def parse_study(
    data: Any, folder: Path | None = None, name: str = "study", *, allow_code: bool = False, trust: bool = False
) -> Study:
    """Validate plain data as a study.

    Args:
        data: Keys and values, as in the input file.
        folder: What relative file names refer to; by default the working folder.
        name: Name of the default output folder, under `runs`.
        allow_code: Code and commands that they name may run when the study runs.
        trust: Files that can run code when they are read may be read.

    Raises:
        InputError: something is not valid.
    """
    if not isinstance(data, dict) or "study" not in data:
        raise InputError(f"an input file needs the key 'study'; valid: {', '.join(STUDIES)}.")
    schema = study_kind(data["study"]).schema
    consent = Consent(allow_code, trust)
    given = {"folder": folder or Path.cwd(), "name": name, "consent": consent, "units": data.get("units")}
    try:
        return schema.model_validate(data, context=given)
    except ValidationError as error:
        raise InputError(sentence(error, data)) from error


def check_study(study: Study) -> None:
    """All checks that need no computing: files, physical groups, potentials, elements. No code that it names is run.

    Raises:
        InputError: something does not fit.
    """
    study.check()
    names: dict[str, Path] = {"study.yaml": Path()}
    for file in study.files():
        if not os.access(file, os.R_OK) or not file.is_file():
            raise InputError(f"The file {file} cannot be read; check its name and its permissions.")
    for run in study.runs():
        check_finished(run)
    for file in (*study.files(), *study.runs()):
        if names.setdefault(file.name, file) != file:
            raise InputError(
                f"An input file or run is called {file.name!r}, and so is another one that is kept with the run; rename one."
            )


def check_consent(study: Study) -> None:
    """The further checks before a study runs: that consent is given, and that the code which it names exists.

    Raises:
        InputError: it names code, or files that can run code, to which nobody has agreed; or the code does not fit.
    """
    refuse_code(study.code, study.consent)
    refuse_files(study.programs, study.consent)
    study.check_code()
