"""Which converged steps are too long: for the energy balance, or for the peak load."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from continuum.model import ControlKind
from continuum.solver.record import Loading, Step

IDLE = 10.0
"""Work below this many times what rounding leaves counts as zero."""
_OWN = 0.2  # part of the tolerance that a step may spend on what it turned over
_FLOOR = 3e-3  # part of the tolerance that any step may spend on the largest work so far
_ROUNDING = 1e-12  # of the energies
_BENT = 0.75  # slope over the one before, below which a maximum may lie in the step or the next
_TRIES, _VAIN = 4, 0.2  # tries after which the loss must be down to that part; beside a kink it is 1/8, else less
_MOST_SPARED = 64
_HIDDEN, _FINE = 0.25, 0.1  # parts of what a step may lose, and of what it may miss of the peak, for a longer one


@dataclass
class Mending:
    """Judges converged steps, and remembers where shorter ones did not help.

    A smooth path's trapezoid errs with the cube of the step; a jump across an instability loses the same however short
    the step, a law whose energy is not the integral of its traction the same share. Where halving is in vain, some
    steps are taken as they are before it is tried again.

    Attributes:
        balance: Largest part of the work that the whole loading may lose.
        peak: Part of the largest load below which two states beside it must lie.
        losses: Of the steps tried from the present state, J or J/m.
        spared: Steps to be taken as they are.
        patience: How many that will be after the next attempt in vain.
    """

    balance: float
    peak: float
    losses: list[float] = field(default_factory=list)
    spared: int = 0
    patience: int = 1

    @property
    def state(self) -> dict[str, Any]:
        """What a restart needs; between steps there are no losses."""
        return {"spared": self.spared, "patience": self.patience}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run."""
        self.spared, self.patience = state["spared"], state["patience"]

    def excess(self, record: Loading, step: Step, kind: ControlKind) -> float:
        """How far a step is from being allowed: at most 1 is."""
        return max(self.lost(record, step), self._missed(record, step, kind))

    def lost(self, record: Loading, step: Step) -> float:
        """The work that a step loses over what is allowed; what it loses for want of a potential no step keeps."""
        last = record.steps[-1]
        largest = max(abs(step.work), float(np.abs(record.column("work")).max()))
        allowed = self.balance * (_OWN * step.turned_over_since(last) + _FLOOR * largest)
        return abs(step.lost_since(last) - step.no_potential) / (
            allowed + step.rounding + _ROUNDING * abs(step.energies.total) + 1e-300
        )

    def doubt(self, record: Loading, step: Step, advance: float) -> float:
        """How far a step of the load longer than the nominal one is from being allowed: at most 1 is.

        Args:
            record: The states before it.
            step: Its state.
            advance: Largest change of the opened area, m² or m.
        """
        if not np.isfinite(self.balance + self.peak):
            return np.inf  # whoever allows all errors gets the steps as they are told
        lost, bent = self.lost(record, step) / _HIDDEN, _bent(record, step) / (_FINE * self.peak)
        opened = abs(step.broken_area - record.steps[-1].broken_area)
        return max(lost, bent, (opened / advance) ** 2 if opened else 0.0)  # all grow with the square of the step

    def _missed(self, record: Loading, step: Step, kind: ControlKind) -> float:
        """How much higher than the states seen a maximum beside the last one could be, over what is allowed.

        The path between two states lies below the line through the two before (where it is concave).
        """
        with_it = Loading([*record.steps, step])
        if np.abs(with_it.column("work")).max() <= IDLE * step.rounding:
            return 0.0
        carried, at = with_it.carried, with_it.column("load" if kind == "load" else "broken_area")
        if len(at) < 3 or carried[-2] <= 0 or carried[-2] < carried[:-1].max():
            return 0.0
        if (at[-2] - at[-3]) * (at[-1] - at[-2]) <= 0:
            return 0.0
        wanted = (carried[-2] - carried[-3]) / (at[-2] - at[-3]) * (at[-1] - at[-2])
        found = carried[-1] - carried[-2]
        if found > _BENT * wanted:
            return 0.0
        return float((wanted - found) / (0.5 * self.peak * max(carried[-2], carried[-1])))

    def is_vain(self, record: Loading, step: Step) -> bool:
        """Note a step that is to be halved; whether halving has not kept the energy so far."""
        if self.lost(record, step) <= 1:
            return False
        self.losses.append(abs(step.lost_since(record.steps[-1]) - step.no_potential))
        return len(self.losses) >= _TRIES and self.losses[-1] > _VAIN * self.losses[-_TRIES]

    def taken(self) -> None:
        """Note a step that was good."""
        self.patience = 1 if self.losses else self.patience
        self.spared, self.losses = max(0, self.spared - 1), []

    def given_up(self) -> None:
        """Note a step that was taken though it was not good."""
        self.spared, self.patience, self.losses = self.patience, min(2 * self.patience, _MOST_SPARED), []


def _bent(record: Loading, step: Step) -> float:
    """How far the curve of load and carried load bulges over the chord of a step, over the largest that was carried."""
    with_it = Loading([*record.steps[-2:], step])
    carried, at = with_it.carried, with_it.column("load")
    if len(at) < 3 or (at[1] - at[0]) * (at[2] - at[1]) <= 0:
        return 0.0
    slopes, ways = np.diff(carried) / np.diff(at), np.abs(np.diff(at))
    bulge = abs(slopes[1] - slopes[0]) * ways[1] ** 2 / (4 * ways.sum())
    largest = max(np.abs(record.carried).max(), abs(carried[-1]))
    return float(bulge / largest) if largest else 0.0
