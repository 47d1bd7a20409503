"""Surfaces known on paper as interatomic potentials: one atom moves in a plane beside another one that is held.

Their energies depend on the difference of the two atoms' places, x and y in Å, z is held.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from coupling.capabilities import require, require_asked
from coupling.contracts import Capabilities, Cost, Evaluation, FloatArray, Structure

Surface = Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]
"""(2,) place to energy in eV, gradient (2,) and Hessian (2, 2)."""
FREE = np.array([[False] * 3, [True, True, False]])
"""What moves."""


@dataclass(frozen=True)
class PlanePotential:
    """A surface seen as a potential.

    Attributes:
        surface: The surface.
        name: Of it.
        analytic: Whether it hands out its Hessian.
        elements: Hydrogen, whose mass it has.
        cutoff: None, for what has no neighbours.
    """

    surface: Surface
    name: str
    analytic: bool = True
    elements: frozenset[int] = frozenset({1})
    cutoff: float = np.inf

    @property
    def fingerprint(self) -> str:
        """Its name."""
        return self.name

    @property
    def capabilities(self) -> Capabilities:
        """The Hessian, if it is to be used."""
        return Capabilities(hessian=self.analytic)

    def evaluate(
        self, structures: Sequence[Structure], *, site_energies: bool = False, features: bool = False
    ) -> Evaluation:
        """See `coupling.contracts.Potential`."""
        require_asked(self, site_energies, features)
        energies, forces = np.empty(len(structures)), []
        for k, one in enumerate(structures):
            energies[k], gradient, _ = self.surface((one.positions[1] - one.positions[0])[:2])
            pull = np.append(gradient, 0.0)
            forces.append(np.array([pull, -pull]))
        stresses = np.full((len(structures), 3, 3), np.nan)
        return Evaluation(energies, tuple(forces), stresses, Cost(len(structures), 2 * len(structures), 1))

    def hessian(self, structure: Structure) -> FloatArray:
        """See `coupling.capabilities.HessianPotential`."""
        require(self, "hessian")
        block = np.zeros((3, 3))
        block[:2, :2] = self.surface((structure.positions[1] - structure.positions[0])[:2])[2]
        return np.block([[block, -block], [-block, block]])


def at(x: float, y: float) -> Atoms:
    """The moving atom at a place."""
    return Atoms("H2", [[0.0, 0.0, 0.0], [x, y, 0.0]])


_A, _a = np.array([-200.0, -100.0, -170.0, 15.0]), np.array([-1.0, -1.0, -6.5, 0.7])
_b, _c = np.array([0.0, 0.0, 11.0, 0.6]), np.array([-10.0, -10.0, -6.5, 0.7])
_X, _Y = np.array([1.0, 0.0, -0.5, -1.0]), np.array([0.0, 0.5, 1.5, 1.0])


def muller_brown(place: FloatArray, scale: float = 0.01) -> tuple[float, FloatArray, FloatArray]:
    """Müller and Brown, Theor. Chim. Acta 53 (1979) 75, its energies times 0.01 eV."""
    dx, dy = place[0] - _X, place[1] - _Y
    terms = scale * _A * np.exp(_a * dx**2 + _b * dx * dy + _c * dy**2)
    gx, gy = 2 * _a * dx + _b * dy, _b * dx + 2 * _c * dy
    xy = float(np.sum(terms * (gx * gy + _b)))
    hessian = [[np.sum(terms * (gx**2 + 2 * _a)), xy], [xy, np.sum(terms * (gy**2 + 2 * _c))]]
    return float(terms.sum()), np.array([terms @ gx, terms @ gy]), np.array(hessian)


@dataclass(frozen=True)
class TurnedValley:
    """V = E (1 − s²/a²)² + ½ (κ + κ' s²/a²) t² of axes s, t that are turned: minima at s = ±a, the saddle at s = 0.

    Attributes:
        barrier: E, eV.
        half: a, Å.
        across: κ at the saddle, eV/Å².
        change: κ', eV/Å².
        angle: Of the axis s from x, radians.
    """

    barrier: float = 0.4
    half: float = 0.9
    across: float = 3.0
    change: float = 5.0
    angle: float = 0.5

    @property
    def axes(self) -> FloatArray:
        """(2, 2) rows s and t."""
        return np.array([[np.cos(self.angle), np.sin(self.angle)], [-np.sin(self.angle), np.cos(self.angle)]])

    def __call__(self, place: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Energy, gradient and Hessian."""
        (s, t), a2 = self.axes @ place, self.half**2
        well, stiff = 1 - s**2 / a2, self.across + self.change * s**2 / a2
        own = np.array([-4 * self.barrier * well * s / a2 + self.change * s * t**2 / a2, stiff * t])
        ss = self.barrier * (12 * s**2 / a2 - 4) / a2 + self.change * t**2 / a2
        st = 2 * self.change * s * t / a2
        inner = np.array([[ss, st], [st, stiff]])
        energy = self.barrier * well**2 + stiff * t**2 / 2
        return float(energy), self.axes.T @ own, self.axes.T @ inner @ self.axes

    def frequencies(self, mass: float) -> tuple[float, float, float, float]:
        """ω of the minimum along and across, |ω‡| and ω across of the saddle, in √(eV/Å²/u), of a mass in u."""
        along, inverted = 8 * self.barrier / self.half**2, 4 * self.barrier / self.half**2
        squares = np.array([along, self.across + self.change, inverted, self.across]) / mass
        return tuple(np.sqrt(squares).tolist())
