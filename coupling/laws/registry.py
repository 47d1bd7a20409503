"""Which laws there are: each module of this folder, and each entry point of `multiscale.laws`, brings its own."""

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from pkgutil import iter_modules

from coupling.laws.closed_form import ClosedForm
from coupling.laws.law import REGISTERED, Law

_GROUP = "multiscale.laws"


def law_kinds() -> dict[str, type[Law]]:
    """All laws by kind, in the order of their names."""
    _load()
    return dict(sorted(REGISTERED.items()))


def closed_forms() -> dict[str, type[ClosedForm]]:
    """The laws that are given by a few parameters, by kind, in the order of their names."""
    return {kind: law for kind, law in law_kinds().items() if issubclass(law, ClosedForm)}


@cache
def _load() -> None:
    """Import what registers laws."""
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"{__package__}.{module.name}")
    for point in entry_points(group=_GROUP):
        point.load()
