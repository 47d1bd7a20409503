"""Blended energies with the ghost forces of the perfect crystal taken away."""

from multiscale.concurrent.methods.bqce import BlendedEnergy
from multiscale.concurrent.parts import AtomisticPart


class GhostForceCorrected(BlendedEnergy):
    """BGFC: the ghost forces of the perfect crystal in the homogeneous state are a dead load.

    Attributes:
        crystal: Its atoms on the perfect crystal; made once, also for `perfect`.
    """

    name = "bgfc"
    crystal: AtomisticPart | None = None

    def _build(self) -> None:
        super()._build()
        if self.crystal is None:
            self.crystal = self._atoms_of(self.problem.without_defect())
        self.atomistic.correct(self.crystal)
        self.continuum.correct()
