"""An indenter pressed into a free surface."""

from typing import Self

from pydantic import Field, model_validator

from coupling.errors import InputError
from coupling.units import ANGSTROM, EV, EV_A2
from multiscale.inputs.fields import Direction, Length
from multiscale.studies.concurrent.defect import Defect
from multiscale.studies.concurrent.loading import LoadedProblems, Probe, Setting
from multiscale.studies.concurrent.records import Observable


class Indentation(Defect):
    """A rigid frictionless indenter on a free surface through the middle of the box: a cylinder along line, else a sphere."""

    key = "indentation"
    slips = True
    is_open = True
    moves_region = False

    plane: Direction = Field(description="Surface (hkl); it contains line, if that is given.")
    radius: Length = Field(description="Radius of the indenter.")
    depths: list[Length] = Field(
        min_length=1, max_length=50, description="Depths below the last plane of atoms, one after another."
    )

    @model_validator(mode="after")
    def _shallow(self) -> Self:
        if max(self.depths) >= self.radius:
            raise InputError(
                f"An indenter of radius {self.radius:g} m cannot be {max(self.depths):g} m deep; stay below the radius."
            )
        return self

    def problems(self, setting: Setting) -> LoadedProblems:
        """One problem per depth; the force on the indenter is read off."""
        from multiscale.concurrent.indent import indentation, indentation_force

        problems = tuple(
            indentation(
                setting.potential, setting.crystal, setting.cells, setting.level, plane=self.plane, line=setting.line,
                radius=self.radius / ANGSTROM, depth=depth / ANGSTROM,
            )
            for depth in self.depths
        )  # fmt: skip
        flat = setting.line is not None
        factor, unit = (EV_A2, "N/m") if flat else (EV / ANGSTROM, "N")
        what = "force per length on the cylinder" if flat else "force on the sphere"
        answer = Observable("indentation_force", unit, what)
        read = lambda found: factor * indentation_force(found)  # noqa: E731
        return LoadedProblems(problems, Probe(Observable("depth", "m"), tuple(self.depths), answer, read))
