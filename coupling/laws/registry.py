"""Which laws there are: each module of this folder, and each entry point of `multiscale.laws`, brings its own."""

from functools import cache

from coupling.discovery import own_modules, third_parties
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
    own_modules("coupling.laws")
    third_parties(_GROUP)
