"""The embedding study: regions, the ledger of who counts what, forces, the buffer's error, dynamics."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coupling.records import pack, unpack
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.results import Results
from multiscale.stages.atoms_out import write_atoms
from multiscale.studies.embedding.records import EmbeddingFindings
from multiscale.studies.embedding.report import report
from multiscale.studies.embedding.schema import EmbeddingStudy

if TYPE_CHECKING:
    from atomistic.embedding.quantum import QuantumPotential
    from coupling.identity.addresses import Request
    from multiscale.studies.embedding.atoms import EmbeddingModels


def run(study: EmbeddingStudy, context: RunContext) -> Results:
    """Run the study; see `EmbeddingStudy` for its input.

    Raises:
        InputError: models, structure and regions do not fit together.
        DoubleCounted: two regions share an atom.
        NotConverged: the quantum code, a relaxation or the dynamics fails.
    """
    with context.stage("atomistic"):
        found = _atomistic(study, context)
    results = Results("embedding", study.title)
    report(results, study, found)
    what = "the structure; region k, counted from 1, its buffer -k, the rest 0"
    write_atoms(results, study.output, context, "embedded", [found.structure.frames], what)
    if found.dynamics is not None and found.dynamics.frames is not None:
        write_atoms(results, study.output, context, "dynamics", [found.dynamics.frames], "steps of the trajectory")
    return results


def _atomistic(study: EmbeddingStudy, context: RunContext) -> EmbeddingFindings:
    """The findings, from the cache where they are known."""
    from multiscale.studies.embedding.atoms import compute

    loaded = _Loaded(study, context.cache.folder / "quantum")

    def asked() -> "Request":
        models = [loaded.models.low, loaded.models.high]
        return request("embedding", study, exclude={"potential", "quantum", "larger"}, potentials=models)

    try:
        key = context.on_root(asked)
        packed = context.cached("embedded structure", key, lambda: pack(compute(study, loaded.models, context)))
    finally:
        loaded.close()
    return unpack(EmbeddingFindings, packed)


class _Loaded:
    """A study's potentials, loaded when they are first asked for: on rank 0 alone."""

    def __init__(self, study: EmbeddingStudy, folder: Path) -> None:
        self._study, self._folder = study, folder

    @cached_property
    def _quantum(self) -> "QuantumPotential":
        from atomistic.embedding.quantum import QuantumPotential

        return QuantumPotential(self._study.quantum.name, folder=self._folder, **self._study.quantum.options)

    @cached_property
    def models(self) -> "EmbeddingModels":
        """The cheap model and the accurate one, the latter at the former's lattice."""
        from atomistic import load_potential
        from atomistic.embedding.scaled import Scaled
        from multiscale.studies.embedding.atoms import EmbeddingModels

        larger, scale = self._study.larger, self._study.scale
        high = self._quantum if larger is None else load_potential(larger.name, **larger.options)
        low = load_potential(self._study.potential.name, **self._study.potential.options)
        return EmbeddingModels(low, high if scale == 1.0 else Scaled(high, scale))

    def close(self) -> None:
        """End the processes of a quantum engine, where it was started."""
        if "_quantum" in vars(self):
            self._quantum.close()
