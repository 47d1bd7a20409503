"""Missing atoms."""

from pydantic import Field

from multiscale.studies.concurrent.defect import Defect
from multiscale.studies.concurrent.loading import LoadedProblems, Setting


class PointDefect(Defect):
    """Missing atoms in a row; in a plane problem, missing columns."""

    key = "point_defect"

    missing: int = Field(default=1, ge=1, le=20, description="Number of atoms or columns.")

    def problems(self, setting: Setting) -> LoadedProblems:
        """One problem: the crystal without them."""
        from multiscale.concurrent.defects import point_defect

        problem = point_defect(
            setting.potential, setting.crystal, setting.cells, setting.level, missing=self.missing, line=setting.line
        )
        return LoadedProblems((problem,))
