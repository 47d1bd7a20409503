"""The kinds of study: each folder here, and each entry point of `multiscale.studies`, registers its `KIND`."""

from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import iter_modules

from coupling.errors import unknown_choice
from multiscale.studies.kind import StudyKind

_GROUP = "multiscale.studies"
STUDIES: dict[str, StudyKind] = {
    module.name: import_module(f"{_GROUP}.{module.name}").KIND
    for module in iter_modules([str(Path(__file__).parent)])
    if module.ispkg
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
        for point in entry_points(group=_GROUP, name=name):
            STUDIES[name] = point.load()
    if name not in STUDIES:
        raise unknown_choice("study", name, [*STUDIES, *(point.name for point in entry_points(group=_GROUP))])
    return STUDIES[name]
