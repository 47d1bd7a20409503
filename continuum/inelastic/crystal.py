"""Crystal plasticity: slip on the systems of a lattice, driven by Schmid's stress, with self and latent hardening."""

from dataclasses import dataclass, field, replace
from itertools import permutations, product
from typing import ClassVar

import numpy as np

from continuum.inelastic.point import Inelastic, Loss, PointResponse, PointState, joined
from coupling.contracts import FloatArray
from coupling.elasticity import VOIGT, rotate_stiffness, strain_tensor, strain_voigt
from coupling.errors import InputError, NotConverged, unknown_choice

_ITERATIONS = 100
_ROUNDING = 1e-13
_STILL = 1e-15  # of the stress: no step is shorter
_HALVINGS = 40


@dataclass(frozen=True)
class SlipSystems:
    """Directions and planes of slip, in the axes of the crystal.

    Attributes:
        directions: (n, 3) unit vectors.
        normals: (n, 3) unit vectors across the planes.

    Raises:
        InputError: shapes that differ, or a direction that does not lie in its plane.
    """

    directions: FloatArray
    normals: FloatArray

    def __post_init__(self) -> None:
        for name in ("directions", "normals"):
            array = np.asarray(getattr(self, name), dtype=float)
            if array.ndim != 2 or array.shape[1] != 3 or not np.linalg.norm(array, axis=1).all():
                raise InputError(f"The {name} of slip systems must be (n, 3) and not null.")
            object.__setattr__(self, name, array / np.linalg.norm(array, axis=1)[:, None])
        if self.directions.shape != self.normals.shape:
            raise InputError("Slip systems need as many directions as normals.")
        if np.abs(np.sum(self.directions * self.normals, axis=1)).max() > 1e-6:
            raise InputError("A slip direction does not lie in its plane; their product must be 0.")

    @classmethod
    def of(cls, family: str) -> "SlipSystems":
        """The systems of a family: "fcc" {111}<110>, "bcc" {110}<111>.

        Raises:
            InputError: another family.
        """
        if family not in _FAMILIES:
            raise unknown_choice("family of slip systems", family, _FAMILIES)
        direction, normal = _FAMILIES[family]
        pairs = [(d, n) for n in _images(normal) for d in _images(direction) if not d @ n]
        return cls(np.array([d for d, _ in pairs], dtype=float), np.array([n for _, n in pairs], dtype=float))

    def turned(self, rotation: FloatArray) -> "SlipSystems":
        """In axes whose directions, in those of the crystal, are the rows of `rotation`."""
        return SlipSystems(self.directions @ np.transpose(rotation), self.normals @ np.transpose(rotation))

    @property
    def schmid_voigt(self) -> FloatArray:
        """(n, 6) sym(d ⊗ n) as a strain with engineering shear: times a stress it gives the resolved shear stress."""
        return _voigt(self.directions, self.normals)


_FAMILIES = {"fcc": ((0, 1, 1), (1, 1, 1)), "bcc": ((1, 1, 1), (0, 1, 1))}


def _images(vector: tuple[int, ...]) -> list[FloatArray]:
    """The cubic images of ⟨hkl⟩ that differ by more than a sign."""
    found = {
        tuple(s * v for s, v in zip(signs, order, strict=True))
        for order in permutations(vector)
        for signs in product((1, -1), repeat=3)
    }
    return [np.array(v) for v in sorted(found, reverse=True) if v > tuple(-x for x in v)]


def _voigt(a: FloatArray, b: FloatArray) -> FloatArray:
    """(n, 6) symmetric part of a ⊗ b as a strain with engineering shear."""
    both = 0.5 * (a[:, :, None] * b[:, None, :] + b[:, :, None] * a[:, None, :])
    return np.stack([both[:, i, j] * (1 if i == j else 2) for i, j in VOIGT], axis=1)


