"""History at an interface's quadrature points: damage, unloading, contact, friction, viscosity.

The law is a potential ψ of the jump (normal n, slip t). Damage is driven by the separation
m² = ⟨n⟩² + β²|t|² with β = final opening over final slip; κ is the largest m so far. A law whose
slip never fails (a crystal's γ-surface: final slip infinite, β = 0) is damaged by opening alone.
"""

from dataclasses import dataclass, fields

import numpy as np

from continuum.model import Bond
from coupling.contracts import CohesiveLaw, FloatArray, LawValue

_SAMPLES = 2001  # openings at which a law's work is compared with its opening
_DIFFERENCE = 1e-4  # of the opening at the peak, for the one third derivative of the law that a tangent needs


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
        return _by_opening(bond.law, opened, kappa)
    return _by_separation(bond.law, opened, kappa, history.lost)


def _by_opening(law: CohesiveLaw, jump: FloatArray, kappa: FloatArray) -> Response:
    """Damage by the normal opening n ≤ κ; slip stays elastic.

    T_n falls linearly from the law's T_n(κ, t) at n = κ to a(t) = s T_n(0, t) at n = 0, where s(κ) = 1 − ψ(κ, 0)/W is what is
    whole: slid faces push each other apart, and a line to the origin would let go of that as soon as they have opened at all.
    U = ψ(κ, t) − D(κ) − ∫ₙ^κ T_n is recoverable, and the slip's traction is its gradient; D(κ) = ψ(κ, 0) − ½ κ T_n(κ, 0) is
    lost. At n = κ it is the law.
    """
    at = jump.copy()
    at[:, 0] = kappa
    value, pure = law.evaluate(at), law.evaluate(at * [1.0, 0.0, 0.0])
    traction, tangent, energy = value.traction.copy(), value.tangent.copy(), value.energy.copy()
    lost = pure.energy - 0.5 * kappa * pure.traction[:, 0]
    unloading = np.flatnonzero(kappa > jump[:, 0])
    if len(unloading):
        n, k = jump[unloading, 0], kappa[unloading]
        open_normal, open_cross, open_shear = _normal(law, at[unloading])
        closed_normal, closed_cross, closed_shear = _normal(law, at[unloading] * [0.0, 1.0, 1.0])
        s = _whole(law, pure.energy[unloading])
        far, near = 0.5 * (k - n**2 / k), s * (0.5 * (k - n) ** 2 / k)  # ∫ₙ^κ of n/κ, and of what is left of 1
        energy[unloading] -= far * open_normal + near * closed_normal
        traction[unloading, 0] = n / k * open_normal + s * (1 - n / k) * closed_normal
        traction[unloading, 1:] -= far[:, None] * open_cross + near[:, None] * closed_cross
        tangent[unloading, 0, 0] = (open_normal - s * closed_normal) / k
        cross = (n / k)[:, None] * open_cross + (s * (1 - n / k))[:, None] * closed_cross
        tangent[unloading, 0, 1:] = tangent[unloading, 1:, 0] = cross
        tangent[unloading, 1:, 1:] -= far[:, None, None] * open_shear + near[:, None, None] * closed_shear
    return Response(traction, tangent, energy - lost, lost)


def _whole(law: CohesiveLaw, done: FloatArray) -> FloatArray:
    """Part of the interface that damage has left where so much work (n,) was done without slip, J/m²."""
    return np.clip(1.0 - done / law.work_of_separation, 0.0, 1.0)


def _normal(law: CohesiveLaw, jump: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """T_n (n,), and its first (n, 2) and second (n, 2, 2) derivatives with the slip, at jumps (n, 3)."""
    here, size = law.evaluate(jump), _DIFFERENCE * law.opening_at_peak
    steps = size * np.eye(3)[1:]
    ahead, behind = ([law.evaluate(jump + sign * step).tangent[:, 0, 1:] for step in steps] for sign in (1, -1))
    second = np.stack([(a - b) / (2 * size) for a, b in zip(ahead, behind, strict=True)], axis=1)
    return here.traction[:, 0], here.tangent[:, 0, 1:], 0.5 * (second + second.transpose(0, 2, 1))


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
    traction, tangent, stored = response.traction.copy(), response.tangent.copy(), response.stored.copy()
    tangent[closed, :, 0] = 0.0
    if bond.contact is None:
        energy, pressure, stiffness = _compression(bond.law, jump[closed, 0])
        traction[closed, 0] = pressure
        tangent[closed, 0, 0] = stiffness
        stored[closed] += energy
        if not shear_weight(bond.law):
            coupled = _coupled(bond.law, jump[closed], history.largest[closed])
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


def _coupled(law: CohesiveLaw, jump: FloatArray, kappa: FloatArray) -> LawValue:
    """What compression and slip have together: s(κ) [ψ(n, t) − ψ(n, 0) − ψ(0, t)] at jumps (n, 3) with n < 0, s of `_whole`."""
    opened = np.zeros_like(jump)
    opened[:, 0] = kappa
    s = _whole(law, law.evaluate(opened).energy)
    both, normal, slip = (law.evaluate(jump * mask) for mask in ([1.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]))
    traction, tangent = both.traction - normal.traction, both.tangent - normal.tangent
    tangent[:, 1:, 1:] = both.tangent[:, 1:, 1:] - slip.tangent[:, 1:, 1:]
    traction[:, 1:] -= slip.traction[:, 1:]
    energy = both.energy - normal.energy - slip.energy
    return LawValue(s * energy, s[:, None] * traction, s[:, None, None] * tangent)


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
