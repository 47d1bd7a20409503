"""Input of the molecular dynamics by which a crystal is found at its temperature."""

from typing import Annotated

from pydantic import Field

from multiscale.inputs.base import Section


class DynamicsInput(Section):
    """Molecular dynamics of a crystal, in place of the quasi-harmonic theory."""

    atoms: Annotated[int, Field(ge=32, le=100_000)] = Field(
        default=100, description="Least number of atoms of the cell that moves."
    )
    replicas: Annotated[int, Field(ge=1, le=1000)] = Field(default=4, description="Cells that move side by side.")
    steps: Annotated[int, Field(ge=100, le=10_000_000)] = Field(
        default=1500, description="Time steps of each; error bars fall with the root of steps and replicas."
    )
