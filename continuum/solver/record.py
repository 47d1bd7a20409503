"""What a loading leaves: its equilibrium states, first to last, and how well they keep the energy."""

from dataclasses import dataclass, field

import numpy as np

from continuum.model import Energies
from coupling.contracts import FloatArray
from coupling.units import length_text


@dataclass(frozen=True)
class Step:
    """One equilibrium state.

    Attributes:
        load: Load parameter λ: m of a displacement, or a number of unit tractions.
        force: Its conjugate force on prescribed displacements, N (3D, axisymmetric) or N/m.
        displaced: Work of the unit tractions, J or J/m per unit of λ.
        work: External work since the start (trapezoidal), J or J/m.
        energies: Where the work went.
        broken_area: See `CohesiveProblem.broken_area`, m² or m.
        most_opened: Largest separation over the law's final one.
        zone_facets: Facets between peak traction and final opening: the resolution of the zone.
        iterations: Newton iterations.
        rounding: Work that rounding leaves at this state, J or J/m.
        zone_area: ∫ 6 o (1 − o), o the separation over the law's final one, between 0 and 1; m² or m. It is the size of a
            process zone whose opening falls linearly, and constant where a zone travels unchanged.
        zone_doubt: ∫ k o (1 − o), k the law's `continuum.cohesive.separation.work_ahead`, m² or m: by no more does the work in
            the zone, over the work of separation, differ from the zone's share of `broken_area`.
        no_potential: Work of the interfaces' tractions in this step that is no change of their energies, J or J/m; found
            where the step loses too much.
        jump: Work that is lost beside that, where it is too much and no shorter step kept it, J or J/m; else 0.
        factorised: Whether it took a factorisation where multigrid was to solve.
        chemical: Energy that solute has brought to the interfaces since the start, J or J/m, as ψ counts it.
        time: Since the start, s; 0 of a loading that takes none.
    """

    load: float
    force: float
    displaced: float
    work: float
    energies: Energies
    broken_area: float
    most_opened: float
    zone_facets: int
    iterations: int
    rounding: float = 0.0
    zone_area: float = 0.0
    zone_doubt: float = 0.0
    no_potential: float = 0.0
    jump: float = 0.0
    factorised: bool = False
    chemical: float = 0.0
    time: float = 0.0

    def lost_since(self, last: "Step") -> float:
        """External work and what solute brought, less what the energies gained since a state before, J or J/m."""
        came = self.work - last.work + self.chemical - last.chemical
        return came - (self.energies.total - last.energies.total)

    def turned_over_since(self, last: "Step") -> float:
        """Half of all energy that came, went or changed its owner since a state before, J or J/m."""
        parts = ("elastic", "stored", "dissipated", "viscous", "bulk_loss")
        changes = [getattr(self.energies, name) - getattr(last.energies, name) for name in parts]
        return 0.5 * float(np.abs([self.work - last.work, *changes]).sum())


@dataclass
class Loading:
    """The record of a loading: its equilibrium states, first to last.

    Attributes:
        steps: The states.
        apart: What can move freely since interfaces broke, in words; the loading ended with it.
    """

    steps: list[Step] = field(default_factory=list)
    apart: tuple[str, ...] = ()

    def column(self, name: str) -> np.ndarray:
        """One attribute of all steps as an array."""
        return np.array([getattr(step, name) for step in self.steps])

    @property
    def carried(self) -> np.ndarray:
        """What the specimen carries at each state: the force, or without one the multiple of the tractions."""
        force = self.column("force")
        return force if force.any() else self.column("load")

    def load_text(self, state: int) -> str:
        """The load parameter of a state for a message: an opening, or without forces the multiple of the tractions."""
        load = self.steps[state].load
        return length_text(load, 5) if self.column("force").any() else f"{load:.6g}"

    def loads_text(self, first: int, last: int) -> str:
        """Two loads for a message."""
        return f"the loads {self.load_text(first)} and {self.load_text(last)}"


def energy_losses(record: Loading) -> FloatArray:
    """(states,) external work less what all energies gained since the first state, J or J/m."""
    return np.array([step.lost_since(record.steps[0]) for step in record.steps])


def energy_balance_error(record: Loading) -> float:
    """Largest |external work − change of (elastic + stored + dissipated + viscous + what bodies dissipated)| over the largest work."""
    lost, largest = np.abs(energy_losses(record)).max(), np.abs(record.column("work")).max()
    return float(lost / (largest or 1.0))
