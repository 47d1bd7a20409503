"""What plasticity makes of a crack's toughness: a boundary layer in small-scale yielding, against the interface's strength.

The case of Tvergaard & Hutchinson, J. Mech. Phys. Solids 40 (1992) 1377: E = 300 σ_y, ν = 0.3, hardening N = 0.1, a trapezoidal law
(δ₁ = 0.15 δ_c, δ₂ = 0.5 δ_c) of the work Γ₀ and the strength σ̂, small strain here. Lengths are in R₀ = E Γ₀/(3π (1 − ν²) σ_y²).
Run as `python -m benchmarks.memory_shielding [--json]`. Keys:

toughening              [σ̂/σ_y, Γ_ss/Γ₀, its spread] of each strength; no plateau leaves the last two empty
toughening_range        [σ̂/σ_y, least, largest] of the far field's Γ/Γ₀ over the last quarter of the growth; it has teeth of the
                        elements' size where the interface is strong
toughening_monotone     whether the middle of these ranges rises with the strength
toughening_mesh_spread  relative change of Γ_ss at σ̂/σ_y = 2.5 on a mesh of half the element size
"""

import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.output import report
from continuum.inelastic import Plastic, PowerHardening
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond
from continuum.post.resistance import Plateau, plateau
from continuum.reference.k_field import intensity, k_field, release_rate
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading
from continuum.solver.stepping import pull
from continuum.specimens.boundary_layer import BoundaryLayer
from coupling.errors import InputError
from coupling.laws.tabulated import TabulatedLaw

YIELD, POISSON, EXPONENT, WORK = 1e9, 0.3, 0.1, 100.0
YOUNG = 300 * YIELD
LENGTH = YOUNG * WORK / (3 * np.pi * (1 - POISSON**2) * YIELD**2)
"""R₀, m."""
RADIUS, COARSE = 300.0, 45.0
STRENGTHS = {1.5: 6.5, 2.0: 4.5, 2.5: 4.5, 3.0: 5.0}
"""σ̂/σ_y, and the growth over R₀ that is followed: the softer the interface, the longer its zone."""
FINE, FINER = 0.1, 2.5
"""Element size over R₀, and the strength that is followed on elements of half of it, too."""
_STEP = 0.12  # of R₀: largest step of the growth
_AHEAD = 3.0  # of R₀: what is meshed finely beyond the growth, for the process zone


@dataclass(frozen=True)
class Resistance:
    """What a strength makes of the toughness.

    Attributes:
        strength: σ̂/σ_y.
        steady: The plateau of the far field's release rate; None: none was reached.
        end: Its least and largest value over the last quarter of the growth, J/m².
    """

    strength: float
    steady: Plateau | None
    end: tuple[float, float]

    @property
    def row(self) -> list[float | None]:
        """σ̂/σ_y, Γ_ss/Γ₀ and its spread."""
        steady = self.steady
        return [self.strength, *((None, None) if steady is None else (steady.value / WORK, steady.spread / WORK))]


def trapezoid(strength: float, rise: float = 0.15, level: float = 0.5) -> TabulatedLaw:
    """A law of the work Γ₀ that rises, stays and falls, Pa."""
    final = 2 * WORK / (strength * (1 + level - rise))
    knots = [-rise, 0.0, rise, level, 1.0]
    x = np.unique(np.concatenate([np.linspace(a, b, 60) for a, b in pairwise(knots)]))
    traction = strength * np.interp(x, knots, [-1.0, 0.0, 1.0, 1.0, 0.0])
    energy = np.concatenate([[0.0], np.cumsum(0.5 * (traction[1:] + traction[:-1]) * np.diff(x * final))])
    shear = strength / (rise * final) * np.clip((1 - x) / (1 - level), 0.0, 1.0)
    return TabulatedLaw(x * final, energy - np.interp(0.0, x, energy), traction, np.column_stack([shear, shear]))


def loading(strength: float, growth: float, fine: float) -> Loading:
    """A crack that grows in the boundary layer, by the opening of its faces at the rim."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.msh"
        BoundaryLayer(RADIUS, growth + _AHEAD, fine, COARSE, grading=0.25, order=1).write(path)
        mesh = read_mesh(path, unit=LENGTH, bodies=["upper", "lower"])
    body = Plastic(YOUNG, POISSON, PowerHardening(YIELD, EXPONENT, YOUNG))
    rim = [
        one
        for name, side in (("upper", 1.0), ("lower", -1.0))
        for one in k_field(f"rim_{name}", side, YOUNG, POISSON, RADIUS * LENGTH)
    ]
    bonds = [Bond("bond", "upper", "lower", trapezoid(strength * YIELD))]
    problem = CohesiveProblem(mesh, {"upper": body, "lower": body}, bonds, rim, order=2)
    griffith = np.sqrt(YOUNG * WORK / (1 - POISSON**2)) / intensity(1.0, YOUNG, POISSON, RADIUS * LENGTH)
    return pull(
        problem, 4 * griffith, 40, growth=_STEP / RADIUS, balance=0.02, peak=0.05,
        stop=lambda record: record.steps[-1].broken_area > growth * LENGTH,
    )  # fmt: skip


def resistance(strength: float, growth: float, fine: float = FINE) -> Resistance:
    """The steady toughness of a strength."""
    record = loading(strength, growth, fine)
    rate = release_rate(intensity(record.column("load"), YOUNG, POISSON, RADIUS * LENGTH), YOUNG, POISSON)
    grown = record.column("broken_area")
    last = rate[grown > 0.75 * grown[-1]]
    end = (float(last.min()), float(last.max()))
    try:
        return Resistance(strength, plateau(grown, rate), end)
    except InputError:
        return Resistance(strength, None, end)


def measure() -> dict[str, Any]:
    """All figures."""
    return strengths() | mesh_spread()


def strengths() -> dict[str, Any]:
    """The steady toughness of each strength."""
    found = [resistance(strength, growth) for strength, growth in STRENGTHS.items()]
    middle = np.array([sum(one.end) / 2 for one in found])
    return {
        "toughening": [one.row for one in found],
        "toughening_range": [[one.strength, *(value / WORK for value in one.end)] for one in found],
        "toughening_monotone": bool(np.all(np.diff(middle) > 0)),
    }


def mesh_spread() -> dict[str, Any]:
    """By how much the toughness of one strength moves on a mesh of half the size."""
    coarse, fine = (resistance(FINER, STRENGTHS[FINER], size).steady for size in (FINE, FINE / 2))
    if coarse is None or fine is None:
        return {"toughening_mesh_spread": None}
    return {"toughening_mesh_spread": abs(fine.value / coarse.value - 1)}


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
