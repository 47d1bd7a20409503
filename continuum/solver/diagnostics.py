"""Checks that a loading must pass: its balance, its peak, the work of its loads, what double precision resolves."""

import numpy as np

from continuum.cohesive.history import respond
from continuum.cohesive.interface import Interface
from continuum.fenics import MPI, PETSc
from continuum.solver.mending import IDLE
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading, energy_balance_error, energy_losses
from coupling.contracts import FloatArray
from coupling.errors import InputError
from coupling.findings import Finding
from coupling.units import length_text

BALANCE = 0.01
"""Part of the external work by which it may differ from the energies."""
PEAK = 0.01
"""Part of the largest load by which the states beside it may differ from it."""
_OUT_OF_PLANE = 0.01  # of the law's peak: traction across the plane of a plane analysis, which nothing balances
_RESOLVED = 1e3  # units of rounding that an opening must be larger than: three digits
_NEAR = 0.1  # of the opening at the peak traction, from which on an interface is judged
_AWAY = 10.0  # times the specimen's size, beyond what is prescribed: farther no load moves a body
_ONE_STEP = 0.5  # of the whole loss, from which on a single step is to blame, or a law
_NO_WAY = "no equilibrium was found that leads across. Change how it is loaded, or let a viscosity with a duration take the energy up"
_NO_POTENTIAL = (
    "they have no potential along this loading: the traction is not the derivative of an energy, which neither mesh nor steps "
    "cure. A ppr law of unequal works has none, nor a bilinear law in mixed mode, nor damage where the jump turns while it unloads"
)
_TOLD = 0.1  # of the balance's tolerance: losses below are not told


def assess(record: Loading, balance: float = BALANCE, peak: float = PEAK) -> tuple[Finding, ...]:
    """What a finished loading says against itself.

    Args:
        record: The loading.
        balance: See `BALANCE`.
        peak: See `PEAK`.
    """
    if len(record.steps) < 2:
        return ()
    if (idle := _idle(record)) is not None:
        return (idle,)
    unbalanced = _unbalanced(record, balance)
    lost = (unbalanced,) if unbalanced else (_jumped(record, balance), _unfounded(record, balance))
    found = (*lost, _unresolved_work(record, balance), _missed(record, peak), _factorised(record), _apart(record))
    return tuple(one for one in found if one is not None)


def _idle(record: Loading) -> Finding | None:
    work, rounding = np.abs(record.column("work")).max(), record.column("rounding").max()
    if work > IDLE * rounding:
        return None
    return Finding(
        f"The loads do no work: the largest is {work:.3g}, and rounding alone leaves {rounding:.3g}",
        "",
        float(work),
        "as they are given they move the specimen as a whole, or act where it is held; check the groups and signs of loads "
        "and supports",
        True,
    )


def _unresolved_work(record: Loading, tolerance: float) -> Finding | None:
    share = float(record.column("rounding").max() / np.abs(record.column("work")).max())
    if share <= tolerance:
        return None
    return Finding(
        f"Rounding leaves {share:.2g} of the work, so that the balance cannot be held to {tolerance:.3g}",
        "",
        share,
        "the loads are too weak for bodies this stiff or moved this far; move the specimen less as a whole, or load it more",
        False,
    )


def _unbalanced(record: Loading, tolerance: float) -> Finding | None:
    error = energy_balance_error(record)
    if error <= tolerance:
        return None
    lost = energy_losses(record)
    worst = int(np.abs(lost).argmax())
    steps = np.diff(lost[: worst + 1])
    single = int(np.abs(steps).argmax())
    share = steps[single] / lost[worst]
    where = f"up to the load {record.load_text(worst)}"
    change = "take more steps or a smaller growth"
    if record.column("no_potential").sum() / lost[worst] >= _ONE_STEP:
        change = f"the interfaces' tractions make most of it: {_NO_POTENTIAL}"
    elif share >= _ONE_STEP:
        where = f"{min(share, 1):.0%} of it {_between(record, single + 1)}"
        change = f"the specimen snaps there into another state, and shorter steps did not cure it: {_NO_WAY}"
    what = f"The external work differs from the energies by {error:.3g} of it, and {tolerance:.3g} is allowed"
    return Finding(what, where, error, change, True)


def _between(record: Loading, state: int) -> str:
    """The place of the step that leads to a state."""
    return f"between {record.loads_text(state - 1, state)}, state {state}"