@dataclass(frozen=True)
class SlipHardening:
    """The slip resistance g: ġ_α = Σ_β q_αβ h (1 − g_β/g_∞)^a |γ̇_β| (Kalidindi, Bronkhorst & Anand, J. Mech. Phys. Solids 40 (1992) 537).

    Attributes:
        start: g at the start, Pa.
        saturation: g_∞, Pa; that of the start: no hardening.
        modulus: h, Pa.
        exponent: a.
        latent: q of different systems; 1 of a system on itself.

    Raises:
        InputError: constants that are not positive, or saturation below the start.
    """

    start: float
    saturation: float = 0.0
    modulus: float = 0.0
    exponent: float = 1.0
    latent: float = 1.4

    def __post_init__(self) -> None:
        if not (np.isfinite(self.start) and self.start > 0):
            raise InputError(f"The slip resistance {self.start} Pa must be positive.")
        if not (self.modulus >= 0 and self.exponent >= 1 and self.latent >= 0):
            raise InputError(
                "A slip hardening needs a modulus of 0 or more, an exponent of 1 or more, and a latent factor of 0 or more."
            )
        if self.modulus and not self.saturation > self.start:
            raise InputError(
                f"The saturation {self.saturation} Pa of a slip resistance must be above its start, {self.start} Pa."
            )

    def grown(self, resistance: FloatArray, slipped: FloatArray) -> FloatArray:
        """(n, systems) the resistance after slips (n, systems), none negative."""
        if not self.modulus:
            return resistance
        own = self.modulus * np.maximum(1 - resistance / self.saturation, 0.0) ** self.exponent * slipped
        return np.minimum(
            resistance + self.latent * own.sum(axis=1, keepdims=True) + (1 - self.latent) * own, self.saturation
        )


