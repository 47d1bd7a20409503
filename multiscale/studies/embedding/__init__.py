"""A quantum region in a larger one: study `embedding`."""

from multiscale.inputs.template import Starter
from multiscale.studies.embedding.schema import EmbeddingStudy
from multiscale.studies.kind import StudyKind

__all__ = ["KIND"]

STARTER = Starter(
    "A vacancy in copper: one fit of effective medium theory around it, another for the rest; a quantum engine: quantum in place of "
    "larger.",
    {
        "title": "A vacancy in copper",
        "potential": "emt",
        "larger": {"name": "emt", "asap_cutoff": True},
        "structure": {
            "crystal": {"species": "Cu", "structure": "fcc", "repeats": [3, 3, 3], "vacancies": [0], "rattle": "0.02 Å"}
        },
        "regions": {"vacancy": {"kind": "defects", "by": "coordination"}},
        "buffer": "4 Å",
    },
)
KIND = StudyKind(EmbeddingStudy, "multiscale.studies.embedding.run", STARTER)
