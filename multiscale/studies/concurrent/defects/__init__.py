"""The defects, one per file; a class with a key registers itself."""

from functools import cache

from coupling.discovery import own_modules, third_parties
from multiscale.studies.concurrent.defect import DEFECTS, Defect

__all__ = ["Defect", "defect_kinds"]


def defect_kinds() -> dict[str, type[Defect]]:
    """All defects by key: of the files here, and of the entry points of `multiscale.defects`."""
    _load()
    return dict(sorted(DEFECTS.items()))


@cache
def _load() -> None:
    own_modules(__name__)
    third_parties("multiscale.defects")
