"""Semidiscrete variational Peierls-Nabarro model (Bulatov & Kaxiras, Phys. Rev. Lett. 78 (1997) 4221).

Atomic rows at x_i = iΔ slip by u_i; the dislocation moves through them. With ρ the slope of the linear
interpolant of u, the energy per length is

    E = −(1/4π) ∬ ρ·K·ρ ln|x − x'| dx dx' + Δ Σ γ(u_i) − Δ Σ τ·u_i ,

all integrals of the logarithm exact. u falls from b (slipped) to 0, so that a positive stress drives the
core to larger x. Any consistent units: SI, or eV and Å. The zero of the elastic energy is a cut-off
radius of one Burgers vector: for a cut-off radius R add b·K·b ln(R/b)/(4π).
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigvalsh, toeplitz

from coupling.contracts import FloatArray
from coupling.errors import InputError, NotConverged
from coupling.upscale.core import Core, PeierlsPath
from coupling.upscale.disregistry import Partials, partials
from coupling.upscale.periodic import SlipEnergy, stable_fault, strength

_STEPS = 300
_TOLERANCE = 1e-11  # largest gradient over |K| |b|
_ROUNDING = 1e-13
_AWAY = 2.5  # rows: a core further away runs; one less far may have changed its separation and rest again


class PeierlsNabarro:
    """A straight dislocation by its γ-surface and the elastic energy of its line.

    Args:
        surface: Energy per area by slip, with gradient and Hessian.
        prefactor: (m, m) K in the slip plane (or a number for m = 1): a line's energy is b·K·b ln(R/r₀)/(4π).
        burgers: (m,) Burgers vector: across the line, along it.
        spacing: Distance Δ of atomic rows along the glide direction.
        rows: How many of them; the ends are held.

    Raises:
        InputError: sizes that do not fit, a K that is not positive, or under 20 rows.
    """

    def __init__(
        self,
        surface: SlipEnergy,
        prefactor: FloatArray | float,
        burgers: FloatArray | float,
        spacing: float,
        rows: int = 200,
    ) -> None:
        self.surface, self.spacing = surface, float(spacing)
        self.burgers = np.atleast_1d(np.asarray(burgers, dtype=float))
        self.prefactor = np.atleast_2d(np.asarray(prefactor, dtype=float))
        m = len(self.burgers)
        if self.prefactor.shape != (m, m) or not np.allclose(self.prefactor, self.prefactor.T):
            raise InputError(f"A Burgers vector of {m} components needs a symmetric K tensor ({m}, {m}).")
        if not (eigvalsh(self.prefactor)[0] > 0 and self.spacing > 0 and rows >= 20):
            raise InputError("The K tensor must be positive definite, the spacing positive, and the rows 20 or more.")
        self.rows = np.asarray((np.arange(rows) - (rows - 1) / 2) * self.spacing, dtype=np.float64)
        self._direction = self.burgers / np.linalg.norm(self.burgers)
        self._stiffness = self._elastic(rows)
        self._ends = np.zeros((rows, m))
        self._ends[0] = self.burgers
        self._small = _TOLERANCE * np.abs(self.prefactor).max() * self.burgers_length
        bend = surface.evaluate(np.zeros((1, m))).hessian[0]
        if not eigvalsh(bend)[0] > 0:
            raise InputError("The γ-surface is not a minimum at zero slip; is its first sample the perfect crystal?")
        self._strain = np.linalg.solve(bend, self._direction)

    @property
    def burgers_length(self) -> float:
        """Length of the Burgers vector."""
        return float(np.linalg.norm(self.burgers))

    @property
    def line_factor(self) -> float:
        """b·K·b/(4π); in a core at rest without stress the interplanar energy equals it (virial theorem)."""
        return float(self.burgers @ self.prefactor @ self.burgers) / (4 * np.pi)

    @property
    def resolution(self) -> float:
        """Stress with which the held ends push back a core one row away: a Peierls stress is off by up to 2.5 of it.

        The tails b·K/(2πγ''x) that the ends at ±L cut off give K² b Δ/(6πγ''L³); checked to within 20 %.
        """
        stiff = 4 * np.pi * self.line_factor / self.burgers_length**2
        give = float(self._direction @ self._strain)
        return stiff**2 * self.burgers_length * give * self.spacing / (6 * np.pi * float(self.rows[-1]) ** 3)

    def relax(self, stress: float = 0.0, start: FloatArray | None = None) -> Core:
        """The nearest core at rest under a resolved shear stress along b.

        Args:
            stress: The stress.
            start: (n, m) disregistry to start from; by default the best of a compact core and of partials
                at several separations.

        Raises:
            NotConverged: there is none: the stress drives the core away.
        """
        if start is not None:
            return self._minimise(start, stress)
        return min((self._minimise(first, stress) for first in self._starts()), key=lambda core: core.energy)

    def path(self, points: int = 40, start: Core | None = None) -> PeierlsPath:
        """The least energy at each position over one period, the core held there by a stiff spring.

        The position is Δ Σ h(s_i) with the share s of slip and h = 3s² − 2s³, so that the spring pulls on the
        core and not on the rows that only strain. Valley and saddle are free of its force: the barrier is
        that of the lattice. Away from them the force is not a uniform stress, so that the steepest slope
        over b estimates the Peierls stress; `peierls_stress` is exact.

        Args:
            points: Positions in the period.
            start: A core at rest; by default the relaxed one.

        Raises:
            NotConverged: some core does not relax.
        """
        rest = start or self.relax()
        spring = 4 * np.pi * self.line_factor / self.spacing**2
        halves = []
        for sign in (1, -1):
            cores, slip = [rest], rest.slip
            for place in np.arange(1, points // 2 + 1) * sign * self.spacing / points:
                cores.append(self._minimise(slip, 0.0, spring, rest.position + float(place)))
                slip = cores[-1].slip
            halves.append(cores)
        cores = [*halves[1][:0:-1], *halves[0]]
        position = np.array([core.position for core in cores]) - rest.position
        energy = np.array([core.energy for core in cores])
        return PeierlsPath(position, energy - energy.min(), np.array([core.stress for core in cores]), tuple(cores))

    def peierls_stress(self, tolerance: float = 1e-3, sign: int = 1) -> float:
        """The largest stress at which the core stays: loaded from zero, the step halved where it leaves.

        Args:
            tolerance: Relative; stresses under its square of the ideal strength count as none.
            sign: −1 to load the other way.
        """
        rest = self.relax()
        ideal = strength(self.surface, self.burgers, self.burgers_length)
        reached, step, slip = 0.0, ideal / 32, rest.slip
        while step > tolerance * max(reached, tolerance * ideal):
            stress = sign * (reached + step)
            core = self._stays(stress, slip + sign * step * self._strain, self._middle(rest.slip))
            if core is None:
                step *= 0.5
            else:
                reached, slip = reached + step, core.slip
        return reached + 0.5 * step

    def partials(self, core: Core) -> Partials:
        """Partial separation and width of a core, from its slip along the Burgers vector."""
        return partials(core.rows, core.slip @ self._direction, self.burgers_length)

    def _stays(self, stress: float, slip: FloatArray, origin: float) -> Core | None:
        try:
            core = self.relax(stress, slip)
        except NotConverged:
            return None
        return core if abs(self._middle(core.slip) - origin) < _AWAY * self.spacing else None

    def _starts(self) -> list[FloatArray]:
        """One arctangent, and two at separations about the force balance where there is a stable fault."""
        slips = np.linspace(0.0, 1.0, 41)[:, None] * self.burgers
        width = self.line_factor / (np.pi * float(self.surface.evaluate(slips).value.max()))
        starts = [self._arctangent(0.25 * self.spacing, width)[:, None] * self.burgers]
        fault = stable_fault(self.surface, self.burgers)
        if fault is None:
            return starts
        first, second, energy = fault, self.burgers - fault, float(self.surface.evaluate(fault[None]).value[0])
        repulsion = float(first @ self.prefactor @ second) / (2 * np.pi)
        farthest = 0.5 * (self.rows[-1] - self.rows[0])
        balance = float(np.clip(repulsion / max(energy, 1e-300), self.spacing, farthest))
        for apart in balance + self.spacing * np.arange(-2, 3):
            if 0 < apart < farthest:
                near, far = (self._arctangent(0.25 * self.spacing + s * apart / 2, 0.5 * self.spacing) for s in (-1, 1))
                starts.append(near[:, None] * second + far[:, None] * first)
        return starts

    def _arctangent(self, centre: float, width: float) -> FloatArray:
        """A share of slip (n,) falling from 1 to 0."""
        return np.asarray(0.5 - np.arctan((self.rows - centre) / width) / np.pi)

    def _elastic(self, rows: int) -> FloatArray:
        """(n, n) S with elastic energy ½ Σ_ij u_i·K·u_j S_ij: second differences of the log's integral."""
        step, length = self.spacing, np.linalg.norm(self.burgers)
        distance = np.arange(rows + 1) * step
        safe = np.where(distance > 0, distance, 1.0)
        twice = np.where(distance > 0, 0.5 * distance**2 * np.log(safe / length) - 0.75 * distance**2, 0.0)
        pairs = np.append(twice[1:], 0.0)[: rows - 1] + twice[np.abs(np.arange(rows - 1) - 1)] - 2 * twice[: rows - 1]
        slope = (np.eye(rows, k=1) - np.eye(rows))[:-1] / step
        return np.asarray(-slope.T @ toeplitz(pairs) @ slope / (2 * np.pi))

    def _terms(self, slip: FloatArray) -> tuple[float, float, FloatArray, FloatArray]:
        """Elastic and interplanar energy, gradient (n, m), Hessian of the interplanar one (n, m, m)."""
        force = self._stiffness @ slip @ self.prefactor
        fault = self.surface.evaluate(slip)
        elastic = 0.5 * float(np.sum(force * slip))
        return elastic, self.spacing * float(fault.value.sum()), force + self.spacing * fault.gradient, fault.hessian

    def _middle(self, slip: FloatArray) -> float:
        """Where half of the Burgers vector has slipped."""
        return float(np.interp(-0.5 * self.burgers_length, -np.minimum.accumulate(slip @ self._direction), self.rows))

    def _minimise(self, slip: FloatArray, stress: float, spring: float = 0.0, place: float = 0.0) -> Core:
        """Newton's method, damped, on the inner rows; a spring may hold the core near a place."""
        slip = np.array(slip)
        slip[0], slip[-1] = self._ends[0], self._ends[-1]
        begun, load = self._middle(slip), self.spacing * self._direction

        def total(u: FloatArray) -> tuple[float, FloatArray, FloatArray, FloatArray]:
            elastic, interplanar, gradient, hessian = self._terms(u)
            where, slope, bend = self._position(u)
            off = where - place
            value = elastic + interplanar - stress * float((u @ load).sum()) + 0.5 * spring * off**2
            return value, gradient - stress * load + spring * off * slope, hessian + spring * off * bend, slope

        energy, gradient, hessian, slope = total(slip)
        for _ in range(_STEPS):
            if np.abs(gradient[1:-1]).max() < self._small:
                return self._core(slip, stress - spring * (self._position(slip)[0] - place) / self.burgers_length)
            step = self._newton(gradient, hessian, np.sqrt(spring) * slope)
            for _ in range(40):
                trial = slip.copy()
                trial[1:-1] += step
                new = total(trial)
                if new[0] <= energy + _ROUNDING * abs(self.line_factor) * len(slip):
                    break
                step = 0.5 * step
            slip, (energy, gradient, hessian, slope) = trial, new
            if stress and abs(self._middle(slip) - begun) > _AWAY * self.spacing:
                break
        raise NotConverged(f"No core is at rest at a stress of {stress:.4g}: it is at or above the Peierls stress.")

    def _position(self, slip: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Position of the core, its gradient (n, m), and its Hessian (n, m, m) over the spacing."""
        share = slip @ self._direction / self.burgers_length
        place = self.spacing * float((share**2 * (3 - 2 * share)).sum()) + self.rows[0] - 0.5 * self.spacing
        slope = (6 * share * (1 - share))[:, None] * self._direction * self.spacing / self.burgers_length
        across = np.outer(self._direction, self._direction) / self.burgers_length**2
        return place, slope, (6 - 12 * share)[:, None, None] * across

    def _newton(self, gradient: FloatArray, hessian: FloatArray, held: FloatArray) -> FloatArray:
        """A descent step (n − 2, m), at most a tenth of b a row."""
        inner, m = len(gradient) - 2, len(self.burgers)
        matrix = np.einsum("ij,ab->iajb", self._stiffness[1:-1, 1:-1], self.prefactor)
        index = np.arange(inner)
        matrix[index, :, index, :] += self.spacing * hessian[1:-1]
        pull = held[1:-1].ravel()
        matrix = matrix.reshape(inner * m, inner * m) + np.outer(pull, pull)
        shift = 0.0
        while True:
            try:
                step = cho_solve(cho_factor(matrix + shift * np.eye(inner * m)), -gradient[1:-1].ravel()).reshape(
                    inner, m
                )
                break
            except LinAlgError:
                shift = 4 * shift or 1e-3 * float(np.abs(matrix).max())
        return step * min(1.0, 0.1 * self.burgers_length / max(np.abs(step).max(), 1e-300))

    def _core(self, slip: FloatArray, stress: float) -> Core:
        elastic, interplanar, _, _ = self._terms(slip)
        return Core(self.rows, slip, self._position(slip)[0], stress, elastic, interplanar)
