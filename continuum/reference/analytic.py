"""Closed-form and one-dimensional solutions that the finite elements are compared with."""

from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.optimize import brentq
from scipy.sparse import bmat, csc_matrix, diags, eye, lil_matrix, vstack
from scipy.sparse.linalg import spsolve

from coupling.contracts import CohesiveLaw, FloatArray
from coupling.errors import InputError, NotConverged
from coupling.units import length_text

_ROOT_ROTATION = 0.677  # crack-length correction over arm height of an isotropic DCB without a process zone
_BEAM_NODES = 3000
_Traction = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def jkr_pull_off(work: float, radius: float) -> float:
    """3/2 π w R, N: Johnson, Kendall & Roberts, Proc. R. Soc. A 324 (1971) 301."""
    return 1.5 * np.pi * work * radius


def dmt_pull_off(work: float, radius: float) -> float:
    """2 π w R, N: Bradley (1932); Derjaguin, Muller & Toporov (1975)."""
    return 2 * np.pi * work * radius


def tabor_parameter(work: float, radius: float, modulus: float, range_: float) -> float:
    """(R w² / (E*² z³))^(1/3) with the range z of the adhesion in m."""
    return float((radius * work**2 / (modulus**2 * range_**3)) ** (1 / 3))


def maugis_parameter(work: float, radius: float, modulus: float, stress: float) -> float:
    """λ = 2σ (R/(π w K²))^(1/3) with K = 4E*/3: 1.157 times Tabor's for Lennard-Jones bodies."""
    return float(2 * stress * (radius / (np.pi * work * (4 / 3 * modulus) ** 2)) ** (1 / 3))


def maugis_pull_off(work: float, radius: float, modulus: float, stress: float) -> float:
    """Pull-off force of a sphere with constant adhesive stress, N.

    Maugis, J. Colloid Interface Sci. 150 (1992) 243: contact radius a, adhesive radius c = m a.

    Args:
        work: w, J/m².
        radius: R, m.
        modulus: E*, Pa.
        stress: Adhesive stress σ, Pa, acting up to a gap of w/σ.
    """
    parameter = maugis_parameter(work, radius, modulus, stress)

    def closure(m: float, a: float) -> float:
        root = np.sqrt(m**2 - 1)
        angle = np.arctan(root)
        first = parameter * a**2 / 2 * (root + (m**2 - 2) * angle)
        return first + 4 * parameter**2 * a / 3 * (root * angle - m + 1) - 1

    def force(a: float) -> float:
        top = 2.0
        while closure(top, a) < 0:
            top *= 2
        m = brentq(closure, 1.0, top, args=(a,), xtol=1e-12)
        root = np.sqrt(m**2 - 1)
        return a**3 - parameter * a**2 * (root + m**2 * np.arctan(root))

    lowest = min(force(a) for a in np.geomspace(1e-3, 3.0, 4000))
    return -np.pi * work * radius * lowest


def kendall_force(work: float, modulus: float, thickness: float, angle: float) -> float:
    """Steady peel force per width, N/m: (F/b)²/(2Eh) + (F/b)(1 − cos θ) = w.

    Kendall, J. Phys. D 8 (1975) 1449; in plane strain E is E/(1 − ν²).

    Args:
        work: w, J/m².
        modulus: E of the film along its length, Pa.
        thickness: h, m.
        angle: θ, rad, between the force and the substrate.
    """
    lever, compliance = 1 - np.cos(angle), 1 / (2 * modulus * thickness)
    return float(2 * work / (lever + np.sqrt(lever**2 + 4 * work * compliance)))


def dcb_beam(
    law: CohesiveLaw, modulus: float, arm: float, crack: float, openings: FloatArray, ligament: float | None = None
) -> FloatArray:
    """Load per width of a double cantilever beam at load-point openings, N/m.

    Each arm is a beam; where it is bonded it rests on the law in series with the arm's own
    transverse compliance. That foundation is chosen so that an infinitely strong law gives the
    exact root rotation of the isotropic strip, an addition of 0.677 arm heights to the crack (Li,
    Wang & Thouless, J. Mech. Phys. Solids 52 (2004) 193). The process zone is the law's own.

    Args:
        law: The cohesive law.
        modulus: E' along the beam, Pa.
        arm: Height of one arm, m.
        crack: Initial crack length, m.
        openings: (n,) rising openings of the two load points, m.
        ligament: Bonded length, m; by default long against the zone.

    Raises:
        NotConverged: the beam's equation was not solved.
        InputError: the openings do not rise.
    """
    openings = np.asarray(openings, dtype=float)
    if np.any(np.diff(openings, prepend=0.0) <= 0):
        raise InputError("The openings of the beam solution must be positive and rise.")
    bending = modulus * arm**3 / 12
    foundation = 4 * bending / (_ROOT_ROTATION * arm) ** 4
    zone = (modulus * law.work_of_separation * arm**3 / law.peak_traction**2) ** 0.25
    ligament = ligament or 15 * arm + 10 * zone
    traction, loads = _series(law, foundation), []
    beam, state = _Beam(ligament, crack, bending), np.zeros(2 * _BEAM_NODES + 1)
    for before, opening in zip(np.append(0.0, openings), openings, strict=False):
        state = beam.follow(traction, before / 2, opening / 2, state)
        loads.append(beam.load(state))
    return np.array(loads)