def _jumped(record: Loading, tolerance: float) -> Finding | None:
    """Steps that lose work which no shorter ones kept, though the whole loading balances."""
    what = "The specimen jumps across an instability, and {} of all work is lost"
    return _told(record, "jump", tolerance, what, _NO_WAY)


def _unfounded(record: Loading, tolerance: float) -> Finding | None:
    """The same of work that has no potential."""
    what = "The interfaces' tractions do {} of all work without a change of their energies"
    return _told(record, "no_potential", tolerance, what, _NO_POTENTIAL)


def _told(record: Loading, name: str, tolerance: float, what: str, change: str) -> Finding | None:
    lost, largest = record.column(name), float(np.abs(record.column("work")).max())
    share = float(np.abs(lost).sum()) / largest
    if share <= _TOLD * tolerance:
        return None
    worst = int(np.abs(lost).argmax())
    number = np.count_nonzero(lost)
    where = f"in {number} step{'s' if number > 1 else ''}, the largest, of {lost[worst]:.3g}, {_between(record, worst)}"
    return Finding(what.format(f"{share:.2g}"), where, share, change, False)


def _factorised(record: Loading) -> Finding | None:
    count = int(record.column("factorised").sum())
    if not count:
        return None
    what = f"Multigrid did not solve {count} of {len(record.steps) - 1} steps, which were factorised"
    change = "they are as exact, and take more time and memory; linear_solver: direct factorises all from the start"
    return Finding(what, "", count / (len(record.steps) - 1), change, False)


def _apart(record: Loading) -> Finding | None:
    if not record.apart:
        return None
    change = "what came before holds; support what moves freely to load it further"
    return Finding(
        f"The specimen came apart, and the loading ended there: {'; '.join(record.apart)}",
        f"at the load {record.load_text(-1)}",
        record.steps[-1].load,
        change,
        False,
    )


def _missed(record: Loading, tolerance: float) -> Finding | None:
    carried = record.carried
    top = int(carried.argmax())
    if top in (0, len(carried) - 1) or carried[top] <= 0:
        return None
    size = max(_rise(record, top - 1), _rise(record, top)) / carried[top]
    if size <= tolerance:
        return None
    return Finding(
        f"The largest load falls between two states, and may be up to {size:.3g} of it higher than the highest",
        f"between {record.loads_text(top - 1, top + 1)}",
        float(size),
        "take more steps, or a smaller growth",
        False,
    )


def still_rising(record: Loading) -> tuple[Finding, ...]:
    """That the largest load of a loading is its last, and so no peak; nothing where it fell before the end."""
    carried, loads = record.carried, np.abs(record.column("load"))
    if carried[-1] <= 0 or carried.argmax() < len(carried) - 1 or loads[-1] < loads.max():
        return ()
    what = "The load was still rising when the loading ended, so that the largest is no peak"
    change = "load it further; stop_at_area ends a loading once so much has opened"
    return (Finding(what, f"at the load {record.load_text(-1)}", float(carried[-1]), change, False),)


def _rise(record: Loading, first: int) -> float:
    """By how much the path may rise above the higher of the states `first` and `first` + 1 between them.

    A concave path lies below the lines through the two states before and the two after. Without those it may rise by
    as much as the two states differ.
    """
    carried, low, high = record.carried, first - 1, first + 2
    ends = carried[first : first + 2]
    for name in ("broken_area", "load"):
        at = record.column(name)
        if low < 0 or high >= len(at) or np.ptp(np.sign(np.diff(at[low : high + 1]))) or at[first] == at[first + 1]:
            continue
        rising = (carried[first] - carried[low]) / (at[first] - at[low])
        falling = (carried[high] - carried[first + 1]) / (at[high] - at[first + 1])
        width = at[first + 1] - at[first]
        if (rising - falling) * width <= 0:
            continue
        across = (carried[first + 1] - falling * width - carried[first]) / (rising - falling)
        across = np.clip(across, min(0.0, width), max(0.0, width))
        return float(max(carried[first] + rising * across - ends.max(), 0.0))
    return float(np.ptp(ends))


def check_resolvable(problem: CohesiveProblem, step: float) -> None:
    """Refuse laws whose opening is lost in the rounding of the displacement of one step. Collective.

    Args:
        problem: The specimen.
        step: Of the load parameter.

    Raises:
        InputError: the interface, its opening and what to change.
    """
    moved = step * _largest(problem, problem.factors)
    for bond in problem.bonds:
        if bond.law.opening_at_peak < np.finfo(float).eps * moved:
            raise InputError(
                f"The law on {bond.name} opens by {length_text(bond.law.opening_at_peak, 3)} at its peak, and one step of the loading "
                f"moves the specimen by {length_text(moved, 3)}, of which double precision does not resolve that much; check units, or "
                "coarsen the law."
            )


