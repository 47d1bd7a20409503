"""Transport and mechanics together: a solute moves where stress and openings send it, and laws with a coverage give way to it.

Staggered: equilibrium at the coverages of the last time, then the solute's step to that equilibrium. Iterated: the two by turns
until the coverages of both agree, which is the solution of all equations at once. Both blocks minimise one energy, so that the
turns converge as long as the joint state is stable; where it is not, the specimen breaks by itself, and the step fails.
"""

from collections.abc import Mapping
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
from continuum.solver.record import Step
from continuum.solver.stepping import state_of
from continuum.solver.supports import check_held
from continuum.transport.hydrostatic import HydrostaticStress
from continuum.transport.layers import TransportLayer
from continuum.transport.problem import TransportProblem, TransportStep
from continuum.transport.turns import Turns
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

Scheme = Literal["staggered", "iterated"]
_SCHEMES = ("staggered", "iterated")
_TURNS = 60
UNSOLVED = "the equations of the solute were not solved"
AGREEMENT = 1e-6
"""How far coverages of the two may be apart at the end of an iteration."""


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

    @property
    def state(self) -> dict[str, FloatArray]:
        """What `resume` needs of this rank beside the solution and the interfaces' histories."""
        felt = {f"felt{number}": one for number, one in enumerate(self._felt)}
        return {"solute_unknowns": self.transport.unknowns, "solute_amounts": self.transport.amounts, **felt}

    def resume(self, state: Mapping[str, FloatArray]) -> None:
        """Go on at `x`, whose histories the mechanics has, from what `state` was. Collective."""
        self._felt = [state[f"felt{number}"] for number in range(len(self._laws))]
        self._cover(self._felt)
        self._drive(self.x)
        self.transport.resume(state["solute_unknowns"], state["solute_amounts"])

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
                self.reason = UNSOLVED
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
