"""Transport and mechanics together: a solute moves where stress and openings send it, and laws with a coverage give way to it.

Staggered: equilibrium at the coverages of the last time, then the solute's step to that equilibrium. Iterated: the two by turns
until the coverages of both agree, which is the solution of all equations at once. Both blocks minimise one energy, so that the
turns converge as long as the joint state is stable; where it is not, the specimen breaks by itself, and the step fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from continuum.cohesive.coverage import AtCoverage
from continuum.cohesive.history import respond
from continuum.cohesive.interface import Interface
from continuum.fenics import PETSc
from continuum.model import Control
from continuum.solver.counting import facets_of
from continuum.solver.newton import NewtonSolver
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, Step
from continuum.solver.stepping import state_of
from continuum.solver.supports import check_held
from continuum.transport.hydrostatic import HydrostaticStress
from continuum.transport.layers import TransportLayer
from continuum.transport.problem import TransportProblem, TransportStep
from continuum.transport.stepping import TOLERANCE, TransportRecord, next_duration
from continuum.transport.turns import Turns
from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError, NotConverged, unknown_choice

Scheme = Literal["staggered", "iterated"]
_SCHEMES = ("staggered", "iterated")
_TURNS = 60
AGREEMENT = 1e-6
"""How far coverages of the two may be apart at the end of an iteration."""
_SMALLEST = 1e-6  # of the nominal step
_UNSOLVED = "the equations of the solute were not solved"


@dataclass(frozen=True)
class CoupledStep:
    """What a step comes to.

    Attributes:
        x: Displacements and load.
        solute: The solute's step.
        felt: (points,) by layer, the coverages with which x is in equilibrium.
        iterations: Of Newton's method.
    """

    x: "PETSc.Vec"
    solute: TransportStep
    felt: list[FloatArray]
    iterations: int


class Coupled:
    """A cohesive problem and the transport of a solute in the same specimen.

    A layer belongs to the bond of the same name; where its law is the bond's, the bond feels its coverage.

    Args:
        mechanics: The cohesive problem; it is brought into equilibrium without load, and told the solute's stresses.
        transport: The transport problem of the same mesh. Start it after this has been made.
        scheme: See the module.
        agreement: See `AGREEMENT`.

    Attributes:
        x: The present solution.
        solver: Of the mechanics.
        reason: Why the last attempt failed.

    Raises:
        InputError: an unknown scheme, different meshes, a boundary of the solute on an interface, or
            a law with a coverage whose layer has another law.
        NotConverged: there is no equilibrium without load.
    """

    def __init__(
        self,
        mechanics: CohesiveProblem,
        transport: TransportProblem,
        scheme: Scheme = "staggered",
        agreement: float = AGREEMENT,
    ) -> None:
        if scheme not in _SCHEMES:
            raise unknown_choice("scheme of the coupling", scheme, _SCHEMES)
        if mechanics.mesh is not transport.mesh:
            raise InputError("The transport must be made on the mesh of the mechanical problem.")
        self.mechanics, self.transport, self.scheme, self._agreement = mechanics, transport, scheme, agreement
        check_held(mechanics)
        for bond in mechanics.bonds:
            if bond.minus is not None:
                transport.boundaries.refuse_on(bond.name, facets_of(mechanics.mesh, bond))
        self.solver, self.x = NewtonSolver(mechanics), mechanics.vector()
        self._stress = HydrostaticStress(mechanics, transport.spaces)
        self._interfaces = [_interface_of(mechanics, layer) for layer in transport.layers]
        self._laws = [layer.layer.law for layer in transport.layers]
        self.solver.rest(self.x)
        mechanics.commit(self.x)
        self._felt: list[FloatArray] = []
        self.reason = ""
        self._drive(self.x)

    def _drive(self, x: "PETSc.Vec") -> None:
        """Tell the solute the stresses and jumps at x. Collective."""
        self.mechanics.update(x)
        displacements = self.mechanics.displacements
        self.transport.drive(self._stress(), [one.flat_jump(displacements) for one in self._interfaces])

    def _cover(self, coverages: list[FloatArray]) -> None:
        """Let the bonds feel these coverages (points,) by layer."""
        for interface, law, coverage in zip(self._interfaces, self._laws, coverages, strict=True):
            if law is not None:
                interface.bond = replace(interface.bond, law=AtCoverage(law, np.clip(coverage, 0.0, 1.0)))

    def begin(self) -> Step:
        """The state without load, at the coverages with which the transport was started. Collective."""
        self._felt = self.transport.coverages(self.transport.unknowns)
        self._cover(self._felt)
        self.solver.rest(self.x)
        self.mechanics.commit(self.x)
        return state_of(self.mechanics, self.solver, self.x, None, 0)

    def attempt(self, guess: "PETSc.Vec", load: float, duration: float) -> CoupledStep | None:
        """Equilibrium at a load and the solute's step to it; None where one of them, or both, was not found. Collective."""
        felt, iterations, turns = self.transport.coverages(self.transport.unknowns), 0, Turns(self.mechanics.comm)
        for _ in range(_TURNS):
            self._cover(felt)
            found = self.solver.solve(Control("load", load), guess)
            if found is None:
                self.reason = self.solver.reason
                return None
            iterations += found
            self._drive(guess)
            solute = self.transport.step(duration)
            if solute is None:
                self.reason = _UNSOLVED
                return None
            after = self.transport.coverages(solute.unknowns)
            if self.scheme == "staggered" or turns.add(felt, after) <= self._agreement:
                return CoupledStep(guess, solute, felt, iterations)
            felt = turns.next()
        self.reason = "coverage and opening did not agree"
        return None

    def accept(self, trial: CoupledStep, last: Step) -> Step:
        """Make a step the present state. Collective."""
        jumps = self.mechanics.jumps_of(self.x, trial.x)
        came = [self._energies(jumps, trial.felt), self._energies(jumps, self._felt)]
        chemical = 0.5 * float(np.sum(came[0] - came[1]))
        self.x, self._felt = trial.x, trial.felt
        self._cover(self._felt)
        self.mechanics.commit(self.x)
        self.transport.accept(trial.solute)
        step = state_of(self.mechanics, self.solver, self.x, last, trial.iterations)
        return self.mechanics.comm.bcast(replace(step, chemical=last.chemical + chemical))

    def profiles(self) -> list[tuple[str, FloatArray, FloatArray]]:
        """Name, points (n, dim) in m and coverage (n,) of each layer with sites at the present state, on rank 0. Collective."""
        found, comm = [], self.mechanics.comm
        covered = self.transport.coverages(self.transport.unknowns)
        for layer, coverage in zip(self.transport.layers, covered, strict=True):
            points = layer.points.reshape(-1, layer.points.shape[-1])
            parts = comm.gather((points, coverage)) or [(points, coverage)]
            places, values = (np.concatenate(column) for column in zip(*parts, strict=True))
            if layer.layer.capacity > 0:
                found.append((layer.layer.name, places, values))
        return found

    def _energies(self, jumps: list[list[FloatArray]], felt: list[FloatArray]) -> FloatArray:
        """Of all interfaces at each of some states' jumps and at these coverages, J or J/m. Collective."""
        self._cover(felt)
        own = [
            sum(_energy(one, jump) for one, jump in zip(self.mechanics.interfaces, each, strict=True)) for each in jumps
        ]
        return np.asarray(self.mechanics.comm.allreduce(np.array(own, dtype=float)))


