"""Coupled methods compared with all atoms on one defect: study `concurrent`."""

from multiscale.inputs.template import Starter
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

STARTER = Starter(
    "A missing column of atoms in copper, in effective medium theory, solved by a coupled method and by all atoms.",
    {
        "title": "A missing column of atoms",
        "potential": "emt",
        "species": "Cu",
        "structure": "fcc",
        "line": [1, -1, 0],
        "point_defect": {"missing": 1},
        "box": {"cells": [2, 2], "level": 3},
        "methods": [{"method": "bqcf", "core": 3.0, "blend": 3.0}],
    },
)
KIND = StudyKind("multiscale.studies.concurrent.schema:ConcurrentStudy", "multiscale.studies.concurrent.run", STARTER)
