"""How two lattices are brought to coincide, in an input file."""

from typing import Literal

from pydantic import Field

from multiscale.inputs.base import Section
from multiscale.inputs.fields import number


class Matching(Section):
    """How two lattices are brought to coincide."""

    strained: Literal["upper", "lower"] = Field(default="upper", description="The crystal that is strained.")
    largest_strain: float = Field(default=0.05, gt=0, le=0.3, description="Largest principal strain.")
    largest_area: number("Å²") = Field(default=150.0, gt=0, description="Largest common cell.")
