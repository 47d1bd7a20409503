"""The parts of a cohesive problem: its kind, laws on interfaces, supports and loads, its control, its energies."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from coupling.contracts import CohesiveLaw, FloatArray
from coupling.errors import InputError, unknown_choice
from coupling.interface.activation import Activation
from coupling.specimen.records import Misfit, Spacing, check_words

COMPONENTS = {"x": 0, "y": 1, "z": 2}
HISTORIES = ("damage", "reversible")
Kind = Literal["plane strain", "plane stress", "axisymmetric", "3D"]
"""How the mesh stands for a solid; axisymmetric: x is the radius, y the axis, z the hoop direction."""


def checked_kind(kind: Kind | None, dimension: int) -> Kind:
    """The kind of analysis; by default plane strain in 2D.

    Raises:
        InputError: the kind is unknown or does not fit the mesh's dimension.
    """
    if kind is None:
        return "3D" if dimension == 3 else "plane strain"
    if kind not in get_args(Kind):
        raise unknown_choice("kind of analysis", kind, get_args(Kind))
    if (kind == "3D") != (dimension == 3):
        raise InputError(
            f"A mesh of dimension {dimension} does not fit the analysis {kind!r}; choose another kind or mesh."
        )
    return kind


def circumference(points: FloatArray, kind: Kind) -> FloatArray:
    """Length or area that a point (..., dim) of the mesh stands for out of the plane: 1, or 2πr."""
    return 2 * np.pi * points[..., 0] if kind == "axisymmetric" else np.ones(points.shape[:-1])


@dataclass(frozen=True)
class Contact:
    """Resistance of closed faces, in place of the law's own compressive branch.

    Attributes:
        stiffness: Pressure per penetration, Pa/m.
        penetration: None: the penalty alone. Else the largest penetration in m that is allowed;
            the augmented Lagrangian iterates until it is kept.
    """

    stiffness: float
    penetration: float | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.stiffness) and self.stiffness > 0):
            raise InputError(f"The contact stiffness {self.stiffness} Pa/m must be positive.")
        if self.penetration is not None and not self.penetration > 0:
            raise InputError(
                f"The allowed penetration {self.penetration} m must be positive; leave it out for the penalty alone."
            )


@dataclass(frozen=True)
class Bond:
    """A law on an interface.

    Attributes:
        group: Physical group of the interface's facets; None: all facets between the two bodies.
        plus: Body that the normal points into.
        minus: Body on the other side; None: a rigid, fixed foundation. The same body twice: a polycrystal, on the boundaries
            between whose grains the law acts; at each the grain of the lower number is plus.
        law: The cohesive law.
        history: "damage": unloading to the origin, no healing; "reversible": adhesion, the law itself.
        initial_gap: Normal distance of the undeformed faces in m at points (..., dim) in m; None: they touch.
        contact: Resistance when closed; None: the law's own compressive branch.
        friction: Coulomb's coefficient where damaged faces are closed.
        viscosity: Traction per rate of the jump, Pa s/m: regularises; its work is reported.
        spacing: Whether the mesh holds the closed layer spacing across the interface: "meshed", or "left out".
        misfit: Of a crystal that was strained to match another: "carried" by its body as a stress-free strain of the
            opposite sign, or "relaxed" away by dislocations.
        tangential: (3,) direction whose projection on the interface is tangential 1; None: as
            `continuum.cohesive.interface.kinematics` says.
        transported: Whether the mesh solves for the solute of this interface (`continuum.transport`), and owns its exchange.
        activation: How sites of the law break by themselves in time; None: only as far as the faces open.

    Raises:
        InputError: a history, a spacing or a misfit that does not exist, a negative coefficient, a direction that is none,
            a law with T(0) ≠ 0.
    """

    group: str | None
    plus: str
    minus: str | None
    law: CohesiveLaw
    history: Literal["damage", "reversible"] = "damage"
    initial_gap: Callable[[FloatArray], FloatArray] | None = None
    contact: Contact | None = None
    friction: float = 0.0
    viscosity: float = 0.0
    spacing: Spacing = "meshed"
    misfit: Misfit = "carried"
    tangential: tuple[float, float, float] | None = None
    transported: bool = False
    activation: Activation | None = None

    def __post_init__(self) -> None:
        if self.history not in HISTORIES:
            raise unknown_choice("history of an interface", self.history, HISTORIES)
        check_words(self.spacing, self.misfit)
        for name in ("friction", "viscosity"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise InputError(f"The {name} {getattr(self, name)} of an interface must not be negative.")
        if self.tangential is not None:
            direction = np.asarray(self.tangential, dtype=float)
            if direction.shape != (3,) or not np.isfinite(direction).all() or not direction.any():
                raise InputError(
                    f"The tangential direction {self.tangential} of an interface must be three numbers, not all 0."
                )
        if self.activation is not None and (self.activation.law is not self.law or self.history != "damage"):
            raise InputError(
                "An activated interface needs the law of its barrier, and history: damage: what broke stays so."
            )
        if self.group is None and self.minus is None:
            raise InputError("An interface with a rigid foundation needs the group of its facets.")
        at_rest = self.law.evaluate(np.zeros((1, 3))).traction[0]
        if np.abs(at_rest).max() > 1e-6 * self.law.peak_traction:
            raise InputError(
                f"The law has a traction of {at_rest[0] / 1e9:.4g} GPa at zero jump, so that the unloaded specimen would "
                "not be in equilibrium; put an initially rigid law on a stiff spring (its on_spring), or shift it to T(0) = 0."
            )

    @property
    def name(self) -> str:
        """Its group, or the names of its two bodies."""
        return self.group or f"{self.plus}-{self.minus}"


@dataclass(frozen=True)
class Prescribed:
    """A displacement component held at `factor` times the load parameter (0: a support).

    Attributes:
        group: Physical group of boundary facets.
        component: "x", "y" or "z".
        factor: Displacement per load parameter; a function of points (n, dim) in m gives (n,) of them.
    """

    group: str
    component: str
    factor: float | Callable[[FloatArray], FloatArray] = 0.0


@dataclass(frozen=True)
class Traction:
    """A dead traction of `factor` times the load parameter on a boundary.

    Attributes:
        group: Physical group of boundary facets.
        component: "x", "y", "z", or "pressure": against the outward normal.
        factor: Pa per load parameter.
    """

    group: str
    component: str
    factor: float = 1.0


@dataclass(frozen=True)
class InterfaceEnergies:
    """What an interface took up, in J (3D, axisymmetric) or J/m of thickness (plane).

    Attributes:
        stored: Recoverable energy.
        dissipated: Energy lost to damage and friction.
        viscous: Energy lost to the viscous regularisation.
    """

    stored: float
    dissipated: float
    viscous: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.stored + self.dissipated + self.viscous


@dataclass(frozen=True)
class Energies:
    """Where the work is, in J (3D, axisymmetric) or J/m of thickness (plane).

    Attributes:
        bodies: Recoverable energy by body.
        interfaces: What each interface took up, by its name.
        plastic: What the plastic flow of bodies dissipated, by body.
        relaxed: What the viscosity of bodies dissipated, by body.
    """

    bodies: dict[str, float]
    interfaces: dict[str, InterfaceEnergies]
    plastic: dict[str, float] = field(default_factory=dict)
    relaxed: dict[str, float] = field(default_factory=dict)

    @property
    def stored(self) -> float:
        """Recoverable energy of all interfaces."""
        return sum(one.stored for one in self.interfaces.values())

    @property
    def dissipated(self) -> float:
        """Energy lost to damage and friction."""
        return sum(one.dissipated for one in self.interfaces.values())

    @property
    def viscous(self) -> float:
        """Energy lost to the viscous regularisation."""
        return sum(one.viscous for one in self.interfaces.values())

    @property
    def elastic(self) -> float:
        """Strain energy of all bodies."""
        return sum(self.bodies.values())

    @property
    def bulk_loss(self) -> float:
        """What all bodies dissipated."""
        return sum(self.plastic.values()) + sum(self.relaxed.values())

    @property
    def total(self) -> float:
        """What the external work should equal: elastic, stored, dissipated, viscous, and what bodies dissipated."""
        return self.elastic + self.stored + self.dissipated + self.viscous + self.bulk_loss


ControlKind = Literal["load", "opening", "path", "damage"]


@dataclass(frozen=True)
class Control:
    """What the last equation prescribes: the load, the interfaces' opening or damage, or how far the path goes on.

    Attributes:
        kind: "load": the load parameter; "opening": `CohesiveProblem.broken_area`, m² or m; "path": what the jumps go on
            in the direction of `CohesiveProblem.aim`, m² or m; "damage": by how much the area that was ever opened grows, m²
            or m (`continuum.cohesive.interface.Interface.damaged_area`).
        target: Its value.
    """

    kind: ControlKind
    target: float
