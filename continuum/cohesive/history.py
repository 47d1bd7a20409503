"""History at an interface's quadrature points: damage, unloading, contact, friction, viscosity, activation.

The law is a potential ψ of the jump (normal n, slip t). Damage is driven by the separation
m² = ⟨n⟩² + β²|t|² with β = final opening over final slip; κ is the largest m so far. A law whose
slip never fails (a crystal's γ-surface: final slip infinite, β = 0) is damaged by opening alone.
"""

from dataclasses import dataclass, fields

import numpy as np

from continuum.cohesive.breaking import Past, breaking
from continuum.cohesive.coverage import part_of
from continuum.cohesive.damage import Response, damaged_to
from continuum.cohesive.opening import compressed_and_slid
from continuum.cohesive.separation import separation, shear_weight
from continuum.model import Bond
from coupling.contracts import CohesiveLaw, FloatArray


@dataclass
class History:
    """What an interface's n points remember of the converged states.

    Attributes:
        largest: (n,) κ, the largest separation so far, m.
        lost: (n,) energy dissipated by damage when κ was reached, J/m².
        jump: (n, 3) the last jump, m.
        pressure: (n,) multiplier of the augmented Lagrangian, Pa (≤ 0).
        slid: (n, 2) slip at which friction would be zero, m.
        frictional: (n,) energy lost to friction, J/m².
        viscous: (n,) energy lost to viscosity, J/m².
        spent: (n,) of an activated interface, work that was lost to damage, J/m²: without what heat gave.
    """

    largest: FloatArray
    lost: FloatArray
    jump: FloatArray
    pressure: FloatArray
    slid: FloatArray
    frictional: FloatArray
    viscous: FloatArray
    spent: FloatArray

    def copy(self) -> "History":
        """The same, to come back to."""
        return History(*(getattr(self, one.name).copy() for one in fields(self)))

    @classmethod
    def new(cls, jump: FloatArray) -> "History":
        """Of points that never saw a load, at their initial jumps (n, 3)."""
        zero = np.zeros(len(jump))
        others = (zero.copy() for _ in range(3))
        return cls(zero, zero.copy(), jump.copy(), zero.copy(), np.zeros((len(jump), 2)), *others)


def respond(bond: Bond, jump: FloatArray, history: History, duration: float = np.inf) -> Response:
    """Traction, consistent tangent and energies at jumps (n, 3), the history as it was.

    Args:
        bond: Law and options.
        jump: (n, 3) m, initial gap included.
        history: Of the last converged state.
        duration: Time since then, s (for viscosity and activation).
    """
    law = bond.law
    if bond.history == "reversible" and bond.contact is None:
        value = law.evaluate(jump)
        response = Response(value.traction, value.tangent, value.energy, np.zeros(len(jump)))
    else:
        response = _closing(bond, jump, history, _separating(bond, jump, history, duration))
    if bond.friction:
        _add_friction(bond, jump, history, response)
    if bond.viscosity:
        rate = bond.viscosity / duration
        response.traction[:] += rate * (jump - history.jump)
        response.tangent[:] += rate * np.eye(3)
    return response


def _opened(jump: FloatArray) -> FloatArray:
    """The jump without its penetration."""
    return np.maximum(jump, [0.0, -np.inf, -np.inf])


def _separating(bond: Bond, jump: FloatArray, history: History, duration: float) -> Response:
    """The response to the jump without its penetration."""
    opened = _opened(jump)
    if bond.history == "reversible":
        value = bond.law.evaluate(opened)
        return Response(value.traction, value.tangent, value.energy, np.zeros(len(jump)))
    if bond.activation is not None:
        return breaking(bond.activation, opened, _past(bond.law, history), duration)[0]
    kappa = np.maximum(history.largest, separation(bond.law, opened))
    return damaged_to(bond.law, opened, kappa, history.lost)


def _past(law: CohesiveLaw, history: History) -> Past:
    return Past(history.largest, separation(law, history.jump), history.lost, history.spent)


