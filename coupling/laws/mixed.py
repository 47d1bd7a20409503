"""A mixed-mode cohesive law from samples: one potential of the opening and of the slip."""

from typing import ClassVar, NamedTuple

import numpy as np
from scipy.interpolate import BPoly, CubicHermiteSpline, CubicSpline, PPoly

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.law import Law
from coupling.laws.tabulated import OPEN_TOLERANCE, TabulatedLaw, limited_slopes


class CellErrors(NamedTuple):
    """Estimated energy errors at the middle of each grid cell, J/m².

    Attributes:
        opening: (n − 1, p, q) from the spacing of the openings.
        slip: (n − 1, p, q) from the spacing of the slips.
    """

    opening: FloatArray
    slip: FloatArray


class MixedModeLaw(Law):
    """ψ(δn, δt1, δt2), periodic in slip, from samples on a tensor grid.

    Along the opening each slip has the quintic Hermite interpolant of `TabulatedLaw`; across the slips
    the trigonometric interpolant of the crystal's period. Traction and tangent are its analytic
    derivatives, so that a closed loop takes no work. At zero slip it is the `TabulatedLaw` of the same
    samples. Below the first opening the normal traction goes on linearly; beyond the last ψ is constant.

    Args:
        opening: (n,) normal openings in m, rising, through 0.
        lattice: (2, 2) rows are the period vectors of slip along tangential 1, 2, m.
        energy: (n, p, q) ψ, J/m², at slips (i/p) lattice[0] + (j/q) lattice[1]; shifted to ψ(0, 0) = 0.
        traction: (n, p, q) dψ/dδn, Pa; None takes the derivative of the C² spline through the energies.
        gap: Who owns the layer spacing across the interface.

    Raises:
        InputError: the samples do not make a law; the message says which and why.
    """

    kind: ClassVar[str] = "mixed"
    units: ClassVar = {"opening": "m", "lattice": "m", "energy": "J/m^2", "traction": "Pa"}

    def __init__(
        self,
        opening: FloatArray,
        lattice: FloatArray,
        energy: FloatArray,
        traction: FloatArray | None = None,
        gap: GapOwner = "in law",
    ) -> None:
        opening, lattice, energy = (np.array(a, dtype=float) for a in (opening, lattice, energy))
        if lattice.shape != (2, 2) or not np.isfinite(lattice).all() or abs(np.linalg.det(lattice)) == 0:
            raise InputError("The lattice of a mixed-mode law must be two independent period vectors of slip, (2, 2) in m.")
        if energy.ndim != 3 or energy.shape[0] != len(opening):
            raise InputError("A mixed-mode law needs energies (openings, slips along 1, slips along 2).")
        traction = CubicSpline(opening, energy)(opening, 1) if traction is None else np.array(traction, dtype=float)
        if traction.shape != energy.shape or not (np.isfinite(energy).all() and np.isfinite(traction).all()):
            raise InputError("A mixed-mode law needs a finite energy and traction at each opening and slip.")
        self.zero_slip = TabulatedLaw(opening, energy[:, 0, 0], traction[:, 0, 0], gap=gap)
        self.opening, self.lattice, self.gap = opening, lattice, self.zero_slip.gap
        self.energy, self.traction = self._closed_at_the_end(energy, traction)
        slopes = np.apply_along_axis(lambda t: limited_slopes(opening, t), 0, self.traction)
        slopes[-1] = 0.0
        self._columns = PPoly.from_bernstein_basis(
            BPoly.from_derivatives(opening, np.stack([self.energy, self.traction, slopes], axis=1))
        )
        self._derivatives = self._columns.derivative(), self._columns.derivative(2)
        self._inverse = np.linalg.inv(lattice)
        for name in ("work_of_separation", "peak_traction", "opening_at_peak", "final_opening"):
            setattr(self, name, getattr(self.zero_slip, name))

    def _closed_at_the_end(self, energy: FloatArray, traction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Samples that join the constant beyond the last opening; refuse those that still feel slip there."""
        law = self.zero_slip
        work = law.work_of_separation
        energy = energy - (energy[-1, 0, 0] - work)
        worst = float(np.max(np.abs(energy[-1] - work)))
        if worst > OPEN_TOLERANCE * work or np.max(np.abs(traction[-1])) > OPEN_TOLERANCE * law.peak_traction:
            raise InputError(
                f"At the last opening the energy still varies by {worst:.3g} J/m² with slip, or a traction is above "
                f"{OPEN_TOLERANCE:g} of the peak; extend the openings until the faces no longer interact."
            )
        energy[-1], traction[-1] = work, 0.0
        energy[:, 0, 0], traction[:, 0, 0] = law.energy, law.traction
        return energy, traction

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3): normal, tangential 1, 2; SI."""
        jump = np.asarray(jump, dtype=float)
        columns = self._at_opening(jump[:, 0])
        fraction = jump[:, 1:] @ self._inverse
        along_1, along_2 = (_cardinal(fraction[:, a], self.energy.shape[1 + a]) for a in (0, 1))

        def mixed(normal: int, first: int, second: int) -> FloatArray:
            return np.asarray(np.einsum("npq,np,nq->n", columns[normal], along_1[first], along_2[second]))

        traction, tangent = np.zeros_like(jump), np.zeros((len(jump), 3, 3))
        gradient = np.stack([mixed(0, 1, 0), mixed(0, 0, 1)], axis=1)
        cross = np.stack([mixed(1, 1, 0), mixed(1, 0, 1)], axis=1)
        hessian = np.zeros((len(jump), 2, 2))
        hessian[:, 0, 0], hessian[:, 1, 1] = mixed(0, 2, 0), mixed(0, 0, 2)
        hessian[:, 0, 1] = hessian[:, 1, 0] = mixed(0, 1, 1)
        traction[:, 0], traction[:, 1:] = mixed(1, 0, 0), gradient @ self._inverse.T
        tangent[:, 0, 0] = mixed(2, 0, 0)
        tangent[:, 0, 1:] = tangent[:, 1:, 0] = cross @ self._inverse.T
        tangent[:, 1:, 1:] = self._inverse @ hessian @ self._inverse.T
        return LawValue(mixed(0, 0, 0), traction, tangent)

    def _at_opening(self, opening: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ψ and its first two derivatives with respect to the opening at all sampled slips, each (n, p, q)."""
        first, last = self.opening[0], self.opening[-1]
        inside = np.clip(opening, first, last)
        energy, traction, stiffness = (f(inside) for f in (self._columns, *self._derivatives))
        below = np.minimum(opening - first, 0.0)[:, None, None]
        energy = energy + below * (traction + 0.5 * below * stiffness)
        beyond = (opening > last)[:, None, None]
        return energy, np.where(beyond, 0.0, traction + below * stiffness), np.where(beyond, 0.0, stiffness)

    def gamma_surface(self, slip: FloatArray, relaxed: bool = True) -> FloatArray:
        """Energy (m,) of the faces in contact at slips (m, 2) in m, J/m².

        Args:
            slip: (m, 2) slips along tangential 1, 2.
            relaxed: At the opening of zero normal traction of each slip (the least energy over the
                sampled openings); else at zero opening.
        """
        slip = np.asarray(slip, dtype=float)
        if not relaxed:
            return self.evaluate(np.column_stack([np.zeros(len(slip)), slip])).energy
        fraction = slip @ self._inverse
        weights = [_cardinal(fraction[:, a], self.energy.shape[1 + a])[0] for a in (0, 1)]
        paths = np.einsum("kipq,mp,mq->kim", self._columns.c, *weights)
        least = np.empty(len(slip))
        for m in range(len(slip)):
            path = PPoly(paths[:, :, m], self.opening)
            roots = path.derivative().roots(discontinuity=False, extrapolate=False)
            candidates = np.concatenate([self.opening, roots[np.isfinite(roots)]])
            least[m] = path(candidates).min()
        return least

    def error_estimate(self) -> CellErrors:
        """How far interpolants of lower order are from this one at the middle of each cell.

        Along the opening the cubic Hermite interpolant, across the slips the periodic cubic spline: the
        estimate bounds the error where the grid resolves the energy; where it does not (a handful of
        slips a period) it is of the error's size.
        """
        middle = 0.5 * (self.opening[1:] + self.opening[:-1])
        low = CubicHermiteSpline(self.opening, self.energy, self.traction)(middle)
        columns = self._columns(middle)
        around = _corners(np.abs(columns - low))
        _, p, q = self.energy.shape
        along_1, along_2 = ((np.arange(k) + 0.5) / k for k in (p, q))
        fine = np.einsum("npq,ap,bq->nab", columns, _cardinal(along_1, p)[0], _cardinal(along_2, q)[0])
        coarse = _periodic_spline(_periodic_spline(columns, 1), 2)
        return CellErrors(around, np.abs(fine - coarse))


def _cardinal(x: FloatArray, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Trigonometric cardinal functions (n, count) of nodes i/count at x (n,), with two derivatives."""
    phase = 2.0 * np.pi * (x[:, None] - np.arange(count) / count)
    value, first, second = np.full_like(phase, 1.0 / count), np.zeros_like(phase), np.zeros_like(phase)
    for wave in range(1, count // 2 + 1):
        weight, k = (1.0 if 2 * wave == count else 2.0) / count, 2.0 * np.pi * wave
        value += weight * np.cos(wave * phase)
        first -= weight * k * np.sin(wave * phase)
        second -= weight * k**2 * np.cos(wave * phase)
    return value, first, second


def _periodic_spline(values: FloatArray, axis: int) -> FloatArray:
    """The periodic cubic spline through values, half-way between its nodes along an axis."""
    count = values.shape[axis]
    closed = np.concatenate([values, np.take(values, [0], axis)], axis)
    return np.asarray(CubicSpline(np.arange(count + 1), closed, axis, "periodic")(np.arange(count) + 0.5))


def _corners(values: FloatArray) -> FloatArray:
    """Largest of the four corners of each slip cell."""
    along = np.maximum(values, np.roll(values, -1, 1))
    return np.maximum(along, np.roll(along, -1, 2))
