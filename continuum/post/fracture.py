"""What a loading says about fracture: energy balance, energy release rate, J-integral, crack front, R-curve."""

from dataclasses import dataclass

import numpy as np

from continuum.fenics import PETSc, dolfinx, ufl
from continuum.post.ring import Ring, check_ring
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, energy_losses
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.findings import refute

_FEWEST = 4  # states of a stretch of growth
_TRAVELLED = 1.0  # of the process zone: least growth
_SLOPE = 1.5  # most slope that least squares find in values over an interval, in ranges per length
_HOPELESS = 0.5  # share by which a slope may err, beyond which all are alike
_STEADY = 0.05  # of G_c: largest spread
_TO_THE_EDGE = 1.3  # a facet's size over the extent of its quadrature points


@dataclass(frozen=True)
class SteadyGrowth:
    """A stretch of a loading along which the process zone travels unchanged, and the energy release rate there.

    Attributes:
        first: Its first state.
        last: Its last state.
        energy_release_rate: G_c: slope of external work less what the bodies store and dissipate against the swept area, J/m².
        toughness: The same with what the bodies dissipate: what the loads must bring, J/m².
        spread: By how much G_c may be wrong, J/m²: what the changes of the zone leave, what of the work the energies do not
            show, and twice the standard error of the slope.
    """

    first: int
    last: int
    energy_release_rate: float
    toughness: float
    spread: float


def steady_growth(record: Loading) -> SteadyGrowth:
    """The steadiest growth of a crack: of all stretches in which it grows by a process zone, that with the least spread.

    The swept area is ∫ o, o the separation over the law's final one, and the law's work is W ∫ w(o); the two grow alike
    only while the zone keeps its shape. How far it does is seen from Z = ∫ k o (1 − o) (`Step.zone_doubt`), k the law's
    largest |w − o|/(o (1 − o)): of a zone that becomes longer or shorter and keeps its profile, ∫ w − ∫ o changes by ΔZ at
    most, so that a least-squares slope errs by 3/2 ΔZ/ΔA of the true one at most. Where a crack starts, meets the end, or
    its zone grows with it, no stretch is steady. A profile that changes at constant Z would not be seen.

    Raises:
        InputError: no stretch of four states is steady to 5 %; the message says what the best one leaves.
    """
    brought = record.column("work") - np.array([step.energies.elastic for step in record.steps])
    released = brought - np.array([step.energies.bulk_loss for step in record.steps])
    lost = energy_losses(record)
    area, zone, doubt = (record.column(name) for name in ("broken_area", "zone_area", "zone_doubt"))
    best: SteadyGrowth | None = None
    for first in range(len(area) - _FEWEST + 1):
        for last in range(first + _FEWEST - 1, len(area)):
            part = slice(first, last + 1)
            grown = area[last] - area[first]
            if grown <= _TRAVELLED * zone[part].max() or np.diff(area[part]).min() <= 0:
                continue
            changed = min(_SLOPE * np.ptp(doubt[part]) / grown, _HOPELESS)
            changed /= 1.0 - changed  # of the slope that is found
            if best is not None and changed * abs(best.energy_release_rate) >= best.spread:
                continue
            (slope, offset), covariance = np.polyfit(area[part], released[part], 1, cov="unscaled")
            left = released[part] - (slope * area[part] + offset)
            error = np.sqrt(covariance[0, 0] * (left @ left) / (last - first - 1))
            spread = changed * abs(slope) + _SLOPE * np.ptp(lost[part]) / grown + 2 * error
            whole = float(np.polyfit(area[part], brought[part], 1)[0])
            found = SteadyGrowth(first, last, float(slope), whole, float(spread))
            best = found if best is None or found.spread < best.spread else best
    return _steady(record, best)


def _steady(record: Loading, best: SteadyGrowth | None) -> SteadyGrowth:
    opened = record.column("most_opened").max()
    if best is None:
        raise InputError(
            f"Nowhere does the crack grow by its process zone within {_FEWEST} states or more (largest opening {opened:.3g} of "
            "the law's final one); load further, or take more steps."
        )
    if best.spread > _STEADY * abs(best.energy_release_rate):
        raise InputError(
            f"The process zone changes while the crack grows, so that the energy release rate is not determined to {_STEADY:.0%}: "
            f"at best {best.energy_release_rate:.4g} ± {best.spread:.2g} J/m², from state {best.first} to {best.last}; make the "
            "specimen longer, or refine mesh and steps."
        )
    return best


def released_energy_per_area(record: Loading) -> float:
    """G_c from the finite-element energy balance alone, J/m².

    The slope of external work, less the energy that bodies store and dissipate, against the swept area, by least squares over
    the steady growth. The law's own energy is not used, so that the agreement with its work of
    separation checks the whole solution.

    Raises:
        InputError: no growth is steady.
    """
    return steady_growth(record).energy_release_rate


