"""Blended energies with the ghost forces of the perfect crystal taken away."""

from multiscale.concurrent.methods.bqce import BlendedEnergy


class GhostForceCorrected(BlendedEnergy):
    """BGFC: the ghost forces of the perfect crystal in the homogeneous state are a dead load."""

    name = "bgfc"

    def _build(self) -> None:
        super()._build()
        self.atomistic.correct(self._atoms_of(self.problem.without_defect()))
        self.continuum.correct()