def _largest(problem: CohesiveProblem, values: FloatArray) -> float:
    """Largest size over all ranks."""
    return float(problem.comm.allreduce(float(np.abs(values).max(initial=0.0)), MPI.MAX))


def adrift(problem: CohesiveProblem, x: "PETSc.Vec") -> tuple[Finding, ...]:
    """Bodies that a singular system has sent away: once broken off, nothing holds them. Collective."""
    problem.update(x)
    comm, dim = problem.comm, problem.mesh.dimension
    points = problem.mesh.mesh.geometry.x[:, :dim]
    low = np.min(comm.allgather(points.min(axis=0, initial=np.inf)), axis=0)
    size = float(np.linalg.norm(np.max(comm.allgather(points.max(axis=0, initial=-np.inf)), axis=0) - low))
    prescribed = abs(problem.load_parameter(x)) * _largest(problem, problem.factors)
    found = []
    for name, field in problem.displacements.items():
        moved = _largest(problem, field.x.array)
        if moved > _AWAY * (size + prescribed):
            what = f"The body {name!r} has moved by {length_text(moved, 3)}, and the specimen is {length_text(size, 3)} large"
            change = (
                "it has broken off, and nothing holds it any more; support it against this, or end the loading before "
                "(stop_at_area)"
            )
            found.append(Finding(what, "", moved / size, change, True))
    return tuple(found)


def unresolved(problem: CohesiveProblem, x: "PETSc.Vec") -> tuple[Finding, ...]:
    """Interfaces in whose process zone the openings are lost in the rounding of the displacements at x. Collective."""
    problem.update(x)
    found = []
    for interface in problem.interfaces:
        law, moved = interface.bond.law, problem.comm.allreduce(_moved_in_zone(problem, interface), MPI.MAX)
        rounding = np.finfo(float).eps * moved
        if law.opening_at_peak < _RESOLVED * rounding:
            what = (
                f"The opening at the peak traction is {length_text(law.opening_at_peak, 3)}, and displacements of "
                f"{length_text(moved, 3)} there leave {length_text(rounding, 3)} to rounding"
            )
            change = "move the specimen less as a whole, check units, or coarsen the law"
            size = float(law.opening_at_peak / rounding)
            found.append(Finding(what, f"interface {interface.bond.name}", size, change, True))
    return tuple(found)


def out_of_plane(problem: CohesiveProblem, x: "PETSc.Vec") -> tuple[Finding, ...]:
    """Interfaces of a plane or axisymmetric analysis on which a traction across the plane acts at x. Collective.

    The bodies do not move across the plane, so that nothing balances it.
    """
    if problem.mesh.dimension == 3:
        return ()
    problem.update(x)
    found = []
    for interface in problem.interfaces:
        jump = interface.flat_jump(problem.displacements)
        across = respond(interface.bond, jump, interface.history).traction[:, 2]
        largest = problem.comm.allreduce(float(np.abs(across).max(initial=0.0)), MPI.MAX)
        if largest > _OUT_OF_PLANE * interface.bond.law.peak_traction:
            what = (
                f"The law pulls across the plane with {largest / 1e9:.3g} GPa (tangential 2), and in a {problem.kind} analysis "
                "nothing balances that"
            )
            change = (
                "put the plane along a mirror plane of the interface, with tangential 1 in it (x of the law's crystal), or "
                "compute in 3D"
            )
            size = float(largest / interface.bond.law.peak_traction)
            found.append(Finding(what, f"interface {interface.bond.name}", size, change, True))
    return tuple(found)


def _moved_in_zone(problem: CohesiveProblem, interface: Interface) -> float:
    """Largest displacement of this rank's facets that open, and are not broken."""
    bond, law = interface.bond, interface.bond.law
    opened = interface.opened(interface.flat_jump(problem.displacements)).reshape(interface.weights.shape)
    inside = ((opened > _NEAR * law.opening_at_peak / law.final_opening) & (opened < 1)).any(axis=1)
    moved = 0.0
    for name, side in ((bond.plus, interface.kinematics.plus), (bond.minus, interface.kinematics.minus)):
        if name is not None:
            field = problem.displacements[name].x.array.reshape(-1, problem.mesh.dimension)
            moved = max(moved, float(np.abs(field[side.dofs[inside]]).max(initial=0.0)))
    return moved
