"""What a cohesive problem is made of: laws on interfaces, supports and loads, its control, its energies."""

from dataclasses import dataclass
from typing import Literal

from coupling.contracts import CohesiveLaw

COMPONENTS = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True)
class Bond:
    """A law on an interface.

    Attributes:
        group: Physical group of the interface's facets.
        plus: Body that the normal points into.
        minus: Body on the other side.
        law: The cohesive law.
    """

    group: str
    plus: str
    minus: str
    law: CohesiveLaw


@dataclass(frozen=True)
class Prescribed:
    """A displacement component held at `factor` times the load parameter (0: a support).

    Attributes:
        group: Physical group of boundary facets.
        component: "x", "y" or "z".
        factor: Displacement per load parameter.
    """

    group: str
    component: str
    factor: float = 0.0


@dataclass(frozen=True)
class Energies:
    """Where the work is, in J (3D) or J/m of thickness (2D).

    Attributes:
        bodies: Elastic energy by body.
        stored: Recoverable energy of the interfaces.
        dissipated: Energy lost to damage.
    """

    bodies: dict[str, float]
    stored: float
    dissipated: float

    @property
    def elastic(self) -> float:
        return sum(self.bodies.values())

    @property
    def total(self) -> float:
        return self.elastic + self.stored + self.dissipated


@dataclass(frozen=True)
class Control:
    """What the last equation prescribes: the load, or how far the interfaces have opened.

    Attributes:
        kind: "load": the load parameter, m; "opening": `CohesiveProblem.broken_area`, m² or m.
        target: Its value.
    """

    kind: Literal["load", "opening"]
    target: float
