"""The transport of a solute in bodies and on the layers between them, a step at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from continuum.fenics import MPI, dolfinx
from continuum.mesh.specimen_mesh import SpecimenMesh
from continuum.model import Kind, checked_kind
from continuum.transport.bodies import TransportBody
from continuum.transport.boundaries import Boundaries
from continuum.transport.equations import Equations
from continuum.transport.layers import TransportLayer
from continuum.transport.linear import Newton
from continuum.transport.model import (
    Flux,
    HeldSolute,
    Medium,
    SoluteLayer,
    check_layer,
    check_media,
    check_number,
    check_temperature,
)
from continuum.transport.numbers import OF_LAYER, Numbers
from coupling.contracts import FloatArray
from coupling.errors import InputError, unknown_choice

_GAMMA = float(1.0 - np.sqrt(0.5))
_ITERATIONS = 30

Profile = float | Callable[[FloatArray], FloatArray]
"""A concentration in mol/m³: a number, or a function of points (n, dim) in m that gives (n,)."""


@dataclass(frozen=True)
class TransportStep:
    """What a step leads to.

    Attributes:
        duration: s.
        unknowns: (local,) at its end.
        amounts: (local,) mol (3D, axisymmetric) or mol/m at its end, by unknown.
        supplied: (groups,) mol or mol/m that came in during the step through each boundary of `Boundaries.names`.
        error: What separates its amounts from those of a step of first order, over the amounts.
    """

    duration: float
    unknowns: FloatArray
    amounts: FloatArray
    supplied: FloatArray
    error: float


@dataclass(frozen=True)
class _Stage:
    """State (local,), amounts (local,) mol, and supplies (groups,) mol/s of a stage."""

    unknowns: FloatArray
    amounts: FloatArray
    supplies: FloatArray


class TransportProblem:
    """Conservation of a solute: in each body ∂(c + c_T)/∂t = −∇·J, on each layer ∂Γ/∂t = −∇·J_s + what the bodies give.

    The unknowns are the activities at the nodes of each body, and of each layer the coverage and the fluxes out of the
    bodies beside it. A step has two implicit stages, of second order and L-stable (Alexander, SIAM J. Numer. Anal. 14
    (1977) 1006), and keeps the amounts to rounding. Within it hydrostatic stresses and jumps go linearly to those that
    `drive` was told.

    Args:
        mesh: The specimen.
        media: How the solute is in each body.
        temperature: K.
        boundaries: Where something is held or driven in; elsewhere the bodies are closed.
        layers: Interfaces with sites for the solute, or open ones; a body's other faces are closed.
        kind: See `continuum.model.Kind`.

    Attributes:
        spaces: Continuous linear functions on each body.
        bodies: By name.
        layers: In the order given.
        boundaries: What is held and driven.
        unknowns: (local,) the present state.
        amounts: (local,) mol or mol/m, by unknown, at the present state.

    Raises:
        InputError: no temperature, a body unknown or without a medium, an unknown group, values that contradict each other.
    """

    def __init__(
        self,
        mesh: SpecimenMesh,
        media: Mapping[str, Medium],
        temperature: float | None,
        *,
        boundaries: Sequence[HeldSolute | Flux] = (),
        layers: Sequence[SoluteLayer] = (),
        kind: Kind | None = None,
    ) -> None:
        check_media(media, mesh.bodies)
        self.mesh, self.comm, self.temperature = mesh, mesh.mesh.comm, check_temperature(temperature)
        self.kind = checked_kind(kind, mesh.dimension)
        self.spaces = {n: dolfinx.fem.functionspace(b.mesh, ("P", 1)) for n, b in mesh.bodies.items()}
        self.bodies = {
            name: TransportBody(mesh, name, media[name], space, self.kind, self.temperature)
            for name, space in self.spaces.items()
        }
        for layer in layers:
            check_layer(layer, media)
        self.layers = [TransportLayer(mesh, layer, self.bodies, self.kind) for layer in layers]
        self.numbers = Numbers(mesh, [(one.layer.plus, one.on) for one in self.layers], self.spaces)
        self.boundaries = Boundaries(boundaries, self.bodies, self.numbers)
        for one in self.layers:
            if one.layer.minus is not None:
                self.boundaries.refuse_on(one.layer.name, one.facets)
        self._equations = Equations(self.bodies, self.layers, self.numbers, self.boundaries)
        self._newton = Newton(self.numbers, self.numbers.first + self.boundaries.fixed)
        self.unknowns, self.amounts = np.zeros(self.numbers.local), np.zeros(self.numbers.local)
        drifts = {name: np.zeros_like(body.drift.x.array) for name, body in self.bodies.items()}
        self._before = self._after = (drifts, [layer.jumps for layer in self.layers])

    def drive(self, stresses: Mapping[str, FloatArray], jumps: Sequence[FloatArray] = ()) -> None:
        """Let the next step end at these hydrostatic stresses and jumps. Collective.

        Args:
            stresses: Pa at each body's local nodes, as `continuum.transport.hydrostatic.HydrostaticStress` finds them.
            jumps: (points, 3) of each layer's quadrature points, m; none: as they are.
        """
        drifts = {name: body.drift_at(stresses[name]) for name, body in self.bodies.items()}
        spread = [layer.at_nodes(jump) for layer, jump in zip(self.layers, jumps, strict=False)]
        self._after = (drifts, spread or self._after[1])

    def _at(self, part: float) -> None:
        """Take the stresses and jumps at a part of the step."""
        (drifts, jumps), (drifts_after, jumps_after) = self._before, self._after
        for name, body in self.bodies.items():
            body.drift.x.array[:] = drifts[name] + part * (drifts_after[name] - drifts[name])
        for layer, jump, after in zip(self.layers, jumps, jumps_after, strict=True):
            layer.jumps = jump + part * (after - jump)

    def start(self, concentrations: Mapping[str, Profile], coverages: Mapping[str, float] | None = None) -> None:
        """Begin with lattice concentrations in each body, at the stresses that `drive` was told. Collective.

        Args:
            concentrations: mol/m³, by body.
            coverages: By layer; those that are not named are in equilibrium with their plus body.

        Raises:
            InputError: a body without a concentration, a negative one, an unknown layer, or a coverage not between 0 and 1.
        """
        check_media(concentrations, self.bodies)
        self._rest()
        for name, body in self.bodies.items():
            start = self.numbers.starts[name]
            given = self._given(body, concentrations[name])
            self.unknowns[start : start + body.size] = given / body.capacities()[: body.size]
        self._start_layers(coverages or {})

    def start_at(self, potential: float) -> None:
        """Begin in equilibrium with a chemical potential in J/mol, at the stresses and jumps that `drive` was told.

        Raises:
            InputError: the potential is not finite, or a body's lattice would hold more solute than it has sites.
        """
        check_number("the start", "chemical potential", potential, "J/mol")
        for name, body in self.bodies.items():
            body.medium.check_potential(name, "initial chemical potential", potential)
        self._rest()
        for name, body in self.bodies.items():
            start = self.numbers.starts[name]
            self.unknowns[start : start + body.size] = self.boundaries.activity(potential)
        self._start_layers({})

    def resume(self, unknowns: FloatArray, amounts: FloatArray) -> None:
        """Go on from the state of an interrupted transport, at the stresses and jumps that `drive` was told. Collective.

        Args:
            unknowns: (local,) as `unknowns` was.
            amounts: (local,) as `amounts` was.
        """
        self._rest()
        self.unknowns, self.amounts = unknowns.copy(), amounts.copy()
        self._equations.spread(self.unknowns)

    def _rest(self) -> None:
        self._before, self.unknowns = self._after, np.zeros(self.numbers.local)
        self._at(1.0)

    def _start_layers(self, coverages: Mapping[str, float]) -> None:
        names = [layer.layer.name for layer in self.layers]
        for name, coverage in coverages.items():
            if name not in names:
                raise unknown_choice("layer", name, names)
            if not 0 <= coverage <= 1:
                raise InputError(f"The coverage {coverage} of the layer {name!r} must be between 0 and 1.")
        self._equations.spread(self.unknowns)
        for layer, (own, start) in zip(self.layers, self.numbers.own_layers, strict=True):
            found = layer.start(own, coverages.get(layer.layer.name))
            self.unknowns[start : start + OF_LAYER * len(own) : OF_LAYER] = found
        self._equations.spread(self.unknowns)
        self.amounts = self._equations.amounts(self.unknowns)[0]

    def _given(self, body: TransportBody, profile: Profile) -> FloatArray:
        points = body.space.tabulate_dof_coordinates()[: body.size, : self.mesh.dimension]
        values = np.broadcast_to(np.asarray(profile(points) if callable(profile) else profile, dtype=float), body.size)
        bad = not np.all(np.isfinite(values) & (values >= 0))
        if any(self.comm.allgather(bad)):
            raise InputError(
                f"The initial concentration of {body.name!r} must be 0 or positive everywhere, in mol/m^3."
            )
        body.medium.check_holds(
            body.name, "initial concentration", self.comm.allreduce(float(values.max(initial=0.0)), MPI.MAX)
        )
        return values

    def totals(self) -> dict[str, float]:
        """mol (3D, axisymmetric) or mol/m in each body and on each layer, at the present state. Collective."""
        return self._equations.totals(self.amounts)

    def concentrations(self) -> dict[str, FloatArray]:
        """(n,) lattice concentrations at the local nodes of each body at the present state, mol/m³."""
        return {name: body.capacities() * body.activity.x.array for name, body in self.bodies.items()}

    def filled(self) -> dict[str, float]:
        """Largest share of the lattice sites of each body that hold solute, where their number is known. Collective."""
        found = {name: float(one.max(initial=0.0)) for name, one in self.concentrations().items()}
        sites = {name: body.medium.sites for name, body in self.bodies.items()}
        return {
            name: float(self.comm.allreduce(found[name], MPI.MAX)) / n for name, n in sites.items() if n is not None
        }

    def coverages(self, unknowns: FloatArray) -> list[FloatArray]:
        """(points,) coverage at the quadrature points of each layer in a state. Collective."""
        self._equations.spread(unknowns)
        return [layer.coverage_at_points() for layer in self.layers]

    def step(self, duration: float) -> TransportStep | None:
        """A step from the present state to what `drive` was told; None if its equations were not solved. Collective."""
        inner, start = _GAMMA * duration, self.amounts
        self._at(_GAMMA)
        first = self._stage(self.unknowns, start, inner)
        if first is None:
            return None
        grown = (first.amounts - start) / _GAMMA
        self._at(1.0)
        last = self._stage(first.unknowns, start + (1.0 - _GAMMA) * grown, inner)
        if last is None:
            return None
        supplied = duration * ((1.0 - _GAMMA) * first.supplies + _GAMMA * last.supplies)
        error = self._equations.distance(last.amounts, start + grown)
        return TransportStep(duration, last.unknowns, last.amounts, supplied, error)

    def accept(self, step: TransportStep) -> None:
        """Go on from the end of a step. Collective.

        Raises:
            InputError: a flux has taken out more solute than there was.
        """
        own = [step.unknowns[self.numbers.starts[name] :][: body.size] for name, body in self.bodies.items()]
        self.boundaries.check_left(np.concatenate(own))
        self.unknowns, self.amounts, self._before = step.unknowns, step.amounts, self._after
        self._at(1.0)
        self._equations.spread(self.unknowns)

    def _stage(self, guess: FloatArray, base: FloatArray, inner: float) -> _Stage | None:
        """The state at which amounts − base = inner × what flows in, by Newton's method."""
        unknowns, equations, fixed = guess.copy(), self._equations, self.boundaries.fixed
        held = self.boundaries.held_activities()
        for _ in range(_ITERATIONS):
            equations.spread(unknowns)
            amounts, slopes = equations.amounts(unknowns)
            residual = equations.residual(amounts, base, inner)
            supplies = self.boundaries.supplied(residual, inner)
            residual[fixed] = unknowns[fixed] - held
            if not self.comm.allreduce(float(np.abs(residual).sum())) < np.inf:
                return None
            entries, leaving = equations.entries(slopes, inner)
            if equations.is_solved(residual, np.abs(amounts) + np.abs(base) + np.abs(leaving * unknowns), held):
                return _Stage(unknowns, amounts, supplies)
            change = self._newton.solve(entries, residual)
            if change is None:
                return None
            unknowns = unknowns + equations.damping(unknowns, change) * change
        return None
