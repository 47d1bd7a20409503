"""History at an interface's quadrature points: damage, unloading, contact, friction, viscosity.

The law is a potential ψ of the jump (normal n, slip t). Damage is driven by the separation
m² = ⟨n⟩² + β²|t|² with β = final opening over final slip; κ is the largest m so far. A law whose
slip never fails (a crystal's γ-surface: final slip infinite, β = 0) is damaged by opening alone.
"""

from dataclasses import dataclass, fields

import numpy as np

from continuum.cohesive.coverage import part_of
from continuum.cohesive.opening import compressed_and_slid, damaged
from continuum.model import Bond
from coupling.contracts import CohesiveLaw, FloatArray

_SAMPLES = 2001  # openings at which a law's work is compared with its opening


@dataclass(frozen=True)
class Response:
    """An interface at n quadrature points.

    Attributes:
        traction: (n, 3) Pa, local frame.
        tangent: (n, 3, 3) Pa/m.
        stored: (n,) recoverable energy, J/m².
        dissipated: (n,) energy lost to damage, J/m².
    """

    traction: FloatArray
    tangent: FloatArray
    stored: FloatArray
    dissipated: FloatArray


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
    """

    largest: FloatArray
    lost: FloatArray
    jump: FloatArray
    pressure: FloatArray
    slid: FloatArray
    frictional: FloatArray
    viscous: FloatArray

    def copy(self) -> "History":
        """The same, to come back to."""
        return History(*(getattr(self, one.name).copy() for one in fields(self)))

    @classmethod
    def new(cls, jump: FloatArray) -> "History":
        """Of points that never saw a load, at their initial jumps (n, 3)."""
        n = len(jump)
        return cls(np.zeros(n), np.zeros(n), jump.copy(), np.zeros(n), np.zeros((n, 2)), np.zeros(n), np.zeros(n))


def shear_weight(law: CohesiveLaw) -> float:
    """β: final opening over final slip; 0 where slip never fails."""
    slip = getattr(law, "final_slip", np.inf)
    return float(law.final_opening / slip) if np.isfinite(slip) else 0.0


def separation(law: CohesiveLaw, jump: FloatArray) -> FloatArray:
    """m (n,) of jumps (n, 3), m."""
    return np.sqrt(np.maximum(jump[:, 0], 0.0) ** 2 + shear_weight(law) ** 2 * np.sum(jump[:, 1:] ** 2, axis=1))


def work_ahead(law: CohesiveLaw) -> float:
    """The largest |w − o|/(o (1 − o)): o a part of the final opening, w that of the work which is done at it, without slip."""
    opened = np.linspace(0.0, 1.0, _SAMPLES)[1:-1]
    jump = np.outer(opened * law.final_opening, [1.0, 0.0, 0.0])
    done = law.evaluate(jump).energy / law.work_of_separation
    return float(np.max(np.abs(done - opened) / (opened * (1.0 - opened))))


def separation_gradient(law: CohesiveLaw, jump: FloatArray) -> FloatArray:
    """dm/djump (n, 3)."""
    scaled = jump * np.array([1.0, shear_weight(law) ** 2, shear_weight(law) ** 2])
    scaled[:, 0] = np.maximum(jump[:, 0], 0.0)
    m = separation(law, jump)
    return scaled / np.where(m > 0, m, 1.0)[:, None]


def respond(bond: Bond, jump: FloatArray, history: History, duration: float = np.inf) -> Response:
    """Traction, consistent tangent and energies at jumps (n, 3), the history as it was.

    Args:
        bond: Law and options.
        jump: (n, 3) m, initial gap included.
        history: Of the last converged state.
        duration: Time since then, s (for the viscosity).
    """
    law = bond.law
    if bond.history == "reversible" and bond.contact is None:
        value = law.evaluate(jump)
        response = Response(value.traction, value.tangent, value.energy, np.zeros(len(jump)))
    else:
        response = _closing(bond, jump, history, _separating(bond, jump, history))
    if bond.friction:
        _add_friction(bond, jump, history, response)
    if bond.viscosity:
        rate = bond.viscosity / duration
        response.traction[:] += rate * (jump - history.jump)
        response.tangent[:] += rate * np.eye(3)
    return response


def _separating(bond: Bond, jump: FloatArray, history: History) -> Response:
    """The response to the jump without its penetration."""
    opened = jump.copy()
    opened[:, 0] = np.maximum(jump[:, 0], 0.0)
    if bond.history == "reversible":
        value = bond.law.evaluate(opened)
        return Response(value.traction, value.tangent, value.energy, np.zeros(len(jump)))
    kappa = np.maximum(history.largest, separation(bond.law, opened))
    if not shear_weight(bond.law):
        value, lost = damaged(bond.law, opened, kappa)
        return Response(value.traction, value.tangent, value.energy - lost, lost)
    return _by_separation(bond.law, opened, kappa, history.lost)


def _by_separation(law: CohesiveLaw, jump: FloatArray, kappa: FloatArray, lost: FloatArray) -> Response:
    """Damage by the whole separation m ≤ κ; unloading along the ray to the origin.

    T = T(s·jump)/s with s = κ/m; ½ T·jump is recoverable. While the damage grows (s = 1)
    ψ − ½ T·jump is lost; it then stays as it was. A turn of the jump below κ has no potential.
    """
    m = separation(law, jump)
    still = m <= 1e-12 * kappa  # no direction: unload along the normal
    safe = np.where(still, np.maximum(kappa, np.finfo(float).tiny), m)
    scale = np.where(still, 1.0, np.maximum(kappa, m) / safe)
    at = np.where((still & (kappa > 0))[:, None], kappa[:, None] * [1.0, 0.0, 0.0], scale[:, None] * jump)
    value = law.evaluate(at)
    traction = np.where(still[:, None], 0.0, value.traction / scale[:, None])
    tangent = value.tangent.copy()
    unloading = (scale > 1.0) & ~still
    radial = np.einsum("nij,nj->ni", value.tangent, jump) - traction
    turn = np.einsum("ni,nj->nij", radial, separation_gradient(law, jump)) / safe[:, None, None]
    tangent[unloading] -= turn[unloading]
    resting = still & (kappa > 0)
    if resting.any():
        secant = value.traction[resting, 0] / kappa[resting]
        tangent[resting] = secant[:, None, None] * np.diag([1.0, shear_weight(law) ** 2, shear_weight(law) ** 2])
    stored = 0.5 * np.sum(traction * jump, axis=1)
    grows = (m >= kappa) & ~still
    return Response(traction, tangent, stored, np.where(grows, value.energy - stored, lost))


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
        separating = _separating(bond, jump, history)
        history.lost = separating.dissipated
        history.largest = np.maximum(history.largest, separation(bond.law, jump))
    history.jump = jump.copy()
