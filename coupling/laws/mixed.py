"""A mixed-mode cohesive law from samples: one potential of the opening and of the slip."""

from typing import ClassVar, NamedTuple

import numpy as np
import scipy

from coupling.contracts import FloatArray, GapOwner, LawValue
from coupling.errors import InputError
from coupling.laws.law import Law
from coupling.laws.periodic import Kernel, cardinal, hermite_cardinal, periodic_spline
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

    With the shear tractions at the samples the interpolant across the slips meets them, too: the Boolean sum of
    Hermite interpolants along either period, of twice the waves from the same samples. They are cubic splines
    along the opening. ψ stays the one potential.

    Args:
        opening: (n,) normal openings in m, rising, through 0.
        lattice: (2, 2) rows are the period vectors of slip along tangential 1, 2, m.
        energy: (n, p, q) ψ, J/m², at slips (i/p) lattice[0] + (j/q) lattice[1]; shifted to ψ(0, 0) = 0.
        traction: (n, p, q) dψ/dδn, Pa; None takes the derivative of the C² spline through the energies.
        gap: Who owns the layer spacing across the interface.
        shear_traction: (n, p, q, 2) dψ/dδt along tangential 1, 2, Pa; None when not sampled.
        energy_std: (n, p, q) standard deviations of ψ beyond the closed interface, J/m²; None is unknown.
        traction_std: (n, p, q) standard deviations of dψ/dδn, Pa; None is unknown.

    Raises:
        InputError: the samples do not make a law; the message says which and why.
    """

    gap: GapOwner
    work_of_separation: float
    peak_traction: float
    opening_at_peak: float
    final_opening: float

    kind: ClassVar[str] = "mixed"
    units: ClassVar = {
        "opening": "m", "lattice": "m", "energy": "J/m^2", "traction": "Pa", "shear_traction": "Pa",
        "energy_std": "J/m^2", "traction_std": "Pa",
    }  # fmt: skip

    def __init__(
        self,
        opening: FloatArray,
        lattice: FloatArray,
        energy: FloatArray,
        traction: FloatArray | None = None,
        gap: GapOwner = "in law",
        shear_traction: FloatArray | None = None,
        energy_std: FloatArray | None = None,
        traction_std: FloatArray | None = None,
    ) -> None:
        opening, lattice, energy = (np.array(a, dtype=float) for a in (opening, lattice, energy))
        if lattice.shape != (2, 2) or not np.isfinite(lattice).all() or abs(np.linalg.det(lattice)) == 0:
            raise InputError(
                "The lattice of a mixed-mode law must be two independent period vectors of slip, (2, 2) in m."
            )
        if energy.ndim != 3 or energy.shape[0] != len(opening):
            raise InputError("A mixed-mode law needs energies (openings, slips along 1, slips along 2).")
        traction = (
            scipy.interpolate.CubicSpline(opening, energy)(opening, 1)
            if traction is None
            else np.array(traction, dtype=float)
        )
        if traction.shape != energy.shape or not (np.isfinite(energy).all() and np.isfinite(traction).all()):
            raise InputError("A mixed-mode law needs a finite energy and traction at each opening and slip.")
        self.zero_slip = TabulatedLaw(opening, energy[:, 0, 0], traction[:, 0, 0], gap=gap)
        self.opening, self.lattice, self.gap = opening, lattice, self.zero_slip.gap
        self.energy, self.traction = self._closed_at_the_end(energy, traction)
        slopes = np.apply_along_axis(lambda t: limited_slopes(opening, t), 0, self.traction)
        slopes[-1] = 0.0
        self._columns = scipy.interpolate.PPoly.from_bernstein_basis(
            scipy.interpolate.BPoly.from_derivatives(opening, np.stack([self.energy, self.traction, slopes], axis=1))
        )
        self._inverse = np.linalg.inv(lattice)
        self.shear_traction = self._checked("shear_traction", shear_traction, (*energy.shape, 2))
        self._slopes = self._across()
        self.energy_std = self._checked("energy_std", energy_std, energy.shape)
        self.traction_std = self._checked("traction_std", traction_std, energy.shape)
        stds = (None if std is None else std[:, 0, 0] for std in (self.energy_std, self.traction_std))
        self.zero_slip.energy_std, self.zero_slip.traction_std = stds
        for name in ("work_of_separation", "peak_traction", "opening_at_peak", "final_opening"):
            setattr(self, name, getattr(self.zero_slip, name))

    def _checked(self, name: str, values: FloatArray | None, shape: tuple[int, ...]) -> FloatArray | None:
        """Optional samples as an array of the grid's shape."""
        if values is None:
            return None
        values = np.array(values, dtype=float)
        if values.shape != shape or not np.isfinite(values).all() or (name.endswith("_std") and values.min() < 0):
            raise InputError(
                f"{name} of a mixed-mode law must be {shape} finite numbers, standard deviations not negative."
            )
        return values

    def _across(self) -> "tuple[scipy.interpolate.PPoly, ...]":
        """Derivatives of ψ along either period over the opening, (n, p, q) each; none where no shear was sampled."""
        if self.shear_traction is None:
            return ()
        self.shear_traction[-1] = 0.0
        along = np.moveaxis(self.shear_traction @ self.lattice.T, -1, 0)
        ends = "not-a-knot", (1, np.zeros(self.energy.shape[1:]))
        return tuple(scipy.interpolate.CubicSpline(self.opening, values, bc_type=ends) for values in along)

    @property
    def work_in_shear(self) -> float:
        """That of the opening, J/m²: ψ of faces that are apart does not depend on their slip."""
        return self.work_of_separation

    def strength_in_contact(self) -> float:
        """Largest shear traction along the direction in which the faces slip most easily, at no normal traction, Pa."""
        angle, share = np.linspace(0.0, np.pi, 24, endpoint=False), np.linspace(0.0, 1.0, 49)[1:]
        along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        slip = share[None, :, None] * along[:, None, :] * np.linalg.norm(self.lattice, axis=1).min()
        opening = self.opening[(self.opening >= 0) & (self.opening <= self.opening_at_peak)]
        jump = np.empty((len(opening), *slip.shape[:2], 3))
        jump[..., 0], jump[..., 1:] = opening[:, None, None], slip
        value = MixedModeLaw.evaluate(self, jump.reshape(-1, 3))
        least = value.energy.reshape(jump.shape[:3]).argmin(axis=0)[None, ..., None]
        traction = np.take_along_axis(value.traction[:, 1:].reshape(*jump.shape[:3], 2), least, axis=0)[0]
        return float(np.abs(np.einsum("asi,ai->as", traction, along)).max(axis=1).min())

    @property
    def work_of_separation_std(self) -> float | None:
        """Standard deviation of the work of separation, J/m²; None when unknown."""
        return self.zero_slip.work_of_separation_std

    @property
    def peak_traction_std(self) -> float | None:
        """Standard deviation of the peak traction without slip, Pa; None when unknown."""
        return self.zero_slip.peak_traction_std

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
        columns = [self._at_opening(part, jump[:, 0]) for part in (self._columns, *self._slopes)]
        kernels = self._kernels(jump[:, 1:] @ self._inverse)

        def mixed(normal: int, first: int, second: int) -> FloatArray:
            return sum(
                np.einsum("npq,np,nq->n", columns[part][normal], one[first], two[second]) for part, one, two in kernels
            )

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

    def _kernels(self, fraction: FloatArray) -> list[tuple[int, Kernel, Kernel]]:
        """Products of functions of the two slips, each with the part (ψ, its slopes along 1 and 2) that it weighs."""
        sampled = self.energy.shape[1:]
        plain = [cardinal(fraction[:, a], sampled[a]) for a in (0, 1)]
        if not self._slopes:
            return [(0, plain[0], plain[1])]
        (value_1, slope_1), (value_2, slope_2) = (hermite_cardinal(fraction[:, a], sampled[a]) for a in (0, 1))
        more = Kernel(*(v - p for v, p in zip(value_2, plain[1], strict=True)))
        return [(0, value_1, plain[1]), (0, plain[0], more), (1, slope_1, plain[1]), (2, plain[0], slope_2)]

    def _at_opening(
        self, part: "scipy.interpolate.PPoly", opening: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """A part of ψ and its first two derivatives with respect to the opening at all sampled slips, each (n, p, q)."""
        first, last = self.opening[0], self.opening[-1]
        inside = np.clip(opening, first, last)
        value, slope, curvature = (part(inside, order) for order in (0, 1, 2))
        below = np.minimum(opening - first, 0.0)[:, None, None]
        value = value + below * (slope + 0.5 * below * curvature)
        beyond = (opening > last)[:, None, None]
        return value, np.where(beyond, 0.0, slope + below * curvature), np.where(beyond, 0.0, curvature)

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
        paths = np.zeros((*self._columns.c.shape[:2], len(slip)))
        for part, one, two in self._kernels(slip @ self._inverse):
            coefficients = (self._columns, *self._slopes)[part].c
            paths[-len(coefficients) :] += np.einsum("kipq,mp,mq->kim", coefficients, one.value, two.value)
        least = np.empty(len(slip))
        for m in range(len(slip)):
            path = scipy.interpolate.PPoly(paths[:, :, m], self.opening)
            roots = path.derivative().roots(discontinuity=False, extrapolate=False)
            candidates = np.concatenate([self.opening, roots[np.isfinite(roots)]])
            least[m] = path(candidates).min()
        return least

    def error_estimate(self) -> CellErrors:
        """How far interpolants of lower order are from this one at the middle of each cell.

        Along the opening the cubic Hermite interpolant; across the slips the periodic cubic spline, or, where the
        shear tractions are met, the trigonometric interpolant of the energies alone: the
        estimate bounds the error where the grid resolves the energy; where it does not (a handful of
        slips a period) it is of the error's size.
        """
        middle = 0.5 * (self.opening[1:] + self.opening[:-1])
        low = scipy.interpolate.CubicHermiteSpline(self.opening, self.energy, self.traction)(middle)
        columns = [part(middle) for part in (self._columns, *self._slopes)]
        around = _corners(np.abs(columns[0] - low))
        _, p, q = self.energy.shape
        along_1, along_2 = np.meshgrid(*((np.arange(k) + 0.5) / k for k in (p, q)), indexing="ij")
        between = np.column_stack([along_1.ravel(), along_2.ravel()])
        fine = sum(
            np.einsum("npq,mp,mq->nm", columns[part], one.value, two.value) for part, one, two in self._kernels(between)
        )
        if self._slopes:
            plain = [cardinal(between[:, a], k).value for a, k in ((0, p), (1, q))]
            coarse = np.einsum("npq,mp,mq->nm", columns[0], *plain)
        else:
            coarse = periodic_spline(periodic_spline(columns[0], 1), 2).reshape(len(middle), -1)
        return CellErrors(around, np.abs(fine - coarse).reshape(-1, p, q))


def _corners(values: FloatArray) -> FloatArray:
    """Largest of the four corners of each slip cell."""
    along = np.maximum(values, np.roll(values, -1, 1))
    return np.maximum(along, np.roll(along, -1, 2))