def _closing(bond: Bond, jump: FloatArray, history: History, response: Response) -> Response:
    """Add the contact pressure; undamaged faces keep the law's own coupled compression."""
    closed = jump[:, 0] < 0
    if bond.contact is None and not closed.any():
        return response
    traction, tangent, stored = response.traction.copy(), response.tangent.copy(), response.stored.copy()
    tangent[closed, :, 0] = 0.0
    if bond.contact is None:
        law = part_of(bond.law, closed)
        energy, pressure, stiffness = _compression(law, jump[closed, 0])
        traction[closed, 0] = pressure
        tangent[closed, 0, 0] = stiffness
        stored[closed] += energy
        if not shear_weight(bond.law):
            coupled = compressed_and_slid(law, jump[closed], history.largest[closed])
            traction[closed] += coupled.traction
            tangent[closed] += coupled.tangent
            tangent[closed, 0, 1:] = coupled.tangent[:, 0, 1:]
            stored[closed] += coupled.energy
    else:
        penalty = bond.contact.stiffness
        pressure = np.minimum(history.pressure + penalty * jump[:, 0], 0.0)
        active = pressure < 0
        traction[:, 0] += pressure
        tangent[active, 0, 0] += penalty
        stored += (pressure**2 - history.pressure**2) / (2 * penalty)
    return Response(traction, tangent, stored, response.dissipated)


def _compression(law: CohesiveLaw, opening: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    jump = np.zeros((len(opening), 3))
    jump[:, 0] = opening
    value = law.evaluate(jump)
    return value.energy, value.traction[:, 0], value.tangent[:, 0, 0]


def contact_pressure(bond: Bond, jump: FloatArray, history: History) -> tuple[FloatArray, FloatArray]:
    """Normal traction (n,) ≤ 0 of closed faces and its slope, without what the law still transmits."""
    if bond.contact is not None:
        pressure = np.minimum(history.pressure + bond.contact.stiffness * jump[:, 0], 0.0)
        return pressure, np.where(pressure < 0, bond.contact.stiffness, 0.0)
    _, pressure, slope = _compression(bond.law, np.minimum(jump[:, 0], 0.0))
    return pressure, np.where(jump[:, 0] < 0, slope, 0.0)


def _friction(
    bond: Bond, jump: FloatArray, history: History
) -> tuple[FloatArray, float, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Weight, stiffness, trial force, its length, the largest and the pressure's slope of Coulomb's law.

    It grows in with the damage, κ over the final opening of the last converged state (Alfano &
    Sacco, Int. J. Numer. Meth. Engng 68 (2006) 542, whose weight is the damage itself).
    """
    weight = np.clip(history.largest / bond.law.final_opening, 0.0, 1.0)
    pressure, slope = contact_pressure(bond, jump, history)
    stiffness = _sticking_stiffness(bond)
    trial = stiffness * (jump[:, 1:] - history.slid)
    return weight, stiffness, trial, np.linalg.norm(trial, axis=1), -bond.friction * pressure, slope


def _sticking_stiffness(bond: Bond) -> float:
    """Shear stiffness of sticking faces, Pa/m: that of the contact."""
    return bond.contact.stiffness if bond.contact else float(bond.law.evaluate(np.zeros((1, 3))).tangent[0, 0, 0])


def _add_friction(bond: Bond, jump: FloatArray, history: History, response: Response) -> None:
    weight, stiffness, trial, length, largest, slope = _friction(bond, jump, history)
    slides = length > largest
    direction = trial / np.where(length > 0, length, 1.0)[:, None]
    force = np.where(slides[:, None], largest[:, None] * direction, trial)
    across = np.eye(2) - direction[:, :, None] * direction[:, None, :]
    ratio = np.where(slides, largest / np.where(length > 0, length, 1.0), 1.0)
    part = np.where(slides[:, None, None], ratio[:, None, None] * across, np.eye(2)) * stiffness
    response.traction[:, 1:] += weight[:, None] * force
    response.tangent[:, 1:, 1:] += weight[:, None, None] * part
    response.tangent[:, 1:, 0] += np.where(slides, -weight * bond.friction * slope, 0.0)[:, None] * direction
    response.stored[:] += weight * np.sum(force**2, axis=1) / (2 * stiffness)
    response.dissipated[:] += history.frictional


def commit(bond: Bond, jump: FloatArray, history: History, duration: float = np.inf) -> None:
    """Make an equilibrium state part of the history, in place."""
    if bond.friction:
        weight, stiffness, trial, length, largest, _ = _friction(bond, jump, history)
        over = np.maximum(length - largest, 0.0) / stiffness
        direction = trial / np.where(length > 0, length, 1.0)[:, None]
        history.slid += over[:, None] * direction
        history.frictional += weight * np.minimum(length, largest) * over
    if bond.viscosity:
        history.viscous += bond.viscosity / duration * np.sum((jump - history.jump) ** 2, axis=1)
    if bond.history == "damage":
        if bond.activation is None:
            history.lost = _separating(bond, jump, history, duration).dissipated
            history.largest = np.maximum(history.largest, separation(bond.law, jump))
        else:
            past = _past(bond.law, history)
            broken, history.largest = breaking(bond.activation, _opened(jump), past, duration)
            history.spent = broken.dissipated
    history.jump = jump.copy()
