"""A mixed-mode law whose closed spacing the finite elements own: one bulk spacing is taken away in series."""

from typing import ClassVar

import numpy as np
import scipy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.tabulated import TabulatedLaw

_ITERATIONS = 60
_EXACT = 1e-12  # of the peak: where the tractions of law and spacing agree
_SOFTEST = 3.0
"""Times the compliance at zero traction: what more a bulk yields at its strength stays in the law."""
_STIFFER = 4.0
"""Default spring over the stiffness of the closed spacing."""


class MixedInBulk(MixedModeLaw):
    """ψ(δ) = max over r of ψ_L(δ + r) − φ(r): the in-law ψ_L with the stretch r of one bulk spacing taken away.

    At the maximum T = ∂ψ_L/∂δ = ∂φ/∂r, so that law and spacing bear one traction vector and the elements, which
    stretch the spacing, give r back. φ is the bulk's own energy along the normal (from its response up to its
    strength, none in compression) and linear elasticity in shear, up to `shear_limit`; never more than the closed
    interface yields itself, since a spacing that is stiffer than the bulk has nothing to give. With a spring of stiffness k in series (r
    less by T/k) the initially rigid law becomes one that a solver follows: it begins with k, bears every traction
    inside the strength surface at openings of T/k, and softens beyond. ψ is one potential: its traction is
    ∂ψ_L/∂δ at δ + r. The work of separation is that of ψ_L, exactly.

    Args:
        opening: As of the in-law `MixedModeLaw`, with the next four.
        lattice: The same.
        energy: The same.
        traction: The same.
        gap: "in bulk".
        shear_traction: The same.
        energy_std: The same.
        traction_std: The same.
        bulk_traction: (m,) rising normal tractions of the bulk from 0 to its strength, Pa.
        bulk_stretch: (m,) what one closed spacing stretches under them, m.
        shear_compliance: (2, 2) its shear per traction at none, along tangential 1, 2, m/Pa.
        shear_limit: Largest shear of the spacing that is taken away, m: there a crystal slips.
        spring: k, Pa/m; None is four times the stiffness of the spacing.

    Raises:
        InputError: the samples make no law, or the spring is softer than the spacing.
    """

    kind: ClassVar[str] = "mixed in bulk"
    units: ClassVar = MixedModeLaw.units | {
        "bulk_traction": "Pa", "bulk_stretch": "m", "shear_compliance": "m/Pa", "shear_limit": "m", "spring": "Pa/m",
    }  # fmt: skip

    def __init__(
        self,
        opening: FloatArray,
        lattice: FloatArray,
        energy: FloatArray,
        traction: FloatArray | None,
        bulk_traction: FloatArray,
        bulk_stretch: FloatArray,
        shear_compliance: FloatArray,
        shear_limit: float,
        spring: float | None = None,
        gap: GapOwner = "in bulk",
        shear_traction: FloatArray | None = None,
        energy_std: FloatArray | None = None,
        traction_std: FloatArray | None = None,
    ) -> None:
        if gap != "in bulk":
            raise InputError("A law without its closed spacing has gap: in bulk; in law is a MixedModeLaw.")
        super().__init__(opening, lattice, energy, traction, gap, shear_traction, energy_std, traction_std)
        self.bulk_traction, self.bulk_stretch = (np.array(a, dtype=float) for a in (bulk_traction, bulk_stretch))
        self.shear_compliance, self.shear_limit = np.array(shear_compliance, dtype=float), float(shear_limit)
        self._check_bulk()
        closed = float(np.linalg.eigvalsh(MixedModeLaw.evaluate(self, np.zeros((1, 3))).tangent[0])[-1])
        stiffness = max(self.bulk_traction[1] / self.bulk_stretch[1], closed)
        self.spring = _STIFFER * float(stiffness) if spring is None else float(spring)
        self._take_away()
        self._in_law_peak = self.peak_traction
        self.zero_slip = self._without_slip()
        for name in ("peak_traction", "opening_at_peak", "final_opening"):
            setattr(self, name, getattr(self.zero_slip, name))

    def on_spring(self, spring: float) -> "MixedInBulk":
        """The same law on another spring, Pa/m."""
        own = {name: getattr(self, name) for name in self.units}
        return MixedInBulk(**(own | {"spring": spring})).counted(self.count)

    def closed_compliance(self) -> FloatArray:
        """(3, 3) jump of the closed spacing per traction, m/Pa: that which the finite elements own."""
        compliance = np.zeros((3, 3))
        compliance[0, 0] = self.bulk_stretch[1] / self.bulk_traction[1]
        compliance[1:, 1:] = self.shear_compliance
        return compliance

    def _check_bulk(self) -> None:
        traction, stretch, shear = self.bulk_traction, self.bulk_stretch, self.shear_compliance
        if traction.ndim != 1 or len(traction) < 4 or stretch.shape != traction.shape or traction[0] or stretch[0]:
            raise InputError("A bulk spacing needs 4 normal tractions or more, rising from 0, and as many stretches.")
        if np.any(np.diff(traction) <= 0) or np.any(np.diff(stretch) <= 0):
            raise InputError("The normal tractions and stretches of a bulk spacing must rise up to its strength.")
        if shear.shape != (2, 2) or not np.linalg.eigvalsh(0.5 * (shear + shear.T))[0] > 0 or not self.shear_limit > 0:
            raise InputError("A bulk spacing needs a positive shear compliance (2, 2) in m/Pa and shear_limit in m.")

    def _take_away(self) -> None:
        """φ' along the normal as T(r), and the stiffness in shear."""
        traction, first = self.bulk_traction, self.bulk_stretch[1] / self.bulk_traction[1]
        closed = MixedModeLaw.evaluate(self, np.zeros((1, 3))).tangent[0, 1:, 1:]
        shear = _smaller(self.shear_compliance, closed) - np.eye(2) / self.spring
        steps = np.minimum(np.diff(self.bulk_stretch), _SOFTEST * first * np.diff(traction))
        steps = np.minimum(steps, self._own_steps()) - np.diff(traction) / self.spring
        if not self.spring > 0 or steps.min() <= 0 or np.linalg.eigvalsh(shear)[0] <= 0:
            along = np.max(np.diff(traction) / np.maximum(steps + np.diff(traction) / self.spring, 1e-300))
            stiffest = max(along, 1.0 / np.linalg.eigvalsh(_smaller(self.shear_compliance, closed))[0])
            raise InputError(
                f"A spring of {self.spring:.3g} Pa/m is softer than the bulk's own spacing; take more than "
                f"{stiffest:.3g} Pa/m."
            )
        taken = np.append(0.0, np.cumsum(steps))
        self._normal = scipy.interpolate.PchipInterpolator(taken, traction)
        self._normal_energy, self._normal_stiffness = self._normal.antiderivative(), self._normal.derivative()
        self._shear_stiffness = np.linalg.inv(shear)
        self._most = np.array([taken[-1], self.shear_limit, self.shear_limit])

    def _own_steps(self) -> FloatArray:
        """(m − 1,) what the closed interface itself opens between the bulk's tractions; beyond its peak all that it is asked."""
        opening = np.linspace(0.0, self.opening_at_peak, 2000)
        resisted = np.maximum.accumulate(MixedModeLaw.evaluate(self, opening[:, None] * [1.0, 0.0, 0.0]).traction[:, 0])
        steps = np.diff(np.interp(self.bulk_traction, resisted, opening))
        return np.where(self.bulk_traction[1:] < resisted[-1], steps, np.inf)

    def _spacing(self, r: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """φ, its gradient and its Hessian at r (n, 3)."""
        gradient, hessian = np.empty_like(r), np.zeros((len(r), 3, 3))
        gradient[:, 0], gradient[:, 1:] = self._normal(r[:, 0]), r[:, 1:] @ self._shear_stiffness
        hessian[:, 0, 0], hessian[:, 1:, 1:] = self._normal_stiffness(r[:, 0]), self._shear_stiffness
        return self._normal_energy(r[:, 0]) + 0.5 * np.sum(gradient[:, 1:] * r[:, 1:], axis=1), gradient, hessian

    def evaluate(self, jump: FloatArray) -> LawValue:
        """ψ (n,), traction (n, 3) and tangent (n, 3, 3) at jumps (n, 3): normal, tangential 1, 2; SI."""
        jump = np.asarray(jump, dtype=float)
        r, law = self._maximum(jump)
        energy, gradient, hessian = self._spacing(r)
        free = self._free(r, law.traction - gradient)
        inverse = _inverse(hessian - law.tangent, free)
        tangent = law.tangent + law.tangent @ inverse @ law.tangent
        return LawValue(law.energy - energy, law.traction, 0.5 * (tangent + tangent.transpose(0, 2, 1)))

    def _maximum(self, jump: FloatArray) -> tuple[FloatArray, LawValue]:
        """r (n, 3) at the maximum nearest to none, and ψ_L there: projected Newton, uphill by line search."""
        r, law = np.zeros_like(jump), super().evaluate(jump)
        energy, gradient, hessian = self._spacing(r)
        open_ones = np.arange(len(jump))
        for _ in range(_ITERATIONS):
            uphill = (law.traction - gradient)[open_ones]
            free = self._free(r[open_ones], uphill)
            left = np.abs(uphill * free).max(axis=1, initial=0.0) > _EXACT * self.work_of_separation / self.opening[-1]
            open_ones, uphill, free = open_ones[left], uphill[left], free[left]
            if not len(open_ones):
                break
            step = self._step(law.tangent[open_ones], hessian[open_ones], uphill, free)
            moved = self._climbed(jump[open_ones], r[open_ones], step, (law.energy - energy)[open_ones])
            r[open_ones] = moved
            again = super().evaluate(jump[open_ones] + moved)
            for old, new in zip((*law, energy, gradient, hessian), (*again, *self._spacing(moved)), strict=True):
                old[open_ones] = new
        return r, law

    def _free(self, r: FloatArray, uphill: FloatArray) -> np.ndarray:
        """(n, 3) components that are not held by a bound."""
        least = self._most * np.array([0.0, -1.0, -1.0])
        return ~(((r <= least) & (uphill <= 0)) | ((r >= self._most) & (uphill >= 0)))

    def _step(self, tangent: FloatArray, hessian: FloatArray, uphill: FloatArray, free: np.ndarray) -> FloatArray:
        """Newton's step where the maximum is one, else along the gradient."""
        curvature = hessian - tangent
        within = np.where(free[:, :, None] & free[:, None, :], curvature, np.eye(3) * np.abs(hessian).max())
        concave = np.linalg.eigvalsh(within)[:, 0] > 1e-3 * np.abs(hessian).max(axis=(1, 2))
        newton = np.einsum("nij,nj->ni", _inverse(np.where(concave[:, None, None], curvature, hessian), free), uphill)
        return np.where(free, newton, 0.0)

    def _climbed(self, jump: FloatArray, r: FloatArray, step: FloatArray, height: FloatArray) -> FloatArray:
        """r moved along the step as far as ψ_L − φ rises, halving; within the bounds."""
        least, best, share = self._most * np.array([0.0, -1.0, -1.0]), r.copy(), np.ones(len(r))
        waiting = np.arange(len(r))
        for _ in range(12):
            trial = np.clip(r[waiting] + share[waiting, None] * step[waiting], least, self._most)
            now = super().evaluate(jump[waiting] + trial).energy - self._spacing(trial)[0]
            risen = now >= height[waiting] - 1e-14 * self.work_of_separation
            best[waiting[risen]] = trial[risen]
            waiting = waiting[~risen]
            share[waiting] *= 0.5
            if not len(waiting):
                break
        return best

    def _without_slip(self) -> TabulatedLaw:
        """The normal response: where the samples of the in-law one come to lie, and as many on the spring."""
        along = self.opening[self.opening >= 0]
        traction = super().evaluate(np.column_stack([along, np.zeros((len(along), 2))])).traction[:, 0]
        reached = np.interp(traction, self.bulk_traction, self._normal.x)
        rise = self._in_law_peak / self.spring * np.linspace(0.0, 1.0, 12)
        opening = np.unique(np.concatenate([self.opening[self.opening < 0], rise, np.maximum(along - reached, 0.0)]))
        opening = opening[np.append(True, np.diff(opening) > 1e-4 * rise[-1])]
        opening[np.argmin(np.abs(opening))] = 0.0
        energy, normal, _ = self.normal(opening)
        moved = np.maximum.accumulate(np.append(self.opening[self.opening < 0], along - reached))
        spread = [
            None if std is None else np.interp(opening, moved, std[:, 0, 0])
            for std in (self.energy_std, self.traction_std)
        ]
        return TabulatedLaw(opening, energy, normal, None, self.gap, *spread)


def _smaller(compliance: FloatArray, stiffness: FloatArray) -> FloatArray:
    """(2, 2) the smaller, along their common axes, of a compliance and of the inverse of a stiffness."""
    root = np.linalg.cholesky(0.5 * (compliance + compliance.T))
    values, axes = np.linalg.eigh(root.T @ (0.5 * (stiffness + stiffness.T)) @ root)
    return np.asarray(root @ (axes / np.maximum(values, 1.0)) @ axes.T @ root.T)


def _inverse(matrix: FloatArray, free: np.ndarray) -> FloatArray:
    """(n, 3, 3) inverse of the free block of each matrix, zero elsewhere."""
    both = free[:, :, None] & free[:, None, :]
    scale = np.abs(matrix).max(axis=(1, 2), keepdims=True)
    return np.where(both, np.linalg.inv(np.where(both, matrix, np.eye(3) * scale)), 0.0)
