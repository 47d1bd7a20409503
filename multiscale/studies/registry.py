"""The kinds of study: each folder here, and each entry point of `multiscale.studies`, registers its `KIND`."""

from importlib import import_module
from pathlib import Path

from coupling.discovery import third_parties, third_party_names
from coupling.errors import unknown_choice
from multiscale.studies.kind import StudyKind

_GROUP = "multiscale.studies"
STUDIES: dict[str, StudyKind] = {
    folder.name: import_module(f"{_GROUP}.{folder.name}").KIND
    for folder in sorted(Path(__file__).parent.iterdir())
    if (folder / "__init__.py").is_file()
}
"""All kinds by the name that stands after `study:` in the input; those of other distributions once they are asked for."""


def study_kind(name: object) -> StudyKind:
    """Look up a kind of study.

    Raises:
        InputError: there is none of that name.
    """
    if not isinstance(name, str):
        raise unknown_choice("study", name, STUDIES)
    if name not in STUDIES:
        STUDIES.update(third_parties(_GROUP, name))
    if name not in STUDIES:
        raise unknown_choice("study", name, {*STUDIES, *third_party_names(_GROUP)})
    return STUDIES[name]