class _Beam:
    """A beam on a foundation, loaded at a distance from its end: w'' = m, m'' = −T(w)/EI by differences.

    The state is w at the nodes, m ligament² at the nodes, and P ligament³/EI.
    """

    def __init__(self, ligament: float, crack: float, bending: float) -> None:
        n, self.ligament, self.bending = _BEAM_NODES, ligament, bending
        step, arm = 1.0 / (n - 1), crack / ligament
        second = diags([1.0, -2.0, 1.0], [-1, 0, 1], shape=(n, n)).tolil() / step**2
        inside = second[1:-1].copy()
        second[0, 1] *= 2
        second[-1, -2] *= 2
        rows = bmat(
            [
                [inside, -eye(n).tocsr()[1:-1], None],
                [None, second, csc_matrix(([-2 / step], ([n - 1], [0])), shape=(n, 1))],
            ]
        ).tolil()
        ends = lil_matrix((3, 2 * n + 1))
        ends[0, n] = 1.0
        ends[1, 2 * n - 1], ends[1, 2 * n] = 1.0, -arm
        ends[2, n - 2], ends[2, n - 1] = -arm / step, 1 + arm / step
        ends[2, 2 * n - 1], ends[2, 2 * n] = arm * step / 2, arm**3 / 3
        self.linear, self.size = vstack([rows, ends]).tocsc(), n

    def load(self, state: FloatArray) -> float:
        return float(state[-1] * self.bending / self.ligament**3)

    def follow(self, traction: _Traction, before: float, end: float, state: FloatArray, cuts: int = 12) -> FloatArray:
        """The state at a deflection of the load point, in as small steps from `before` as it takes."""
        reached = self._equilibrium(traction, end, state)
        if reached is not None:
            return reached
        if not cuts:
            raise NotConverged(f"The beam solution was not found at a deflection of {length_text(end)}.")
        middle = 0.5 * (before + end)
        return self.follow(traction, middle, end, self.follow(traction, before, middle, state, cuts - 1), cuts - 1)

    def _equilibrium(self, traction: _Traction, end: float, state: FloatArray) -> FloatArray | None:
        n, state, factor = self.size, state.copy(), self.ligament**4 / self.bending
        rows = np.arange(n - 2, 2 * n - 2)
        for _ in range(30):
            pull, slope = traction(state[:n])
            residual = self.linear @ state
            residual[rows] += factor * pull
            residual[-1] -= end
            tangent = self.linear + csc_matrix((factor * slope, (rows, np.arange(n))), shape=self.linear.shape)
            move = spsolve(tangent, -residual)
            state += move
            if np.abs(move[:n]).max() < 1e-8 * end:
                return state
        return None


def _series(law: CohesiveLaw, foundation: float) -> _Traction:
    """Traction as a function of the arm's deflection: half the law's opening plus T/foundation.

    Raises:
        InputError: the law softens faster than the foundation unloads, so that the two snap.
    """
    opening = np.concatenate(
        [
            np.linspace(-0.3 * law.opening_at_peak, law.opening_at_peak, 400),
            np.linspace(law.opening_at_peak, law.final_opening * 1.2, 4000)[1:],
        ]
    )
    jump = np.zeros((len(opening), 3))
    jump[:, 0] = opening
    value = law.evaluate(jump)
    pull = value.traction[:, 0]
    deflection, slope = opening / 2 + pull / foundation, value.tangent[:, 0, 0]
    slope = slope / (0.5 + slope / foundation)
    if np.any(np.diff(deflection) <= 0):
        raise InputError("The law softens faster than the arms unload: the beam model has no single-valued foundation.")
    spline = CubicHermiteSpline(deflection, pull, slope)
    first, last = deflection[0], deflection[-1]

    def traction(w: FloatArray) -> tuple[FloatArray, FloatArray]:
        inside = np.clip(w, first, last)
        return spline(inside) + slope[0] * np.minimum(w - first, 0.0), spline(inside, 1) * (w < last)

    return traction
