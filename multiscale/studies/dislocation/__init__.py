"""Dislocations and what the next scale needs: study `dislocation`."""

from multiscale.inputs.template import Starter
from multiscale.studies.dislocation.schema import DislocationStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

STARTER = Starter(
    "An edge dislocation of copper in effective medium theory by its γ-surface; add core, barrier and peierls_stress to results for "
    "the atoms' own answers.",
    {
        "title": "Edge dislocation in copper",
        "potential": {"name": "emt", "asap_cutoff": True},
        "species": "Cu",
        "structure": "fcc",
        "system": "edge",
        "results": ["peierls_nabarro"],
        "divisions": 6,
        "rows": 80,
        "temperatures": ["77 K", "300 K"],
        "strain_rates": [1.0],
    },
)
KIND = StudyKind(DislocationStudy, "multiscale.studies.dislocation.run", STARTER)
