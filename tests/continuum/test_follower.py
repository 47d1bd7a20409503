"""Where no control leads on: longer steps of the opening are tried before the loading gives up."""

from types import SimpleNamespace

import numpy as np
import pytest

from continuum.model import Energies
from continuum.solver.dead_end import DeadEnd
from continuum.solver.follower import Follower
from continuum.solver.mending import Mending
from continuum.solver.record import Loading, Step

STEPS, GROWTH = 20, 0.02


def state(load: float, opened: float) -> Step:
    return Step(load, load, 0.0, 0.5 * load**2, Energies({"body": 0.5 * load**2}, {}), opened, 0.5, 2, 5)


def follower() -> tuple[Follower, Loading]:
    """At 40 of 100 percent of the load, with a hundredth of an interface of 1 m² open; the course has no direction."""
    problem = SimpleNamespace(interface_area=1.0, interfaces=["bond"], course=SimpleNamespace(length=0.0))
    problem.bonds = [SimpleNamespace(history="reversible")]  # whose damage cannot be followed
    made = Follower(problem, (1.0,), STEPS, GROWTH, False, None, Mending(0.01, 0.01))
    record = Loading([state(0.0, 0.0), state(0.35, 0.005), state(0.4, 0.01)])
    made.start(record.steps[0])
    return made, record


def failing(made: Follower, record: Loading) -> list[tuple[str, float]]:
    """The controls and sizes that are tried from the last state while none finds an equilibrium."""
    tried = []
    while True:
        control = made.next(record.steps[-1])
        tried.append((control.kind, made.size))
        try:
            made.cut(record, "no reason")
        except DeadEnd as error:
            assert "neither with shorter steps nor" in str(error) and "no reason" in str(error)
            return tried


def test_the_last_thing_that_is_tried_are_openings_that_grow_to_the_nominal_step():
    tried = failing(*follower())
    leaps = [size for kind, size in tried[-7:]]
    assert {kind for kind, _ in tried[-7:]} == {"opening"} and leaps[-1] == pytest.approx(GROWTH)
    assert np.diff(np.log2(leaps)) == pytest.approx(1.0)
    shortest = min(size for kind, size in tried[:-7] if kind == "load")
    assert shortest < 1 / STEPS / 2**11  # before, all that shorter steps can do was done


def test_a_leap_that_finds_a_state_ends_the_leaping():
    made, record = follower()
    before = len(failing(*follower())) - 7
    for _ in range(before + 2):  # two leaps were too short
        made.next(record.steps[-1])
        made.cut(record, "no reason")
    control = made.next(record.steps[-1])
    assert control.kind == "opening"
    found = state(0.45, control.target)
    assert made.accepts(record, found)
    made.converged(record.steps[-1], found)
    record.steps.append(found)
    size = made.size
    made.next(found)
    made.cut(record, "no reason")
    assert made.size < size  # shorter again, as after any other state


def test_a_falling_leg_does_not_leap():
    made, record = follower()
    made.turns, made.leg = (1.0, 0.2), 1
    with pytest.raises(DeadEnd, match="in load control"):
        while True:
            made.next(record.steps[-1])
            made.cut(record, "no reason")
