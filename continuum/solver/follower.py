"""The control and the size of a loading's steps: what comes next, and what is repeated at half its size."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from continuum.model import Control, ControlKind
from continuum.solver.dead_end import DeadEnd, resolution
from continuum.solver.mending import Mending
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, Step

_SEPARATED = 0.98  # part of what can open (or close) that did, from which on the load is the control again
_HALF = 0.5  # up to which a load that fails gives way to the opening at once; later shorter steps are tried before
_FEW, _MANY = 7, 12  # Newton iterations up to which a step grows, from which on it shrinks
_SMALLEST = 2.0**-12  # of the nominal step
_SHORTEST = 2.0**4  # of the smallest step, to which a step that converged is cut
_RESOLVED = 1e-10  # of the interfaces' area: least length of a step that has a direction
_BRIEF = 2.0**-5  # of its first step: least step of the path while the damage can still be followed instead
_RISEN = 0.5  # of the nominal step of the load, by which it must go on for the load to be the control again
_ASTRAY = 3.0  # of the interfaces' area: length of a path on which the load does not go on, at which it is left
_LEAP = 2.0**-6  # of the nominal step of the opening: the first, and shortest, that leads across a dead end
_CLOSE = 0.4  # of what a step may lose or miss, from which on it does not grow
_GROWTH, _LONGEST = 1.5, 8.0  # of a step over the one before; of the load's over the nominal one, where no error shows
_GROWS, _SHORTENS = 0.4, 0.8  # of the doubt in a long step, up to which it still grows, from which on it shortens
_KEPT = ("kind", "size", "least", "leg", "first", "way", "mark")


class Follower:
    """Chooses the control and the size of the next step.

    Args:
        problem: The specimen.
        turns: Load parameters at which the loading turns or ends.
        steps: Nominal steps to the largest |load|.
        growth: Largest step of the opening, over the area of all interfaces.
        closing: See `continuum.solver.stepping.pull`.
        rate: See `continuum.solver.stepping.pull`.
        mending: Judges the steps that converged.

    Attributes:
        kind: The present control.
        leg: Number of the turning point that is ahead.
        loses: Whether the last step that converged loses more work than is allowed.
        way: Length of the path since the load was at `mark`, in the measure of the opened area.
        mark: How far the load had come on this leg, as seen from its goal.
    """

    def __init__(
        self,
        problem: CohesiveProblem,
        turns: Sequence[float],
        steps: int,
        growth: float,
        closing: bool,
        rate: float | None,
        mending: Mending,
    ) -> None:
        self.problem = problem
        self.kind: ControlKind = "load"
        self.mending, self.excess, self.doubt, self.loses = mending, 0.0, 0.0, False
        self._across = 0.0  # step in the present control to the last state that was found and not taken
        self._leaps = False  # over openings without an equilibrium, by longer and longer steps
        self._failed: set[str] = set()  # what led nowhere from the present state: controls, the goal itself
        self.area = problem.interface_area
        self.sign = -1.0 if closing else 1.0
        self.may_open = rate is None and bool(problem.interfaces)
        nominal = growth * self.area
        self.turns, self.largest = (
            turns,
            {"load": max(abs(t) for t in turns) / steps, "opening": nominal, "path": nominal, "damage": nominal},
        )
        self._longest = self.largest | ({"load": _LONGEST * self.largest["load"]} if rate is None else {})
        self.size, self.leg, self.first = self.largest["load"], 0, 0.0
        self.way, self.mark = 0.0, -np.inf
        self.least = _SMALLEST * self.size

    @property
    def state(self) -> dict[str, Any]:
        """What a restart needs."""
        return {name: getattr(self, name) for name in _KEPT} | {"mending": self.mending.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run."""
        for name in _KEPT:
            setattr(self, name, state[name])
        self.mending.restore(state["mending"])

    @property
    def is_done(self) -> bool:
        """Whether the last turning point is reached."""
        return self.leg == len(self.turns)

    @property
    def _goal(self) -> float:
        return self.turns[self.leg]

    def _beyond(self, load: float) -> float:
        """By how much a load lies beyond the goal of its leg."""
        return float(np.copysign(1.0, self._goal - self._leg_start)) * (load - self._goal)

    @property
    def _leg_start(self) -> float:
        return self.turns[self.leg - 1] if self.leg else 0.0

    def part(self, step: Step) -> float:
        """Part of the loading that is done, for a display."""
        goal = 0.0 if self.is_done else self._goal
        return (self.leg + (min(1.0, abs(step.load / goal)) if goal else 0.0)) / len(self.turns)

    def start(self, step: Step) -> None:
        """Take note of the unloaded state."""
        self.first = step.broken_area

    def _changed(self, area: float) -> float:
        """Part of what can open (or close) that did."""
        left = self.first if self.sign < 0 else self.area - self.first
        return self.sign * (area - self.first) / left if left > 0 else 1.0

    def next(self, last: Step) -> Control:
        """What to solve for next, on the way to a turning point."""
        if self.kind in ("opening", "damage") and self._changed(last.broken_area + self.sign * self.size) > _SEPARATED:
            self._to_load()  # nothing is left to open
        if self.kind == "path" and not self._has_course:
            self._to_load()
        if self.kind == "load":
            way = self._goal - last.load
            return Control("load", last.load + np.copysign(min(self.size, abs(way)), way))
        if self.kind in ("path", "damage"):
            return Control(self.kind, self.size)
        return Control("opening", last.broken_area + self.sign * self.size)

    @property
    def _is_long(self) -> bool:
        """Whether the load goes on by more than the nominal step."""
        return self.kind == "load" and self.size > self.largest["load"]

    def _to_load(self) -> None:
        self._to("load", self.largest["load"])

    def _to(self, kind: ControlKind, size: float) -> None:
        self.kind, self.size = kind, size
        self.least = _SMALLEST * (size if kind in ("path", "damage") else self.largest[kind])
        if kind == "path" and self._may_be_damaged:
            self.least = _BRIEF * size

    @property
    def _has_course(self) -> bool:
        """Whether the path has a direction, and has not been followed in vain."""
        return self.problem.course.length > _RESOLVED * self.area and self.way <= _ASTRAY * self.area

    def accepts(self, record: Loading, step: Step) -> bool:
        """Whether a converged step is short enough; else the next try is shorter, or goes by the opening."""
        mending, last = self.mending, record.steps[-1]
        passes = self._beyond(last.load) < 0 < self._beyond(step.load)
        if self.kind != "load" and passes and "goal" not in self._failed:
            self._failed.add("goal")  # once: the load ends the leg where it is to end
            self._to_load()
            return False
        self.loses = mending.lost(record, step) > 1
        self.excess = 0.0 if mending.spared else mending.excess(record, step, self.kind)
        self.doubt = mending.doubt(record, step, self.largest["opening"]) if self.kind == "load" else 0.0
        if self._is_long and self.doubt > 1:
            self._to_load()
            return False
        if self.excess <= 1:
            mending.taken()
            return True
        self._across = abs(step.load - last.load) if self.kind == "load" else self.size
        if mending.is_vain(record, step) or self.size / 2 < self.least * _SHORTEST:
            if self.loses and (self._goes_by_opening(last, _SEPARATED) or self._goes_by_path()):
                return False
            mending.given_up()
            return True
        self.size = min(self.size, self._across) / 2
        return False

    def converged(self, last: Step, step: Step) -> None:
        """Choose the size, and the control, after a step that was taken."""
        self._failed.clear()
        self._leaps = False
        if step.iterations >= _MANY:
            self.size /= 2
        elif step.iterations <= _FEW and self.excess < _CLOSE:
            most = self._longest[self.kind] if self.doubt < _GROWS else max(self.size, self.largest[self.kind])
            self.size = min(self.size * _GROWTH, most)
        if self._is_long and self.doubt > _SHORTENS:
            self.size = max(self.size / _GROWTH, self.largest["load"])
        goal = self._goal
        beyond = self._beyond(step.load)
        self.way += self.problem.course.length if self.kind == "path" else 0.0
        if beyond - self.mark >= _RISEN * self.largest["load"]:
            self.way, self.mark = 0.0, beyond
        if abs(step.load - goal) <= 1e-12 * abs(goal) if self.kind == "load" else beyond >= 0:
            self.leg += 1
            self.way, self.mark = 0.0, -np.inf
            self._to_load()
        elif self.kind in ("path", "damage") and beyond - self._beyond(last.load) >= _RISEN * self.largest["load"]:
            self._to_load()

    def strays(self, load: float, record: Loading) -> bool:
        """Whether a control by the interfaces found a branch far away: a load that jumps by more than any load before.

        A path must not lead back by more than the whole leg either.
        """
        loads = record.column("load")
        jumps = abs(load - loads[-1]) > max(np.abs(loads).max(), self.largest["load"])
        back = self.kind == "path" and self._beyond(load) < -2 * abs(self._goal - self._leg_start)
        return self.kind != "load" and bool(jumps or back)

    def cut(self, record: Loading, reason: str) -> None:
        """Halve a step that did not converge; on a rising leg change the control where this one leads nowhere.

        Raises:
            DeadEnd: the smallest steps failed; the message carries the reason.
        """
        if self._is_long:
            self._to_load()
            return
        if self._leaps and not self.mending.losses:
            self.size *= 2
            if self.size > self.largest["opening"]:
                raise self._dead_end(record, reason)
            return
        last, across = record.steps[-1], bool(self.mending.losses)
        self.mending.losses.clear()
        if self._goes_by_opening(last, _SEPARATED if across else _HALF) or (across and self._goes_by_path()):
            return
        if across:  # a longer step had found an equilibrium: what is lost on the way is for the balance to tell
            self.size = self._across
            self.mending.given_up()
            return
        self.size /= 2
        if self.size >= self.least:
            return
        self._failed.add(self.kind)
        if self._goes_by_opening(last, _SEPARATED) or self._goes_by_path() or self._goes_by_damage():
            return
        if "load" not in self._failed:
            self._to_load()
        elif not self._goes_by_leaps(last):
            raise self._dead_end(record, reason)

    def _dead_end(self, record: Loading, reason: str) -> DeadEnd:
        load, tried = record.steps[-1].load, f"down to a step of {self.size:.3g} in {self.kind} control"
        if self._leaps:
            tried = (
                f"neither with shorter steps nor with the opened area growing by up to {self.largest['opening']:.3g}"
            )
        return DeadEnd(
            f"No equilibrium was found beyond a load of {load:.6g} (step {len(record.steps)}), {tried}; the states before it "
            f"are saved. The last reason: {reason or 'not known'}.{resolution(record)}"
        )

    def _goes_by_opening(self, last: Step, most: float) -> bool:
        """Change from the load to the opening where that can help: on a rising leg, less than `most` being open."""
        size = min(0.1 * abs(last.broken_area - self.first), self.largest["opening"])
        begun, next_one = self._changed(last.broken_area), self._changed(last.broken_area + self.sign * size)
        rising = self.kind == "load" and self.may_open and self._goal > last.load and "opening" not in self._failed
        if not rising or not 0 < begun < most or next_one > _SEPARATED:
            return False
        self._to("opening", size)
        self.mending.losses.clear()
        return True

    def _goes_by_leaps(self, last: Step) -> bool:
        """Change to the opening, whose steps then grow until one finds a state: the next one may be a whole facet away.

        What the specimen loses on the way is for the balance to tell.
        """
        if not (self.may_open and self._goal > last.load and 0 < self._changed(last.broken_area) < _SEPARATED):
            return False
        self._to("opening", _LEAP * self.largest["opening"])
        self._leaps = True
        return True

    def _goes_by_path(self) -> bool:
        """Change to the path, on which the jumps go on as they went, where that can help; closing faces close instead."""
        if self.kind == "path" or self.sign < 0 or "path" in self._failed or not (self.may_open and self._has_course):
            return False
        self._to("path", min(self.problem.course.length, self.largest["path"]))
        self.mending.losses.clear()
        return True

    @property
    def _may_be_damaged(self) -> bool:
        """Whether all interfaces open for good, and following that has not failed from the present state."""
        lasting = all(bond.history == "damage" for bond in self.problem.bonds)
        return self.may_open and lasting and self.sign > 0 and "damage" not in self._failed

    def _goes_by_damage(self) -> bool:
        """Change to the damage, which grows whichever interface wins, where that can help."""
        if self.kind == "damage" or not self._may_be_damaged:
            return False
        self._to("damage", self.largest["damage"])
        self.mending.losses.clear()
        return True