@dataclass(frozen=True)
class SlippingCrystal(Inelastic):
    """A crystal that slips at γ̇ = γ̇₀ |τ/g|^(1/m) sign τ on each system (Asaro & Needleman, Acta Metall. 33 (1985) 923), at small strain.

    The slips of a step follow from the stress at its end and the resistances at its start, so that the tangent is exact.

    Attributes:
        stiffness: (6, 6) Pa in the mesh axes.
        systems: The slip systems in the mesh axes.
        hardening: Of the resistance.
        rate: γ̇₀, 1/s.
        sensitivity: m.

    Raises:
        InputError: constants that are not positive.
    """

    stiffness: FloatArray = field(repr=False)
    systems: SlipSystems = field(repr=False)
    hardening: SlipHardening
    rate: float
    sensitivity: float
    loss: ClassVar[Loss] = "plastic"
    isochoric: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate) and self.rate > 0 and 0 < self.sensitivity <= 1):
            raise InputError(
                f"A slipping crystal needs a positive rate (given {self.rate}/s) and a sensitivity in 0 < m ≤ 1 (given {self.sensitivity})."
            )

    def turned(self, rotation: FloatArray) -> "SlippingCrystal":
        """The same crystal seen in axes whose directions are the rows of `rotation`."""
        free = strain_voigt(rotation @ strain_tensor(np.array(self.free_strain)) @ np.transpose(rotation))
        return replace(
            self,
            stiffness=rotate_stiffness(self.stiffness, rotation),
            systems=self.systems.turned(rotation),
            free_strain=tuple(free.tolist()),
        )

    @property
    def stiffness_voigt(self) -> FloatArray:
        """(6, 6) Pa."""
        return self.stiffness

    @property
    def variables(self) -> tuple[tuple[str, int], ...]:
        """Plastic strain, and of each system the resistance that it has gained (Pa) and its slip."""
        count = len(self.systems.directions)
        return (("plastic_strain", 6), ("gained_resistance", count), ("slip", count))

    @property
    def depends_on_rate(self) -> bool:
        """Always."""
        return True

    def respond(self, strain: FloatArray, before: PointState, duration: float) -> PointResponse:
        """See `Inelastic.respond`."""
        schmid = self.systems.schmid_voigt
        plastic, gained = self.variable(before, "plastic_strain"), self.variable(before, "gained_resistance")
        resistance = self.hardening.start + gained
        trial = (strain - plastic) @ self.stiffness
        stress = self._stress(trial, resistance, duration)
        slips, _ = self._slips(stress @ self.systems.schmid_voigt.T, resistance, duration)
        elastic = strain - plastic - slips @ schmid
        grown = self.hardening.grown(resistance, np.abs(slips)) - self.hardening.start
        worked = np.sum(stress @ schmid.T * slips, axis=1)
        state = PointState(
            strain,
            stress,
            joined(plastic + slips @ schmid, grown, self.variable(before, "slip") + slips),
            0.5 * np.sum(stress * elastic, axis=1),
            before.lost + worked,
        )
        return PointResponse(state, lambda: self._tangent(stress, trial, resistance, duration))

    def _tangent(self, stress: FloatArray, trial: FloatArray, resistance: FloatArray, duration: float) -> FloatArray:
        """(n, 6, 6) Pa; symmetric to rounding, and then made so."""
        found = np.linalg.inv(self._left(stress, trial, resistance, duration)[1])
        return 0.5 * (found + found.transpose(0, 2, 1))

    def _slips(self, resolved: FloatArray, resistance: FloatArray, duration: float) -> tuple[FloatArray, FloatArray]:
        """(n, systems) slips of a step, and their derivatives by the resolved stress, 1/Pa."""
        ratio, power = np.abs(resolved) / resistance, 1 / self.sensitivity
        slips = duration * self.rate * ratio**power
        slopes = duration * self.rate * power * ratio ** (power - 1) / resistance
        return slips * np.sign(resolved), slopes

    def _left(
        self, stress: FloatArray, trial: FloatArray, resistance: FloatArray, duration: float
    ) -> tuple[FloatArray, FloatArray]:
        """(n, 6) stress that slip has still to relax, and (n, 6, 6) the compliance of the step."""
        inverse = np.linalg.inv(self.stiffness)
        slips, slopes = self._slips(stress @ self.systems.schmid_voigt.T, resistance, duration)
        flexible = inverse + np.einsum("na,ai,aj->nij", slopes, self.systems.schmid_voigt, self.systems.schmid_voigt)
        return trial - stress - slips @ self.systems.schmid_voigt @ self.stiffness, flexible

    def _stress(self, trial: FloatArray, resistance: FloatArray, duration: float) -> FloatArray:
        """(n, 6) of σ + C Σ Δγ_α(σ) P_α = σ_trial, by Newton's method with a line search."""
        stress, scale = self._inside(trial, resistance, duration), np.abs(trial).max(axis=1) + 1e-300
        for _ in range(_ITERATIONS):
            left, flexible = self._left(stress, trial, resistance, duration)
            done = np.abs(left).max(axis=1) <= _ROUNDING * scale
            if done.all():
                return stress
            strain = left @ np.linalg.inv(self.stiffness)
            step = np.linalg.solve(flexible, strain[:, :, None])[:, :, 0]
            step[done] = 0.0
            new = self._searched(stress, step, trial, resistance, duration)
            if np.abs(new - stress).max() <= _STILL * scale.max():
                return new
            stress = new
        raise NotConverged(
            f"The slips of {np.count_nonzero(~done)} points of a crystal were not found; take shorter steps, or a higher sensitivity."
        )

    def _inside(self, trial: FloatArray, resistance: FloatArray, duration: float) -> FloatArray:
        """(n, 6) the trial stress, scaled so that no system slips by more than an elastic strain would."""
        if duration == 0:
            return trial
        resolved = np.abs(trial @ self.systems.schmid_voigt.T)
        elastic = np.maximum(resolved, resistance) / np.abs(self.stiffness).max()
        allowed = resistance * (elastic / (duration * self.rate)) ** self.sensitivity
        return trial * (allowed / np.maximum(resolved, allowed)).min(axis=1)[:, None]

    def _searched(
        self, stress: FloatArray, step: FloatArray, trial: FloatArray, resistance: FloatArray, duration: float
    ) -> FloatArray:
        """(n, 6) the stress after as long a step as leaves less to relax."""

        def size(at: FloatArray) -> FloatArray:
            with np.errstate(over="ignore"):
                return np.linalg.norm(self._left(at, trial, resistance, duration)[0], axis=1)

        length, value = np.ones(len(stress)), size(stress)
        for _ in range(_HALVINGS):
            new = stress + length[:, None] * step
            high = ~(size(new) <= value)
            if not high.any():
                break
            length[high] *= 0.5
        return new
