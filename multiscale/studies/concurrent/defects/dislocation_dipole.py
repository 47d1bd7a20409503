"""A dipole of straight dislocations."""

import numpy as np
from pydantic import Field

from coupling.units import ANGSTROM
from multiscale.inputs.fields import Length
from multiscale.studies.concurrent.defect import Defect
from multiscale.studies.concurrent.loading import LoadedProblems, Setting, side


class DislocationDipole(Defect):
    """Two straight edge dislocations of opposite sign on one plane; plane problems only."""

    key = "dislocation_dipole"
    slips = True
    needs_line = True

    burgers: list[float] = Field(
        min_length=3, max_length=3, description="Burgers vector in lattice parameters, along cubic axes: [0.5, 0.5, 0]."
    )
    separation: Length = Field(description="Distance of the two.")

    def problems(self, setting: Setting) -> LoadedProblems:
        """One problem: both in the anisotropic field of both."""
        from multiscale.concurrent.defects import dislocation_dipole

        problem = dislocation_dipole(
            setting.potential, setting.crystal, setting.cells, setting.level, line=setting.line,
            burgers=side(setting.crystal) * np.array(self.burgers), separation=self.separation / ANGSTROM,
        )  # fmt: skip
        return LoadedProblems((problem,))