def j_integral(
    problem: CohesiveProblem, x: "PETSc.Vec", tip: FloatArray, direction: FloatArray, inner: float, outer: float
) -> float:
    """J by a domain integral around a crack tip with its process zone, J/m² (3D: J/m² × length of the front).

    J = ∫ (P_iJ u_i,k e_k − W e_J) q,_J dA over the bodies (Shih, Moran & Nakamura, Int. J. Fract. 30
    (1986) 79); q falls from 1 at the inner radius to 0 at the outer. It is the energy release rate
    where the crack is straight along e, each body uniform along e, and the faces between the two radii
    either free or closed; the whole process zone must lie within the inner radius, and whatever is not
    along e outside of the outer one (`continuum.post.ring`). Not for axisymmetric specimens.

    Args:
        problem: The problem.
        x: An equilibrium state.
        tip: (dim,) centre of the ring, m.
        direction: (dim,) direction e of growth.
        inner: Radius, m.
        outer: Radius, m.

    Raises:
        InputError: the radii do not rise, the analysis is axisymmetric, or the direction is null.
        Refuted: the ring leaves the specimen or lies in the process zone; the message gives radii that would do.
    """
    if problem.kind == "axisymmetric":
        raise InputError("The J-integral of an axisymmetric specimen is not offered; use released_energy_per_area.")
    if problem.bulk.memories:
        raise InputError(
            f"The J-integral of bodies with memory ({', '.join(problem.bulk.memories)}) depends on its path; use the energies, or a "
            "K field on the boundary."
        )
    if not 0 < inner < outer:
        raise InputError(f"The J-integral needs 0 < inner < outer, not {inner} and {outer} m.")
    direction = np.asarray(direction, dtype=float)
    if not np.linalg.norm(direction) > 0:
        raise InputError("The direction of crack growth must not be null.")
    ring = Ring(np.asarray(tip, dtype=float), direction / np.linalg.norm(direction), inner, outer)
    refute(filter(None, [check_ring(problem, x, ring)]))
    return ring_integral(problem, x, ring)


def ring_integral(problem: CohesiveProblem, x: "PETSc.Vec", ring: Ring) -> float:
    """The domain integral of `j_integral`, wherever the ring lies."""
    along = np.zeros(3)
    along[: len(ring.direction)] = ring.direction
    problem.update(x)
    total = 0.0
    for name, body in problem.mesh.bodies.items():
        weight = dolfinx.fem.Function(dolfinx.fem.functionspace(body.mesh, ("P", 1)))
        weight.interpolate(lambda points: ring.weight(points.T))
        slope = ufl.grad(weight)
        slope = ufl.as_vector([slope[i] for i in range(problem.mesh.dimension)] + [0] * (3 - problem.mesh.dimension))
        at = ufl.variable(problem.bulk.gradient(name))
        energy = problem.bulk.elastic(name).energy(at, problem.bulk.values[name])
        e = dolfinx.fem.Constant(body.mesh, along)
        flow = ufl.dot(ufl.dot(at, e), ufl.dot(ufl.diff(energy, at), slope)) - energy * ufl.dot(e, slope)
        total += dolfinx.fem.assemble_scalar(dolfinx.fem.form(flow * ufl.dx))
    return float(np.real(problem.comm.allreduce(total)))


def resistance_curve(record: Loading) -> tuple[FloatArray, FloatArray]:
    """R-curve: swept area (n,) and energy dissipated per newly swept area (n,), J/m², between states.

    States without growth are skipped.
    """
    area = record.column("broken_area")
    lost = np.array([s.energies.dissipated + s.energies.stored for s in record.steps])
    grown = np.concatenate([[0], 1 + np.flatnonzero(np.diff(np.maximum.accumulate(area)) > 1e-9 * area.max())])
    area, lost = area[grown], lost[grown]
    return 0.5 * (area[1:] + area[:-1]), np.diff(lost) / np.diff(area)


def crack_front(problem: CohesiveProblem, x: "PETSc.Vec", level: float = 1.0) -> dict[str, FloatArray]:
    """Where each interface's separation crosses a fraction of the law's final one, on rank 0.

    Args:
        problem: The problem.
        x: A state.
        level: Separation over the final one: 1 is the tip of the broken part, the value at the peak
            traction the front of the process zone; their distance is the zone's length.

    Returns:
        By interface, centres (n, dim) in m of the facets in which the crossing lies.
    """
    problem.update(x)
    fronts = {}
    for interface in problem.interfaces:
        opened = interface.opened(interface.flat_jump(problem.displacements)).reshape(interface.weights.shape)
        mean = opened.mean(axis=1, keepdims=True)
        ends = mean + _TO_THE_EDGE * (opened - mean)
        crossing = (ends.min(axis=1, initial=np.inf) < level) & (ends.max(axis=1, initial=-np.inf) >= level)
        own = interface.kinematics.points[crossing].mean(axis=1)
        parts = problem.comm.gather(own) or [own]
        fronts[interface.bond.name] = np.concatenate(parts)
    return fronts


def process_zone_length(problem: CohesiveProblem, x: "PETSc.Vec") -> dict[str, float]:
    """Distance between the broken part and the peak traction on each interface, m; NaN where one is missing."""
    lengths = {}
    for interface in problem.interfaces:
        law, name = interface.bond.law, interface.bond.name
        tip, peak = (crack_front(problem, x, level)[name] for level in (1.0, law.opening_at_peak / law.final_opening))
        distances = np.linalg.norm(tip[:, None] - peak[None], axis=-1)
        lengths[name] = float(distances.min()) if distances.size else float("nan")
    return lengths
