"""The driver of molecular dynamics: any potential, any ensemble, many replicas in one batch."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from ase import Atoms

from atomistic.dynamics.constant_pressure import NPT
from atomistic.dynamics.constraints import FREE, Held
from atomistic.dynamics.record import Book, Keep
from atomistic.dynamics.ring_polymer import RingPolymer
from atomistic.dynamics.safe_step import vibration_limit
from atomistic.dynamics.state import TIME, State
from atomistic.dynamics.system import Ensemble, System
from atomistic.dynamics.trajectory import Runaway, Trajectory
from coupling.capabilities import require
from coupling.contracts import Potential, Progress, silent
from coupling.errors import InputError, NotConverged, NotFinite
from coupling.files import content_hash

LARGEST_MOVE = 0.5
"""Å that an atom may move in one step; one that moves farther has run away."""


def dynamics(
    potential: Potential,
    structures: Atoms | Sequence[Atoms] | State,
    ensemble: Ensemble,
    *,
    steps: int,
    step: float | None = None,
    held: Held = FREE,
    seed: int = 0,
    keep: Keep | None = None,
    check_step: bool = True,
    progress: Progress = silent,
) -> Trajectory:
    """Move replicas of one structure, all in one batch.

    A replica's motion depends on the seed and on its place in the list, not on what follows in the list. A run that goes
    on from a state, its own or one of a checkpoint, has the same bits as one that was not interrupted.

    Args:
        potential: The potential.
        structures: One structure or replicas of it, which are left as they are; velocities are theirs if they have any, and
            else those of the ensemble's temperature. A `State` goes on where it is.
        ensemble: `NVE`, `Langevin`, `NoseHoover`, `NPT`, or `RingPolymer`, of which every `beads` structures are one.
        steps: How many steps more.
        step: Time step, s; None takes a twentieth of the shortest period (`vibration_limit`).
        held: Constraints.
        seed: Of velocities and noise.
        keep: What is sampled and where it is written.
        check_step: Whether a given time step is compared with the limit of stability, which takes some tens of
            evaluations of the first structure.
        progress: Told after each step.

    Raises:
        InputError: there is nothing to do; the time step is over the limit; the constraints hold everything; the potential
            or the cell cannot have a pressure; a state belongs to another run.
        Runaway: an energy or force is not a number, or an atom moves farther than `LARGEST_MOVE` in a step; it
            carries what was done until then.
    """
    keep = Keep() if keep is None else keep
    if steps < 1:
        raise InputError(f"{steps} steps of dynamics are none; give at least 1.")
    given = structures if isinstance(structures, State) else State.of(_listed(structures))
    going = bool(given.identity)
    if step is None or (check_step and not going):
        step = vibration_limit(potential, given.structures[0]).checked(step)
    beads = ensemble.beads if isinstance(ensemble, RingPolymer) else 1
    system = System(potential.evaluate, given, step, held=held, seed=seed, beads=beads)
    identity = _identity(potential, ensemble, step, held, seed, given)
    if going and given.identity != identity:
        raise InputError(
            "The state belongs to dynamics with another potential, ensemble, time step, seed or constraints; go on with the "
            "same, or begin anew from its `structures`."
        )
    state = given if going else replace(_begun(potential, given, ensemble, system), identity=identity)
    return _run(state, system, Book(keep, ensemble, system, step), ensemble, steps, progress)


def _run(
    state: State, system: System, book: Book, ensemble: Ensemble, steps: int, progress: Progress
) -> Trajectory:  # fmt: skip
    if state.step == 0:
        book.enter(state)
    for done in range(1, steps + 1):
        try:
            state = stepped(state, system, ensemble)
        except NotConverged as error:
            raise Runaway(str(error), book.close(state)) from error
        book.enter(state)
        progress("dynamics", done, steps)
    return book.close(state)


def stepped(state: State, system: System, ensemble: Ensemble) -> State:
    """The state one step later.

    Raises:
        NotConverged: an energy or force is not a number, or an atom moves farther than `LARGEST_MOVE`.
    """
    try:
        moved = ensemble.advance(state, system)
        fault = _fault(state, moved)
    except (NotFinite, np.linalg.LinAlgError) as error:
        fault = f"{str(error).rstrip('.')}, in step {state.step + 1}"
    if fault:
        raise NotConverged(
            f"The dynamics broke down: {fault}; take a shorter time step than {system.step * TIME * 1e15:.3g} fs or start "
            f"nearer to a minimum; the state after step {state.step} is kept."
        )
    return moved


def _begun(potential: Potential, given: State, ensemble: Ensemble, system: System) -> State:
    """Step zero: evaluated, with allowed velocities and the integrator's own variables."""
    if isinstance(ensemble, NPT):
        require(potential, "stress")
    velocities = system.freedom.allowed(given.velocities)
    if not velocities.any() and ensemble.temperature is not None:
        velocities = system.thermal(ensemble.temperature, system.random(0), len(given.positions))
    state = system.evaluated(replace(given, velocities=velocities))
    if not (np.isfinite(state.energies).all() and np.isfinite(state.forces).all()):
        raise InputError(
            "The energy or a force of the structure is not a number before anything moves; start from another."
        )
    return ensemble.begin(state, system)


def _fault(old: State, new: State) -> str:
    """What is wrong with a step; empty where nothing is."""
    bad = ~(
        np.isfinite(new.energies)
        & np.isfinite(new.forces).all(axis=(1, 2))
        & np.isfinite(new.positions).all(axis=(1, 2))
    )
    if bad.any():
        return f"an energy or force of replica {int(np.argmax(bad))} is not a number in step {new.step}"
    ahead = np.linalg.solve(old.cells, new.cells) if (old.cells != new.cells).any() else np.eye(3)
    moves = np.linalg.norm(new.positions - old.positions @ ahead, axis=2)
    replica, atom = np.unravel_index(int(moves.argmax()), moves.shape)
    if moves[replica, atom] <= LARGEST_MOVE:
        return ""
    return f"atom {atom} of replica {replica} moved {moves[replica, atom]:.3g} Å in step {new.step}, more than {LARGEST_MOVE} Å"


def _listed(structures: Atoms | Sequence[Atoms]) -> list[Atoms]:
    made = [structures] if isinstance(structures, Atoms) else list(structures)
    for number, one in enumerate(made):
        if one.constraints:
            kinds = ", ".join(sorted({type(constraint).__name__ for constraint in one.constraints}))
            raise InputError(
                f"Structure {number} carries constraints of ASE ({kinds}), which are not used here; say what is held with "
                "held=Held(...), and take them off with set_constraint()."
            )
    return made


def _identity(
    potential: Potential, ensemble: Ensemble, step: float, held: Held, seed: int, state: State
) -> str:  # fmt: skip
    """Hash of all that determines the motion besides the state."""
    arrays = [held.fixed, held.combinations, state.numbers, state.masses, state.pbc]
    if held.grips is not None:
        arrays += [held.grips.lower, held.grips.upper, np.array(held.grips.traction)]
    parts = [potential.fingerprint, repr(ensemble), repr(float(step)), str(seed), str(held.centre)]
    parts += [
        "" if one is None else f"{np.shape(one)} {np.asarray(one, dtype=float).tobytes().hex()}" for one in arrays
    ]
    return content_hash("\n".join(parts).encode())
