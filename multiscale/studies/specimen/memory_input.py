"""What bodies with a memory ask of the rest of a specimen's input."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from coupling.errors import InputError
from coupling.upscale.export import read
from coupling.upscale.flow import GlideLaw
from multiscale.inputs.inelastic import WithMemory
from multiscale.runtime.handed_on import dislocations_file


@dataclass(frozen=True)
class Memories:
    """The bodies that flow, slip or relax.

    Attributes:
        bodies: By name.
    """

    bodies: Mapping[str, WithMemory]

    @classmethod
    def of(cls, bodies: Mapping[str, object]) -> Self:
        """Those of all bodies of a study that have a memory."""
        return cls({n: body for n, body in bodies.items() if isinstance(body, WithMemory) and body.memories})

    @property
    def timed(self) -> list[str]:
        """Those for which the loading must take time."""
        return [name for name, body in self.bodies.items() if body.depends_on_rate]

    @property
    def runs(self) -> list[Path]:
        """The runs whose dislocations make them flow."""
        return [body.flow.run for body in self.bodies.values() if body.flow is not None and body.flow.run is not None]

    @property
    def files(self) -> list[Path]:
        """The files of measured moduli."""
        relaxing = [body.relaxes for body in self.bodies.values()]
        return [one.file for one in relaxing if one is not None and one.file is not None]

    def check_fits(self, kind: str, order: int, duration: float | None, beside: Mapping[str, object]) -> None:
        """Refuse what is not offered beside a memory.

        Args:
            kind: Of the analysis.
            order: Of the displacement's elements.
            duration: Of the loading, s.
            beside: Sections by name that are not offered; None: not given.
        """
        for name, body in self.bodies.items():
            place = f"bodies.{name}.{body.memories[0]}"
            if body.depends_on_rate and duration is None:
                raise InputError(f"{place}: the body feels the rate of the loading; give loading.duration.")
            if kind == "plane stress":
                raise InputError(f"{place}: it is not offered in plane stress; take plane strain or 3D.")
            if body.relaxes is None and order == 1:
                raise InputError(
                    f"{place}: the body flows at constant volume, for which elements of order 1 are far too stiff; give order: 2."
                )
            for what in (what for what, given in beside.items() if given is not None):
                raise InputError(f"{place}: {what} is not offered beside a body with a memory; leave one out.")

    def check(self) -> None:
        """Check the runs and files that they name."""
        for name, body in self.bodies.items():
            if body.flow is not None and body.flow.run is not None:
                try:
                    glide_of(body.flow.run)
                except InputError as error:
                    raise InputError(f"bodies.{name}.flow: {error}") from error
            if body.relaxes is not None and body.relaxes.file is not None:
                body.relaxes.check(f"bodies.{name}.relaxation")


def glide_of(run: Path) -> GlideLaw:
    """The kinetics of a run's dislocations.

    Raises:
        InputError: the run is not finished, of another study, or derived none.
    """
    law = read(dislocations_file(run)).law
    if law is None:
        raise InputError(
            f"The run {run} derived no flow stress; let its results include flow_stress, and run it again."
        )
    return law
