"""A sharp crack under rising loads."""

from typing import TYPE_CHECKING, Self, cast

import numpy as np
from pydantic import Field, model_validator

from coupling.errors import InputError
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.inputs.fields import Direction, Length
from multiscale.studies.concurrent.defect import Defect
from multiscale.studies.concurrent.loading import LoadedProblems, Probe, Setting, side
from multiscale.studies.concurrent.records import Observable, ProbeReading

if TYPE_CHECKING:
    from multiscale.concurrent.far_field import CrackTip

_MPA_ROOT_M = EV_A3 * ANGSTROM**0.5 / 1e6
"""MPa m^½ per eV/Å^5/2."""


class Crack(Defect):
    """A sharp crack in mode I, its tip in the middle of the box, in the far field of K; plane problems only."""

    key = "crack"
    slips = True
    is_open = True
    needs_line = True

    plane: Direction = Field(
        description="Plane (hkl) of the crack; it contains line, the direction of the crack front."
    )
    loads: list[float] = Field(
        default=[1.0], min_length=1, max_length=50,
        description="K_I over Griffith's, of the potential's own surface energy; one after another.",
    )  # fmt: skip

    atomistic_faces: Length | None = Field(
        default=None,
        description="Length of the faces behind the tip that stays atomistic, as all of it does by default; beyond it they "
        "are the continuum's, whose surfaces have no energy.",
    )

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if min(self.loads) <= 0:
            raise InputError(f"{self.loads}: a crack needs positive loads, 1 for Griffith's.")
        return self

    def problems(self, setting: Setting) -> LoadedProblems:
        """One problem per load; the growth of the crack is read off."""
        from atomistic.properties.surface import surface_energies
        from multiscale.concurrent.defects import crack
        from multiscale.concurrent.measures import tip_advance

        cube = side(setting.crystal) * np.eye(3)
        surface = surface_energies(setting.potential, setting.crystal, [self.plane], conventional=cube)[0].relaxed.value
        faces = None if self.atomistic_faces is None else self.atomistic_faces / ANGSTROM
        problems = tuple(
            crack(
                setting.potential, setting.crystal, setting.cells, setting.level, line=setting.line, plane=self.plane,
                surface_energy=surface / EV_A2, load=load, atomistic_faces=faces,
            )
            for load in self.loads
        )  # fmt: skip
        intensities = tuple(cast("CrackTip", problem.predictor).intensities[1] * _MPA_ROOT_M for problem in problems)
        unit, griffith = "MPa m^0.5", "K_I at which the energy release rate equals that of two surfaces"
        facts = (
            ProbeReading(Observable("surface_energy", "J/m^2", "relaxed surface energy of the crack's plane"), surface),
            ProbeReading(Observable("griffith_intensity", unit, griffith), intensities[0] / self.loads[0]),
        )
        answer = Observable("tip_advance", "m", "growth of the crack from the middle of the box")
        return LoadedProblems(
            problems,
            Probe(
                Observable("stress_intensity", unit), intensities, answer, lambda found: tip_advance(found) * ANGSTROM
            ),
            facts,
        )
