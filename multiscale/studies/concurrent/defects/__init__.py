"""The defects, a file each; a class with a key registers itself."""

from importlib import import_module
from pkgutil import iter_modules

from multiscale.studies.concurrent.defect import DEFECTS, Defect

__all__ = ["DEFECTS", "Defect"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