def _energy(interface: Interface, jump: FloatArray) -> float:
    response = respond(interface.bond, jump, interface.history)
    return float(interface.weights.ravel() @ (response.stored + response.dissipated))


def _interface_of(mechanics: CohesiveProblem, layer: TransportLayer) -> Interface:
    for interface in mechanics.interfaces:
        if interface.bond.name == layer.layer.name:
            if layer.layer.law is not None and interface.bond.law is not layer.layer.law:
                raise InputError(f"The layer {layer.layer.name!r} must have the law of its interface, or none.")
            return interface
    raise unknown_choice("interface of a layer", layer.layer.name, [i.bond.name for i in mechanics.interfaces])


def pull_slowly(
    coupled: Coupled,
    final: float,
    duration: float,
    steps: int,
    *,
    hold: float = 0.0,
    tolerance: float = TOLERANCE,
    progress: Progress = silent,
    on_step: Callable[[Step, "PETSc.Vec"], None] = lambda step, x: None,
    stop: Callable[[Loading], bool] = lambda record: False,
) -> tuple[Loading, TransportRecord]:
    """Load from 0 to `final` at a constant rate, the solute moving meanwhile, and then hold the load.

    The load is the control: a specimen that snaps under it is not followed.

    Args:
        coupled: The problems; the transport has been started.
        final: Load parameter at the end.
        duration: s in which it is reached.
        steps: Nominal steps up to it; shorter ones where the solute's error or the equilibrium asks for them.
        hold: s at the final load.
        tolerance: See `continuum.transport.stepping.diffuse`.
        progress: Told after each step.
        on_step: Called with each step and its solution vector.
        stop: Asked after each step whether the loading is done.

    Returns:
        The equilibrium states, and the solute's at the same times.

    Raises:
        InputError: no load, no time or no steps.
        NotConverged: the smallest step failed; what had converged has been handed to `on_step`.
    """
    if not (np.isfinite(final) and final and np.isfinite(duration) and duration > 0 and steps >= 1 and hold >= 0):
        raise InputError(
            f"A loading to {final} in {duration} s and {steps} steps, held for {hold} s, is none; the load must not be 0, the "
            "duration positive, and steps at least 1."
        )
    record, solute, end, elapsed = Loading([coupled.begin()]), TransportRecord(), duration + hold, 0.0
    solute.begin(coupled.transport)
    nominal, previous, last_duration = duration / steps, coupled.x.copy(), 0.0
    wanted = nominal
    while end - elapsed > 1e-12 * end and not stop(record):
        limit = duration if elapsed < duration * (1 - 1e-12) else end
        taken = min(wanted, limit - elapsed)
        guess = coupled.x.copy()
        if last_duration:
            guess.axpby(-taken / last_duration, 1.0 + taken / last_duration, previous)
        trial = coupled.attempt(guess, final * min((elapsed + taken) / duration, 1.0), taken)
        if trial is None or trial.solute.error > tolerance:
            wanted = 0.25 * taken if trial is None else next_duration(taken, trial.solute.error, tolerance)
            if wanted < _SMALLEST * nominal:
                if trial is not None:
                    coupled.reason = f"the error of the solute's step stayed above {tolerance:g} of the amounts"
                raise NotConverged(_lost(coupled, record.steps[-1]))
            continue
        previous, last_duration, elapsed = coupled.x, taken, elapsed + taken
        record.steps.append(coupled.accept(trial, record.steps[-1]))
        solute.add(coupled.transport, trial.solute)
        on_step(record.steps[-1], coupled.x)
        most = nominal if elapsed < duration * (1 - 1e-12) else max(nominal, hold / steps)
        wanted = min(next_duration(taken, trial.solute.error, tolerance), most)
        progress("loading", int(1000 * elapsed / end), 1000, f"load {record.steps[-1].load:.4g}")
    return record, solute


def _lost(coupled: Coupled, last: Step) -> str:
    reason = coupled.reason
    if last.load == 0 or reason == _UNSOLVED:
        place = f"beyond the load {last.load:.6g}" if last.load else "in the first step"
        return (
            f"No equilibrium with the solute was found {place} ({reason}); check what it starts with and what is "
            "held or driven in at the boundaries against the sites, or take more steps."
        )
    return (
        f"No equilibrium with the solute was found beyond the load {last.load:.6g} ({reason}); the specimen may snap there, which a load "
        "in time does not follow: load it where it breaks stably, by displacements near the crack."
    )
